/* realm_record.h - realm objects as users write them (bondy.md 3.1, 4.2, 4.6) <-> records.
 *
 * One realm object, from POST /realms or an element of security.config_file,
 * becomes writes of kinds "realm", "source" and "grant", which create or update;
 * what is already so is left out, so applying a file twice writes nothing.
 */
#ifndef POSTERN_RBAC_REALM_RECORD_H
#define POSTERN_RBAC_REALM_RECORD_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

/* A mistake found in a realm object: where (the JSON value and, within it, key) and what. */
struct realm_mistake {
    const json_t *node; /* the innermost object or array */
    const char *key;    /* NULL: the node itself */
    char text[200];
};

struct realm_writes {
    struct store_write *writes; /* in the arena */
    size_t count;
};

/* Master-realm rule: its grants and sources for `anonymous` or `all` are skipped with a
 * warning in the log unless `allow_anonymous_admin`. False: `mistake` says where and what. */
bool realm_record_parse(const json_t *realm,
                        bool allow_anonymous_admin,
                        struct arena *arena,
                        struct realm_writes *out,
                        struct realm_mistake *mistake);

/* The realm of `postern realm create URI --open`: anonymous from anywhere may do everything. */
json_t *realm_record_open(struct str uri);

/* bondy.md 3.2: the external form, from a stored "realm" value. */
json_t *realm_record_external(const json_t *stored);

#endif
