#include "auth/identity.h"

#include "base/mem.h"

#include <string.h>

static size_t bytes_of(const struct str *strs, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += strs[i].len;
    }
    return bytes;
}

static struct str put(char **at, struct str text)
{
    struct str copy = {*at, text.len};
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
    }
    *at += text.len;
    return copy;
}

struct auth_identity *auth_identity_new(struct str authid,
                                        struct str authmethod,
                                        const struct str *roles,
                                        size_t role_count,
                                        const struct str *wanted,
                                        size_t wanted_count)
{
    size_t lists = (role_count + wanted_count) * sizeof(struct str);
    size_t texts = authid.len + bytes_of(roles, role_count) + bytes_of(wanted, wanted_count);
    struct auth_identity *identity = mem_calloc(1, sizeof(*identity) + lists + texts);
    identity->roles = (struct str *)(void *)(identity + 1);
    identity->wanted = identity->roles + role_count;
    identity->role_count = role_count;
    identity->wanted_count = wanted_count;
    char *at = (char *)(identity->wanted + wanted_count);
    identity->authid = put(&at, authid);
    identity->authmethod = authmethod;
    for (size_t i = 0; i < role_count; i++) {
        identity->roles[i] = put(&at, roles[i]);
    }
    for (size_t i = 0; i < wanted_count; i++) {
        identity->wanted[i] = put(&at, wanted[i]);
    }
    return identity;
}

void auth_identity_free(struct auth_identity *identity)
{
    if (identity != NULL) {
        ticket_stub_free(identity->ticket);
        bearer_unref(identity->bearer);
        mem_free(identity);
    }
}

bool auth_identity_has_roles(const struct auth_identity *identity,
                             const struct str *roles,
                             size_t count)
{
    if (identity->role_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(identity->roles[i], roles[i])) {
            return false;
        }
    }
    return true;
}
