/* register.c - postern register URI --exec CMD: a procedure answered by a command.
 *
 * CMD runs by sh for each call, {"args":[...],"kwargs":{...}} on its stdin as one line, or a line
 * for each piece of a call in pieces. What it prints is the result: JSON as its value, other
 * text as a string. How it ends decides between result and error: result.c. */
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/exec.h"
#include "cli/peer.h"
#include "cli/result.h"
#include "cli/text.h"
#include "cli/wamp_options.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

enum {
    RUNNING_MAX = 8,
    WAITING_MAX = 1024,
    WAITING_MAX_BYTES = 256 << 20,
    RESULT_MAX = 4 * EXEC_OUTPUT_MAX,
};

struct service;

/* A call: it waits for its turn, then its command runs. */
struct job {
    struct service *service;
    struct list link; /* in service->waiting */
    uint64_t request;
    struct buf input; /* until it runs */
    bool whole;       /* no more pieces will come */
    bool running;
    bool progress; /* its caller wants progressive results */
    struct exec exec;
    struct timer deadline;
    uint64_t timeout_ms; /* 0: none of ours */
    char *stopped;       /* NULL, or the error URI for it */
    struct buf lines;    /* --progress without `progress`: elements of the result */
};

struct service {
    struct peer_run *run;
    struct buf option_text;
    struct slice options;
    uint64_t concurrency;
    struct idmap jobs;   /* by request */
    struct list waiting; /* first come, first served */
    size_t waiting_count;
    size_t waiting_bytes; /* of their input */
    size_t running;
    bool closing; /* no more calls: leave with `code` when the last has ended */
    int code;
};

static const struct wamp_option rows[] = {
    WAMP_OPTION_OF("match", "match", WAMP_WORD, match, WAMP_MATCHES),
    WAMP_OPTION_OF("invoke",
                   "invoke",
                   WAMP_WORD,
                   invoke,
                   "single roundrobin random first last queue_least_loaded "
                   "queue_least_loaded_sample jump_consistent_hash qll qlls jch"),
    WAMP_OPTION("concurrency", "concurrency", WAMP_NUMBER, concurrency),
    WAMP_OPTION("force", "force_reregister", WAMP_FLAG, force),
    WAMP_OPTION("disclose-caller", "disclose_caller", WAMP_FLAG, disclose_caller),
    WAMP_OPTION("forward-timeout", "forward_timeout", WAMP_FLAG, forward_timeout),
};

/* The error that it is, or empty: a result. */
static struct str job_error(const struct job *job)
{
    if (job->stopped != NULL) {
        return str_of(job->stopped);
    }
    if (job->exec.too_much) {
        return FAULT_PAYLOAD_SIZE_EXCEEDED;
    }
    return result_error(job->exec.exit_code);
}

/* The last of what it said, and of an error how it ended. */
static void answer(struct job *job)
{
    struct client *client = job->service->run->client;
    struct str error = job_error(job);
    struct buf args;
    char ended[64] = "";
    if (client == NULL) {
        return;
    }
    buf_init(&args, RESULT_MAX);
    (void)buf_byte(&args, '[');
    (void)buf_append(&args, buf_str(&job->lines));
    struct buf value;
    buf_init(&value, RESULT_MAX);
    if (result_value(&value, buf_str(&job->exec.output))) {
        (void)buf_append(&args, args.len > 1 ? STR(",") : STR_EMPTY);
        (void)buf_append(&args, buf_str(&value));
    }
    (void)buf_byte(&args, ']');
    buf_done(&value);
    struct payload payload = {.serializer = SERIALIZER_JSON, .args = buf_str(&args)};
    if (error.len == 0) {
        client_yield(client, job->request, &payload);
    } else {
        bool by_signal = job->exec.exit_code < 0;
        (void)snprintf(ended, sizeof(ended), "{\"%s\":%d}", by_signal ? "signal" : "exit_code",
                       by_signal ? job->exec.signal : job->exec.exit_code);
        payload.kwargs = str_of(ended);
        client_fail(client, job->request, error, &payload);
    }
    buf_done(&args);
}

static void refuse(struct service *service, uint64_t request, struct str error)
{
    struct payload none = payload_none();
    if (service->run->client != NULL) {
        client_fail(service->run->client, request, error, &none);
    }
}

static void start_waiting(struct service *service);

static void leave_if_done(struct service *service)
{
    if (service->closing && service->jobs.count == 0) {
        peer_leave(service->run, service->code);
    }
}

static void job_waits_no_more(struct job *job)
{
    list_remove(&job->link);
    job->service->waiting_count--;
    job->service->waiting_bytes -= job->input.len;
}

