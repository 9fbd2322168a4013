/* directory_api_key.c - bondy.api_key.*: keys by which a user comes in over HTTP. Not in Bondy.
 *
 * A key is pk_ID_SECRET; it is said once, when it is made, and what is kept is the hash of its
 * secret. It is long and random, so a quick hash is enough. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "directory/directory_inside.h"

#define KIND    STR("api_key")
#define ADDED   STR("bondy.api_key.added")
#define DELETED STR("bondy.api_key.deleted")

enum { ID_BYTES = 10, SECRET_BYTES = 32, KEYS_MAX = 100, KEY_NAME_MAX = 128 };

static struct hex random_hex(size_t size)
{
    char bytes[SECRET_BYTES];
    random_bytes(bytes, size);
    struct hex hex = hex_of(str_make(bytes, size));
    crypto_wipe(bytes, sizeof(bytes));
    return hex;
}

static json_t *external(struct directory_call *call, const json_t *value)
{
    const char *id = json_string_value(json_object_get(value, "id"));
    struct str prefix = arena_printf(call->arena, "pk_%s", id == NULL ? "" : id);
    return json_pack("{s:s, s:O, s:s%, s:O, s:O?, s:O, s:O?}", "type", "api_key", "id",
                     json_object_get(value, "id"), "prefix", prefix.ptr, prefix.len, "username",
                     json_object_get(value, "username"), "name", json_object_get(value, "name"),
                     "created", json_object_get(value, "created"), "expires_at",
                     json_object_get(value, "expires_at"));
}

/* The user that argument 0 names, who must be there. */
static bool user_of(struct directory_call *call, struct str *out)
{
    if (!directory_arg_name(call, 0, out)) {
        return false;
    }
    return store_view_get(call->view, STR("user"), call->realm, *out) != NULL ||
           directory_refuse(call, DIRECTORY_NOT_FOUND, "no user \"%.*s\" in realm %.*s",
                            (int)out->len, out->ptr, (int)call->realm.len, call->realm.ptr);
}

static struct str prefix_of(struct directory_call *call, struct str username)
{
    return arena_printf(call->arena, PRISTR " ", STRARG(username));
}

static bool check_data(struct directory_call *call, const json_t *data)
{
    static const char *const keys[] = {"name", "expires_at", NULL};
    const json_t *name = json_object_get(data, "name");
    const json_t *expires = json_object_get(data, "expires_at");
    int64_t now_s = (int64_t)(clock_wall_ms() / 1000);
    if (!directory_only_keys(call, data, keys)) {
        return false;
    }
    if (name != NULL && !json_is_null(name) &&
        (!json_is_string(name) || json_string_length(name) > KEY_NAME_MAX)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, data, "name",
                                   "\"name\" must be a text of at most %d bytes", KEY_NAME_MAX);
    }
    if (expires != NULL && !json_is_null(expires) &&
        (!json_is_integer(expires) || json_integer_value(expires) <= now_s ||
         json_integer_value(expires) > UINT32_MAX)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, data, "expires_at",
                                   "\"expires_at\" must be a time to come, in seconds since 1970");
    }
    return true;
}

static json_t *or_null(const json_t *value)
{
    return value == NULL ? json_null() : json_incref((json_t *)(uintptr_t)value);
}

/* The record of a new key, and its text into the answer. */
static bool make_key(struct directory_call *call, struct str username, const json_t *data)
{
    struct hex id = random_hex(ID_BYTES);
    struct hex secret = random_hex(SECRET_BYTES);
    struct hash_sha256 hash = hash_sha256(str_make(secret.text, secret.len));
    struct hex sha256 = hex_of(hash_str(&hash));
    json_t *value = directory_keep(
        call, json_pack("{s:s%, s:s%, s:s%, s:I, s:o, s:o}", "id", id.text, id.len, "username",
                        username.ptr, username.len, "sha256", sha256.text, sha256.len, "created",
                        (json_int_t)(clock_wall_ms() / 1000), "name",
                        or_null(json_object_get(data, "name")), "expires_at",
                        or_null(json_object_get(data, "expires_at"))));
    struct str key =
        arena_printf(call->arena, PRISTR " %.*s", STRARG(username), (int)id.len, id.text);
    json_t *shown = external(call, value);
    struct str text = arena_printf(call->arena, "pk_%.*s_%.*s", (int)id.len, id.text,
                                   (int)secret.len, secret.text);
    (void)json_object_set_new(shown, "key", json_stringn(text.ptr, text.len));
    crypto_wipe(&secret, sizeof(secret));
    if (!directory_put(call, KIND, key, value, 0)) {
        json_decref(shown);
        return false;
    }
    directory_tell(call, ADDED,
                   json_pack("[s%, s%, s%]", call->realm.ptr, call->realm.len, username.ptr,
                             username.len, id.text, id.len));
    return directory_answer(call, shown, 0);
}

/* A request without a body has "" for it. */
static bool is_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static bool api_key_add(struct directory_call *call)
{
    struct str username;
    const json_t *data = NULL;
    if (!user_of(call, &username)) {
        return false;
    }
    if (!is_nothing(json_array_get(call->args, 1)) &&
        (!directory_arg_object(call, 1, &data) || !check_data(call, data))) {
        return false;
    }
    const struct store_page his = {.prefix = prefix_of(call, username)};
    if (store_view_count(call->view, KIND, call->realm, &his) >= KEYS_MAX) {
        return directory_refuse(call, DIRECTORY_INCONSISTENT,
                                "the user \"%.*s\" has %d keys already: delete one",
                                (int)username.len, username.ptr, KEYS_MAX);
    }
    return make_key(call, username, data);
}

static bool api_key_list(struct directory_call *call)
{
    struct str username;
    if (!user_of(call, &username)) {
        return false;
    }
    call->page.prefix = prefix_of(call, username);
    return directory_answer_list(call, KIND, external);
}

static bool api_key_delete(struct directory_call *call)
{
    struct str username;
    struct str id;
    enum directory_care before = directory_care(call);
    if (!user_of(call, &username) || !directory_arg_text(call, 1, &id)) {
        return false;
    }
    struct str key = arena_printf(call->arena, PRISTR " " PRISTR, STRARG(username), STRARG(id));
    if (id.len > (size_t)2 * SECRET_BYTES || directory_get(call, KIND, key, NULL) == NULL) {
        return directory_refuse(call, DIRECTORY_NOT_FOUND,
                                "the user \"%.*s\" has no API key of that id", (int)username.len,
                                username.ptr);
    }
    directory_tell(call, DELETED,
                   json_pack("[s%, s%, s%]", call->realm.ptr, call->realm.len, username.ptr,
                             username.len, id.ptr, id.len));
    return directory_remove(call, KIND, key) && directory_keeps_care(call, before);
}

bool directory_api_keys_drop(struct directory_call *call, struct str username)
{
    const struct store_page his = {.prefix = prefix_of(call, username)};
    const struct store_record *records = NULL;
    size_t count = store_view_list(call->view, KIND, call->realm, &his, &records);
    for (size_t i = 0; i < count; i++) {
        if (!directory_remove(call, KIND, records[i].key)) {
            return false;
        }
    }
    return true;
}

const struct directory_operation directory_api_key_operations[] = {
    {STR_INIT("bondy.api_key.add"), DIRECTORY_REALM, 1, 2, NULL, api_key_add},
    {STR_INIT("bondy.api_key.list"), DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 1, 1, NULL,
     api_key_list},
    {STR_INIT("bondy.api_key.delete"), DIRECTORY_REALM, 2, 2, NULL, api_key_delete},
    {.run = NULL},
};
