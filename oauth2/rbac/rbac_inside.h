/* rbac_inside.h - what a snapshot is made of. Inside oauth2/rbac only.
 *
 * A realm is built once, by the builder thread, then immutable; snapshots share
 * the realms that did not change, by counted references.
 */
#ifndef POSTERN_RBAC_RBAC_INSIDE_H
#define POSTERN_RBAC_RBAC_INSIDE_H

#include "base/arena.h"
#include "base/cidr.h"
#include "base/hamt.h"
#include "base/map.h"
#include "credential/credential.h"
#include "rbac/name.h"
#include "rbac/rbac.h"

#include <stdatomic.h>

/* A set of permissions has bit 1 << PERMISSION_x. */
#define PERMISSION_BIT(permission) (1U << (unsigned)(permission))
/* Permissions that are none of those have indexes of their own, one a role, with this one. */
enum { NAMED_BIT = 1 };

/* What one role may do where. */
struct grant_index;

struct grant_index *grant_index_new(struct arena *arena); /* freed with the arena */
/* `uri` "" is everywhere; its bytes must live as long as the arena. */
void grant_index_add(struct grant_index *index,
                     struct arena *arena,
                     struct str uri,
                     enum grant_match match,
                     unsigned permissions);

/* A pattern that many indexes are asked about: its parts are hashed once. */
enum { GRANT_COMPONENTS_MAX = 64 }; /* no grant has more */
struct grant_path {
    struct str pattern;
    enum grant_match match;
    bool one_uri;                            /* it matches itself alone */
    size_t prefix_count;                     /* whole components with a dot behind them */
    size_t component_count;                  /* 0: more than any wildcard has */
    uint32_t ends[GRANT_COMPONENTS_MAX + 1]; /* of the components */
    uint32_t whole;                          /* hashes: of all of it, */
    uint32_t prefixes[GRANT_COMPONENTS_MAX]; /* of what is before a dot, */
    uint32_t components[GRANT_COMPONENTS_MAX];
    bool has_components; /* once they are asked for */
};
void grant_path_init(struct grant_path *path, struct str pattern, enum grant_match match);

/* Is there one grant of a permission in `wanted` that covers all that the pattern can match? */
bool grant_index_covers(const struct grant_index *index, unsigned wanted, struct grant_path *path);

/* The same, and which: its URI into `out`, cut at `size`. False: none does. */
bool grant_index_find(const struct grant_index *index,
                      unsigned wanted,
                      struct str pattern,
                      enum grant_match match,
                      enum grant_match *out_match,
                      char *out,
                      size_t size);

struct rbac_source {
    const struct rbac_source *next; /* of the same user */
    struct str username;            /* "all" and "anonymous" among them */
    struct str authmethod;
    struct cidr cidr;
};

/* How the name in a grant was written: "x" may be either. */
enum role_kind { ROLE_EITHER, ROLE_USER, ROLE_GROUP };
enum { ROLE_KINDS = 3 };

/* Grants, groups and sources of one realm: what is shared by the builds in which none of these
 * changed, and by the realms whose prototype it is. */
struct rbac_rights {
    atomic_uint refs;
    struct arena arena;
    struct map sources;           /* username -> the first of its struct rbac_source */
    struct map roles[ROLE_KINDS]; /* name -> struct grant_index */
    struct map named[ROLE_KINDS]; /* permission and name -> struct grant_index, of bit NAMED_BIT */
    struct map groups;            /* name -> struct rbac_group */
};

struct rbac_group {
    struct str name;
    struct str *groups; /* nested in it */
    size_t group_count;
};

struct rbac_rights *rbac_rights_new(void);
struct rbac_rights *rbac_rights_ref(struct rbac_rights *rights);
void rbac_rights_unref(struct rbac_rights *rights);
/* Strings are copied. Sources come with the widest block first: the last one added is looked at
 * first. */
void rbac_rights_add_source(struct rbac_rights *rights, const struct rbac_source *source);
void rbac_rights_add_grant(struct rbac_rights *rights,
                           enum role_kind kind,
                           struct str role,
                           struct str uri,
                           enum grant_match match,
                           unsigned permissions);
void rbac_rights_add_named(struct rbac_rights *rights,
                           enum role_kind kind,
                           struct str role,
                           struct str permission,
                           struct str uri,
                           enum grant_match match);
/* Among `named`; NULL: that role has no such permission anywhere. */
const struct grant_index *rbac_rights_named(const struct rbac_rights *rights,
                                            enum role_kind kind,
                                            struct str role,
                                            struct str permission);
void rbac_rights_add_group(struct rbac_rights *rights,
                           struct str name,
                           const struct str *groups,
                           size_t count);

struct rbac_realm {
    atomic_uint refs;
    struct arena arena; /* what follows, up to the rights */
    struct str uri;
    bool allow_connections;
    bool security_enabled;
    bool is_prototype;
    bool is_sso_realm;
    bool refuses_anonymous; /* whatever its methods and sources say */
    struct str prototype_uri;
    struct str sso_realm_uri;
    struct str password_opts;
    struct str info;
    struct str *authmethods;
    size_t authmethod_count;
    struct rbac_rights *rights;
    struct rbac_rights *inherited; /* the prototype's; NULL: none */
    struct hamt users;             /* username -> struct user_entry */
    struct hamt aliases;           /* alias -> struct alias_entry */
    struct hamt keys;              /* public key -> who has it: rbac_keys.c */
    struct hamt api_keys;          /* id -> struct api_key_entry */
    struct hamt origins;           /* of clients: rbac_origins.c */
};

struct user_entry {
    struct hamt_entry entry;
    struct rbac_user user;
};

struct alias_entry {
    struct hamt_entry entry;
    struct str username;
};

struct api_key_entry {
    struct hamt_entry entry;
    struct rbac_api_key key;
};

/* Takes over both rights and shares the tries. */
struct rbac_realm *
rbac_realm_new(struct str uri, struct rbac_rights *rights, struct rbac_rights *inherited);
struct rbac_realm *rbac_realm_ref(struct rbac_realm *realm);
void rbac_realm_unref(struct rbac_realm *realm);
void rbac_realm_add_authmethod(struct rbac_realm *realm, struct str authmethod);

/* Of clients and owners of OAuth2 tokens: every realm has these, whether it says so or not. */
const struct rbac_group *rbac_group_builtin(struct str name);
/* The group of that name, the realm's own before the prototype's. */
const struct rbac_group *rbac_group_find(const struct rbac_realm *realm, struct str name);

struct rbac {
    struct snapshot snapshot;
    struct map realms; /* URI -> struct rbac_realm */
    struct str *uris;
    struct credential_policy passwords;
};

/* Empty; takes over no references. */
struct rbac *rbac_new(uint64_t version);
/* Takes over one reference to each. */
void rbac_set_realms(struct rbac *rbac, struct rbac_realm **realms, size_t count);

/* Has somebody checked that he is who he says? */
bool principal_is_named(const struct principal *principal);

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
