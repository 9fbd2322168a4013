/* rbac_inside.h - what a snapshot is made of. Inside oauth2/rbac only.
 *
 * A realm is built once, by the builder thread, then immutable; snapshots share
 * the realms that did not change, by counted references.
 */
#ifndef POSTERN_RBAC_RBAC_INSIDE_H
#define POSTERN_RBAC_RBAC_INSIDE_H

#include "base/arena.h"
#include "base/cidr.h"
#include "base/map.h"
#include "rbac/rbac.h"

#include <stdatomic.h>

/* A set of permissions has bit 1 << PERMISSION_x. */
#define PERMISSION_BIT(permission) (1U << (unsigned)(permission))

/* What one role may do where. */
struct grant_index;

struct grant_index *grant_index_new(struct arena *arena); /* freed with the arena */
/* `uri` "" is everywhere; its bytes must live as long as the arena. */
void grant_index_add(struct grant_index *index,
                     struct arena *arena,
                     struct str uri,
                     enum grant_match match,
                     unsigned permissions);
/* Is there one grant of a permission in `wanted` that covers all that the pattern can match? */
bool grant_index_covers(const struct grant_index *index,
                        unsigned wanted,
                        struct str pattern,
                        enum grant_match match);

struct rbac_source {
    const struct rbac_source *next; /* of the same user */
    struct str username;            /* "all" and "anonymous" among them */
    struct str authmethod;
    struct cidr cidr;
};

/* How the name in a grant was written: "x" may be either. */
enum role_kind { ROLE_EITHER, ROLE_USER, ROLE_GROUP };
enum { ROLE_KINDS = 3 };

struct rbac_realm {
    atomic_uint refs;
    struct arena arena;
    struct str uri;
    bool allow_connections;
    bool security_enabled;
    struct str *authmethods;
    size_t authmethod_count;
    struct map sources;           /* username -> the first of its struct rbac_source */
    struct map roles[ROLE_KINDS]; /* name -> struct grant_index */
};

struct rbac_realm *rbac_realm_new(struct str uri);
struct rbac_realm *rbac_realm_ref(struct rbac_realm *realm);
void rbac_realm_unref(struct rbac_realm *realm);
/* Strings are copied. */
void rbac_realm_add_authmethod(struct rbac_realm *realm, struct str authmethod);
void rbac_realm_add_source(struct rbac_realm *realm, const struct rbac_source *source);
void rbac_realm_add_grant(struct rbac_realm *realm,
                          enum role_kind kind,
                          struct str role,
                          struct str uri,
                          enum grant_match match,
                          unsigned permissions);

struct rbac {
    struct snapshot snapshot;
    struct map realms; /* URI -> struct rbac_realm */
    struct str *uris;
};

/* Empty; takes over no references. */
struct rbac *rbac_new(uint64_t version);
/* Takes over one reference to each. */
void rbac_set_realms(struct rbac *rbac, struct rbac_realm **realms, size_t count);

/* A memo's answer, if it has one. */
bool rbac_memo_find(struct rbac_memo *memo,
                    uint64_t version,
                    const struct rbac_realm *realm,
                    enum permission permission,
                    struct str uri,
                    bool *out_allowed);
void rbac_memo_keep(struct rbac_memo *memo,
                    enum permission permission,
                    struct str uri,
                    bool allowed);

#endif
