/* rbac.h - realms and who may do what in them: one immutable snapshot, one question.
 *
 * Built from store records by one thread (rbac_builder.h), published to all
 * workers, read without locks. Allow-only, default deny; grants of the
 * principal's roles and of "all". The model is Bondy's.
 */
#ifndef POSTERN_RBAC_RBAC_H
#define POSTERN_RBAC_RBAC_H

#include "base/arena.h"
#include "base/str.h"
#include "loop/snapshot.h"
#include "rbac/name.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASTER_REALM STR("com.leapsight.bondy")

#define PERMISSION_MAP(X)                                  \
    X(REGISTER, "wamp.register")                           \
    X(UNREGISTER, "wamp.unregister")                       \
    X(CALL, "wamp.call")                                   \
    X(CANCEL, "wamp.cancel")                               \
    X(SUBSCRIBE, "wamp.subscribe")                         \
    X(UNSUBSCRIBE, "wamp.unsubscribe")                     \
    X(PUBLISH, "wamp.publish")                             \
    X(DISCLOSE_CALLER, "wamp.disclose_caller")             \
    X(DISCLOSE_PUBLISHER, "wamp.disclose_publisher")       \
    X(DISCLOSE_SESSION_INFO, "wamp.disclose_session_info") \
    X(ISSUE, "bondy.issue")                                \
    X(REVOKE, "bondy.revoke")                              \
    X(AUTHENTICATE, "bondy.authenticate")

enum permission {
#define PERMISSION_ENUM(name, text) PERMISSION_##name,
    PERMISSION_MAP(PERMISSION_ENUM)
#undef PERMISSION_ENUM
        PERMISSIONS
};

/* As in a URI pattern of WAMP; the same numbers as enum match_policy in router/wamp. */
enum grant_match { GRANT_EXACT, GRANT_PREFIX, GRANT_WILDCARD };
/* "exact", "prefix", "wildcard". */
const char *rbac_match_name(enum grant_match match);
bool rbac_match_find(struct str name, enum grant_match *out);
/* May a grant of that match be about it; with GRANT_EXACT, is it a URI? Components without blanks,
 * controls and '#': the same URIs as the router's, which stands above this module. */
bool rbac_uri_valid(struct str uri, enum grant_match match);

struct rbac; /* begins with struct snapshot */
struct rbac_realm;

const struct rbac_realm *rbac_realm_find(const struct rbac *rbac, struct str uri);
struct str rbac_realm_uri(const struct rbac_realm *realm);
bool rbac_realm_allows_connections(const struct rbac_realm *realm);
bool rbac_realm_security_enabled(const struct rbac_realm *realm);
bool rbac_realm_has_method(const struct rbac_realm *realm, struct str authmethod);
size_t rbac_realm_count(const struct rbac *rbac);
uint64_t rbac_version(const struct rbac *rbac);
/* How passwords are kept where a realm says nothing. */
struct credential_policy;
const struct credential_policy *rbac_password_policy(const struct rbac *rbac);
/* All realm URIs, for "did you mean". */
const struct str *rbac_realm_uris(const struct rbac *rbac, size_t *out_count);

/* The names of all methods that there are. */
const struct str *rbac_authmethods(size_t *out_count);

/* Properties of a realm; where it says nothing itself, its prototype's. "" is "none". */
bool rbac_realm_is_prototype(const struct rbac_realm *realm);
bool rbac_realm_is_sso_realm(const struct rbac_realm *realm);
struct str rbac_realm_prototype_uri(const struct rbac_realm *realm);
struct str rbac_realm_sso_realm_uri(const struct rbac_realm *realm);
const struct str *rbac_realm_authmethods(const struct rbac_realm *realm, size_t *out_count);
struct str rbac_realm_password_opts(const struct rbac_realm *realm); /* a JSON object's text */
struct str rbac_realm_info(const struct rbac_realm *realm);          /* the same */

