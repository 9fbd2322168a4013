/* directory_user_forget.c - what is left of somebody who has gone, and of somebody whose password
 * has changed. */
#include "base/clock.h"
#include "base/mem.h"
#include "directory/directory_user_inside.h"
#include "token/revocation.h"
#include "token/ticket_store.h"

#include <string.h>

/* Records that say in a member whose they are. */
static const struct reference {
    struct str kind;
    const char *member;
    struct str head; /* before the name */
} references[] = {
    {STR_INIT("grant"), "role", STR_INIT("user/")},
    {STR_INIT("source"), "username", STR_INIT("")},
    {STR_INIT("alias"), "username", STR_INIT("")},
};

static bool has_text(void *ctx, struct str key, struct str value)
{
    const struct str *text = ctx;
    (void)key;
    return memmem(value.ptr, value.len, text->ptr, text->len) != NULL;
}

static bool
remove_references(struct directory_call *call, const struct reference *reference, struct str name)
{
    struct str quoted =
        arena_printf(call->arena, "\"" PRISTR PRISTR "\"", STRARG(reference->head), STRARG(name));
    struct str wanted = str_sub(quoted, 1, quoted.len - 2);
    const struct store_record *records = NULL;
    size_t count =
        store_view_select(call->view, reference->kind, call->realm, has_text, &quoted, &records);
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        bool his = str_eq(directory_member(value, reference->member), wanted);
        json_decref(value);
        if (his && !directory_remove(call, reference->kind, records[i].key)) {
            return false;
        }
    }
    return true;
}

/* Of one client, or ("") of any: what can be refreshed goes with its families, and all access
 * tokens that there are now are worth nothing from the commit on. */
bool directory_tokens_revoke(struct directory_call *call,
                             struct str realm,
                             struct str username,
                             struct str client)
{
    char room[REVOCATION_KEY_MAX];
    uint64_t now_s = clock_wall_ms() / 1000;
    const struct store_lease *leases = NULL;
    size_t count = store_view_leases(call->view, STR("refresh"), realm, username, &leases);
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(leases[i].value.ptr, leases[i].value.len, 0, NULL);
        bool its = client.len == 0 || str_eq(directory_member(value, "client"), client);
        json_decref(value);
        if (its && leases[i].family.len > 0 &&
            (!revocation_put(call->view, realm, leases[i].family, now_s) ||
             !store_view_lease_drop_family(call->view, realm, leases[i].family))) {
            return false;
        }
    }
    return (client.len > 0 || store_view_lease_drop_owner(call->view, realm, username)) &&
           revocation_put(call->view, realm, revocation_of_user(username, client, room), now_s);
}

bool directory_user_revoke(struct directory_call *call, struct str realm, struct str username)
{
    size_t revoked = 0;
    return directory_tokens_revoke(call, realm, username, STR_EMPTY) &&
           ticket_store_revoke(call->view, realm, username, STR_EMPTY, &revoked);
}

bool directory_user_forget(struct directory_call *call, struct str username)
{
    for (size_t i = 0; i < COUNT_OF(references); i++) {
        if (!remove_references(call, &references[i], username)) {
            return false;
        }
    }
    return directory_api_keys_drop(call, username) &&
           directory_tokens_revoke(call, call->realm, username, STR_EMPTY) &&
           ticket_store_forget(call->view, call->realm, username);
}
