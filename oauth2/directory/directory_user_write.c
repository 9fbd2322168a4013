/* directory_user_write.c - a changed user into the store: his record here, the one in the SSO
 * realm, the index of aliases, and what a changed password ends. */
#include "base/mem.h"
#include "directory/directory_user_inside.h"

#define ALIAS               STR("alias")
#define USER_ADDED          STR("bondy.user.added")
#define USER_UPDATED        STR("bondy.user.updated")
#define CREDENTIALS_CHANGED STR("bondy.user.credentials_changed")

static bool in_list(const json_t *list, struct str name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (json_is_string(element) &&
            str_eq(name, str_make(json_string_value(element), json_string_length(element)))) {
            return true;
        }
    }
    return false;
}

/* Records of kind `alias` say whose one is, and his own record whether that is still so: a file
 * that is applied at the start writes none, and what it has said is in the snapshot. */
struct str directory_alias_owner(struct directory_call *call, struct str alias)
{
    struct str owners[2] = {directory_member(directory_get(call, ALIAS, alias, NULL), "username")};
    const struct rbac_realm *realm =
        call->present == NULL ? NULL : rbac_realm_find(call->present, call->realm);
    const struct rbac_user *user = realm == NULL ? NULL : rbac_user_find(realm, alias);
    owners[1] = user == NULL ? STR_EMPTY : user->username;
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        const json_t *owner =
            owners[i].len == 0 ? NULL : directory_get(call, DIRECTORY_USER_KIND, owners[i], NULL);
        if (in_list(json_object_get(owner, "aliases"), alias)) {
            return owners[i];
        }
    }
    return STR_EMPTY;
}

static bool put(struct directory_call *call,
                struct str realm,
                struct str kind,
                struct str key,
                struct str value)
{
    const struct store_write write = {
        .kind = kind, .realm = realm, .key = key, .value = value, .expect = STORE_ANY_VERSION};
    return store_view_put(call->view, &write);
}

static bool index_aliases(struct directory_call *call,
                          struct str realm,
                          struct str username,
                          const json_t *before,
                          const json_t *after)
{
    for (size_t i = 0; i < json_array_size(after); i++) {
        struct str alias = str_of(json_string_value(json_array_get(after, i)));
        json_t *owner =
            directory_keep(call, json_pack("{s:s%}", "username", username.ptr, username.len));
        struct str value;
        if (!in_list(before, alias) &&
            (!directory_dump(call, owner, &value) ||
             !put(call, realm, ALIAS, arena_str(call->arena, alias), value))) {
            return false;
        }
    }
    for (size_t i = 0; i < json_array_size(before); i++) {
        struct str alias = str_of(json_string_value(json_array_get(before, i)));
        if (!in_list(after, alias) && directory_get_in(call, realm, ALIAS, alias, NULL) != NULL &&
            !directory_remove_in(call, realm, ALIAS, arena_str(call->arena, alias))) {
            return false;
        }
    }
    return true;
}

static bool same_member(const json_t *before, const json_t *after, const char *key)
{
    const json_t *old = json_object_get(before, key);
    const json_t *new = json_object_get(after, key);
    bool none = (old == NULL || (json_is_array(old) && json_array_size(old) == 0)) &&
                (new == NULL || (json_is_array(new) && json_array_size(new) == 0));
    return none || json_equal(old, new);
}

static bool same_proof(const json_t *before, const json_t *after)
{
    return same_member(before, after, "credential") &&
           same_member(before, after, "authorized_keys");
}

static bool disabled(const json_t *before, const json_t *after)
{
    return !json_is_false(json_object_get(before, "enabled")) &&
           json_is_false(json_object_get(after, "enabled"));
}

/* What he has been given by his old password or keys, or while he was enabled. */
static bool
end_tokens(struct directory_call *call, struct str realm, struct str username, bool proof)
{
    if (proof) {
        directory_tell_in(call, realm, CREDENTIALS_CHANGED,
                          json_pack("[s%, s%]", realm.ptr, realm.len, username.ptr, username.len));
    }
    return directory_user_revoke(call, realm, username);
}

/* Of an SSO realm: in all the realms where he is known by it. */
static bool
end_tokens_below(struct directory_call *call, struct str sso_realm, struct str username, bool proof)
{
    const struct store_record *realms = NULL;
    const json_t *own = directory_get_in(call, STR_EMPTY, STR("realm"), sso_realm, NULL);
    size_t count = 0;
    if (json_is_true(json_object_get(own, "is_sso_realm"))) {
        count = store_view_list(call->view, STR("realm"), STR_EMPTY, NULL, &realms);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *user =
            directory_get_in(call, realms[i].key, DIRECTORY_USER_KIND, username, NULL);
        if (str_eq(directory_member(user, "sso_realm_uri"), sso_realm) &&
            !end_tokens(call, realms[i].key, username, proof)) {
            return false;
        }
    }
    return true;
}

