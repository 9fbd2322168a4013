/* directory_password.c - what takes long about passwords, before an operation runs: on the jobs
 * pool. */
#include "base/mem.h"
#include "credential/credential.h"
#include "directory/directory_realm_inside.h"
#include "directory/directory_user_inside.h"

/* The account, by what is in force; false: unknown, which the operation itself finds out. */
static bool find_account(struct directory_call *call, const json_t *name, struct rbac_account *out)
{
    const struct rbac_realm *realm = rbac_realm_find(call->present, call->realm);
    return realm != NULL && json_is_string(name) &&
           rbac_account_find(call->present, realm,
                             str_make(json_string_value(name), json_string_length(name)), out);
}

/* A credential as the value of "password", or refused. */
static json_t *make_credential(struct directory_call *call,
                               const struct realm_password_wanted *wanted)
{
    struct err err = {0};
    char *text = realm_credential_make(wanted, call->present, &err);
    if (text == NULL) {
        const char *uri = err.code == ERR_INVALID ? DIRECTORY_INVALID : "wamp.error.unavailable";
        (void)directory_refuse_at(call, uri, wanted->user, "password", "%s", err.text);
        return NULL;
    }
    json_t *credential = directory_keep(call, json_loads(text, 0, NULL));
    mem_free(text);
    return credential;
}

bool directory_hash_password(struct directory_call *call, json_t *object, const json_t *name)
{
    const json_t *password = json_object_get(object, "password");
    struct rbac_account account = {0};
    if (!json_is_string(password)) {
        return true; /* nothing to hash; what is wrong with it is said later */
    }
    bool known = find_account(call, name, &account) && account.holder != NULL;
    json_t *credential = make_credential(
        call, &(struct realm_password_wanted){
                  .uri = call->realm,
                  .user = object,
                  .password = str_make(json_string_value(password), json_string_length(password)),
                  .present_credential = known ? account.holder->credential : STR_EMPTY});
    return credential != NULL && json_object_set(object, "password", credential) == 0;
}

static bool prepare_object(struct directory_call *call, const json_t *object, const json_t *name)
{
    if (!json_is_string(json_object_get(object, "password"))) {
        return true;
    }
    json_t *copy = directory_keep(call, json_deep_copy(object));
    call->prepared = copy;
    return directory_hash_password(call, copy, name);
}

bool directory_prepare_add(struct directory_call *call)
{
    return prepare_object(call, json_array_get(call->args, 0), NULL);
}

bool directory_prepare_update(struct directory_call *call)
{
    return prepare_object(call, json_array_get(call->args, 1), json_array_get(call->args, 0));
}

/* Of nobody what was said. */
static struct str username_of(const struct directory_call *call, const struct rbac_account *account)
{
    const json_t *name = json_array_get(call->args, 0);
    if (account->user != NULL) {
        return account->user->username;
    }
    return json_is_string(name) ? str_make(json_string_value(name), json_string_length(name))
                                : STR_EMPTY;
}

static bool check_old(struct directory_call *call,
                      const struct rbac_account *account,
                      const json_t *old,
                      struct directory_new_password *prepared)
{
    struct str record = account->holder == NULL ? STR_EMPTY : account->holder->credential;
    struct str password =
        json_is_string(old) ? str_make(json_string_value(old), json_string_length(old)) : STR_EMPTY;
    struct str who = username_of(call, account);
    if (call->guesses != NULL && !call->guesses->open(call->guesses->ctx, call, who)) {
        return directory_refuse(call, "bondy.error.too_many_requests",
                                "too many attempts have failed: try again later");
    }
    bool right =
        record.len > 0 ? credential_verify(record, password) : credential_verify_nobody(password);
    if (call->guesses != NULL) {
        call->guesses->made(call->guesses->ctx, call, who, right);
    }
    if (!right) {
        return directory_refuse(call, DIRECTORY_BAD_SIGNATURE, "the old password is wrong");
    }
    prepared->proved = arena_str(call->arena, record);
    return true;
}

bool directory_prepare_password(struct directory_call *call)
{
    const json_t *new = json_array_get(call->args, 1);
    const json_t *old = json_array_get(call->args, 2);
    struct directory_new_password *prepared = ARENA_NEW(call->arena, struct directory_new_password);
    struct rbac_account account = {0};
    if (!json_is_string(new)) {
        return directory_refuse(call, DIRECTORY_INVALID, "the new password must be a text");
    }
    (void)find_account(call, json_array_get(call->args, 0), &account);
    prepared->proved = STR_EMPTY;
    if (old != NULL && !json_is_null(old) && !check_old(call, &account, old, prepared)) {
        return false;
    }
    prepared->credential = make_credential(
        call,
        &(struct realm_password_wanted){
            .uri = call->realm,
            .password = str_make(json_string_value(new), json_string_length(new)),
            .present_credential = account.holder == NULL ? STR_EMPTY : account.holder->credential});
    call->prepared = prepared;
    return prepared->credential != NULL;
}

/* Each user's password in a copy of the object. One who has it already keeps his credential, so
 * that an object written again changes nothing. */
static bool prepare_realm(struct directory_call *call, const json_t *object)
{
    json_t *copy = directory_keep(call, json_deep_copy(object));
    const json_t *users = json_object_get(copy, "users");
    for (size_t i = 0; i < json_array_size(users); i++) {
        json_t *user = json_array_get(users, i);
        const json_t *password = json_object_get(user, "password");
        struct rbac_account account = {0};
        if (!json_is_string(password)) {
            continue;
        }
        bool known = find_account(call, json_object_get(user, "username"), &account) &&
                     account.holder != NULL;
        json_t *credential = make_credential(
            call,
            &(struct realm_password_wanted){
                .uri = call->realm,
                .realm = object,
                .user = user,
                .password = str_make(json_string_value(password), json_string_length(password)),
                .present_credential = known ? account.holder->credential : STR_EMPTY,
                .keep = true});
        if (credential == NULL) {
            return false;
        }
        (void)json_object_set(user, "password", credential);
    }
    call->prepared = copy;
    return true;
}

bool directory_prepare_create(struct directory_call *call)
{
    const json_t *object = json_array_get(call->args, 0);
    call->realm = directory_folded(call, directory_member(object, "uri"));
    return prepare_realm(call, object);
}

bool directory_prepare_realm_update(struct directory_call *call)
{
    return prepare_realm(call, json_array_get(call->args, 0));
}