/* Forgets it; what runs of it ends. */
static void job_free(struct job *job)
{
    struct service *service = job->service;
    (void)idmap_remove(&service->jobs, job->request);
    if (job->running) {
        exec_done(&job->exec);
        service->running--;
    } else {
        job_waits_no_more(job);
    }
    timer_stop(&job->deadline);
    buf_done(&job->input);
    buf_done(&job->lines);
    mem_free(job->stopped);
    mem_free(job);
}

static void on_job_over(struct exec *exec)
{
    struct job *job = CONTAINER_OF(exec, struct job, exec);
    struct service *service = job->service;
    answer(job);
    job_free(job);
    start_waiting(service);
    leave_if_done(service);
}

static void on_job_line(struct exec *exec, struct str line)
{
    struct job *job = CONTAINER_OF(exec, struct job, exec);
    struct client *client = job->service->run->client;
    struct buf value;
    buf_init(&value, RESULT_MAX);
    if (!result_value(&value, line) || job->stopped != NULL || client == NULL) {
        buf_done(&value);
        return;
    }
    if (job->progress) {
        struct buf args;
        buf_init(&args, RESULT_MAX);
        (void)buf_byte(&args, '[');
        (void)buf_append(&args, buf_str(&value));
        (void)buf_byte(&args, ']');
        struct payload payload = {.serializer = SERIALIZER_JSON, .args = buf_str(&args)};
        client_yield_progress(client, job->request, &payload);
        buf_done(&args);
    } else {
        (void)buf_append(&job->lines, job->lines.len > 0 ? STR(",") : STR_EMPTY);
        (void)buf_append(&job->lines, buf_str(&value));
        job->exec.too_much = job->exec.too_much || job->lines.full;
    }
    buf_done(&value);
}

static const struct exec_ops whole_ops = {.on_over = on_job_over};
static const struct exec_ops line_ops = {.on_over = on_job_over, .on_line = on_job_line};

static void start_job(struct job *job)
{
    struct service *service = job->service;
    const struct command *command = service->run->command;
    struct err err;
    if (!exec_start(&job->exec, command->exec, command->progress ? &line_ops : &whole_ops, &err)) {
        command_complain("%s", err.text);
        refuse(service, job->request, FAULT_UNAVAILABLE);
        job_free(job);
        return;
    }
    job_waits_no_more(job);
    service->running++;
    job->running = true;
    exec_write(&job->exec, buf_str(&job->input), job->whole);
    buf_done(&job->input);
}

static void start_waiting(struct service *service)
{
    while (!list_empty(&service->waiting) && service->running < service->concurrency) {
        start_job(LIST_ENTRY(service->waiting.next, struct job, link));
    }
}

/* The command ends, and `error` is the answer. */
static void stop_job(struct job *job, struct str error)
{
    struct service *service = job->service;
    if (!job->running) {
        refuse(service, job->request, error);
        job_free(job);
    } else if (job->stopped == NULL) {
        job->stopped = str_dup(error);
        exec_stop(&job->exec);
    }
}

static void on_deadline(struct timer *timer)
{
    struct job *job = CONTAINER_OF(timer, struct job, deadline);
    struct service *service = job->service;
    stop_job(job, FAULT_TIMEOUT);
    leave_if_done(service);
}

struct call_details {
    bool progress; /* more pieces follow */
    bool receive_progress;
    uint64_t timeout;
};

static struct call_details details_of(struct slice details)
{
    static const struct option_row detail_rows[] = {
        {"progress", OPTION_BOOL, offsetof(struct call_details, progress)},
        {"receive_progress", OPTION_BOOL, offsetof(struct call_details, receive_progress)},
        {"timeout", OPTION_U64, offsetof(struct call_details, timeout)},
    };
    struct call_details result = {0};
    struct arena arena;
    struct err ignored;
    arena_init(&arena, TEXT_MAX);
    if (details.bytes.len > 0) {
        (void)options_read(details, detail_rows, COUNT_OF(detail_rows), &arena, &result, &ignored);
    }
    arena_done(&arena);
    return result;
}

static struct job *job_new(struct service *service, uint64_t request)
{
    struct job *job = NEW(struct job);
    job->service = service;
    job->request = request;
    buf_init(&job->input, EXEC_INPUT_MAX);
    buf_init(&job->lines, RESULT_MAX);
    timer_init(&job->deadline, on_deadline);
    list_push(&service->waiting, &job->link);
    service->waiting_count++;
    (void)idmap_put(&service->jobs, request, job);
    return job;
}

/* One line of its input. */
static void feed(struct job *job, const struct client_invocation *in)
{
    const struct command *command = job->service->run->command;
    struct buf text;
    buf_init(&text, EXEC_INPUT_MAX);
    bool fine = text_write(&(struct text_line){.payload = &in->payload,
                                               .detailed = command->details,
                                               .details = in->details},
                           &text) &&
                buf_byte(&text, '\n');
    if (!fine) {
        stop_job(job, FAULT_INVALID_ARGUMENT);
    } else if (job->running) {
        exec_write(&job->exec, buf_str(&text), job->whole);
    } else if (!buf_append(&job->input, buf_str(&text))) {
        stop_job(job, FAULT_PAYLOAD_SIZE_EXCEEDED);
    } else {
        job->service->waiting_bytes += text.len;
    }
    buf_done(&text);
}