/* Does a client of the realm name that origin as one of a browser that it runs in? */
bool rbac_realm_has_origin(const struct rbac_realm *realm, struct str origin);

/* A user's record; lives as long as the snapshot. Names are in lower case. */
struct rbac_user {
    struct str username;
    struct str credential;             /* a record of credential.h; "": no password */
    const struct str *authorized_keys; /* hex, lower case */
    size_t authorized_key_count;
    const struct str *groups; /* as in the record: not the nested ones */
    size_t group_count;
    const struct str *aliases;
    size_t alias_count;
    struct str meta;          /* a JSON object's text */
    struct str client;        /* the same, of an OAuth2 client: oauth2/flow; "": nothing is said */
    struct str sso_realm_uri; /* "": the credentials are here */
    bool enabled;
};

/* By name or alias, in any case of letters; NULL if there is none. */
const struct rbac_user *rbac_user_find(const struct rbac_realm *realm, struct str name);
/* The one user of whom an authorized key is, in hex; NULL: nobody's, or several users'. */
const struct rbac_user *
rbac_user_by_key(const struct rbac *rbac, const struct rbac_realm *realm, struct str key);
bool rbac_group_exists(const struct rbac_realm *realm, struct str name); /* the prototype's too */
size_t rbac_user_count(const struct rbac_realm *realm);

/* Who wants to come in: his record here, and the one that holds his password and keys, which is
 * another with same sign-on. */
struct rbac_account {
    const struct rbac_user *user;
    const struct rbac_user *holder; /* NULL: its realm or user is not there, he cannot prove it */
    const struct rbac_realm *holder_realm;
    bool enabled; /* here and there */
};

/* False: no such user. */
bool rbac_account_find(const struct rbac *rbac,
                       const struct rbac_realm *realm,
                       struct str name,
                       struct rbac_account *out);

/* A user's key for HTTP; lives as long as the snapshot. */
struct rbac_api_key {
    struct str id;
    struct str username;
    struct str sha256;   /* of the secret: hex, lower case */
    uint64_t expires_ms; /* of the wall clock; 0: never */
};

/* NULL: none of that id. Whether its user is there and enabled, rbac_account_find says. */
const struct rbac_api_key *rbac_api_key_find(const struct rbac_realm *realm, struct str id);

/* The methods by which `account` may come in from `address`, most specific source first: those of
 * the realm that a source of his or of `all` opens and that he can satisfy. NULL: somebody
 * anonymous, who has `anonymous` or nothing. */
enum { RBAC_METHODS_MAX = 16 };
size_t rbac_methods(const struct rbac_realm *realm,
                    const struct rbac_account *account,
                    const struct in6_addr *address,
                    struct str out[RBAC_METHODS_MAX]);
/* What a user would be offered of whom nothing is known but a name: so that names that do not
 * exist look like names that do. */
size_t rbac_methods_of_nobody(const struct rbac_realm *realm,
                              struct str name,
                              const struct in6_addr *address,
                              struct str out[RBAC_METHODS_MAX]);

/* Role names of a session, copied into the arena. */
struct rbac_roles {
    struct str *names;
    size_t count;
};

/* All the groups of a user: direct ones, those nested in them, those of the prototype; each once.
 */
struct rbac_roles
rbac_roles_of(const struct rbac_realm *realm, const struct rbac_user *user, struct arena *arena);
/* HELLO's authrole or x_authroles: the wanted ones of the user's groups and what is nested in
 * them. None, "default" or "all": every group. False: one is none of his (no_such_role). */
bool rbac_roles_select(const struct rbac_realm *realm,
                       const struct rbac_user *user,
                       const struct str *wanted,
                       size_t count,
                       struct arena *arena,
                       struct rbac_roles *out);

