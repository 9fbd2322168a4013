/* realm_record.h - realm objects as users of Bondy write them <-> records.
 *
 * One realm object, from POST /realms or an element of security.config_file,
 * becomes writes of kinds "realm", "source" and "grant", which create or update:
 *
 *     kind     realm   key                    value
 *     realm    ""      the URI                the object without its lists
 *     source   URI     METHOD CIDR USERNAME   {username, authmethod, cidr, meta}
 *     grant    URI     MATCH URI ROLE         {uri, match, role, permissions}
 *
 * Each is one line of access control, so that it is granted, revoked and seen in
 * the history by itself. Users, groups and keys are checked and skipped with a
 * warning; no password is ever kept.
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

/* Turns the writes for a realm into those that are needed beside what is there: an equal record
 * is left out, properties and permissions are added to those present. `present`: all records of
 * kinds "realm" (of this key), "source" and "grant" of the realm. The writes then expect those
 * versions, so a change in between is a CONFLICT: read again. False: `present` is unreadable. */
bool realm_writes_merge(struct realm_writes *writes,
                        const struct store_record *present,
                        size_t count,
                        struct arena *arena,
                        struct err *err);

/* For start-up and offline commands, before store_start: parses, merges and commits.
 * `out_changed` (may be NULL): whether anything had to be written. A mistake is ERR_INVALID and
 * in `mistake`. */
bool realm_record_apply(struct store *store,
                        const json_t *realm,
                        bool allow_anonymous_admin,
                        struct str author,
                        bool *out_changed,
                        struct realm_mistake *mistake,
                        struct err *err);

/* The realm of `postern realm create URI --open`: anonymous from anywhere may do everything. */
json_t *realm_record_open(struct str uri);

/* The external form, from a stored "realm" value. */
json_t *realm_record_external(const json_t *stored);

#endif
