/* seat.h - one realm as one worker sees it: who is here, and what the snapshot says.
 *
 * Members of subscriptions are known only to their own worker, so whether a
 * session is one is decided at delivery and without a lock.
 */
#ifndef POSTERN_REALM_SEAT_H
#define POSTERN_REALM_SEAT_H

#include "base/list.h"
#include "rbac/rbac.h"
#include "realm/idtable.h"
#include "realm/realm.h"

#include <stdint.h>

struct shard;
struct session;

struct seat {
    struct shard *shard;
    struct realm *realm;
    uint64_t local_id; /* the session id of the in-process peer */
    struct idtable audiences;
    struct idtable sessions; /* of this realm here, by session id */
    size_t beginnings;       /* of all of them */
    /* The snapshot that `access` is from. */
    const struct rbac *rbac;
    uint64_t rbac_version;
    const struct rbac_realm *access;
};

/* The members here of one subscription, which stays while there is one. */
struct audience {
    struct idlink link; /* seat->audiences, by subscription */
    struct list members;
    const struct subscription *subscription;
};

struct membership {
    struct idlink link; /* session->memberships, by subscription */
    struct list node;   /* audience->members */
    struct session *session;
};

/* Of a membership that began with retained events; apart, because few do. */
struct beginning {
    struct idlink link; /* session->beginnings, by subscription */
    uint64_t retained;  /* number of the last retained event that there was */
};

/* NULL when the snapshot does not know the realm. */
struct seat *seat_find(struct shard *shard, struct str uri);
void seat_free(struct seat *seat);
/* The realm in the present snapshot, or NULL when it has been deleted. */
const struct rbac_realm *seat_access(struct seat *seat);

/* An answer for the log and the client, or true. `pattern`: the URI is one. */
struct access_question {
    const struct principal *principal;
    enum permission permission;
    struct str uri;
    enum match_policy match;
};
bool seat_permits(struct seat *seat, const struct access_question *question, struct err *err);

#endif
