#include "pipeline/exchange.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/utf8.h"
#include "pipeline/counters.h"
#include "pipeline/reading.h"
#include "pipeline/traffic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum stage_result (*stage_fn)(struct exchange *exchange);

/* The life of a request, in order. */
static const stage_fn stages[] = {match_stage, secure_stage, bind_stage, act_stage, reply_stage};
enum {
    STAGES = sizeof(stages) / sizeof(stages[0]),
    BODY_CHUNK_MAX = 1 << 30,
    ANSWER_ROOM = 64 << 10
};

static void on_deadline(struct timer *timer)
{
    struct exchange *exchange = CONTAINER_OF(timer, struct exchange, deadline);
    bool waiting_for_body = !exchange->body_complete;
    struct http_problem problem = {
        .status = waiting_for_body ? 408 : 504,
        .code = waiting_for_body ? STR("http.request_timeout") : STR("wamp.error.timeout"),
        .detail = waiting_for_body ? STR("the request body did not come in time")
                                   : STR("the action did not answer in time"),
        .request_id = exchange->id,
        .close = waiting_for_body,
    };
    if (exchange_finish(exchange, EXCHANGE_TIMEOUT, problem.status)) {
        http_problem_send(exchange->stream, &problem);
    }
}

/* By hand: printf would be one of the dearest steps of a request. */
static struct str random_id(struct arena *arena)
{
    enum { DIGITS = 16 };
    char *text = arena_alloc(arena, DIGITS + 1);
    uint64_t bits = random_u64();
    for (size_t i = 0; i < DIGITS; i++, bits >>= 4) {
        text[i] = "0123456789abcdef"[bits & 15];
    }
    text[DIGITS] = '\0';
    return str_make(text, DIGITS);
}

struct exchange *exchange_new(struct pipeline *pipeline, struct stream *stream)
{
    struct pipeline_worker *mine = pipeline_mine(pipeline);
    struct exchange *exchange = arena_alloc(&stream->arena, sizeof(*exchange));
    /* Room for parameters that most paths do not have is not touched. */
    memset(exchange, 0, offsetof(struct exchange, match.params));
    exchange->pipeline = pipeline;
    exchange->stream = stream;
    exchange->arena = &stream->arena;
    exchange->started_ns = clock_mono_ns();
    exchange->id = random_id(exchange->arena);
    exchange->routes = snapshot_use(pipeline->options.routes);
    exchange->body_complete = stream->head.content_length == 0;
    buf_init(&exchange->body, BODY_CHUNK_MAX);
    timer_init(&exchange->deadline, on_deadline);
    list_push(&mine->open, &exchange->link);
    (void)atomic_fetch_add_explicit(&pipeline->open, 1, memory_order_relaxed);
    counters_begin();
    stream->user = exchange;
    return exchange;
}

void exchange_advance(struct exchange *exchange)
{
    while (!exchange->finished && exchange->stage < STAGES) {
        enum stage_result result = stages[exchange->stage](exchange);
        if (result != STAGE_NEXT) {
            return;
        }
        exchange->stage++;
    }
}

enum stage_result exchange_fail(struct exchange *exchange, const struct http_problem *problem)
{
    if (exchange_finish(exchange, EXCHANGE_ANSWERED, problem->status)) {
        struct http_problem sent = *problem;
        sent.request_id = exchange->id;
        http_problem_send(exchange->stream, &sent);
    }
    return STAGE_DONE;
}

enum stage_result exchange_refuse(
    struct exchange *exchange, unsigned status, struct str code, const char *format, ...)
{
    char detail[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    utf8_mend(detail); /* it was cut by bytes */
    return exchange_fail(
        exchange, &(struct http_problem){.status = status, .code = code, .detail = str_of(detail)});
}

/* Nobody waits for the router any more; what still comes finds no exchange. */
static void drop_call(struct exchange *exchange)
{
    if (exchange->pending != NULL) {
        exchange->pending->exchange = NULL;
        exchange->pending = NULL;
        local_cancel(exchange->pipeline->options.router, exchange->call);
    }
}

void exchange_reserve(struct exchange *exchange)
{
    exchange->arena->max += ANSWER_ROOM;
}

/* What is handed on has the status 0: who answers it counts it. */
static void count(const struct exchange *exchange, unsigned status)
{
    struct traffic *traffic = exchange->pipeline->options.traffic;
    uint64_t now_ns = clock_mono_ns();
    counters_exchange(exchange->match.route, status, now_ns - exchange->started_ns);
    if (traffic != NULL && status != 0) {
        traffic_count(traffic, worker_index(worker_self()), status, exchange->started_ns, now_ns);
    }
}

bool exchange_finish(struct exchange *exchange, enum exchange_end reason, unsigned status)
{
    if (exchange->finished) {
        return false;
    }
    exchange->finished = true;
    exchange_reserve(exchange);
    timer_stop(&exchange->deadline);
    drop_call(exchange);
    list_remove(&exchange->link);
    (void)atomic_fetch_sub_explicit(&exchange->pipeline->open, 1, memory_order_relaxed);
    count(exchange, reason == EXCHANGE_GONE ? 499 : status);
    if (log_enabled(LOG_LEVEL_DEBUG)) {
        log_debug("request", KV_STR("id", exchange->id),
                  KV_STR("method", exchange->stream->head.method), KV_STR("path", exchange->path),
                  KV_U64("status", reason == EXCHANGE_GONE ? 499 : status));
    }
    return true;
}

void exchange_hand_on(struct exchange *exchange)
{
    (void)exchange_finish(exchange, EXCHANGE_HANDED, 0);
}

void exchange_gone(struct exchange *exchange)
{
    (void)exchange_finish(exchange, EXCHANGE_GONE, 499);
    access_leave(&exchange->visit);
    snapshot_drop(exchange->routes);
    reading_drop(exchange);
    buf_done(&exchange->body);
}
