/* naming.c - encodes the members when they are not those kept. */
#include "realm/naming.h"

#include <string.h>

enum { FIRST_SIZE = 256, NAMES_MAX = 4096 };

const struct naming_keys NAMING_CALLER = {STR_INIT("caller"), STR_INIT("caller_authid"),
                                          STR_INIT("caller_authrole")};
const struct naming_keys NAMING_PUBLISHER = {STR_INIT("publisher"), STR_INIT("publisher_authid"),
                                             STR_INIT("publisher_authrole")};

void naming_init(struct naming *kept)
{
    *kept = (struct naming){.serializer = SERIALIZER_NONE};
    buf_init(&kept->bytes, SIZE_MAX);
    buf_init(&kept->names, NAMES_MAX);
}

void naming_done(struct naming *kept)
{
    buf_done(&kept->bytes);
    buf_done(&kept->names);
}

uint32_t naming_members(const struct principal *principal)
{
    return principal == NULL ? 1u : 2u + (principal->role_count > 0 ? 1u : 0u);
}

static void emit_members_of(struct emit *emit,
                            const struct naming_keys *keys,
                            uint64_t id,
                            const struct principal *principal)
{
    emit_key(emit, keys->id);
    emit_u64(emit, id);
    if (principal == NULL) {
        return;
    }
    emit_key(emit, keys->authid);
    emit_str(emit, principal->authid);
    if (principal->role_count > 0) {
        emit_key(emit, keys->role);
        emit_str(emit, principal->roles[0]);
    }
}

static struct str role_of(const struct principal *principal)
{
    return principal->role_count > 0 ? principal->roles[0] : STR_EMPTY;
}

static bool is_kept(const struct naming *kept,
                    enum serializer serializer,
                    uint64_t id,
                    const struct principal *principal)
{
    if (kept->serializer != serializer || kept->id != id) {
        return false;
    }
    struct str names = buf_str(&kept->names);
    struct str authid = principal->authid;
    struct str role = role_of(principal);
    return names.len == authid.len + 1 + role.len && str_starts(names, authid) &&
           str_eq(str_from(names, authid.len + 1), role);
}

/* A map of them, and what is between its head and its end. */
static void keep(struct naming *kept,
                 enum serializer serializer,
                 const struct naming_keys *keys,
                 uint64_t id,
                 const struct principal *principal)
{
    struct emit emit;
    buf_clear(&kept->bytes);
    buf_clear(&kept->names);
    emit_init(&emit, serializer, &kept->bytes);
    kept->count = naming_members(principal);
    emit_map(&emit, kept->count);
    emit_members_of(&emit, keys, id, principal);
    kept->id = id;
    bool names = buf_append(&kept->names, principal->authid) && buf_byte(&kept->names, '\0') &&
                 buf_append(&kept->names, role_of(principal));
    kept->serializer = names ? serializer : SERIALIZER_NONE;
}

void naming_emit(struct naming *kept,
                 struct emit *emit,
                 const struct naming_keys *keys,
                 uint64_t id,
                 const struct principal *principal)
{
    if (principal == NULL) {
        emit_members_of(emit, keys, id, principal);
        return;
    }
    if (!is_kept(kept, emit->serializer, id, principal)) {
        keep(kept, emit->serializer, keys, id, principal);
    }
    struct slice members = {emit->serializer, buf_str(&kept->bytes)};
    emit_map_members(emit, members, kept->count);
}
