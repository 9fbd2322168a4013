/* realm_record.h - realm objects as users of Bondy write them <-> records.
 *
 * One realm object, from POST /realms or an element of security.config_file,
 * becomes writes of these kinds, which create or update:
 *
 *     kind     realm   key                    value
 *     realm    ""      the URI                the object without its lists
 *     group    URI     NAME                   {name, groups, meta}
 *     user     URI     USERNAME               {username, groups, enabled, meta, credential, ...}
 *     source   URI     METHOD CIDR USERNAME   {username, authmethod, cidr, meta}
 *     grant    URI     MATCH URI ROLE         {uri, match, role, permissions}
 *     key      URI     its thumbprint         see token/key.h
 *
 * Each is one line of access control, so that it is granted, revoked and seen in
 * the history by itself. The password and the keys of a user with same sign-on
 * go into a record of his in the SSO realm. A password is never kept, only its
 * credential. A key that is there already stays as it is.
 */
#ifndef POSTERN_RBAC_REALM_RECORD_H
#define POSTERN_RBAC_REALM_RECORD_H

#include "base/arena.h"
#include "base/err.h"
#include "rbac/rbac.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>

/* A mistake found in a realm object: where (the JSON value and, within it, key) and what. */
struct realm_mistake {
    const json_t *node; /* the innermost object or array */
    const char *key;    /* NULL: the node itself */
    const char *error;  /* its URI, as Bondy names it */
    char text[200];
};

struct realm_password;
struct realm_writes {
    struct store_write *writes; /* in the arena */
    size_t count;
    struct realm_password *passwords; /* to be hashed; borrowed from the realm object */
    size_t password_count;
};

struct realm_options {
    /* Off: grants and sources of the master realm for `anonymous` or `all` are skipped, with a
     * warning in the log. */
    bool allow_anonymous_admin;
    bool quiet;                 /* no warnings in the log */
    const struct rbac *present; /* the realms, users and groups that there are; NULL: none */
};

/* False: `mistake` says where and what. */
bool realm_record_parse(const json_t *realm,
                        const struct realm_options *options,
                        struct arena *arena,
                        struct realm_writes *out,
                        struct realm_mistake *mistake);

/* Puts a credential into each write of a user whose password was given: the present one when the
 * password is still the same, else a new one. Blocks, and for long: on the jobs pool or at start.
 * Nothing to do without passwords. */
bool realm_writes_hash(struct realm_writes *writes,
                       const struct rbac *present,
                       struct arena *arena,
                       struct err *err);

/* One credential: of `password` for `user`, an element of "users", by his own password_opts, else
 * those of `realm` (an object; NULL: as it is), else those that are in force at `uri`. His present
 * one is `present_credential` ("": none): it stays when `keep` is set and the password is still the
 * same, and its protocol stays when nobody has said another. Blocks. The caller's (mem_free); NULL:
 * refused. */
struct realm_password_wanted {
    struct str uri;
    const json_t *realm;
    const json_t *user;
    struct str password;
    struct str present_credential;
    bool keep;
};
char *realm_credential_make(const struct realm_password_wanted *wanted,
                            const struct rbac *present,
                            struct err *err);

/* Turns the writes for a realm into those that are needed beside what is there: an equal record
 * is left out, properties and permissions are added to those present. `present`: what the store has
 * under the keys of the writes. The writes then expect those versions, so a change in between is a
 * CONFLICT: read again. False: there is no room. */
bool realm_writes_merge(struct realm_writes *writes,
                        const struct store_record *present,
                        size_t count,
                        struct arena *arena,
                        struct err *err);

/* The realm of `postern realm create URI --open`: anonymous from anywhere may do everything. */
json_t *realm_record_open(struct str uri);

/* The external form, from a stored "realm" value. */
json_t *realm_record_external(const json_t *stored);

#endif
