/* api.c - postern api publish, import, diff, export: specifications as files. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/admin_http.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/request_path.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 16 << 20, PATH_MAX_BYTES = 64 << 10 };

/* The answer is to be freed when EXIT_OK or EXIT_PARTIAL. */
static int
send_text(const struct command *command, struct str text, bool dry_run, struct admin_answer *out)
{
    struct buf path;
    buf_init(&path, PATH_MAX_BYTES);
    (void)buf_append(&path, STR("/api_specs"));
    request_path_query(&path, "comment", command->comment);
    request_path_query(&path, "dry_run", dry_run ? "true" : NULL);
    struct admin_request request = {.method = "POST", .path = buf_str(&path), .body = text};
    int code = admin_send(command, &request, out);
    buf_done(&path);
    return code;
}

static int send_file(const struct command *command, bool dry_run, struct admin_answer *out)
{
    struct buf text;
    struct err err = {0};
    int code = EXIT_INVALID;
    buf_init(&text, FILE_MAX);
    if (!file_read(command->words[0], &text, &err)) {
        command_complain("%s", err.text);
    } else if (text.len == 0) {
        command_complain("%s is empty", command->words[0]);
    } else {
        code = send_text(command, buf_str(&text), dry_run, out);
    }
    buf_done(&text);
    return code;
}

static int publish(const struct command *command, bool dry_run, bool *out_changes)
{
    struct admin_answer answer;
    enum output_format format = OUTPUT_JSON;
    if (!output_format(command, OUTPUT_JSON, &format)) {
        return EXIT_USAGE;
    }
    int code = send_file(command, dry_run, &answer);
    if (code != EXIT_OK && code != EXIT_PARTIAL) {
        return code;
    }
    int printed = answer.body == NULL
                      ? EXIT_OK
                      : output_print(answer.body, format, "id version changed nodes pending");
    *out_changes = json_is_true(json_object_get(answer.body, "changed"));
    for (size_t i = 0; i < json_array_size(answer.body); i++) {
        const json_t *one = json_array_get(answer.body, i);
        *out_changes = *out_changes || json_is_true(json_object_get(one, "changed"));
    }
    if (code == EXIT_PARTIAL) {
        admin_complain_pending(answer.body);
    }
    admin_answer_done(&answer);
    return printed == EXIT_OK ? code : printed;
}

int api_publish_command(const struct command *command)
{
    bool changes = false;
    return publish(command, command->dry_run, &changes);
}

int api_diff_command(const struct command *command)
{
    bool changes = false;
    int code = publish(command, true, &changes);
    return code == EXIT_OK && changes ? EXIT_DIFFERENT : code;
}

static int export_one(const struct command *command, const char *id, json_t *list)
{
    struct admin_answer answer;
    struct buf path;
    struct command one = *command;
    int code = EXIT_USAGE;
    one.words[0] = id;
    one.word_count = 1;
    buf_init(&path, PATH_MAX_BYTES);
    if (request_path_fill(&one, "/api_specs/{0}", &path)) {
        struct admin_request request = {.method = "GET", .path = buf_str(&path)};
        code = admin_send(&one, &request, &answer);
    }
    buf_done(&path);
    if (code == EXIT_OK) {
        (void)json_array_append(list, answer.body);
        admin_answer_done(&answer);
    }
    return code;
}

static int export_all(const struct command *command, json_t *list)
{
    char *next = NULL;
    int code = EXIT_OK;
    struct admin_request request = {.method = "GET", .path = STR("/api_specs?limit=100")};
    do {
        struct admin_answer answer;
        code = admin_send(command, &request, &answer);
        mem_free(next);
        next = NULL;
        if (code == EXIT_OK) {
            bool more = json_array_size(answer.body) > 0;
            (void)json_array_extend(list, answer.body);
            next = more ? answer.next : NULL;
            answer.next = more ? NULL : answer.next;
            admin_answer_done(&answer);
            request.path = str_of(next);
        }
    } while (code == EXIT_OK && next != NULL);
    mem_free(next);
    return code;
}

int api_export_command(const struct command *command)
{
    enum output_format format = OUTPUT_JSON;
    if (!output_format(command, OUTPUT_JSON, &format)) {
        return EXIT_USAGE;
    }
    int code = EXIT_OK;
    json_t *list = json_array();
    if (command->word_count == 0) {
        code = export_all(command, list);
    }
    for (size_t i = 0; i < command->word_count && code == EXIT_OK; i++) {
        code = export_one(command, command->words[i], list);
    }
    if (code == EXIT_OK) {
        code = output_print(list, format, "id name host realm_uri");
    }
    json_decref(list);
    return code;
}
