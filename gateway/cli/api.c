/* api.c - postern api publish, list, get, delete, history, rollback; postern realm create, list,
 * get. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/admin_http.h"
#include "cli/command.h"
#include "rbac/realm_record.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 16 << 20 };

static void print_json(const json_t *value)
{
    (void)json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    (void)fputc('\n', stdout);
}

static bool wants_json(const struct command *command)
{
    return command->output != NULL && strcmp(command->output, "json") == 0;
}

static bool output_known(const struct command *command)
{
    if (command->output == NULL || wants_json(command) || strcmp(command->output, "table") == 0) {
        return true;
    }
    command_complain("-o is table or json");
    return false;
}

/* One request whose answer is printed as it is. */
static int request_and_print(const struct command *command,
                             const char *method,
                             const char *path,
                             struct str body)
{
    struct admin_answer answer;
    int code = admin_request(command, method, path, body, &answer);
    if (answer.body != NULL) {
        print_json(answer.body);
    }
    json_decref(answer.body);
    return code;
}

int api_publish_command(const struct command *command)
{
    struct buf text;
    struct err err = {0};
    int code = EXIT_INVALID;
    buf_init(&text, FILE_MAX);
    if (!file_read(command->words[0], &text, &err)) {
        command_complain("%s", err.text);
    } else {
        char *path =
            admin_path("/api_specs?comment=", command->comment != NULL ? command->comment : "",
                       command->dry_run ? "&dry_run=true" : "");
        code = request_and_print(command, "POST", path, buf_str(&text));
        mem_free(path);
    }
    buf_done(&text);
    return code;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* A list of objects, a line each with the values of some keys, or as JSON. */
static int list(const struct command *command, const char *path, const char *const *keys)
{
    struct admin_answer answer;
    if (!output_known(command)) {
        return EXIT_USAGE;
    }
    int code = admin_request(command, "GET", path, STR_EMPTY, &answer);
    if (answer.body != NULL && wants_json(command)) {
        print_json(answer.body);
    }
    for (size_t i = 0; !wants_json(command) && i < json_array_size(answer.body); i++) {
        const json_t *one = json_array_get(answer.body, i);
        for (size_t j = 0; keys[j] != NULL; j++) {
            (void)printf("%s%s", j > 0 ? "\t" : "", text_of(one, keys[j]));
        }
        (void)fputc('\n', stdout);
    }
    json_decref(answer.body);
    return code;
}

int api_list_command(const struct command *command)
{
    static const char *const keys[] = {"id", "name", "host", "realm_uri", NULL};
    return list(command, "/api_specs", keys);
}

/* GET, DELETE, POST on PREFIX/ID/SUFFIX. */
static int on_one(const struct command *command,
                  const char *method,
                  const char *prefix,
                  const char *suffix,
                  struct str body)
{
    char *path = admin_path(prefix, command->words[0], suffix);
    int code = request_and_print(command, method, path, body);
    mem_free(path);
    return code;
}

int api_get_command(const struct command *command)
{
    return on_one(command, "GET", "/api_specs/", "", STR_EMPTY);
}

int api_delete_command(const struct command *command)
{
    return on_one(command, "DELETE", "/api_specs/", "", STR_EMPTY);
}

int api_history_command(const struct command *command)
{
    return on_one(command, "GET", "/api_specs/", "/versions", STR_EMPTY);
}

int api_rollback_command(const struct command *command)
{
    struct buf body;
    uint64_t version = 0;
    if (!str_to_u64(str_of(command->words[1]), &version)) {
        command_complain("VERSION is a number: postern api history %s lists them",
                         command->words[0]);
        return EXIT_USAGE;
    }
    buf_init(&body, 64);
    (void)buf_printf(&body, "{\"version\":%llu}", (unsigned long long)version);
    int code = on_one(command, "POST", "/api_specs/", "/rollback", buf_str(&body));
    buf_done(&body);
    return code;
}

int realm_create_command(const struct command *command)
{
    json_t *realm = command->open ? realm_record_open(str_of(command->words[0]))
                                  : json_pack("{s:s}", "uri", command->words[0]);
    if (realm == NULL) {
        command_complain("%s is not UTF-8", command->words[0]);
        return EXIT_INVALID;
    }
    char *text = json_dumps(realm, JSON_COMPACT);
    int code = request_and_print(command, "POST", "/realms", str_of(text));
    free(text);
    json_decref(realm);
    return code;
}

int realm_list_command(const struct command *command)
{
    static const char *const keys[] = {"uri", "security_status", "description", NULL};
    return list(command, "/realms", keys);
}

int realm_get_command(const struct command *command)
{
    return on_one(command, "GET", "/realms/", "", STR_EMPTY);
}
