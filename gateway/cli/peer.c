#include "cli/peer.h"

#include "base/mem.h"
#include "loop/worker.h"
#include "payload/emit.h"
#include "wamp/fault.h"

#include <stdio.h>

enum { TEXT_MAX = 16 << 20, JOBS = 8, JOBS_QUEUE = 1024, MAILBOX_MAX = 64 << 20 };

static void on_joined(struct client *client, void *ctx)
{
    struct peer_run *run = ctx;
    (void)client;
    run->task->on_joined(run);
}

static void on_closed(struct client *client, void *ctx, const struct err *err)
{
    struct peer_run *run = ctx;
    (void)client;
    run->client = NULL;
    if (run->code < 0) { /* nobody asked for the end */
        command_complain("%s", err->text);
        run->code =
            err->code == ERR_DENIED || err->code == ERR_UNKNOWN ? EXIT_NOT_AUTHORIZED : EXIT_FAILED;
    }
    worker_quit(worker_self());
}

static void on_invocation(struct client *client, void *ctx, const struct client_invocation *in)
{
    struct peer_run *run = ctx;
    (void)client;
    if (run->task->on_invocation != NULL) {
        run->task->on_invocation(run, in);
    }
}

static void on_event(struct client *client, void *ctx, const struct client_event *event)
{
    struct peer_run *run = ctx;
    (void)client;
    if (run->task->on_event != NULL) {
        run->task->on_event(run, event);
    }
}

static const struct client_ops ops = {
    .on_joined = on_joined,
    .on_closed = on_closed,
    .on_invocation = on_invocation,
    .on_event = on_event,
};

static enum serializer serializer_of(const char *name)
{
    static const char *const names[SERIALIZERS] = {
        [SERIALIZER_JSON] = "json", [SERIALIZER_MSGPACK] = "msgpack", [SERIALIZER_CBOR] = "cbor"};
    unsigned found = SERIALIZERS - 1;
    while (found > SERIALIZER_NONE && (name == NULL || strcmp(name, names[found]) != 0)) {
        found--;
    }
    return (enum serializer)found;
}

/* On the worker, before its loop turns. */
static void open_client(struct worker *worker, void *ctx)
{
    struct peer_run *run = ctx;
    const struct command *command = run->command;
    struct client_options options = {
        .url = str_of(command->url != NULL ? command->url : "tcp://127.0.0.1:18082"),
        .realm = str_of(command->realm),
        .serializer = serializer_of(command->serializer),
        .authid = str_of(command->authid),
        .authmethod = str_of(command->authmethod),
        .ca_file = command->ca_file,
        .insecure = command->insecure,
    };
    (void)worker;
    run->client = client_open(&options, &ops, run);
}

static int check(const struct command *command)
{
    if (command->realm == NULL) {
        command_complain("--realm URI is missing: the realm to join");
        return EXIT_USAGE;
    }
    if (command->serializer != NULL && serializer_of(command->serializer) == SERIALIZER_NONE) {
        command_complain("--serializer is json, msgpack or cbor");
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

int peer_run(const struct command *command, const struct peer_task *task)
{
    struct err err = {0};
    struct peer_run run = {.command = command, .task = task, .code = -1};
    int wrong = check(command);
    if (wrong != EXIT_OK) {
        return wrong;
    }
    run.workers = workers_new(1, MAILBOX_MAX, &err);
    run.jobs = run.workers == NULL ? NULL : jobs_new(JOBS, JOBS_QUEUE, &err);
    if (run.jobs == NULL) {
        command_complain("%s", err.text);
        return EXIT_FAILED;
    }
    workers_on_start(run.workers, open_client, &run);
    workers_run_here(run.workers);
    jobs_stop(run.jobs);
    workers_free(run.workers);
    jobs_free(run.jobs);
    return run.code < 0 ? EXIT_FAILED : run.code;
}

void peer_leave(struct peer_run *run, int code)
{
    run->code = code;
    if (run->client != NULL) {
        client_close(run->client);
    }
}

static bool add_json(struct buf *out, const char *word)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice value = {SERIALIZER_JSON, str_of(word)};
    if (!slice_valid(value, &problem, &offset)) {
        command_complain("'%s' is not JSON: %s at byte %zu (a text is written '\"text\"')", word,
                         problem, offset);
        return false;
    }
    return buf_append(out, value.bytes);
}

bool peer_arguments(const struct command *command,
                    struct buf *args,
                    struct buf *kwargs,
                    struct payload *out)
{
    buf_init(args, TEXT_MAX);
    buf_init(kwargs, TEXT_MAX);
    (void)buf_byte(args, '[');
    for (size_t i = 1; i < command->word_count; i++) {
        if ((i > 1 && !buf_byte(args, ',')) || !add_json(args, command->words[i])) {
            return false;
        }
    }
    (void)buf_byte(args, ']');
    *out = (struct payload){.serializer = SERIALIZER_JSON, .args = buf_str(args)};
    if (command->kwargs != NULL) {
        if (!add_json(kwargs, command->kwargs)) {
            return false;
        }
        out->kwargs = buf_str(kwargs);
        if (slice_kind((struct slice){SERIALIZER_JSON, out->kwargs}) != SCAN_MAP) {
            command_complain("-k wants a JSON object");
            return false;
        }
    }
    return true;
}

void peer_write(const struct payload *payload, struct buf *text)
{
    struct emit emit;
    emit_init(&emit, SERIALIZER_JSON, text);
    emit_map(&emit, 2);
    emit_key(&emit, STR("args"));
    emit_slice(&emit, (struct slice){payload->args.len > 0 ? payload->serializer : SERIALIZER_JSON,
                                     payload->args.len > 0 ? payload->args : STR("[]")});
    emit_key(&emit, STR("kwargs"));
    emit_slice(&emit,
               (struct slice){payload->kwargs.len > 0 ? payload->serializer : SERIALIZER_JSON,
                              payload->kwargs.len > 0 ? payload->kwargs : STR("{}")});
}

static void print_to(FILE *out, const struct payload *payload)
{
    struct buf text;
    buf_init(&text, (size_t)4 * TEXT_MAX);
    peer_write(payload, &text);
    (void)fprintf(out, PRISTR "\n", STRARG(buf_str(&text)));
    (void)fflush(out);
    buf_done(&text);
}

void peer_print(const struct payload *payload)
{
    print_to(stdout, payload);
}

int peer_complain(const struct client_reply *reply)
{
    (void)fprintf(stderr, PRISTR "\n", STRARG(reply->error));
    print_to(stderr, &reply->payload);
    return str_eq(reply->error, FAULT_NOT_AUTHORIZED) ? EXIT_NOT_AUTHORIZED : EXIT_FAILED;
}

struct slice peer_options(struct buf *out, const char *const (*pairs)[2], size_t count)
{
    struct emit emit;
    uint32_t given = 0;
    for (size_t i = 0; i < count; i++) {
        given += pairs[i][1] != NULL ? 1u : 0u;
    }
    if (given == 0) {
        return (struct slice){0};
    }
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    emit_map(&emit, given);
    for (size_t i = 0; i < count; i++) {
        if (pairs[i][1] != NULL) {
            emit_key(&emit, str_of(pairs[i][0]));
            emit_str(&emit, str_of(pairs[i][1]));
        }
    }
    return (struct slice){SERIALIZER_MSGPACK, buf_str(out)};
}
