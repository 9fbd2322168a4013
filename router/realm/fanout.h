/* fanout.h - delivers one publication to the members that one worker has. */
#ifndef POSTERN_REALM_FANOUT_H
#define POSTERN_REALM_FANOUT_H

#include "realm/event_copy.h"
#include "realm/router_inside.h"
#include "realm/seat.h"
#include "wamp/message.h"

#include <stdint.h>

/* To the members of one subscription. `event`: publication id, details, payload.
 * `publisher` waits where it is too fast. */
void fanout_deliver(struct seat *seat,
                    uint64_t subscription,
                    const struct audience_filter *filter,
                    struct message *event,
                    const struct handle *publisher);

/* The other workers that have members of what is reached. */
uint64_t fanout_others(const struct shard *shard, const struct reach_list *reached);
/* One post to each of `others`. */
void fanout_post(struct seat *seat,
                 const struct reach_list *reached,
                 uint64_t others,
                 struct event_copy *copy);

#endif
