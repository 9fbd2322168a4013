#include "cli/request.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/duration.h"
#include "cli/output.h"
#include "cli/request_body.h"
#include "cli/request_path.h"
#include "crypto/secret.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 64 << 10, PAGE = 500, LIST_MAX = 4 << 20 };

/* How many a list may have at most; 0: all. */
static int read_limit(const struct command *command, uint64_t *out)
{
    *out = 0;
    if (command->limit != NULL && (!str_to_u64(str_of(command->limit), out) || *out == 0)) {
        command_complain("--limit is a number from 1 on, not %s", command->limit);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static int check_version(const struct command *command)
{
    uint64_t version = 0;
    if (command->if_version != NULL && !str_to_u64(str_of(command->if_version), &version)) {
        command_complain("--if-version is a number, as \"postern ... get\" tells it");
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

/* Options that are asked in the path's query, of the commands that have them. */
static const struct query_option {
    const char *key;
    size_t offset;
} query_options[] = {
    {"realm", offsetof(struct command, realm)},
    {"actor", offsetof(struct command, actor)},
    {"action", offsetof(struct command, action)},
    {"outcome", offsetof(struct command, outcome)},
    {"client_id", offsetof(struct command, client_id)},
    {"sort", offsetof(struct command, sort)},
    {"filter", offsetof(struct command, filter)},
};

static int put_since(const struct command *command, struct buf *path)
{
    char text[24];
    uint64_t ago_ms = 0;
    if (command->since == NULL) {
        return EXIT_OK;
    }
    if (!duration_read(str_of(command->since), 1000, &ago_ms)) {
        command_complain("--since is a time ago: 90s, 5m, 24h");
        return EXIT_USAGE;
    }
    uint64_t now_ms = clock_wall_ms();
    (void)snprintf(text, sizeof(text), "%llu",
                   (unsigned long long)(now_ms > ago_ms ? now_ms - ago_ms : 0));
    request_path_query(path, "since", text);
    return EXIT_OK;
}

static void put_queries(const struct command *command, struct buf *path)
{
    bool realm_in_path = strstr(command->row->request.path, "{realm}") != NULL;
    for (size_t i = 0; i < COUNT_OF(query_options); i++) {
        const struct query_option *option = &query_options[i];
        const void *place = (const char *)command + option->offset;
        bool in_path = realm_in_path && option->offset == offsetof(struct command, realm);
        if (!in_path) {
            request_path_query(path, option->key, *(const char *const *)place);
        }
    }
}

static int make_path(const struct command *command, uint64_t limit, struct buf *path)
{
    char page[24];
    const struct request_row *row = &command->row->request;
    if (!request_path_fill(command, row->path, path)) {
        return EXIT_USAGE;
    }
    request_path_query(path, "force", command->force ? "true" : NULL);
    if (row->columns != NULL) {
        (void)snprintf(page, sizeof(page), "%llu",
                       (unsigned long long)(limit > 0 && limit < PAGE ? limit : PAGE));
        request_path_query(path, "limit", page);
    }
    put_queries(command, path);
    return put_since(command, path);
}

static void cut_to(json_t *list, uint64_t limit)
{
    while (limit > 0 && json_array_size(list) > limit) {
        (void)json_array_remove(list, json_array_size(list) - 1);
    }
}

static void say_more(const struct admin_answer *answer, uint64_t limit)
{
    if (answer->next != NULL && limit > 0) {
        (void)fprintf(stderr, "postern: there are more%s%s%s; without --limit all are listed\n",
                      answer->total != NULL ? ", " : "", answer->total != NULL ? answer->total : "",
                      answer->total != NULL ? " in all" : "");
    }
}

/* Whether a page has gone behind the others; a list that would never end does. */
static bool append_page(json_t *list, const json_t *page, bool more)
{
    size_t before = json_array_size(list);
    bool ok = json_is_array(page) && json_array_extend(list, (json_t *)(uintptr_t)page) == 0;
    size_t after = json_array_size(list);
    return ok && after <= LIST_MAX && (after > before || !more);
}

/* The pages behind the first one, into its list. */
static int follow(const struct command *command, uint64_t limit, struct admin_answer *first)
{
    int code = EXIT_OK;
    while (code == EXIT_OK && first->next != NULL && json_is_array(first->body) &&
           (limit == 0 || json_array_size(first->body) < limit)) {
        struct admin_answer page;
        struct admin_request request = {.method = "GET", .path = str_of(first->next)};
        code = admin_send(command, &request, &page);
        if (code != EXIT_OK) {
            break;
        }
        if (!append_page(first->body, page.body, page.next != NULL)) {
            command_complain("what the node answers is no list that ends");
            code = EXIT_FAILED;
        }
        mem_free(first->next);
        first->next = page.next;
        page.next = NULL;
        admin_answer_done(&page);
    }
    return code;
}

static int send_row(const struct command *command,
                    struct str path,
                    const json_t *body,
                    struct admin_answer *out)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    struct admin_request request = {
        .method = command->row->request.method, .path = path, .body = str_of(text)};
    int code = admin_send(command, &request, out);
    if (text != NULL) {
        crypto_wipe(text, strlen(text)); /* a password may be in it */
    }
    free(text);
    return code;
}

static int make_body(const struct command *command, json_t **out)
{
    const struct request_row *row = &command->row->request;
    *out = NULL;
    if (row->fields == NULL) {
        return EXIT_OK;
    }
    int code = request_body_make(command, row->fields, out);
    bool changes = strcmp(row->method, "PUT") == 0;
    if (code == EXIT_OK && changes && json_object_size(*out) == 0) {
        command_complain("nothing is said: postern %s --help lists what may be",
                         command->row->name);
        json_decref(*out);
        *out = NULL;
        code = EXIT_USAGE;
    }
    return code;
}

int request_send(const struct command *command, struct admin_answer *out)
{
    struct buf path;
    json_t *body = NULL;
    uint64_t limit = 0;
    buf_init(&path, PATH_MAX_BYTES);
    int code = read_limit(command, &limit);
    code = code == EXIT_OK ? check_version(command) : code;
    code = code == EXIT_OK ? make_path(command, limit, &path) : code;
    code = code == EXIT_OK ? make_body(command, &body) : code;
    bool ok = code == EXIT_OK;
    if (ok) {
        code = send_row(command, buf_str(&path), body, out);
        ok = code == EXIT_OK || code == EXIT_PARTIAL;
    }
    if (ok && command->row->request.columns != NULL) {
        code = follow(command, limit, out);
        cut_to(out->body, limit);
        if (code != EXIT_OK) {
            admin_answer_done(out);
        } else {
            say_more(out, limit);
        }
    }
    json_decref(body);
    buf_done(&path);
    return code;
}

int request_ask(const struct command *command,
                enum output_format *out_format,
                struct admin_answer *out)
{
    return output_format(command, OUTPUT_TABLE, out_format) ? request_send(command, out)
                                                            : EXIT_USAGE;
}

int request_command(const struct command *command)
{
    struct admin_answer answer = {0};
    enum output_format format = OUTPUT_JSON;
    const char *columns = command->row->request.columns;
    if (!output_format(command, columns != NULL ? OUTPUT_TABLE : OUTPUT_JSON, &format)) {
        return EXIT_USAGE;
    }
    int code = request_send(command, &answer);
    if (code != EXIT_OK && code != EXIT_PARTIAL) {
        return code;
    }
    if (answer.body != NULL) {
        int printed = output_print(answer.body, format, columns);
        code = printed == EXIT_OK ? code : printed;
    }
    if (columns == NULL && answer.version != NULL) {
        (void)fprintf(stderr, "version %s\n", answer.version);
    }
    if (code == EXIT_PARTIAL) {
        admin_complain_pending(answer.body);
    }
    admin_answer_done(&answer);
    return code;
}
