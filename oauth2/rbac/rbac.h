/* rbac.h - realms and who may do what in them: one immutable snapshot, one question.
 *
 * Built from store records by one thread (rbac_builder.h), published to all
 * workers, read without locks. Allow-only, default deny; grants of the
 * principal's roles and of "all". The model is Bondy's.
 */
#ifndef POSTERN_RBAC_RBAC_H
#define POSTERN_RBAC_RBAC_H

#include "base/str.h"
#include "loop/snapshot.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASTER_REALM STR("com.leapsight.bondy")

#define PERMISSION_MAP(X)                      \
    X(REGISTER, "wamp.register")               \
    X(UNREGISTER, "wamp.unregister")           \
    X(CALL, "wamp.call")                       \
    X(CANCEL, "wamp.cancel")                   \
    X(SUBSCRIBE, "wamp.subscribe")             \
    X(UNSUBSCRIBE, "wamp.unsubscribe")         \
    X(PUBLISH, "wamp.publish")                 \
    X(DISCLOSE_CALLER, "wamp.disclose_caller") \
    X(DISCLOSE_PUBLISHER, "wamp.disclose_publisher")

enum permission {
#define PERMISSION_ENUM(name, text) PERMISSION_##name,
    PERMISSION_MAP(PERMISSION_ENUM)
#undef PERMISSION_ENUM
        PERMISSIONS
};

/* As in a URI pattern of WAMP; the same numbers as enum match_policy in router/wamp. */
enum grant_match { GRANT_EXACT, GRANT_PREFIX, GRANT_WILDCARD };

struct rbac; /* begins with struct snapshot */
struct rbac_realm;

const struct rbac_realm *rbac_realm_find(const struct rbac *rbac, struct str uri);
struct str rbac_realm_uri(const struct rbac_realm *realm);
bool rbac_realm_allows_connections(const struct rbac_realm *realm);
bool rbac_realm_security_enabled(const struct rbac_realm *realm);
bool rbac_realm_has_method(const struct rbac_realm *realm, struct str authmethod);
size_t rbac_realm_count(const struct rbac *rbac);
uint64_t rbac_version(const struct rbac *rbac);
/* All realm URIs, for "did you mean". */
const struct str *rbac_realm_uris(const struct rbac *rbac, size_t *out_count);

/* Who acts: a session or one HTTP request. Roles never include "all", which everybody has. */
struct rbac_memo;
struct principal {
    struct str authid;
    const struct str *roles;
    size_t role_count;
    struct str authmethod;
    struct rbac_memo *memo; /* decisions, bounded, of one snapshot version; may be NULL */
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

#endif
