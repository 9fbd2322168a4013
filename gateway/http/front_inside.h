/* front_inside.h - what both fronts begin with. Not for outside gateway/http. */
#ifndef POSTERN_HTTP_FRONT_INSIDE_H
#define POSTERN_HTTP_FRONT_INSIDE_H

#include "base/buf.h"
#include "http/front.h"

#include <stdatomic.h>
#include <stdbool.h>

struct front_ops {
    void (*take)(void *front, int fd, struct tls_stream *tls, const struct peer_info *peer);
    void (*drain)(struct front *front); /* after `draining` was set; may be NULL */
    void (*free)(struct front *front);
};

struct metric;

/* The first member of either. */
struct front {
    const struct front_ops *ops;
    struct front_options options;
    struct metric *refused; /* requests, by front and rule */
    atomic_bool draining;
};

void front_init(struct front *front,
                const struct front_ops *ops,
                const struct front_options *options);

struct refusal;

/* The body of an answer of the front's own, as application/problem+json, appended. */
void front_problem(struct buf *out, const struct refusal *why);

static inline bool front_draining(struct front *front)
{
    return atomic_load_explicit(&front->draining, memory_order_relaxed);
}

#endif
