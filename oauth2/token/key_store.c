#include "token/key_store.h"

#include "crypto/secret.h"
#include "token/token_inside.h"

#include <stdlib.h>
#include <string.h>

#define KEY STR("key")

static bool
put(struct store_view *view, struct str realm, struct str id, const json_t *value, uint64_t expect)
{
    struct arena *arena = store_view_arena(view);
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    const struct store_write write = {.kind = KEY,
                                      .realm = arena_str(arena, realm),
                                      .key = arena_str(arena, id),
                                      .value = arena_str(arena, str_of(text)),
                                      .expect = expect};
    crypto_wipe(text, strlen(text));
    free(text); /* jansson's */
    return store_view_put(view, &write);
}

static bool put_key(struct store_view *view, const struct token_key *key)
{
    json_t *value = token_key_write(key);
    bool ok = put(view, key->realm, str_of(key->id), value, 0);
    json_decref(value);
    return ok;
}

static bool has_status(const json_t *value, enum key_status status)
{
    return str_eq(json_member_str(value, "status"), str_of(key_status_name(status)));
}

bool token_keys_ensure(struct store_view *view, struct str realm, uint64_t now_s)
{
    const struct store_record *records = NULL;
    size_t count = store_view_list(view, KEY, realm, NULL, &records);
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        bool active = has_status(value, KEY_ACTIVE);
        json_decref(value);
        if (active) {
            return true;
        }
    }
    struct token_key *key = token_key_new(realm, sign_key_generate(SIGN_ES256), now_s, now_s);
    bool ok = !store_view_failed(view) && put_key(view, key);
    token_key_unref(key);
    return ok;
}

struct token_key *token_keys_signing(struct store_view *view, struct str realm, uint64_t now_s)
{
    const struct store_record *records = NULL;
    struct token_key *best = NULL;
    size_t count = token_keys_ensure(view, realm, now_s)
                       ? store_view_list(view, KEY, realm, NULL, &records)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        struct token_key *key =
            value == NULL ? NULL : token_key_read(realm, records[i].key, value, NULL);
        json_decref(value);
        bool signs = key != NULL && token_key_verifies(key, now_s) && key->activated_s <= now_s;
        if (signs && (best == NULL || key->activated_s > best->activated_s)) {
            token_key_unref(best);
            best = key;
        } else {
            token_key_unref(key);
        }
    }
    return best;
}

static void set_status(json_t *value, enum key_status status, uint64_t retired_s)
{
    (void)json_object_set_new(value, "status", json_string(key_status_name(status)));
    (void)json_object_set_new(value, "retired", json_time(retired_s));
    if (status == KEY_RETIRED) {
        (void)json_object_del(value, "private_key");
    }
}

static bool is_past(const json_t *value, uint64_t now_s)
{
    uint64_t retired_s = 0;
    return has_status(value, KEY_RETIRING) && json_member_time(value, "retired", &retired_s) &&
           retired_s > 0 && retired_s <= now_s;
}

/* What becomes of a key beside a new one; false: it stays as it is. */
static bool step_back(json_t *value, const struct key_rotation *rotation, uint64_t signs_until_s)
{
    if (has_status(value, KEY_RETIRED)) {
        return false;
    }
    if (rotation->emergency || is_past(value, rotation->now_s)) {
        set_status(value, KEY_RETIRED, rotation->now_s);
        return true;
    }
    if (has_status(value, KEY_ACTIVE)) {
        set_status(value, KEY_RETIRING, signs_until_s + rotation->keep_s);
        return true;
    }
    return false;
}

bool token_keys_rotate(struct store_view *view,
                       const struct key_rotation *rotation,
                       struct token_key *next)
{
    const struct store_record *records = NULL;
    size_t count = store_view_list(view, KEY, rotation->realm, NULL, &records);
    bool at_once = rotation->emergency || count == 0;
    next->created_s = rotation->now_s;
    next->activated_s = rotation->now_s + (at_once ? 0 : KEY_ANNOUNCE_S);
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        bool ok = value == NULL || !step_back(value, rotation, next->activated_s) ||
                  put(view, rotation->realm, records[i].key, value, records[i].version);
        json_decref(value);
        if (!ok) {
            return false;
        }
    }
    return !store_view_failed(view) && put_key(view, next);
}

/* Whether the newest active key among them is old; and those that are past their end go. */
static bool look_through(struct store_view *view,
                         const struct key_rotation *rotation,
                         const struct store_record *records,
                         size_t count,
                         bool *out_old)
{
    uint64_t newest_s = 0;
    bool active = false;
    for (size_t i = 0; i < count; i++) {
        uint64_t activated_s = 0;
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        bool ok = true;
        if (is_past(value, rotation->now_s)) {
            set_status(value, KEY_RETIRED, rotation->now_s);
            ok = put(view, rotation->realm, records[i].key, value, records[i].version);
        } else if (has_status(value, KEY_ACTIVE) &&
                   json_member_time(value, "activated", &activated_s)) {
            active = true;
            newest_s = activated_s > newest_s ? activated_s : newest_s;
        }
        json_decref(value);
        if (!ok) {
            return false;
        }
    }
    *out_old = active && rotation->period_s > 0 &&
               newest_s + rotation->period_s <= rotation->now_s + KEY_ANNOUNCE_S;
    return true;
}

bool token_keys_tend(struct store_view *view,
                     const struct key_rotation *rotation,
                     struct token_key *next)
{
    const struct store_record *records = NULL;
    bool old = false;
    size_t count = store_view_list(view, KEY, rotation->realm, NULL, &records);
    if (!look_through(view, rotation, records, count, &old)) {
        return false;
    }
    if (next == NULL || !old) {
        return !store_view_failed(view);
    }
    return token_keys_live(view, rotation->realm, rotation->now_s) < KEY_LIVE_MAX &&
           token_keys_rotate(view, rotation, next);
}

size_t token_keys_live(struct store_view *view, struct str realm, uint64_t now_s)
{
    json_t *list = token_keys_public(view, realm, now_s);
    size_t count = json_array_size(list);
    json_decref(list);
    return count;
}

json_t *token_keys_public(struct store_view *view, struct str realm, uint64_t now_s)
{
    const struct store_record *records = NULL;
    size_t count = store_view_list(view, KEY, realm, NULL, &records);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        uint64_t retired_s = 0;
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        json_t *jwk = json_object_get(value, "public_key");
        (void)json_member_time(value, "retired", &retired_s);
        bool ended = has_status(value, KEY_RETIRED) || (retired_s > 0 && retired_s <= now_s);
        if (jwk != NULL && !ended) {
            (void)json_array_append(list, jwk);
        }
        json_decref(value);
    }
    return list;
}
