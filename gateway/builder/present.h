/* present.h - what is published at one moment, as others may look at it: counted and never
 * changed, so a check against it may run on any thread while the builder goes on. For
 * gateway/builder alone.
 */
#ifndef POSTERN_BUILDER_PRESENT_H
#define POSTERN_BUILDER_PRESENT_H

#include "rbac/rbac.h"
#include "spec/spec.h"
#include "store/store.h"

#include <stdatomic.h>

/* A published specification: its text as stored and what it compiled to. */
struct published {
    atomic_uint refs;
    char *id;
    char *text;
    char *summary; /* of a list: JSON */
    uint64_t version;
    struct spec *spec; /* the last good one; NULL if it never compiled */
};

/* `before` is what had the id until now, or NULL: what serves on when this does not compile. */
struct published *published_new(const struct store_record *record,
                                const struct published *before,
                                bool allow_forward);
struct published *published_ref(struct published *entry);
void published_unref(struct published *entry);

struct present {
    atomic_uint refs;
    struct rbac *rbac; /* NULL: there are no realms yet */
    size_t count;
    struct published *entries[]; /* by id */
};

/* Takes the entries' references; keeps one of `rbac`, which may be NULL. */
struct present *present_new(struct published *const *entries, size_t count, struct rbac *rbac);
struct present *present_ref(struct present *present);
void present_unref(struct present *present); /* NULL is fine */
const struct published *present_find(const struct present *present, struct str id);

#endif
