/* flow.h - OAuth 2 and OpenID Connect: what is answered to whom. No HTTP, no pages, no threads of
 * its own.
 *
 * A request is a call in steps: it begins and goes on with its worker; a password is
 * proved by its host, with the care that every login takes (router/auth), and what
 * needs rows is a step within one transaction on the store thread. The host
 * (gateway/api/oauth.c) runs the steps and turns the answer into HTTP. Rules are those of RFC 6749
 * with RFC 9700, 7636, 7009, 7662, 8414, 8628, 9068 and 9207, and OpenID Connect Core; each file
 * names its own.
 *
 * What could tell whether an account or a client exists is one answer at one cost.
 */
#ifndef POSTERN_FLOW_FLOW_H
#define POSTERN_FLOW_FLOW_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "flow/form.h"
#include "rbac/rbac.h"
#include "store/store.h"
#include "token/tokens.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flow_endpoint {
    FLOW_TOKEN,
    FLOW_REVOKE,
    FLOW_INTROSPECT,
    FLOW_AUTHORIZE,
    FLOW_DEVICE_AUTHORIZATION,
    FLOW_DEVICE,
    FLOW_USERINFO,
    FLOW_JWKS,
    FLOW_LOGOUT,
    FLOW_VERIFY,
    FLOW_METADATA, /* /.well-known/oauth-authorization-server and openid-configuration */
    FLOW_ENDPOINTS
};

/* By the last part of its path ("token"); false: none. */
bool flow_endpoint_find(struct str name, enum flow_endpoint *out);
struct str flow_endpoint_name(enum flow_endpoint endpoint);
bool flow_endpoint_serves(enum flow_endpoint endpoint);
/* "GET, HEAD, POST": what a 405 says is allowed. */
struct str flow_endpoint_methods(enum flow_endpoint endpoint);

/* May pages of other origins, those that clients name, read its answers (CORS)? Nothing that works
 * by a browser's login may. */
bool flow_endpoint_shares(enum flow_endpoint endpoint);

/* Lifetimes, in seconds: the settings oauth2.*. */
struct flow_options {
    uint64_t access_s;        /* of an access token */
    uint64_t refresh_idle_s;  /* of a refresh token that is not used */
    uint64_t refresh_s;       /* of a family, however often it is refreshed */
    uint64_t refresh_grace_s; /* in which the token before the last is taken */
    uint64_t code_s;
    uint64_t login_s; /* of a browser's login */
    uint64_t device_s;
    size_t families_max; /* of one user and client */
};

struct flow_request {
    enum flow_endpoint endpoint;
    bool post; /* else GET or HEAD */
    struct str realm;
    struct str issuer;        /* configured; never from the Host header */
    struct str base;          /* what the endpoints of this request are under: ".../oauth" */
    struct str authorization; /* the header, or "" */
    struct str cookie;        /* the header, or "" */
    struct str origin;        /* the header, or "" */
    const struct form *form;  /* of the body */
    const struct form *query;
    bool password_grant; /* the specification, or the realm, asks for it */
    bool secure;         /* over TLS, or a proxy that says so */
    const struct in6_addr *address;
    struct str request_id;
};

enum flow_kind {
    FLOW_JSON,     /* `json` */
    FLOW_REDIRECT, /* 303 to `location` */
    FLOW_PAGE,     /* `page`, with `json` for its fields: text, to be escaped */
    FLOW_EMPTY,
};

enum flow_page {
    PAGE_LOGIN,
    PAGE_CONSENT,
    PAGE_DEVICE,
    PAGE_DONE,
    PAGE_LOGOUT,
    PAGE_ERROR,
};

enum { FLOW_COOKIES_MAX = 2, FLOW_HEADERS_MAX = 8 };

struct flow_header {
    struct str name;
    struct str value;
};

struct flow_answer {
    enum flow_kind kind;
    unsigned status;
    json_t *json; /* the call's */
    struct str location;
    enum flow_page page;
    struct str challenge; /* WWW-Authenticate, or "" */
    struct str set_cookies[FLOW_COOKIES_MAX];
    struct flow_header headers[FLOW_HEADERS_MAX]; /* others */
    size_t header_count;
    struct str allow_origin; /* CORS, or "" */
    uint64_t max_age_s;      /* 0: no-store */
    unsigned retry_after_s;
};

enum flow_step {
    FLOW_ANSWERED, /* `answer` is complete */
    FLOW_LOGIN,    /* prove `login`, then flow_continue */
    FLOW_STORE,    /* run `work` within a transaction, then flow_continue */
};

/* A name and a password, of a user or a client, to be proved as a login by `password`. */
enum flow_login_outcome { FLOW_LOGIN_FAILED, FLOW_LOGIN_PASSED, FLOW_LOGIN_LATER };
struct flow_login {
    struct str name;
    struct str password;
    enum flow_login_outcome outcome; /* the host's answer; LATER: too many, see `wait_s` */
    unsigned wait_s;
};

/* To be noted in the audit log, by the host. */
struct flow_note {
    const char *action; /* "token.reuse_detected"; NULL: none */
    struct str client;
    struct str authid;
};

struct flow_call;
struct flow_client;
struct flow_state;

/* All memory is the arena's; made and freed by the host. */
struct flow_call {
    const struct flow_options *options;
    struct flow_request request;
    const struct rbac *rbac; /* both as long as the call */
    const struct tokens *tokens;
    const struct rbac_realm *realm;
    struct arena *arena;
    uint64_t now_s;

    /* What comes next; set by whoever returns the step. */
    struct flow_login login;
    bool (*work)(struct flow_call *call, struct store_view *view);
    enum flow_step (*then)(struct flow_call *call);
    void *state; /* of the endpoint */
    struct flow_client *client;

    struct flow_answer answer;
    struct flow_note note;
};

/* On the worker. The realm is there. */
enum flow_step flow_begin(struct flow_call *call);
/* On the worker, after a login or a transaction. `err` (or NULL) is why there was none: then it is
 * answered. `work` may have said false with an answer of its own. */
enum flow_step flow_continue(struct flow_call *call, const struct err *err);

#endif
