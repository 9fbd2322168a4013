/* fanout.h - delivers one publication to the members that one worker has. */
#ifndef POSTERN_REALM_FANOUT_H
#define POSTERN_REALM_FANOUT_H

#include "realm/audience_filter.h"
#include "realm/router_inside.h"
#include "realm/seat.h"
#include "wamp/message.h"

#include <stdint.h>

/* To the members of one subscription. `event`: publication id, details, payload. */
void fanout_deliver(struct seat *seat,
                    uint64_t subscription,
                    const struct audience_filter *filter,
                    struct message *event);

/* To all other workers that `reached` names, one post each; they are returned. */
uint64_t fanout_post(struct seat *seat,
                     const struct reach_list *reached,
                     const struct message *event,
                     struct slice options,
                     uint64_t except);

#endif
