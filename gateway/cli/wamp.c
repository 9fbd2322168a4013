/* wamp.c - postern call, publish, subscribe. */
#include "base/mem.h"
#include "cli/peer.h"

enum { OPTIONS_MAX = 1024 };

/* ---- call ------------------------------------------------------------------- */

static void on_result(void *ctx, const struct client_reply *reply)
{
    struct peer_run *run = ctx;
    int code = EXIT_OK;
    if (reply->ok) {
        peer_print(&reply->payload);
    } else {
        code = peer_complain(reply);
    }
    peer_leave(run, code);
}

static bool timeout_option(const struct command *command, struct buf *out, struct slice *options)
{
    struct emit emit;
    uint64_t ms = 0;
    *options = (struct slice){0};
    if (command->timeout == NULL) {
        return true;
    }
    if (!str_to_u64(str_of(command->timeout), &ms)) {
        command_complain("--timeout is a number of milliseconds");
        return false;
    }
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    emit_map(&emit, 1);
    emit_key(&emit, STR("timeout"));
    emit_u64(&emit, ms);
    *options = (struct slice){SERIALIZER_MSGPACK, buf_str(out)};
    return true;
}

static void call_joined(struct peer_run *run)
{
    const struct payload *payload = run->task->ctx;
    struct buf text;
    struct slice options = {0};
    buf_init(&text, OPTIONS_MAX);
    if (timeout_option(run->command, &text, &options)) {
        client_call(run->client, str_of(run->command->words[0]), options, payload, on_result, run);
    } else {
        peer_leave(run, EXIT_USAGE);
    }
    buf_done(&text);
}

/* Both begin with the words as a payload. */
static int run_with_arguments(const struct command *command, void (*joined)(struct peer_run *run))
{
    struct buf args;
    struct buf kwargs;
    struct payload payload;
    int code = EXIT_INVALID;
    if (peer_arguments(command, &args, &kwargs, &payload)) {
        code = peer_run(command, &(struct peer_task){.on_joined = joined, .ctx = &payload});
    }
    buf_done(&args);
    buf_done(&kwargs);
    return code;
}

int call_command(const struct command *command)
{
    return run_with_arguments(command, call_joined);
}

/* ---- publish ---------------------------------------------------------------- */

static void on_published(void *ctx, const struct client_reply *reply)
{
    peer_leave(ctx, reply->ok ? EXIT_OK : peer_complain(reply));
}

static void publish_joined(struct peer_run *run)
{
    const struct payload *payload = run->task->ctx;
    client_publish(run->client, str_of(run->command->words[0]), (struct slice){0}, payload,
                   on_published, run);
}

int publish_command(const struct command *command)
{
    return run_with_arguments(command, publish_joined);
}

/* ---- subscribe -------------------------------------------------------------- */

struct subscription {
    uint64_t left; /* events to come; 0: no end */
};

static void on_subscribed(void *ctx, const struct client_reply *reply)
{
    if (!reply->ok) {
        peer_leave(ctx, peer_complain(reply));
    }
}

static void subscribe_joined(struct peer_run *run)
{
    const char *const pairs[][2] = {{"match", run->command->match}};
    struct buf text;
    buf_init(&text, OPTIONS_MAX);
    client_subscribe(run->client, str_of(run->command->words[0]),
                     peer_options(&text, pairs, COUNT_OF(pairs)), on_subscribed, run);
    buf_done(&text);
}

static void subscribe_event(struct peer_run *run, const struct client_event *event)
{
    struct subscription *subscription = run->task->ctx;
    if (run->code >= 0) {
        return; /* leaving already */
    }
    peer_print(&event->payload);
    if (subscription->left > 0 && --subscription->left == 0) {
        peer_leave(run, EXIT_OK);
    }
}

int subscribe_command(const struct command *command)
{
    struct subscription subscription = {0};
    if (command->count != NULL && !str_to_u64(str_of(command->count), &subscription.left)) {
        command_complain("--count is a number");
        return EXIT_USAGE;
    }
    return peer_run(command, &(struct peer_task){.on_joined = subscribe_joined,
                                                 .on_event = subscribe_event,
                                                 .ctx = &subscription});
}
