/* directory_client.c - bondy.oauth2.client.*: users that are programs. What a client is shown with
 * is in directory_client_data.c.
 *
 * A secret that is made here is said once, in the answer of the call that made it. */
#include "application/application.h"
#include "base/mem.h"
#include "credential/credential.h"
#include "crypto/secret.h"
#include "directory/directory_client_inside.h"

#define GROUP          "api_clients"
#define CLIENT_ADDED   STR("bondy.oauth2.client.added")
#define CLIENT_UPDATED STR("bondy.oauth2.client.updated")
#define CLIENT_DELETED STR("bondy.oauth2.client.deleted")

enum { OVERLAP_USUAL_S = 86400, OVERLAP_MAX_S = 90 * 86400 };

static bool is_client(const json_t *value)
{
    return directory_in_group(value, GROUP) || json_object_get(value, "client") != NULL;
}

/* The client that argument 0 names, at the version that if_match wants. */
static bool client_of(struct directory_call *call, struct directory_user *out)
{
    if (!directory_user_of(call, DIRECTORY_NOT_FOUND, out)) {
        return false;
    }
    return is_client(out->value) ||
           directory_refuse(call, DIRECTORY_NOT_FOUND,
                            "the user \"" PRISTR "\" is no client: he is not in the group " GROUP,
                            STRARG(out->name));
}

static void tell(struct directory_call *call, struct str topic, struct str name)
{
    directory_tell(call, topic,
                   json_pack("[s%, s%]", call->realm.ptr, call->realm.len, name.ptr, name.len));
}

/* As it is now; with the secret (NULL: none) that has just been made. */
static bool answer_client(struct directory_call *call, struct str name, const char *secret)
{
    struct directory_user user = {0};
    if (store_view_failed(call->view) || !directory_user_find(call, name, &user)) {
        return false;
    }
    json_t *external = directory_client_external(call, user.value);
    if (secret != NULL) {
        (void)json_object_set_new(external, "client_secret", json_string(secret));
    }
    return directory_answer(call, external, user.record->version);
}

/* A new secret beside the credential that there is, into the element. */
static bool make_secret(struct directory_call *call,
                        json_t *element,
                        struct str credential,
                        uint64_t overlap_s,
                        char out[CREDENTIAL_SECRET_SIZE])
{
    struct err err = {0};
    char *record = credential_secret_add(credential, overlap_s, out, &err);
    if (record == NULL) {
        return directory_refuse(call, DIRECTORY_INCONSISTENT, "%s", err.text);
    }
    (void)json_object_set_new(element, "password", json_loads(record, 0, NULL));
    mem_free(record);
    return true;
}

static bool has_password(const json_t *element)
{
    const json_t *password = json_object_get(element, "password");
    return password != NULL && !json_is_null(password);
}

static bool takes_secret(struct directory_call *call, const json_t *client, const json_t *element)
{
    return !has_password(element) || application_has_secret(client) ||
           directory_refuse(call, DIRECTORY_INVALID,
                            application_is_public(client)
                                ? "a public client has no secret"
                                : "a client that proves itself by private_key_jwt has no secret");
}

static bool client_prepare_add(struct directory_call *call)
{
    return directory_client_read(call, 0, true);
}

static bool client_prepare_update(struct directory_call *call)
{
    return directory_client_read(call, 1, false);
}

static bool client_add(struct directory_call *call)
{
    const struct directory_client *given = call->prepared;
    char *bytes = arena_alloc(call->arena, RBAC_NAME_MAX);
    char secret[CREDENTIAL_SECRET_SIZE] = "";
    struct str name = given->name;
    json_t *element = given->element;
    json_t *client = NULL;
    if (!directory_client_merge(call, NULL, given->changes, &client) ||
        !takes_secret(call, client, element)) {
        return false;
    }
    if (rbac_name_fold(given->name, bytes, &name) &&
        directory_get(call, DIRECTORY_USER_KIND, name, NULL) != NULL) {
        return directory_refuse(call, DIRECTORY_EXISTS,
                                "there is a user or a client \"" PRISTR "\" in realm " PRISTR
                                " already",
                                STRARG(name), STRARG(call->realm));
    }
    directory_join_group(element, NULL, GROUP);
    if (client != NULL) {
        (void)json_object_set(element, "client", client);
    }
    bool made = !has_password(element) && application_has_secret(client);
    bool done =
        (!made || make_secret(call, element, STR_EMPTY, 0, secret)) &&
        directory_user_write(call, &(struct directory_user_change){.element = json_incref(element),
                                                                   .added = true}) &&
        answer_client(call, name, made ? secret : NULL);
    crypto_wipe(secret, sizeof(secret));
    if (done) {
        tell(call, CLIENT_ADDED, name);
    }
    return done;
}

/* One that begins to prove itself by a secret gets one; one that stops loses what it has. */
static bool settle_secret(struct directory_call *call,
                          const struct directory_user *user,
                          const json_t *client,
                          struct directory_user_change *change,
                          char secret[CREDENTIAL_SECRET_SIZE])
{
    bool had = application_has_secret(json_object_get(user->value, "client"));
    bool has = application_has_secret(client);
    change->clear_password = !has;
    return !has || had || has_password(change->element) ||
           make_secret(call, change->element, STR_EMPTY, 0, secret);
}

