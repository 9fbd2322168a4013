#include "token/revocation.h"

#include <stdio.h>

/* As long as the store keeps them, which is longer than any access token lives. */
enum { KEEP_S = STORE_REVOCATION_MS / 1000 };

/* Ids are digits of base64url, which a slash is none of; the client's length says where it ends. */
struct str revocation_of_user(struct str authid, struct str client, char out[REVOCATION_KEY_MAX])
{
    int len = snprintf(out, REVOCATION_KEY_MAX, "user/%zu/" PRISTR "/" PRISTR, client.len,
                       STRARG(client), STRARG(authid));
    return str_make(out, len < 0                     ? 0
                         : len >= REVOCATION_KEY_MAX ? REVOCATION_KEY_MAX - 1
                                                     : (size_t)len);
}

bool revocation_put(struct store_view *view, struct str realm, struct str key, uint64_t now_s)
{
    struct arena *arena = store_view_arena(view);
    unsigned long long until_s = now_s + KEEP_S;
    return store_view_put(
        view, &(struct store_write){.kind = STR("revocation"),
                                    .realm = realm,
                                    .key = arena_str(arena, key),
                                    .value = arena_printf(arena, "{\"until\":%llu}", until_s),
                                    .expect = STORE_ANY_VERSION});
}
