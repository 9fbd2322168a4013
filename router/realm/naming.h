/* naming.h - what details tell of a caller or a publisher: its session, authid and role.
 *
 * Many messages of one peer come in a row, so the members are kept encoded until another
 * one's are wanted. One worker's.
 */
#ifndef POSTERN_REALM_NAMING_H
#define POSTERN_REALM_NAMING_H

#include "base/buf.h"
#include "payload/emit.h"
#include "rbac/rbac.h"

#include <stdint.h>

/* Whose members were encoded last, and they. */
struct naming {
    uint64_t id;
    enum serializer serializer; /* NONE: nobody's yet */
    uint32_t count;
    struct buf bytes;
    struct buf names; /* authid, NUL, role: they make the same id another one */
};

struct naming_keys {
    struct str id;
    struct str authid;
    struct str role;
};

/* NOLINTBEGIN(readability-identifier-naming): constants with an address */
extern const struct naming_keys NAMING_CALLER;
extern const struct naming_keys NAMING_PUBLISHER;
/* NOLINTEND(readability-identifier-naming) */

void naming_init(struct naming *kept);
void naming_done(struct naming *kept);

/* `principal` may be NULL: the id alone. */
uint32_t naming_members(const struct principal *principal);
/* `kept` is for one kind of keys. */
void naming_emit(struct naming *kept,
                 struct emit *emit,
                 const struct naming_keys *keys,
                 uint64_t id,
                 const struct principal *principal);

#endif
