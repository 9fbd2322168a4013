/* event_copy.h - one event, copied once: for other workers, for history, for retention.
 *
 * In a pooled block, counted, never written after it was made. Everybody who keeps
 * it holds a reference to its block.
 */
#ifndef POSTERN_REALM_EVENT_COPY_H
#define POSTERN_REALM_EVENT_COPY_H

#include "base/block.h"
#include "realm/audience_filter.h"
#include "realm/slots.h"
#include "wamp/message.h"

#include <stdint.h>

struct router;

struct event_copy {
    struct block *block; /* the one this stands in */
    struct router *router;
    struct str topic;
    struct slice options; /* of the publication, empty when they say nothing about the audience */
    uint64_t except;      /* the session that does not get it, 0: none */
    uint64_t moment;      /* when it was published: reach_list's */
    struct handle publisher; /* its session, or none */
    uint64_t time_ms;        /* wall clock */
    struct message event;    /* request (publication), details, payload */
};

/* One reference. What `from` points to is copied; `time_ms` is now. */
struct event_copy *event_copy_new(const struct event_copy *from);

static inline struct event_copy *event_copy_ref(struct event_copy *copy)
{
    (void)block_ref(copy->block);
    return copy;
}
/* NULL is fine. */
static inline void event_copy_unref(struct event_copy *copy)
{
    if (copy != NULL) {
        block_unref(copy->block);
    }
}

/* Who may have it, as its publisher has said. False: nobody, its options cannot be read. */
bool event_copy_filter(const struct event_copy *copy,
                       struct arena *scratch,
                       struct audience_filter *out);

#endif
