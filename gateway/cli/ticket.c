/* ticket.c - postern ticket issue: a session of the user's, which asks for a ticket for him. */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/duration.h"
#include "cli/output.h"
#include "cli/peer.h"
#include "payload/emit.h"

#include <jansson.h>
#include <stdlib.h>

enum { TEXT_BYTES_MAX = 1 << 20 };

struct asker {
    json_t *kwargs;
    enum output_format format;
    char *text; /* of the kwargs */
};

/* The first argument of the result as JSON; NULL: there is none. */
static json_t *result_of(const struct payload *payload)
{
    struct buf text;
    struct emit emit;
    buf_init(&text, TEXT_BYTES_MAX);
    emit_init(&emit, SERIALIZER_JSON, &text);
    emit_slice(&emit, (struct slice){payload->serializer, payload->args});
    json_t *args = emit.failed || text.full ? NULL : json_loadb(text.ptr, text.len, 0, NULL);
    json_t *first = json_incref(json_array_get(args, 0));
    json_decref(args);
    buf_done(&text);
    return first;
}

static void on_result(void *ctx, const struct client_reply *reply)
{
    struct peer_run *run = ctx;
    const struct asker *asker = run->task->ctx;
    if (peer_leaving(run)) {
        return;
    }
    if (!reply->ok) {
        peer_leave(run, peer_complain(reply));
        return;
    }
    json_t *ticket = reply->payload.args.len == 0 ? NULL : result_of(&reply->payload);
    int code = EXIT_FAILED;
    if (ticket == NULL) {
        command_complain("the node's answer has no ticket");
    } else {
        code = output_print(ticket, asker->format, NULL);
    }
    json_decref(ticket);
    peer_leave(run, code);
}

static void on_joined(struct peer_run *run)
{
    const struct asker *asker = run->task->ctx;
    struct payload payload = {
        .serializer = SERIALIZER_JSON, .args = STR("[]"), .kwargs = str_of(asker->text)};
    (void)client_call(run->client, STR("bondy.ticket.issue"), (struct slice){0}, &payload,
                      on_result, run);
}

static int read_options(const struct command *command, struct asker *asker)
{
    uint64_t ms = 0;
    if (!output_format(command, OUTPUT_JSON, &asker->format)) {
        return EXIT_USAGE;
    }
    if (command->expires != NULL) {
        if (!duration_read(str_of(command->expires), 1000, &ms) || ms < 1000) {
            command_complain("--expires is a time from 1s on: 90, 90s, 5m, 1h");
            return EXIT_USAGE;
        }
        (void)json_object_set_new(asker->kwargs, "expiry_time_secs",
                                  json_integer((json_int_t)(ms / 1000)));
    }
    if (command->allow_sso) {
        (void)json_object_set_new(asker->kwargs, "allow_sso", json_true());
    }
    if ((command->client_id != NULL &&
         json_object_set_new(asker->kwargs, "client_id", json_string(command->client_id)) != 0) ||
        (command->device_id != NULL &&
         json_object_set_new(asker->kwargs, "device_id", json_string(command->device_id)) != 0)) {
        command_complain("an id is not UTF-8");
        return EXIT_INVALID;
    }
    return EXIT_OK;
}

int ticket_issue_command(const struct command *command)
{
    struct asker asker = {.kwargs = json_object()};
    struct peer_task task = {.on_joined = on_joined, .ctx = &asker};
    int code = read_options(command, &asker);
    if (code == EXIT_OK) {
        asker.text = json_dumps(asker.kwargs, JSON_COMPACT);
        code = peer_run(command, &task);
        free(asker.text);
    }
    json_decref(asker.kwargs);
    return code;
}
