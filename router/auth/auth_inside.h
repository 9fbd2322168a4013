/* auth_inside.h - a login and its methods, for the files of this folder. */
#ifndef POSTERN_AUTH_AUTH_INSIDE_H
#define POSTERN_AUTH_AUTH_INSIDE_H

#include "auth/auth.h"
#include "auth/throttle.h"
#include "base/arena.h"
#include "credential/credential.h"
#include "crypto/ed25519.h"
#include "metrics/metrics.h"

enum {
    AUTH_SECRET_SIZE = 32,
    AUTH_NONCE_MAX = 256,
    AUTH_VERIFIER_SIZE = 48,
    AUTH_ROLES_MAX = 256,       /* that a HELLO may name */
    LOGIN_ARENA_MAX = 16 << 20, /* a user may be in all of a realm's groups */
};

/* As the counter's label says it. */
enum auth_outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_THROTTLED, OUTCOME_BUSY, OUTCOMES };

struct auth_method {
    struct str name;
    /* Writes the challenge's details, or decides at once. */
    enum auth_step (*begin)(struct login *login,
                            const struct auth_hello *hello,
                            struct emit *extra);
    enum auth_step (*check)(struct login *login, const struct auth_response *response);
    /* Can this HELLO be answered by it at all? NULL: any can. */
    bool (*fits)(const struct auth_hello *hello);
};

/* methods.c: NULL for a name that is none, or that is not to be had yet. */
const struct auth_method *auth_method_find(struct str name);

struct auth {
    struct jobs *jobs;
    void (*renew)(void *ctx, const struct auth_renewal *renewal);
    void *renew_ctx;
    char secret[AUTH_SECRET_SIZE];
    struct audit *audit;
    struct throttle *throttle;
    struct metric_cell *outcomes[OUTCOMES];
    struct snapshot_slot *tokens;
    struct snapshot_slot *rbac;
    char *issuer_url;
    bool tickets_unrecorded;
};

struct password_job;

struct login {
    struct auth *auth;
    login_done_fn done;
    void *ctx;
    const struct auth_method *method;
    struct auth_verdict verdict;
    struct throttle_key key;
    bool real;       /* there is such a user, he is enabled, and the method is his */
    const char *why; /* he is not; for the log */
    struct arena arena;
    struct str realm;
    struct str name; /* as HELLO had it */
    struct str username;
    struct str account; /* one for all spellings of a name: what pretended verifiers are made of */
    struct str record;  /* of the password; "": none */
    struct str holder_realm; /* of the record */
    struct str holder;
    const struct str *keys; /* hex */
    size_t key_count;
    struct rbac_roles roles;
    bool roles_refused; /* it wants one that it has not */
    const struct str *wanted;
    size_t wanted_count;
    struct peer_info info;
    uint64_t session;
    struct credential_options options; /* of the realm: what nobody's verifiers look like */
    bool upgrade;                      /* records of another protocol are due for those */
    struct auth_identity *identity;
    struct password_job *job; /* under way */
    union {
        struct {
            struct credential_cra cra;
            struct str challenge;
        } cra;
        struct {
            struct credential_scram scram;
            struct str nonce; /* of both ends, the client's first */
            size_t client_nonce_len;
            struct str binding; /* its name, or "" */
            struct hash_sha256 channel;
            char verifier[AUTH_VERIFIER_SIZE];
            size_t verifier_len;
        } scram;
        struct {
            unsigned char key[ED25519_KEY_SIZE];
            unsigned char challenge[ED25519_KEY_SIZE];
            unsigned char message[ED25519_KEY_SIZE]; /* the challenge, bound to its channel */
            bool known;                              /* the key is the user's */
        } sign;
        struct {
            struct str sso_realm; /* of the realm; "": none */
        } ticket;
    };
};

/* login.c: all that is needed of an account of the realm. */
void login_take_account(struct login *login,
                        const struct rbac_realm *realm,
                        const struct rbac_account *account);
/* login.c: the ends of a login. */
enum auth_step login_admit(struct login *login);
enum auth_step login_refuse(struct login *login, struct str reason, struct str text);
/* The one answer to who cannot prove it; `why` is for the log. */
enum auth_step login_fail(struct login *login, const char *why);
/* The same when the failure has been counted for the throttle. */
enum auth_step login_fail_counted(struct login *login, const char *why);
enum auth_step login_prove(struct login *login, bool proved);
enum auth_step login_busy(struct login *login);
enum auth_step login_slow_down(struct login *login);

/* password.c */
void password_job_abandon(struct password_job *job);

extern const struct auth_method auth_method_anonymous;
extern const struct auth_method auth_method_trust;
extern const struct auth_method auth_method_password;
extern const struct auth_method auth_method_cra;
extern const struct auth_method auth_method_scram;
extern const struct auth_method auth_method_cryptosign;
extern const struct auth_method auth_method_ticket;
extern const struct auth_method auth_method_tls;
extern const struct auth_method auth_method_oauth2;

#endif