static void on_invocation(struct peer_run *run, const struct client_invocation *in)
{
    struct service *service = run->task->ctx;
    struct call_details details = details_of(in->details);
    struct job *job = idmap_get(&service->jobs, in->request);
    bool full = service->waiting_count >= WAITING_MAX || service->waiting_bytes > WAITING_MAX_BYTES;
    if (job == NULL && (service->closing || full)) {
        refuse(service, in->request, FAULT_UNAVAILABLE);
        return;
    }
    if (job == NULL) {
        job = job_new(service, in->request);
        job->progress = details.receive_progress;
        job->timeout_ms = details.timeout;
    }
    job->whole = !details.progress;
    if (job->timeout_ms > 0) { /* it begins anew with each piece */
        timer_start(&job->deadline, job->timeout_ms);
    }
    feed(job, in);
    start_waiting(service);
}

static void on_interrupt(struct peer_run *run, uint64_t request, struct str reason)
{
    struct service *service = run->task->ctx;
    struct job *job = idmap_get(&service->jobs, request);
    if (job != NULL) {
        stop_job(job, reason.len > 0 ? reason : FAULT_CANCELED);
        leave_if_done(service);
    }
}

static void close_service(struct service *service, int code)
{
    service->closing = true;
    service->code = code;
    leave_if_done(service);
}

static void on_revoked(struct peer_run *run, const struct client_revocation *revocation)
{
    bool reasoned = revocation->reason.len > 0;
    if (!revocation->registration || peer_leaving(run)) {
        return;
    }
    command_complain("the registration of %s was revoked%s" PRISTR "; --force takes it back",
                     run->command->words[0], reasoned ? ": " : "", STRARG(revocation->reason));
    close_service(run->task->ctx, EXIT_FAILED);
}

static void on_registered(void *ctx, const struct client_reply *reply)
{
    struct peer_run *run = ctx;
    if (peer_leaving(run)) {
        return;
    }
    if (!reply->ok) {
        int code = peer_complain(reply);
        if (str_eq(reply->error, FAULT_PROCEDURE_EXISTS)) {
            command_complain("somebody has it: --force takes it, --invoke shares it");
        }
        peer_leave(run, code);
        return;
    }
    (void)fprintf(stderr, "registered %s\n", run->command->words[0]);
}

static void on_joined(struct peer_run *run)
{
    struct service *service = run->task->ctx;
    service->run = run;
    client_register(run->client, str_of(run->command->words[0]), service->options, on_registered,
                    run);
}

/* All that is under way is stopped, and answered. */
static void on_signal(struct peer_run *run)
{
    struct service *service = run->task->ctx;
    while (!list_empty(&service->waiting)) {
        stop_job(LIST_ENTRY(service->waiting.next, struct job, link), FAULT_CANCELED);
    }
    const struct idmap_slot *slot;
    for (size_t i = 0; (slot = idmap_next(&service->jobs, &i)) != NULL;) {
        stop_job(slot->value, FAULT_CANCELED);
    }
    close_service(service, EXIT_OK);
}

static void on_over(struct peer_run *run)
{
    struct service *service = run->task->ctx;
    const struct idmap_slot *slot;
    for (size_t i = 0; (slot = idmap_next(&service->jobs, &i)) != NULL; i = 0) {
        job_free(slot->value);
    }
}

int register_command(const struct command *command)
{
    struct service service = {.concurrency = RUNNING_MAX};
    struct peer_task task = {.promises = CLIENT_TAKES_PIECES | CLIENT_KEEPS_TIMEOUTS |
                                         CLIENT_TAKES_PASSTHRU,
                             .on_joined = on_joined,
                             .on_invocation = on_invocation,
                             .on_interrupt = on_interrupt,
                             .on_revoked = on_revoked,
                             .on_signal = on_signal,
                             .on_over = on_over,
                             .ctx = &service};
    if (command->exec == NULL) {
        command_complain("--exec CMD is missing: what answers the calls, such as --exec cat");
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a command need not read its input */
    idmap_init(&service.jobs);
    list_init(&service.waiting);
    buf_init(&service.option_text, WAMP_OPTIONS_MAX);
    int code = wamp_option_number("concurrency", command->concurrency, &service.concurrency);
    if (code == EXIT_OK) {
        code = wamp_options_make(command, rows, COUNT_OF(rows), &service.option_text,
                                 &service.options);
    }
    if (code == EXIT_OK) {
        code = peer_run(command, &task);
    }
    idmap_done(&service.jobs);
    buf_done(&service.option_text);
    return code;
}
