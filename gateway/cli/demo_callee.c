/* demo_callee.c - the service behind specs/demo.json: what a user's own would be, in C.
 *
 * Joins, registers its procedures, answers. When the node goes it tries again, so
 * that it can be started first. */
#include "base/mem.h"
#include "cli/peer.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 1 << 20, TRIES_MAX = 3000, PAUSE_MS = 200 };

struct demo;

typedef void (*procedure_fn)(struct demo *demo, const struct client_invocation *in);

struct procedure {
    const char *uri;
    procedure_fn run;
};

struct demo {
    struct peer_run *run;
    uint64_t registrations[4]; /* as in `procedures` */
    size_t registered;
};

static void answer(struct demo *demo, uint64_t request, struct buf *args)
{
    struct payload payload = {.serializer = SERIALIZER_MSGPACK, .args = buf_str(args)};
    client_yield(demo->run->client, request, &payload);
}

/* hello(name) -> {message, from} */
static void hello(struct demo *demo, const struct client_invocation *in)
{
    struct slice first = slice_nth((struct slice){in->payload.serializer, in->payload.args}, 0);
    struct arena arena;
    struct scan scan;
    struct str name = STR("world");
    struct buf args;
    struct emit emit;
    arena_init(&arena, ANSWER_MAX);
    buf_init(&args, ANSWER_MAX);
    scan_init(&scan, first.serializer, first.bytes, &arena);
    if (slice_kind(first) == SCAN_STRING) {
        (void)scan_str(&scan, &name);
    }
    emit_init(&emit, SERIALIZER_MSGPACK, &args);
    emit_list(&emit, 1);
    emit_map(&emit, 2);
    emit_key(&emit, STR("message"));
    emit_str(&emit, arena_printf(&arena, "Hello, " PRISTR "!", STRARG(name)));
    emit_key(&emit, STR("from"));
    emit_str(&emit, arena_printf(&arena, "a service in process %d", (int)getpid()));
    answer(demo, in->request, &args);
    buf_done(&args);
    arena_done(&arena);
}

/* sum([numbers]) -> number */
static void sum(struct demo *demo, const struct client_invocation *in)
{
    struct slice list = slice_nth((struct slice){in->payload.serializer, in->payload.args}, 0);
    struct payload none = payload_none();
    struct scan scan;
    double total = 0;
    double number = 0;
    scan_init(&scan, list.serializer, list.bytes, NULL);
    if (slice_kind(list) == SCAN_LIST && slice_count(list) > 0 && scan_enter_list(&scan)) {
        while (scan_more(&scan) && scan_f64(&scan, &number)) {
            total += number;
        }
    }
    if (slice_kind(list) != SCAN_LIST || slice_count(list) == 0 || scan_failed(&scan)) {
        client_fail(demo->run->client, in->request, STR("com.example.demo.error.no_numbers"),
                    &none);
        return;
    }
    struct buf args;
    struct emit emit;
    buf_init(&args, ANSWER_MAX);
    emit_init(&emit, SERIALIZER_MSGPACK, &args);
    emit_list(&emit, 1);
    if (total >= -9e15 && total <= 9e15 && total == (double)(int64_t)total) {
        emit_i64(&emit, (int64_t)total);
    } else {
        emit_f64(&emit, total);
    }
    answer(demo, in->request, &args);
    buf_done(&args);
}

static const struct procedure procedures[] = {
    {"com.example.demo.hello", hello},
    {"com.example.demo.sum", sum},
};

static void on_registered(void *ctx, const struct client_reply *reply)
{
    struct peer_run *run = ctx;
    struct demo *demo = run->task->ctx;
    if (!reply->ok) {
        peer_leave(run, peer_complain(reply));
        return;
    }
    demo->registrations[demo->registered++] = reply->id; /* replies come in order */
    if (demo->registered == COUNT_OF(procedures)) {
        (void)puts("registered");
        (void)fflush(stdout);
    }
}

static void on_joined(struct peer_run *run)
{
    struct demo *demo = run->task->ctx;
    demo->run = run;
    demo->registered = 0;
    for (size_t i = 0; i < COUNT_OF(procedures); i++) {
        client_register(run->client, str_of(procedures[i].uri), (struct slice){0}, on_registered,
                        run);
    }
}

static void on_invocation(struct peer_run *run, const struct client_invocation *in)
{
    struct demo *demo = run->task->ctx;
    for (size_t i = 0; i < demo->registered; i++) {
        if (demo->registrations[i] == in->registration) {
            procedures[i].run(demo, in);
        }
    }
}

int demo_callee_command(const struct command *command)
{
    struct command joined = *command;
    struct demo demo = {0};
    struct peer_task task = {.on_joined = on_joined, .on_invocation = on_invocation, .ctx = &demo};
    if (command->with_parent) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    }
    if (joined.realm == NULL) {
        joined.realm = "com.example.demo";
    }
    int code = EXIT_FAILED;
    for (int i = 0; i < TRIES_MAX && code == EXIT_FAILED; i++) {
        struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
        code = peer_run(&joined, &task);
        (void)nanosleep(&pause, NULL);
    }
    return code;
}
