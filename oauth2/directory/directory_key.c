/* directory_key.c - bondy.key.*: the keys that a realm signs with. Not in Bondy. A private key is
 * in no answer. */
#include "base/clock.h"
#include "directory/directory_inside.h"
#include "token/key_store.h"

#define KEY STR("key")

static json_t *external(struct directory_call *call, const json_t *value)
{
    struct str id = directory_member(json_object_get(value, "public_key"), "kid");
    (void)call;
    return token_key_external(id, value);
}

static bool key_list(struct directory_call *call)
{
    return directory_answer_list(call, KEY, external);
}

static void release(void *key)
{
    token_key_unref(key);
}

/* What may take long (RSA) is done before the store waits for it. */
static bool rotate_prepare(struct directory_call *call)
{
    static const char *const keys[] = {"algorithm", "emergency", "details", "if_match", NULL};
    enum sign_algorithm algorithm = SIGN_ES256;
    const json_t *name = directory_option(call, "algorithm");
    const json_t *emergency = directory_option(call, "emergency");
    if (call->kwargs != NULL && !directory_only_keys(call, call->kwargs, keys)) {
        return false;
    }
    if (name != NULL && (!json_is_string(name) ||
                         !sign_algorithm_find(str_of(json_string_value(name)), &algorithm))) {
        return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "algorithm",
                                   "algorithm is ES256, RS256 or EdDSA");
    }
    if (emergency != NULL && !json_is_boolean(emergency)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "emergency",
                                   "emergency is true or false");
    }
    struct token_key *key = token_key_new(call->realm, sign_key_generate(algorithm), 0, 0);
    arena_defer(call->arena, release, key);
    call->prepared = key;
    return true;
}

static bool rotate_run(struct directory_call *call)
{
    struct token_key *key = call->prepared;
    const struct key_rotation rotation = {
        .realm = call->realm,
        .now_s = clock_wall_ms() / 1000,
        .emergency = json_is_true(json_object_get(call->kwargs, "emergency")),
        .keep_s = KEY_KEEP_S,
    };
    if (!rotation.emergency &&
        token_keys_live(call->view, call->realm, rotation.now_s) >= KEY_LIVE_MAX) {
        return directory_refuse(call, "bondy.error.property_range_limit",
                                "%d keys verify already: emergency: true retires them",
                                KEY_LIVE_MAX);
    }
    if (!token_keys_rotate(call->view, &rotation, key)) {
        return false;
    }
    json_t *value = token_key_write(key);
    json_t *external = token_key_external(str_of(key->id), value);
    json_decref(value);
    directory_tell(call, STR("bondy.key.rotated"),
                   json_pack("[s%, s]", call->realm.ptr, call->realm.len, key->id));
    return directory_answer(call, external, 0);
}

json_t *directory_public_keys(struct directory_call *call, struct str realm)
{
    return token_keys_public(call->view, realm, clock_wall_ms() / 1000);
}

bool directory_keys_ensure(struct directory_call *call)
{
    return token_keys_ensure(call->view, call->realm, clock_wall_ms() / 1000);
}

const struct directory_operation directory_key_operations[] = {
    {STR_INIT("bondy.key.list"), DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL,
     key_list},
    {STR_INIT("bondy.key.rotate"), DIRECTORY_REALM, 0, 0, rotate_prepare, rotate_run},
    {.run = NULL},
};
