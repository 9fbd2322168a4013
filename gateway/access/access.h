/* access.h - a machine: the credentials of one HTTP request -> who acts.
 *
 * One struct access a node, shared by its pipelines; every call on the request's
 * worker. Answers at once where the credentials were right before and nothing has
 * changed since (a keyed digest of them is remembered, never they themselves),
 * otherwise after the password has been verified in the jobs pool. What is
 * remembered is asked about again after every change of users, grants or sources:
 * who is disabled or has another password is out with the next request.
 *
 * Whether an account exists cannot be told from outside: who did not say, says
 * wrongly, is disabled or does not exist gets one answer at one cost (auth.h).
 */
#ifndef POSTERN_ACCESS_ACCESS_H
#define POSTERN_ACCESS_ACCESS_H

#include "base/arena.h"
#include "base/list.h"
#include "base/str.h"
#include "http/front.h"
#include "loop/snapshot.h"
#include "loop/worker.h"
#include "rbac/rbac.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access;
struct access_entry;
struct access_proof;
struct auth;
struct bearer;

/* How somebody may prove himself. Each has one authmethod of realms and sources. */
enum access_scheme {
    ACCESS_BASIC = 1,   /* RFC 7617, in UTF-8: `password` */
    ACCESS_API_KEY = 2, /* a header of its own: `api_key` */
    ACCESS_BEARER = 4,  /* RFC 6750: `oauth2` */
    ACCESS_ANY = 7,     /* of those that whoever sends them means to send */
    ACCESS_SESSION = 8, /* a browser's cookie (token/session.h), for want of these: `password` */
};

#define ACCESS_COOKIE        "__Host-postern"
/* What a page's script, and nothing else in a browser, can put into a request: "1". */
#define ACCESS_SCRIPT_HEADER "x-postern-csrf"

enum { ACCESS_NAME_MAX = 254, ACCESS_DETAIL_MAX = 384, ACCESS_CHALLENGE_MAX = 800 };

struct access_options {
    struct workers *workers;
    struct snapshot_slot *rbac;
    struct auth *auth; /* also of what tokens are good: auth_bearer */
};

struct access *access_new(const struct access_options *options);
void access_free(struct access *access); /* after the workers are joined */

/* What is asked. It and what it points to stay until access_leave. */
struct access_request {
    struct str realm;
    unsigned schemes;      /* any of these is enough */
    struct str key_header; /* of API keys, in lower case; "": x-api-key */
    const struct request_head *head;
    /* Instead of the head's credentials, those of a form: a name and a password. "": none. */
    struct str user;
    struct str password;
};

enum access_step {
    ACCESS_GRANTED,
    ACCESS_REFUSED,
    ACCESS_LATER, /* `done` will be called */
};

/* Borrowed for the callback it comes with; what the principal points to stays until
 * access_leave. */
struct access_answer {
    struct principal principal;  /* granted */
    const struct bearer *bearer; /* the same, by which; NULL: otherwise. As long as the principal */
    unsigned status;             /* refused: 400, 401, 403, 429 or 503 */
    struct str code;
    uint32_t retry_after_s;               /* of 429 */
    char detail[ACCESS_DETAIL_MAX];       /* a sentence with the remedy */
    char challenge[ACCESS_CHALLENGE_MAX]; /* WWW-Authenticate, or "" */
};

typedef void (*access_done_fn)(void *ctx,
                               enum access_step step,
                               const struct access_answer *answer);

/* A request's part of this; all zero before access_check. */
struct access_visit {
    struct list link; /* of those who wait for the same proof */
    struct access_proof *proof;
    struct access_entry *entry;
    struct access *access;
    struct access_request request;
    access_done_fn done;
    void *ctx;
};

/* Once for a visit. `out` is filled unless the answer comes later, which it does once, on this
 * worker and never from inside a call. The realm is there. */
enum access_step access_check(struct access *access,
                              struct access_visit *visit,
                              const struct access_request *request,
                              struct access_answer *out);
/* Under way: `done` has not been called. */
static inline bool access_waits(const struct access_visit *visit)
{
    return visit->proof != NULL;
}
/* A Cookie header without a session, which is nobody's business but ours: browsers send it to every
 * port of a host, so it comes to the public listener as well. */
struct str access_without_session(struct str cookies, struct arena *arena);
/* At any time, also before access_check: nobody waits, nobody uses the principal any more. */
void access_leave(struct access_visit *visit);

#endif