static bool client_update(struct directory_call *call)
{
    const struct directory_client *given = call->prepared;
    json_t *element = given->element;
    char secret[CREDENTIAL_SECRET_SIZE] = "";
    json_t *client = NULL;
    struct directory_user user = {0};
    if (!client_of(call, &user) || !directory_user_keeps_identity(call, &user, element) ||
        !directory_client_merge(call, json_object_get(user.value, "client"), given->changes,
                                &client) ||
        !takes_secret(call, client, element)) {
        return false;
    }
    (void)json_object_set_new(element, "username", json_stringn(user.name.ptr, user.name.len));
    directory_join_group(element, user.value, GROUP);
    if (client != NULL) {
        (void)json_object_set(element, "client", client);
    }
    struct directory_user_change change = {.element = element};
    if (!settle_secret(call, &user, client, &change, secret)) {
        return false;
    }
    (void)json_incref(element);
    bool done = directory_user_write(call, &change) &&
                answer_client(call, user.name, secret[0] == '\0' ? NULL : secret);
    crypto_wipe(secret, sizeof(secret));
    if (done) {
        tell(call, CLIENT_UPDATED, user.name);
    }
    return done;
}

static bool client_get(struct directory_call *call)
{
    struct directory_user user = {0};
    return client_of(call, &user) && answer_client(call, user.name, NULL);
}

static bool client_list(struct directory_call *call)
{
    return directory_answer_users(call, STR("\"" GROUP "\""), is_client, directory_client_external);
}

static bool client_delete(struct directory_call *call)
{
    struct directory_user user = {0};
    if (!client_of(call, &user) || !directory_user_delete(call)) {
        return false;
    }
    tell(call, CLIENT_DELETED, user.name);
    return true;
}

/* A request without a body has "" for it. */
static bool is_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

/* {"overlap_secs"} as an argument, since it is a body, or among the kwargs. */
static bool read_overlap(struct directory_call *call, uint64_t *out)
{
    static const char *const keys[] = {"overlap_secs", NULL};
    const json_t *data = json_array_get(call->args, 1);
    const json_t *value = directory_option(call, "overlap_secs");
    if (json_is_object(data)) {
        if (!directory_only_keys(call, data, keys)) {
            return false;
        }
        value = json_object_get(data, "overlap_secs");
    } else if (!is_nothing(data)) {
        return directory_refuse(call, DIRECTORY_INVALID, "argument 2 must be a map");
    }
    *out = OVERLAP_USUAL_S;
    return value == NULL || json_is_null(value) ||
           (directory_number(value, out) && *out <= OVERLAP_MAX_S) ||
           directory_refuse_at(call, DIRECTORY_INVALID, data, "overlap_secs",
                               "overlap_secs is a number of seconds up to %d; 0 ends the present "
                               "secret at once",
                               OVERLAP_MAX_S);
}

static bool client_rotate_secret(struct directory_call *call)
{
    char secret[CREDENTIAL_SECRET_SIZE] = "";
    struct directory_user user = {0};
    uint64_t overlap_s = 0;
    if (!read_overlap(call, &overlap_s) || !client_of(call, &user)) {
        return false;
    }
    if (!application_has_secret(json_object_get(user.value, "client"))) {
        return directory_refuse(call, DIRECTORY_INCONSISTENT,
                                "the client \"" PRISTR "\" has no secret: it is public, or proves "
                                "itself by private_key_jwt",
                                STRARG(user.name));
    }
    json_t *element = json_pack("{s:s%}", "username", user.name.ptr, user.name.len);
    (void)directory_keep(call, json_incref(element));
    if (!make_secret(call, element, directory_member(user.holder, "credential"), overlap_s,
                     secret)) {
        json_decref(element);
        return false;
    }
    bool done =
        directory_user_write(
            call, &(struct directory_user_change){.element = element, .overlaps = overlap_s > 0}) &&
        answer_client(call, user.name, secret);
    crypto_wipe(secret, sizeof(secret));
    if (done) {
        tell(call, CLIENT_UPDATED, user.name);
    }
    return done;
}

const struct directory_operation directory_client_operations[] = {
    {STR_INIT("bondy.oauth2.client.add"), DIRECTORY_REALM, 1, 1, client_prepare_add, client_add},
    {STR_INIT("bondy.oauth2.client.get"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL, client_get},
    {STR_INIT("bondy.oauth2.client.list"), DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 0, 0,
     NULL, client_list},
    {STR_INIT("bondy.oauth2.client.update"), DIRECTORY_REALM, 2, 2, client_prepare_update,
     client_update},
    {STR_INIT("bondy.oauth2.client.delete"), DIRECTORY_REALM, 1, 1, NULL, client_delete},
    {STR_INIT("bondy.oauth2.client.rotate_secret"), DIRECTORY_REALM, 1, 2, NULL,
     client_rotate_secret},
    {.run = NULL},
};
