#include "pipeline/pipeline.h"

#include "base/map.h"
#include "base/mem.h"
#include "pipeline/counters.h"
#include "pipeline/exchange.h"

enum { CALL_TIMEOUT_MS = 30000 };

struct pipeline_worker *pipeline_mine(struct pipeline *pipeline)
{
    return &pipeline->workers[worker_index(worker_self())];
}

static void answer_stopping(struct exchange *exchange)
{
    if (exchange_finish(exchange, EXCHANGE_DRAINED, 503)) {
        http_problem_send(exchange->stream, &(struct http_problem){
                                                .status = 503,
                                                .code = STR("wamp.close.system_shutdown"),
                                                .detail = STR("this node is stopping"),
                                                .request_id = exchange->id,
                                                .close = true,
                                            });
    }
}

static void on_request(void *ctx, struct stream *stream)
{
    struct pipeline *pipeline = ctx;
    struct exchange *exchange = exchange_new(pipeline, stream);
    size_t max = pipeline->options.open_max;
    if (pipeline_mine(pipeline)->stopping) {
        answer_stopping(exchange);
        return;
    }
    if (max != 0 && pipeline_open_count(pipeline) > max) {
        (void)exchange_refuse(exchange, 503, STR("http.too_busy"),
                              "as many requests wait as limits.parked_requests allows");
        return;
    }
    exchange_advance(exchange);
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    struct exchange *exchange = stream->user;
    if (exchange->finished) {
        return;
    }
    if (bytes.len > exchange->body_max - exchange->body.len) {
        (void)exchange_fail(exchange, &(struct http_problem){
                                          .status = 413,
                                          .code = STR("http.body_too_large"),
                                          .detail = STR("the body is larger than this path takes"),
                                          .close = true,
                                      });
        return;
    }
    (void)buf_append(&exchange->body, bytes);
    if (last) {
        exchange->body_complete = true;
        timer_stop(&exchange->deadline);
        exchange_advance(exchange);
    } else {
        timer_start(&exchange->deadline, exchange->pipeline->options.body_timeout_ms);
    }
}

static void on_gone(struct stream *stream, bool answered)
{
    (void)answered;
    exchange_gone(stream->user);
}

const struct front_handler *pipeline_handler(void)
{
    static const struct front_handler handler = {
        .on_request = on_request,
        .on_body = on_body,
        .on_gone = on_gone,
    };
    return &handler;
}

static void shutdown_worker(struct post *post)
{
    struct pipeline_worker *mine = CONTAINER_OF(post, struct pipeline_worker, shutdown);
    mine->stopping = true;
    LIST_FOREACH_SAFE (link, &mine->open) {
        answer_stopping(LIST_ENTRY(link, struct exchange, link));
    }
}

static void on_worker_stop(struct worker *worker, void *ctx)
{
    struct pipeline *pipeline = ctx;
    struct pipeline_worker *mine = &pipeline->workers[worker_index(worker)];
    shutdown_worker(&mine->shutdown);
    counters_done();
}

struct pipeline *pipeline_new(const struct pipeline_options *options)
{
    struct pipeline *pipeline = NEW(struct pipeline);
    unsigned count = workers_count(options->workers);
    pipeline->options = *options;
    if (options->call_timeout_ms == 0) {
        pipeline->options.call_timeout_ms = CALL_TIMEOUT_MS;
    }
    pipeline->workers = NEW_ARRAY(struct pipeline_worker, count);
    for (unsigned i = 0; i < count; i++) {
        struct pipeline_worker *mine = &pipeline->workers[i];
        mine->pipeline = pipeline;
        mine->shutdown.fn = shutdown_worker;
        list_init(&mine->open);
        map_init(&mine->identities);
        for (size_t j = 0; j < COUNT_OF(mine->scratch); j++) {
            buf_init(&mine->scratch[j], options->output_max);
        }
    }
    counters_setup();
    workers_on_stop(options->workers, on_worker_stop, pipeline);
    return pipeline;
}

size_t pipeline_open_count(const struct pipeline *pipeline)
{
    return atomic_load(&pipeline->open);
}

void pipeline_shutdown(struct pipeline *pipeline)
{
    for (unsigned i = 0; i < workers_count(pipeline->options.workers); i++) {
        worker_post(workers_get(pipeline->options.workers, i), &pipeline->workers[i].shutdown);
    }
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    for (unsigned i = 0; i < workers_count(pipeline->options.workers); i++) {
        identity_done(&pipeline->workers[i]);
        pending_done(&pipeline->workers[i]);
        for (size_t j = 0; j < COUNT_OF(pipeline->workers[i].scratch); j++) {
            buf_done(&pipeline->workers[i].scratch[j]);
        }
    }
    mem_free(pipeline->workers);
    mem_free(pipeline);
}
