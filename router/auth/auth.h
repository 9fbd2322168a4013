/* auth.h - who a session is: HELLO, CHALLENGE, AUTHENTICATE, and the answer.
 *
 * One struct auth a node, shared by its workers; one struct login a session that
 * authenticates, on the session's worker. What blocks (a password) runs in the
 * jobs pool; whoever asked may be gone by then (login_free at any time). What is
 * refused is logged here, with who and from where and never with a secret.
 *
 * Whether an account exists cannot be told from outside: who does not exist, is
 * disabled or lacks what a method needs is challenged as others are, at the same
 * cost, and fails.
 */
#ifndef POSTERN_AUTH_AUTH_H
#define POSTERN_AUTH_AUTH_H

#include "auth/identity.h"
#include "base/str.h"
#include "loop/jobs.h"
#include "loop/snapshot.h"
#include "net/peer_info.h"
#include "payload/emit.h"
#include "rbac/rbac.h"
#include "token/tokens.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit;
struct auth;
struct login;
struct tls_stream;

/* A record of a password that was made otherwise than they are made now, and the one that takes
 * its place. Borrowed for the call. */
struct auth_renewal {
    struct str realm; /* whose user holds it */
    struct str username;
    struct str old;
    struct str record;
};

struct auth_options {
    struct jobs *jobs; /* NULL: passwords are not available */
    struct str secret; /* the same on all nodes: what challenges of nobody are made of */
    /* After a login that showed the password, on its worker. May be NULL. */
    void (*renew)(void *ctx, const struct auth_renewal *renewal);
    void *renew_ctx;
    struct audit *audit;          /* gets what fails; may be NULL */
    struct snapshot_slot *tokens; /* tokens.h; NULL: tickets and access tokens are not available */
    struct snapshot_slot *rbac;   /* for who says by a token alone who he is; may be NULL */
    bool tickets_unrecorded;      /* security.ticket.allow_not_found */
};

struct auth *auth_new(const struct auth_options *options);
void auth_free(struct auth *auth); /* after the workers are joined */
/* Where failures are counted, also those of credentials that come otherwise. */
struct throttle *auth_throttle(struct auth *auth);
/* And where they are noted; may be NULL. */
struct audit *auth_audit(struct auth *auth);

/* What issuers of access tokens begin with: gateway.public_url. Before the workers start. */
void auth_set_issuer(struct auth *auth, struct str url);
/* The snapshot of this worker; NULL: there is none. */
const struct tokens *auth_tokens(const struct auth *auth);
/* The access token of a user of this realm who is there and enabled, if it is good now. One
 * reference, the caller's; NULL: `*out_why` is a constant for the log. */
struct bearer *auth_bearer(const struct auth *auth,
                           const struct rbac *rbac,
                           const struct rbac_realm *realm,
                           struct str text,
                           const char **out_why);
/* The same of a session (token/session.h). */
struct bearer *auth_session(const struct auth *auth,
                            const struct rbac *rbac,
                            const struct rbac_realm *realm,
                            struct str text,
                            const char **out_why);
/* Is one that was good so now? NULL: yes. The user is not looked at. */
const char *auth_bearer_fault(const struct rbac_realm *realm,
                              const struct tokens *tokens,
                              const struct bearer *bearer);

enum auth_step {
    AUTH_ADMITTED,
    AUTH_CHALLENGED,
    AUTH_REFUSED, /* ABORT by `reason` and `text` */
    AUTH_LATER,   /* `done` will be called */
};

/* What HELLO said, and about whom. Borrowed for the call. */
struct auth_hello {
    const struct rbac *rbac;
    const struct rbac_realm *realm;
    const struct peer_info *info;
    struct tls_stream *tls; /* NULL: none, or ended elsewhere */
    uint64_t session;       /* its id, if it comes about */
    struct str authid;
    bool offered; /* there is a list of methods, be it empty */
    const struct str *methods;
    size_t method_count;
    const struct str *roles; /* that it wants of those it has; none: all */
    size_t role_count;
    /* of authextra */
    struct str pubkey;
    struct str nonce;
    struct str channel_binding;
    struct str bearer; /* the access token that came with the connection, or "" */
};

/* What AUTHENTICATE said. Borrowed for the call. */
struct auth_response {
    struct str signature;
    struct str nonce;
    struct str channel_binding;
    struct str cbind_data;
};

struct auth_verdict {
    struct str method; /* of a CHALLENGE */
    struct str reason; /* an error URI */
    struct str text;   /* a constant */
    uint64_t wait_ms;  /* too many have failed: no attempt is looked at for so long; 0: not so */
};

/* On the login's worker, once, after AUTH_LATER and never from inside a call. */
typedef void (*login_done_fn)(struct login *login, enum auth_step step, void *ctx);

struct login *login_new(struct auth *auth, login_done_fn done, void *ctx);
/* At any time; wipes what it knows. */
void login_free(struct login *login);

/* `extra` gets the details of a CHALLENGE. */
enum auth_step login_begin(struct login *login, const struct auth_hello *hello, struct emit *extra);
/* After AUTH_CHALLENGED, once. */
enum auth_step login_answer(struct login *login, const struct auth_response *response);

/* Of the step that was made last. */
const struct auth_verdict *login_verdict(const struct login *login);
/* After AUTH_ADMITTED: the caller's from then on; NULL: somebody anonymous. */
struct auth_identity *login_take_identity(struct login *login);
/* WELCOME's authextra.verifier, or "". Lives as long as the login. */
struct str login_verifier(const struct login *login);

/* Does a live session keep what it has? True with `*identity` as it is now (another one if its
 * roles have changed), false when its user is gone, disabled, or may not come in any more, or when
 * the ticket that it came in by is worth nothing now. */
bool auth_review(const struct rbac *rbac,
                 const struct tokens *tokens,
                 const struct rbac_realm *realm,
                 const struct peer_info *info,
                 struct auth_identity **identity);

#endif