/* Said or not, these are the same. */
static json_t *without_defaults(struct directory_call *call, const json_t *value)
{
    static const char *const keys[] = {"groups", "authorized_keys", "aliases", "meta"};
    json_t *copy = directory_keep(call, json_copy((json_t *)(uintptr_t)value));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const json_t *member = json_object_get(copy, keys[i]);
        if (json_array_size(member) + json_object_size(member) == 0) {
            (void)json_object_del(copy, keys[i]);
        }
    }
    if (json_is_true(json_object_get(copy, "enabled"))) {
        (void)json_object_del(copy, "enabled");
    }
    return copy;
}

static bool put_user(struct directory_call *call,
                     const struct store_write *write,
                     bool overlaps,
                     bool *out_changed)
{
    struct str realm = write->realm;
    struct str username = write->key;
    struct str value = write->value;
    const struct store_record *record = NULL;
    const json_t *before = directory_get_in(call, realm, DIRECTORY_USER_KIND, username, &record);
    const json_t *after = directory_keep(call, json_loadb(value.ptr, value.len, 0, NULL));
    bool changed = before == NULL ||
                   !json_equal(without_defaults(call, before), without_defaults(call, after));
    if (out_changed != NULL) {
        *out_changed = changed;
    }
    if (!changed) {
        return true;
    }
    if (!put(call, realm, DIRECTORY_USER_KIND, username, value) ||
        !index_aliases(call, realm, username, json_object_get(before, "aliases"),
                       json_object_get(after, "aliases"))) {
        return false;
    }
    bool proof = before != NULL && !overlaps && !same_proof(before, after);
    return before == NULL || (!proof && !disabled(before, after)) ||
           (end_tokens(call, realm, username, proof) &&
            end_tokens_below(call, realm, username, proof));
}

bool directory_user_put(struct directory_call *call,
                        struct str realm,
                        struct str username,
                        struct str value,
                        bool *out_changed)
{
    return put_user(call, &(struct store_write){.realm = realm, .key = username, .value = value},
                    false, out_changed);
}

/* Who administers one realm must not become somebody in others that trust the same SSO realm. */
static bool may_prove(struct directory_call *call,
                      const struct directory_user_change *change,
                      const struct store_write *write)
{
    const json_t *before =
        directory_get_in(call, write->realm, DIRECTORY_USER_KIND, write->key, NULL);
    const json_t *after =
        directory_keep(call, json_loadb(write->value.ptr, write->value.len, 0, NULL));
    if (before == NULL || change->proved || str_eq(write->realm, call->realm) ||
        str_eq(call->caller_realm, MASTER_REALM) || str_eq(call->caller_realm, write->realm) ||
        same_proof(before, after)) {
        return true;
    }
    return directory_refuse(call, DIRECTORY_DENIED,
                            "what \"" PRISTR "\" proves himself with is kept in an SSO realm, for "
                            "other realms too: change it from there, or with the old password",
                            STRARG(str_sub(write->key, 0, 200)));
}

/* The credential goes from the record that has it. */
static bool clear_password(struct directory_call *call, struct realm_writes *writes)
{
    bool ok = true;
    for (size_t i = 0; ok && i < writes->count; i++) {
        struct store_write *write = &writes->writes[i];
        if (str_eq(write->kind, DIRECTORY_USER_KIND)) {
            json_t *value = json_loadb(write->value.ptr, write->value.len, 0, NULL);
            (void)json_object_del(value, "credential");
            ok = directory_dump(call, value, &write->value);
            json_decref(value);
        }
    }
    return ok;
}

static void tell_change(struct directory_call *call,
                        const struct directory_user_change *change,
                        struct str name)
{
    if (change->added) {
        directory_tell(call, USER_ADDED, json_pack("[s%]", name.ptr, name.len));
    } else {
        directory_tell(call, USER_UPDATED,
                       json_pack("[s%, s%]", call->realm.ptr, call->realm.len, name.ptr, name.len));
    }
}

bool directory_user_write(struct directory_call *call, const struct directory_user_change *change)
{
    struct realm_writes writes;
    enum directory_care before = change->added ? DIRECTORY_NOT_ASKED : directory_care(call);
    if (!directory_parse(call, "users", change->element, &writes)) {
        return false;
    }
    if (writes.password_count > 0) {
        return directory_refuse(call, "wamp.error.unavailable",
                                "the password was not hashed: try again");
    }
    if (change->clear_password && !clear_password(call, &writes)) {
        return false;
    }
    for (size_t i = 0; i < writes.count; i++) {
        const struct store_write *write = &writes.writes[i];
        bool changed = false;
        if (!str_eq(write->kind, DIRECTORY_USER_KIND)) {
            continue;
        }
        if (!may_prove(call, change, write) || !put_user(call, write, change->overlaps, &changed)) {
            return false;
        }
        if (changed && str_eq(write->realm, call->realm)) {
            tell_change(call, change, write->key);
        }
    }
    return directory_keeps_care(call, before);
}
