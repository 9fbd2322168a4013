/* flow_inside.h - what the files of the endpoints and grants share. Inside oauth2/flow only. */
#ifndef POSTERN_FLOW_FLOW_INSIDE_H
#define POSTERN_FLOW_FLOW_INSIDE_H

#include "application/application.h"
#include "flow/flow.h"

/* RFC 6749, 5.2; the status that goes with it is in the table of answer.c. */
#define FLOW_INVALID_REQUEST     "invalid_request"
#define FLOW_INVALID_CLIENT      "invalid_client"
#define FLOW_INVALID_GRANT       "invalid_grant"
#define FLOW_UNAUTHORIZED_CLIENT "unauthorized_client"
#define FLOW_UNSUPPORTED_GRANT   "unsupported_grant_type"
#define FLOW_INVALID_SCOPE       "invalid_scope"
#define FLOW_TEMPORARILY         "temporarily_unavailable"
#define FLOW_SERVER_ERROR        "server_error"

/* answer.c: an answer of {error, error_description, code, message, description}. */
enum flow_step flow_refuse(struct flow_call *call, const char *error, const char *description);
enum flow_step flow_json(struct flow_call *call, unsigned status, json_t *json /* stolen */);
json_t *flow_keep(struct flow_call *call, json_t *json /* stolen */);
enum flow_step flow_page(struct flow_call *call,
                         unsigned status,
                         enum flow_page page,
                         json_t *fields /* stolen */);
enum flow_step flow_redirect(struct flow_call *call, struct str location);
/* Members of a row's JSON: a text or "", a number or 0. */
struct str flow_text(const json_t *object, const char *key);
uint64_t flow_number(const json_t *object, const char *key);

/* lease.c, within a transaction: a row of the store that is this realm's, and its JSON, which lives
 * as long as the call. NULL: there is none. */
const struct store_lease *
flow_lease_find(struct flow_call *call, struct store_view *view, struct str kind, struct str key);
json_t *flow_lease_row(struct flow_call *call, const struct store_lease *lease);

/* browser.c: cookies. */
struct str flow_digest(struct flow_call *call, struct str secret); /* SHA-256 in base64url */
struct str flow_login_shown(struct flow_call *call);               /* the login's secret, or "" */
struct str flow_login_cookie(struct flow_call *call, struct str secret); /* "": it ends */
struct str flow_form_mark(struct flow_call *call);
struct str flow_form_cookie(struct flow_call *call, struct str mark);
/* A form of our page, sent by the browser that got it. */
bool flow_form_is_ours(struct flow_call *call);

/* What a person is shown on a consent page: it stands in its form, so that he allows that and
 * nothing else, if he has logged in as somebody else since, or another scope is asked for. */
struct str flow_consent_mark(struct flow_call *call,
                             const struct rbac_user *user,
                             struct str client,
                             struct str scope);

/* client.c: who asks (RFC 6749, 2.3). */
#define FLOW_GRANT_MAP(X) APPLICATION_GRANT_MAP(X)

enum flow_grant {
#define FLOW_GRANT_ENUM(name, text) FLOW_GRANT_##name,
    FLOW_GRANT_MAP(FLOW_GRANT_ENUM)
#undef FLOW_GRANT_ENUM
        FLOW_GRANTS
};

const char *flow_grant_name(enum flow_grant grant);
/* token_endpoint.c: whether the grant is to be had at all. */
bool flow_grant_serves(enum flow_grant grant);

/* A client as its user's record has it: `client` of the record, or what a plain member of
 * api_clients is. Strings and JSON live as long as the call. */
struct flow_client {
    struct str id;
    const struct rbac_user *user;
    const json_t *record; /* NULL: a plain member of api_clients */
    bool is_public;
    unsigned grants; /* 1 << FLOW_GRANT_x */
};

/* NULL: there is none, or it is disabled. */
struct flow_client *flow_client_find(struct flow_call *call, struct str id);
/* What people are told that it is called. */
struct str flow_client_name(const struct flow_client *client);
/* An element of one of the record's lists. */
bool flow_client_lists(const struct flow_client *client, const char *key, struct str value);
/* Authenticates the client of the request and goes on with `then`, with call->client set; a public
 * client names itself alone. Anything else is answered with invalid_client. */
enum flow_step flow_client_prove(struct flow_call *call,
                                 enum flow_step (*then)(struct flow_call *call));
/* How it has proved itself; one way a request. */
enum flow_proof { FLOW_PROOF_NONE, FLOW_PROOF_BASIC, FLOW_PROOF_POST, FLOW_PROOF_SIGNED };
/* Goes on with `then` if that client may prove itself so. */
enum flow_step flow_client_accept(struct flow_call *call,
                                  struct str id,
                                  enum flow_proof proof,
                                  enum flow_step (*then)(struct flow_call *call));
/* The one answer to who is no client, or not the one that he says. */
enum flow_step flow_client_refuse(struct flow_call *call);

/* client_assertion.c: a signed client. */
bool flow_assertion_given(const struct flow_call *call);
enum flow_step flow_assertion_prove(struct flow_call *call,
                                    enum flow_step (*then)(struct flow_call *call));

/* login.c: a user by name who may still come in, here and, with same sign-on, where his record is.
 * NULL: there is none. */
const struct rbac_user *flow_user_find(struct flow_call *call, struct str name);
/* A browser's login, within a transaction. NULL: there is none, or it is nobody's who may
 * still come in. */
const struct rbac_user *
flow_login_read(struct flow_call *call, struct store_view *view, uint64_t *out_auth_time_s);
/* A new one; its cookie is in the answer. */
bool flow_login_keep(struct flow_call *call, struct store_view *view, const struct rbac_user *user);
/* Within the transaction that begins something on a password that was proved: false, if all that
 * the user has was ended since this request was judged. His password has changed then, and what
 * began on the old one would outlive it. */
