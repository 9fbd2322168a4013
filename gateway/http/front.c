/* front.c - what the interface offers of both fronts. */
#include "http/front_inside.h"
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