/* Who acts: a session or one HTTP request. Roles never include "all", which everybody has. */
struct rbac_memo;
struct principal {
    struct str authid;
    const struct str *roles;
    size_t role_count;
    struct str authmethod;
    bool groups_alone;      /* by a token of a narrower scope: grants to his name do not count */
    struct rbac_memo *memo; /* decisions, bounded, of one snapshot version; may be NULL */
    /* For logs and the audit. */
    const struct in6_addr *address; /* NULL: unknown */
    struct str request_id;
};

struct rbac_memo *rbac_memo_new(void);
void rbac_memo_free(struct rbac_memo *memo);

/* Constants with an address, spelled as the macros that they would be. */
/* NOLINTBEGIN(readability-identifier-naming) */
/* "anonymous": the one role of who did not say who he is. */
extern const struct str RBAC_ROLE_ANONYMOUS;
/* The group that may call everything in the master realm, whatever its record says. */
extern const struct str RBAC_ROLE_ADMINISTRATORS;
extern const struct str RBAC_METHOD_ANONYMOUS;
/* NOLINTEND(readability-identifier-naming) */

/* May someone come in as `user` by `authmethod` from there? (realm methods and sources) */
bool rbac_source_allows(const struct rbac_realm *realm,
                        struct str user,
                        struct str authmethod,
                        const struct in6_addr *address);

/* The question. Security disabled: yes. */
bool rbac_may(const struct rbac *rbac,
              const struct rbac_realm *realm,
              const struct principal *principal,
              enum permission permission,
              struct str uri);

/* For pattern REGISTER and SUBSCRIBE: only if one grant covers every URI the pattern can match. */
bool rbac_may_pattern(const struct rbac *rbac,
                      const struct rbac_realm *realm,
                      const struct principal *principal,
                      enum permission permission,
                      struct str pattern,
                      enum grant_match match);

const char *permission_name(enum permission permission);
bool permission_find(struct str name, enum permission *out);

/* The question about a permission by its name, which may be any URI that a grant has. Those above
 * cost what rbac_may costs, the others are not for the data path. */
bool rbac_may_named(const struct rbac *rbac,
                    const struct rbac_realm *realm,
                    const struct principal *principal,
                    struct str permission,
                    struct str uri);

/* Somebody who is not here, as he would be if he came in now: the user of that name or alias with
 * all of his groups, or "anonymous". His being enabled is not looked at. Strings live as long as
 * the snapshot and the arena. False: no such user. */
bool rbac_principal_of(const struct rbac_realm *realm,
                       struct str authid,
                       struct arena *arena,
                       struct principal *out);

/* Somebody of whom nothing is known but that he is in that group. False: no such group. */
bool rbac_principal_of_group(const struct rbac_realm *realm,
                             struct str group,
                             struct arena *arena,
                             struct principal *out);

/* Why: the grant that allows it, or what is missing. The same answer as rbac_may_pattern. */
enum { RBAC_EXPLAIN_URI_MAX = 1024, RBAC_EXPLAIN_TEXT_MAX = 2048 };
struct rbac_explanation {
    bool allowed;
    bool security_disabled; /* and so everything is allowed; the rest is empty */
    struct str role;        /* of the grant: "all", a user's or a group's name */
    bool role_is_user;
    struct str realm; /* whose grant it is: the realm or its prototype */
    enum grant_match match;
    char uri[RBAC_EXPLAIN_URI_MAX + 1]; /* of the grant; "" is everywhere */
    char text[RBAC_EXPLAIN_TEXT_MAX];   /* all of it in a sentence */
};

/* `role` and `realm` are the principal's and the realm's. */
void rbac_explain(const struct rbac_realm *realm,
                  const struct principal *principal,
                  enum permission permission,
                  struct str uri,
                  enum grant_match match,
                  struct rbac_explanation *out);
/* The same of a permission by its name. */
void rbac_explain_named(const struct rbac_realm *realm,
                        const struct principal *principal,
                        struct str permission,
                        struct str uri,
                        enum grant_match match,
                        struct rbac_explanation *out);

#endif
