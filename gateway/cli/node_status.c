/* node_status.c - postern node status: the node and its store, a line each; with -o what the node
 * has said. */
#include "base/buf.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/request.h"

#include <jansson.h>
#include <time.h>

enum { TEXT_MAX = 4 << 10 };

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static json_t *text_of(struct buf *text)
{
    json_t *json = json_stringn(text->ptr, text->len);
    buf_clear(text);
    return json;
}

static void put_uptime(struct buf *out, json_int_t seconds)
{
    (void)buf_printf(out, "%lldd %02lld:%02lld:%02lld", (long long)(seconds / 86400),
                     (long long)(seconds / 3600 % 24), (long long)(seconds / 60 % 60),
                     (long long)(seconds % 60));
}

static void put_store_state(struct buf *out, const json_t *store)
{
    char since[32] = "";
    struct tm parts;
    time_t seconds = (time_t)(number_of(store, "since") / 1000);
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        since[0] = '\0';
    }
    bool up = json_is_true(json_object_get(store, "up"));
    (void)buf_printf(out, "%s since %s", up ? "up" : "away", since);
    if (!up) {
        (void)buf_printf(out, ", last heard of %lld s ago: nothing can be written until it is back",
                         (long long)(number_of(store, "age_ms") / 1000));
    }
}

static json_t *lines_of(const json_t *status)
{
    const json_t *node = json_object_get(status, "node_spec");
    const json_t *store = json_object_get(status, "store");
    json_t *lines = json_object();
    struct buf text;
    buf_init(&text, TEXT_MAX);
    (void)json_object_set(lines, "name", json_object_get(node, "name"));
    (void)json_object_set(lines, "version", json_object_get(node, "version"));
    (void)json_object_set(lines, "url", json_object_get(node, "url"));
    put_uptime(&text, number_of(node, "uptime"));
    (void)json_object_set_new(lines, "uptime", text_of(&text));
    (void)json_object_set(lines, "store", json_object_get(store, "url"));
    put_store_state(&text, store);
    (void)json_object_set_new(lines, "store is", text_of(&text));
    (void)buf_printf(&text, "%lld, of which this node serves %lld (%lld behind)",
                     (long long)number_of(store, "seq"), (long long)number_of(node, "seq"),
                     (long long)number_of(node, "lag"));
    (void)json_object_set_new(lines, "changes", text_of(&text));
    (void)json_object_set(lines, "live nodes", json_object_get(status, "nodes"));
    buf_done(&text);
    return lines;
}

int node_status_command(const struct command *command)
{
    struct admin_answer answer = {0};
    enum output_format format = OUTPUT_TABLE;
    int code = request_ask(command, &format, &answer);
    if (code != EXIT_OK) {
        return code;
    }
    if (!json_is_object(json_object_get(answer.body, "node_spec"))) {
        command_complain("the node's answer does not say how it is");
        code = EXIT_FAILED;
    } else if (format == OUTPUT_TABLE) {
        json_t *lines = lines_of(answer.body);
        code = output_print(lines, format, NULL);
        json_decref(lines);
    } else {
        code = output_print(answer.body, format, NULL);
    }
    admin_answer_done(&answer);
    return code;
}
