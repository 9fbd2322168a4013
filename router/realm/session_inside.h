/* session_inside.h - a session and what the other files of this folder do with it.
 *
 * On the peer's worker. A session that must end is doomed, and ended only when the
 * worker has left what it was doing (shard_leave), so that nobody finds it gone
 * under his hands.
 */
#ifndef POSTERN_REALM_SESSION_INSIDE_H
#define POSTERN_REALM_SESSION_INSIDE_H

#include "base/list.h"
#include "loop/timer.h"
#include "rbac/rbac.h"
#include "realm/idtable.h"
#include "realm/peer.h"
#include "realm/router_inside.h"
#include "realm/seat.h"
#include "realm/session.h"
#include "realm/slots.h"
#include "wamp/message.h"

enum session_state {
    SESSION_WAITING,    /* for HELLO, at first and after each GOODBYE */
    SESSION_CHALLENGED, /* for AUTHENTICATE, or until that has been looked at */
    SESSION_OPEN,
    SESSION_ENDED, /* nothing is read or sent any more */
};

/* {} in any serializer: nothing to read there. */
enum { OPTIONS_EMPTY_LEN = 2 };

enum { PAUSED_BY_QUEUE = 1, PAUSED_BY_WORKER = 2, PAUSED_BY_SUBSCRIBER = 4 };

/* What each event for it needs stands first, in one line of memory: there may be thousands of
 * subscribers. */
struct session {
    struct slot slot;
    struct peer *peer;
    struct shard *shard;
    enum session_state state;
    unsigned features; /* announced: peer_features.h */
    uint64_t id;
    struct backlog *backlog; /* events in front of its queue, or NULL */
    struct lull *lull;       /* publishers that wait for it, or NULL */
    uint8_t paused;          /* by whom: PAUSED_BY_ bits */
    bool stuck;              /* nobody waits for it until it has read */
    bool closing;            /* the peer has been told to finish */
    bool fresh_request;      /* the message at hand has a new request id */
    bool paced;              /* it waits for its echoes */
    bool answered;           /* AUTHENTICATE has come */
    struct list node;        /* shard->open */
    struct list doom;        /* shard->doomed */
    struct seat *seat;       /* NULL but in SESSION_OPEN, or ended and not yet out of the realm */
    struct idlink by_id;     /* seat->sessions, while in the realm */
    struct principal principal;
    struct auth_identity *identity; /* what `principal` points to; NULL: somebody anonymous */
    uint64_t access_version;        /* of the snapshot by which `identity` was looked at last */
    struct login *login;            /* under way, or NULL */
    struct seat *hello_seat;        /* where it leads */
    struct timer hello_timer;
    struct idtable calls;         /* struct call by request id */
    struct idtable invocations;   /* struct invocation by request id */
    struct idtable registrations; /* struct offer by registration id */
    struct idtable memberships;   /* struct membership by subscription id */
    struct idtable *beginnings;   /* struct beginning by subscription id; NULL: never any */
    uint64_t last_invocation;
    uint64_t last_request; /* of the client's own, which it numbers without gaps */
    uint64_t kept_request; /* the last of the session before this one on its connection */
    struct str farewell;   /* reason of the GOODBYE that a doomed session still gets, or empty */
    struct testaments *testaments; /* or NULL */
    unsigned holds;                /* slow subscribers that it waits for */
    unsigned echoes;               /* that are still out */
    size_t lead;                   /* bytes published to other workers since it asked them last */
};

enum delivery {
    DELIVERY_OK,
    DELIVERY_GONE,
    DELIVERY_FULL,    /* too much waits for this peer already */
    DELIVERY_TOO_BIG, /* for what the peer accepts */
    DELIVERY_UNFIT,   /* the peer's serializer cannot say it */
};

static inline struct handle session_handle(const struct session *session)
{
    return (struct handle){.worker = session->shard->index,
                           .slot = session->slot.index,
                           .generation = session->slot.generation};
}

/* session_send.c */
enum delivery session_encode(struct session *session, const struct message *message);
bool session_has_room(const struct session *session, size_t size);
/* Hands the message to the peer, or says why not. */
enum delivery session_send(struct session *session, const struct message *message);
/* The same for what the peer has asked for: no room is the session's end. */
enum delivery session_reply(struct session *session, const struct message *message);
void session_error(struct session *session,
                   enum message_type type,
                   uint64_t request,
                   struct str error,
                   struct str text);
void session_abort(struct session *session, struct str reason, struct str text);
void session_violation(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* `farewell`: the reason of a last GOODBYE, or empty. */
void session_doom(struct session *session, struct str farewell);
/* Ends a doomed session. */
void session_reap(struct session *session);
/* Stops reading from the peer while the worker that it feeds is congested. */
void session_yield_to(struct session *session, struct worker *worker);

/* Somebody wants it to go: GOODBYE now, and its end. `text` may be empty. */
void session_dismiss(struct session *session, struct str reason, struct str text);

/* session_requests.c: notes the request id of a message that has one of the client's own. False:
 * it is out of sequence, and the session is aborted. A CALL may have an earlier one
 * (`fresh_request` false): it goes on with a call, or is late. */
bool session_count_request(struct session *session, const struct message *message);

/* session_details.c */
enum { SESSION_DETAILS = 8 };
/* That many pairs of a map, while it is in its realm. */
void session_emit_details(const struct session *session, struct emit *emit);
struct str session_authrole(const struct session *session);
bool session_has_role(const struct session *session, struct str role);

/* session.c */
void session_leave_realm(struct session *session);
bool session_permits(struct session *session,
                     enum permission permission,
                     struct str uri,
                     enum match_policy match,
                     struct err *err);

/* session_hello.c */
void session_hello(struct session *session, struct message *message);
void session_hello_wait(struct session *session);

/* session_login.c: what auth.h decides, as messages. */
void session_login_begin(struct session *session, const struct auth_hello *hello);
void session_authenticate(struct session *session, struct message *message);
void session_login_end(struct session *session);
/* session_hello.c: in, as `identity` (NULL: anonymous), which is the session's from then on. */
void session_join(struct session *session, struct auth_identity *identity);
/* The texts of a map that may be missing, or something else. */
struct str session_text_of(struct session *session, struct slice map, struct str key);

/* session_review.c: may it still be here, and as whom? False: it is dismissed. */
bool session_stays(struct session *session);
void session_review_init(struct shard *shard);
/* Of a session that has just come in. */
void session_review_start(struct session *session);

/* procedures.c */
void session_register(struct session *session, struct message *message);
void session_unregister(struct session *session, struct message *message);
void procedures_leave(struct session *session);

/* topics.c */
void session_subscribe(struct session *session, struct message *message);
void session_unsubscribe(struct session *session, struct message *message);
void topics_leave(struct session *session);
/* Takes a subscription away; false when the session has none such. Its peer is told, if it can
 * understand that. `reason` may be empty. */
bool session_revoke(struct session *session, uint64_t subscription, struct str reason);

/* broker.c */
void session_publish(struct session *session, struct message *message);

/* calls.c */
void session_call(struct session *session, struct message *message);
void session_cancel(struct session *session, struct message *message);
/* dealer.c */
void dealer_leave(struct session *session);

/* invocation.c */
void session_yield(struct session *session, struct message *message);
void session_fail(struct session *session, struct message *message);
void invocations_leave(struct session *session);

#endif
