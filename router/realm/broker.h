/* broker.h - publications: from PUBLISH to an EVENT for each member of each subscription.
 *
 * On the publisher's worker it is decided which subscriptions are reached; each
 * worker that has members gets one post and delivers to those who are members
 * then. An EVENT is encoded once for each subscription and serializer and worker.
 */
#ifndef POSTERN_REALM_BROKER_H
#define POSTERN_REALM_BROKER_H

#include "base/err.h"
#include "payload/payload.h"
#include "rbac/rbac.h"
#include "realm/audience_filter.h"
#include "realm/seat.h"

#include <stdbool.h>
#include <stdint.h>

struct publication {
    struct seat *seat;
    struct session *session; /* the publisher, or NULL: in-process */
    const struct principal *principal;
    uint64_t publisher; /* its session id */
    struct str topic;
    struct slice options;
    const struct payload *payload;
};

/* May it be published? Else the ERROR's URI and text. */
bool broker_check(struct shard *shard,
                  const struct publication *publication,
                  struct publish_options *out_options,
                  struct str *out_error,
                  struct err *err);
/* True with the publication's id, or false with the ERROR's URI and text. `out_options` is
 * filled as far as it could be read. */
bool broker_publish(struct shard *shard,
                    const struct publication *publication,
                    struct publish_options *out_options,
                    uint64_t *out_id,
                    struct str *out_error,
                    struct err *err);

/* A meta event: the router is its publisher, nobody is asked. For meta.c, on the realm's home
 * worker. */
void broker_announce(struct seat *seat, struct str topic, const struct payload *payload);

#endif
