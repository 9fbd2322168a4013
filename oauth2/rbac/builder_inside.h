/* builder_inside.h - what the builder keeps of the records, in a short form. Inside oauth2/rbac
 * only, on the builder thread.
 */
#ifndef POSTERN_RBAC_BUILDER_INSIDE_H
#define POSTERN_RBAC_BUILDER_INSIDE_H

#include "base/hamt.h"
#include "base/map.h"
#include "rbac/rbac_builder.h"
#include "rbac/record_inside.h"

/* One grant, source or group, with its strings behind it. */
struct held {
    struct grant_line grant;
    struct source_line source;
    json_t *group;
    json_t *named; /* the permissions of a grant, where not all are ours */
    char text[];   /* key, then the strings of the line */
};

struct realm_state {
    struct str uri;
    json_t *object;    /* NULL: no such realm (its grants may come before it) */
    struct map grants; /* key -> struct held */
    struct map sources;
    struct map groups;
    struct hamt users;
    struct hamt aliases;
    struct hamt keys; /* rbac_keys.c's */
    struct hamt api_keys;
    struct hamt origins;        /* rbac_origins.c's */
    struct rbac_rights *rights; /* NULL: to be built anew */
    struct rbac_realm *built;   /* the same */
    bool touched;               /* since the last build: those that inherit are built anew too */
};

struct rbac_builder {
    struct rbac_settings settings;
    struct map realms; /* URI -> struct realm_state */
};

static inline bool builder_is_master(struct str uri)
{
    return str_eq(uri, MASTER_REALM);
}

/* Made if need be: grants may come before their realm. */
struct realm_state *builder_state(struct rbac_builder *builder, struct str uri);
void builder_held_free(struct held *held);

/* rbac_keys.c: a user with his keys comes, or goes and is still among the users. */
/* rbac_origins.c: a client comes, or goes. */
void builder_origins_count(struct realm_state *state, const struct rbac_user *user, bool more);
void builder_keys_put(struct realm_state *state, const struct rbac_user *user);
void builder_keys_drop(struct realm_state *state, const struct rbac_user *user);

#endif
