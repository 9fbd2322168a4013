/* realm_keys.c - the private keys that a realm object brings along. */
#include "base/clock.h"
#include "rbac/record_inside.h"
#include "token/key.h"

enum { PRIVATE_KEYS_MAX = 16 };

/* Takes over `sign`. */
static bool add(struct realm_parse *parse, struct sign_key *sign)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    struct token_key *key = token_key_new(parse->uri, sign, now_s, now_s);
    struct str id = realm_text(parse, "%s", key->id);
    bool ok = id.ptr != NULL && realm_line_add(parse, STR("key"), id, token_key_write(key));
    token_key_unref(key);
    return ok;
}

/* The key itself is said nowhere, not even when it is wrong. */
bool realm_keys_read(struct realm_parse *parse, const json_t *list)
{
    size_t count = json_array_size(list);
    if (count > PRIVATE_KEYS_MAX) {
        return realm_mistaken(parse, parse->object, "private_keys", "more than %d keys",
                              PRIVATE_KEYS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        const json_t *pem = json_array_get(list, i);
        struct sign_key *sign = NULL;
        if (!json_is_string(pem)) {
            return realm_mistaken(parse, list, NULL, "key %zu must be a text in PEM", i + 1);
        }
        sign = sign_key_read(record_str(pem), &err);
        if (sign == NULL) {
            return realm_mistaken(parse, list, NULL, "key %zu: %s", i + 1, err.text);
        }
        if (!add(parse, sign)) {
            return false;
        }
    }
    return true;
}