bool flow_proof_holds(struct flow_call *call,
                      struct store_view *view,
                      const struct rbac_user *user);
/* Ends the browser's; the cookie goes with the answer. */
bool flow_login_drop(struct flow_call *call, struct store_view *view);

/* A blank parts words. */
bool flow_has_word(struct str text, struct str word);

/* scope.c: groups of the user, and what OpenID Connect names. */
struct flow_scope {
    struct str text;         /* space separated, as it is told */
    struct rbac_roles roles; /* the groups among it, or all the user's when it names none */
    bool openid;
    bool offline;
    bool whole; /* nothing narrows it: grants to the user by his name come with it */
};
/* What `wanted` ("": all that there is) gives to `user` through `client`, within `ceiling` (NULL:
 * nothing was granted before). False: invalid_scope. */
bool flow_scope_read(struct flow_call *call,
                     const struct flow_client *client,
                     const struct rbac_user *user,
                     struct str wanted,
                     const struct str *ceiling,
                     struct flow_scope *out);

/* count.c, within a transaction: how often something happened in the minute since its first time,
 * and once more. */
struct flow_count {
    struct str kind; /* of the row */
    struct str key;
    struct str owner; /* whose row it is, or "" */
};
uint64_t flow_counted(struct store_view *view, const struct flow_count *what);
bool flow_count(struct flow_call *call, struct store_view *view, const struct flow_count *what);
/* Where the request comes from: an address, or an IPv6 network. */
struct str flow_address_prefix(struct flow_call *call);

/* Whether it may be kept until it is known who it is for. */
bool flow_scope_may_be(struct str text);

/* access_token.c: what tokens of an authorization say. */
enum { TOKEN_REVOCATION_SLACK_S = 120 };
struct str flow_random_text(struct flow_call *call, size_t bytes); /* base64url; at most 64 bytes */
struct flow_grantee {
    struct str client;
    const struct rbac_user *user;
    struct flow_scope scope;
    struct str family; /* "": none */
    uint64_t auth_time_s;
    struct str nonce;
};
/* The JSON of a token answer (RFC 6749, 5.1), without a refresh token. NULL: refused. */
json_t *flow_token_answer(struct flow_call *call, const struct flow_grantee *grantee);

/* id_token.c: OpenID Connect Core 2; for `access_token`, and after a login. NULL: refused. */
char *
flow_id_token(struct flow_call *call, const struct flow_grantee *grantee, struct str access_token);

/* code.c: authorization codes. */
struct flow_code {
    struct str client;
    struct str authid;
    struct str redirect_uri;
    bool redirect_given; /* the request named it, so the redemption must */
    struct str scope;
    struct str challenge;
    struct str nonce;
    uint64_t auth_time_s;
};
/* Within a transaction. */
bool flow_code_issue(struct flow_call *call,
                     struct store_view *view,
                     const struct flow_code *code,
                     struct str *out_text);

/* refresh.c, within a transaction: families of refresh tokens, one row each. */
bool flow_family_begin(struct flow_call *call,
                       struct store_view *view,
                       struct flow_grantee *grantee, /* gets its family */
                       struct str device,
                       struct str *out_token);
/* Ends it: its rows go, and its access tokens with them. */
bool flow_family_revoke(struct flow_call *call, struct store_view *view, struct str family);

/* Within a transaction: the family that a refresh token's text is of, whichever of its tokens it
 * is. False: there is none here. */
struct flow_family {
    const json_t *row;
    struct str id;
    uint64_t expires_s;
    bool present; /* the text is good for a refresh now */
};
bool flow_family_find(struct flow_call *call,
                      struct store_view *view,
                      struct str text,
                      struct flow_family *out);

/* bearer_request.c: who shows an access token to one of our own endpoints (RFC 6750). */
struct bearer;
struct flow_bearer {
    struct bearer *bearer; /* the call's */
    const struct rbac_user *user;
    struct rbac_roles roles; /* that the token gives him now */
};
/* What the text gives to a user who is there and enabled, as is its client. False: it is not good
 * now. */
bool flow_bearer_of(struct flow_call *call, struct str text, struct flow_bearer *out);
/* Of the request. False: it is answered. */
bool flow_bearer_read(struct flow_call *call, struct flow_bearer *out);
/* 400, 401 or 403 with its challenge; `scope`: what is lacking, or "". */
enum flow_step flow_bearer_refuse(struct flow_call *call,
                                  const char *error,
                                  const char *description,
                                  struct str scope);
/* As they are made for this request; `past`: also one that is over. The call's. */
struct bearer *flow_bearer_parse(struct flow_call *call, struct str text, bool past);

/* Endpoints and grants: each in the file of its name. */
enum flow_step flow_revoke(struct flow_call *call);
enum flow_step flow_introspect(struct flow_call *call);
enum flow_step flow_userinfo(struct flow_call *call);
enum flow_step flow_verify(struct flow_call *call);
enum flow_step flow_token(struct flow_call *call);
enum flow_step flow_jwks(struct flow_call *call);
enum flow_step flow_metadata(struct flow_call *call);

enum flow_step flow_device_authorization(struct flow_call *call);
enum flow_step flow_device(struct flow_call *call);
enum flow_step flow_grant_device(struct flow_call *call);
enum flow_step flow_logout(struct flow_call *call);
enum flow_step flow_authorize(struct flow_call *call);
enum flow_step flow_grant_code(struct flow_call *call);
enum flow_step flow_grant_client_credentials(struct flow_call *call);
enum flow_step flow_grant_password(struct flow_call *call);
enum flow_step flow_grant_refresh(struct flow_call *call);

#endif
