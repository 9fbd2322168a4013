/* event_query.h - which events of a history are wanted: the filters of
 * wamp.subscription.get_events (WAMP, Event History). All of them must hold.
 */
#ifndef POSTERN_REALM_EVENT_QUERY_H
#define POSTERN_REALM_EVENT_QUERY_H

#include "base/arena.h"
#include "base/err.h"
#include "realm/history.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_query {
    bool reverse;
    uint64_t limit; /* 0: all */
    struct str topic;
    /* Wall clock, in milliseconds: from (inclusive) and before (exclusive). */
    uint64_t from_ms;
    uint64_t before_ms;
    /* Publications; 0: not given. */
    uint64_t from;
    uint64_t after;
    uint64_t before;
    uint64_t until;
};

/* `kwargs` may be nothing. */
bool event_query_read(struct slice kwargs,
                      struct arena *scratch,
                      struct event_query *out,
                      struct err *err);
/* The part of `events` that the publications named leave: from `out_first` up to, and without,
 * `out_end`. Nothing when one is not there. */
void event_query_range(const struct event_query *query,
                       const struct history_events *events,
                       size_t *out_first,
                       size_t *out_end);
bool event_query_takes(const struct event_query *query, const struct event_copy *copy);

/* Milliseconds since 1970 of an RFC 3339 timestamp. */
bool timestamp_parse(struct str text, uint64_t *out_ms);

#endif
