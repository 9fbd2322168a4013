/* directory_user_forget.c - what is left of somebody who has gone, and of somebody whose password
 * has changed. */
#include "base/mem.h"
#include "directory/directory_user_inside.h"

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

static bool
remove_references(struct directory_call *call, const struct reference *reference, struct str name)
{
    struct str wanted =
        arena_printf(call->arena, PRISTR PRISTR, STRARG(reference->head), STRARG(name));
    const struct store_record *records = NULL;
    size_t count = store_view_list(call->view, reference->kind, call->realm, NULL, &records);
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

bool directory_user_revoke(struct directory_call *call, struct str realm, struct str username)
{
    const struct store_page page = {.prefix =
                                        arena_printf(call->arena, PRISTR " ", STRARG(username))};
    const struct store_record *records = NULL;
    size_t count = store_view_list(call->view, STR("ticket"), realm, &page, &records);
    for (size_t i = 0; i < count; i++) {
        if (!directory_remove_in(call, realm, STR("ticket"), records[i].key)) {
            return false;
        }
    }
    return true;
}

bool directory_user_forget(struct directory_call *call, struct str username)
{
    for (size_t i = 0; i < COUNT_OF(references); i++) {
        if (!remove_references(call, &references[i], username)) {
            return false;
        }
    }
    return directory_api_keys_drop(call, username) &&
           directory_user_revoke(call, call->realm, username);
}
