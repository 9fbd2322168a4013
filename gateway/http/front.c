/* front.c - what the interface offers of both fronts. */
#include "base/random.h"
#include "http/front_inside.h"
#include "http/strict.h"
#include "metrics/metrics.h"

void front_init(struct front *front,
                const struct front_ops *ops,
                const struct front_options *options)
{
    front->ops = ops;
    front->options = *options;
    front->refused = metric_counter("postern_http_refused_total", "requests refused for their form",
                                    "front", "rule", NULL);
    atomic_init(&front->draining, false);
}

/* `message` and `description` are for Bondy's clients, as in every problem of the gateway. */
void front_problem(struct buf *out, const struct refusal *why)
{
    const char *title = why->status < 500 ? "malformed request" : "no answer";
    (void)buf_printf(out,
                     "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
                     "\"code\":\"http.%s\",\"detail\":\"%s\",\"message\":\"%s\","
                     "\"description\":\"%s\",\"request_id\":\"%016llx\"}\n",
                     title, why->status, why->rule, why->text, title, why->text,
                     (unsigned long long)random_u64());
}

void stream_begin_added(struct stream *stream,
                        unsigned status,
                        const struct header *headers,
                        size_t count,
                        int64_t length)
{
    struct header *all = ARENA_ARRAY(&stream->arena, struct header, count + stream->added_count);
    for (size_t i = 0; i < count; i++) {
        all[i] = headers[i];
    }
    for (size_t i = 0; i < stream->added_count; i++) {
        all[count + i] = stream->added[i];
    }
    stream->ops->begin(stream, status, all, count + stream->added_count, length);
}

static enum probe probe_any(struct str first)
{
    (void)first;
    return PROBE_YES;
}

struct net_protocol front_protocol(struct front *front)
{
    return (struct net_protocol){
        .name = "http", .probe = probe_any, .take = front->ops->take, .ctx = front};
}

void front_drain(struct front *front)
{
    if (!atomic_exchange(&front->draining, true) && front->ops->drain != NULL) {
        front->ops->drain(front);
    }
}

void front_free(struct front *front)
{
    if (front != NULL) {
        front->ops->free(front);
    }
}
