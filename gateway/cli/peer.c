#include "cli/peer.h"

#include "base/mem.h"
#include "cli/text.h"
#include "cli/wamp_options.h"
#include "loop/worker.h"
#include "wamp/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MAILBOX_MAX = 64 << 20, QUEUED_MAX = 1 << 20 };

static void signal_set(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
}

static void stop_signals(struct peer_run *run)
{
    sigset_t set;
    if (run->signal_fd < 0) {
        return;
    }
    watch_set(&run->signals, 0);
    (void)close(run->signal_fd);
    run->signal_fd = -1;
    signal_set(&set);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_signals(struct watch *watch, unsigned events)
{
    struct peer_run *run = CONTAINER_OF(watch, struct peer_run, signals);
    struct signalfd_siginfo info;
    (void)events;
    if (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        stop_signals(run);
        run->task->on_signal(run);
    }
}

/* Since there is a session to leave; until then they just end the program. */
static void start_signals(struct peer_run *run)
{
    sigset_t set;
    if (run->task->on_signal == NULL) {
        return;
    }
    signal_set(&set);
    run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (run->signal_fd >= 0) {
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        watch_init(&run->signals, run->signal_fd, on_signals);
        watch_set(&run->signals, WATCH_READ);
    }
}

static void on_joined(struct client *client, void *ctx)
{
    struct peer_run *run = ctx;
    run->client = client;
    run->joined = true;
    start_signals(run);
    run->task->on_joined(run);
}

static void on_closed(struct client *client, void *ctx, const struct err *err)
{
    struct peer_run *run = ctx;
    (void)client;
    run->client = NULL;
    if (run->code < 0) { /* nobody asked for the end */
        bool nobody = err->code == ERR_UNAVAILABLE || err->code == ERR_TIMEOUT;
        command_complain("%s%s", err->text,
                         nobody && !run->joined ? " (is a node there? --url says where)" : "");
        run->code =
            err->code == ERR_DENIED || err->code == ERR_UNKNOWN ? EXIT_NOT_AUTHORIZED : EXIT_FAILED;
    }
    if (run->task->on_over != NULL) {
        run->task->on_over(run);
    }
    stop_signals(run);
    worker_quit(worker_self());
}

static void on_invocation(struct client *client, void *ctx, const struct client_invocation *in)
{
    struct peer_run *run = ctx;
    (void)client;
    run->task->on_invocation(run, in);
}

static void on_interrupt(struct client *client, void *ctx, uint64_t request, struct str reason)
{
    struct peer_run *run = ctx;
    (void)client;
    run->task->on_interrupt(run, request, reason);
}

static void on_event(struct client *client, void *ctx, const struct client_event *event)
{
    struct peer_run *run = ctx;
    (void)client;
    run->task->on_event(run, event);
}

static void on_revoked(struct client *client, void *ctx, const struct client_revocation *revocation)
{
    struct peer_run *run = ctx;
    (void)client;
    run->task->on_revoked(run, revocation);
}

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

static struct client_options options_of(const struct command *command,
                                        const struct identity *identity)
{
    struct client_options options = {
        .url = str_of(command->url != NULL ? command->url : "tcp://127.0.0.1:18082"),
        .realm = str_of(command->realm),
        .serializer = serializer_of(command->serializer),
        .authid = str_of(command->authid),
        .authmethods = identity->methods,
        .secret = buf_str(&identity->secret),
        .ca_file = command->ca_file,
        .insecure = command->insecure,
    };
    return options;
}

/* On the worker, before its loop turns. */
static void open_client(struct worker *worker, void *ctx)
{
    struct peer_run *run = ctx;
    const struct peer_task *task = run->task;
    struct client_options options = options_of(run->command, &run->identity);
    /* What a command has no use for is not announced. */
    struct client_ops ops = {
        .promises = task->promises,
        .on_joined = on_joined,
        .on_closed = on_closed,
        .on_invocation = task->on_invocation != NULL ? on_invocation : NULL,
        .on_interrupt = task->on_interrupt != NULL ? on_interrupt : NULL,
        .on_event = task->on_event != NULL ? on_event : NULL,
        .on_revoked = task->on_revoked != NULL ? on_revoked : NULL,
    };
    (void)worker;
    (void)wamp_option_ms("connect-timeout", run->command->connect_timeout, &options.timeout_ms);
    run->client = client_open(&options, &ops, run);
}

static int check(const struct command *command, struct identity *identity)
{
    uint64_t timeout_ms = 0;
    struct err err;
    if (command->realm == NULL || command->realm[0] == '\0') {
        command_complain("--realm URI is missing: the realm to join (postern realm list)");
        return EXIT_USAGE;
    }
    if (command->serializer != NULL && serializer_of(command->serializer) == SERIALIZER_NONE) {
        command_complain("--serializer is json, msgpack or cbor, not '%s'", command->serializer);
        return EXIT_USAGE;
    }
    if (!identity_read(command, identity, &err)) {
        command_complain("%s", err.text);
        return EXIT_USAGE;
    }
    struct client_options options = options_of(command, identity);
    if (!client_options_valid(&options, &err)) {
        command_complain("%s", err.text);
        return EXIT_USAGE;
    }
    return wamp_option_ms("connect-timeout", command->connect_timeout, &timeout_ms);
}

int peer_run(const struct command *command, const struct peer_task *task)
{
    struct err err = {0};
    struct peer_run run = {.command = command, .task = task, .signal_fd = -1, .code = -1};
    int wrong = check(command, &run.identity);
    if (wrong != EXIT_OK) {
        identity_forget(&run.identity);
        return wrong;
    }
    run.workers = workers_new(1, MAILBOX_MAX, &err);
    if (run.workers == NULL) {
        identity_forget(&run.identity);
        command_complain("%s", err.text);
        return EXIT_FAILED;
    }
    workers_on_start(run.workers, open_client, &run);
    workers_run_here(run.workers);
    workers_free(run.workers);
    identity_forget(&run.identity);
    return run.code < 0 ? EXIT_FAILED : run.code;
}

void peer_leave(struct peer_run *run, int code)
{
    if (run->code < 0) {
        run->code = code;
    }
    if (run->client != NULL) {
        client_close(run->client);
    }
}

bool peer_ready(const struct peer_run *run)
{
    return run->client == NULL || client_queued(run->client) < QUEUED_MAX;
}

int peer_complain(const struct client_reply *reply)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    (void)fprintf(stderr, PRISTR "\n", STRARG(reply->error));
    if (text_write(&(struct text_line){.payload = &reply->payload}, &text)) {
        (void)fprintf(stderr, PRISTR "\n", STRARG(buf_str(&text)));
    }
    buf_done(&text);
    bool denied = str_eq(reply->error, FAULT_NOT_AUTHORIZED) ||
                  str_eq(reply->error, STR("wamp.error.authorization_failed"));
    return denied ? EXIT_NOT_AUTHORIZED : EXIT_FAILED;
}
