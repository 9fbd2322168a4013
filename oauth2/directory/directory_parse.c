/* directory_parse.c - what an operation is given, read by the rules of realm objects: they are
 * the same for a file, a realm and a single user. */
#include "directory/directory_inside.h"
#include "rbac/realm_record.h"

/* A path cannot name such a group. One that a file has brought stays. */
static bool
no_slashes(struct directory_call *call, const json_t *realm, const struct realm_writes *writes)
{
    for (size_t i = 0; i < writes->count; i++) {
        const struct store_write *write = &writes->writes[i];
        if (str_eq(write->kind, STR("group")) && str_find(write->key, '/') >= 0 &&
            store_view_get(call->view, write->kind, write->realm, write->key) == NULL) {
            return directory_refuse_at(call, DIRECTORY_INVALID, realm, "groups",
                                       "\"" PRISTR "\": a group's name has no \"/\"",
                                       STRARG(str_sub(write->key, 0, 200)));
        }
    }
    return true;
}

bool directory_parse_realm(struct directory_call *call,
                           const json_t *realm,
                           struct realm_writes *out)
{
    const struct realm_options options = {.allow_anonymous_admin = call->allow_anonymous_admin,
                                          .quiet = true,
                                          .present = directory_fresh(call, realm)};
    struct realm_mistake mistake = {0};
    if (options.present == NULL) {
        return false;
    }
    if (realm_record_parse(realm, &options, call->arena, out, &mistake)) {
        return no_slashes(call, realm, out);
    }
    return directory_refuse_at(call, mistake.error, mistake.node, mistake.key, "%s", mistake.text);
}

bool directory_parse(struct directory_call *call,
                     const char *list,
                     json_t *element,
                     struct realm_writes *out)
{
    return directory_parse_realm(
        call,
        directory_keep(call, json_pack("{s:s%, s:[o]}", "uri", call->realm.ptr, call->realm.len,
                                       list, element)),
        out);
}

const struct store_write *directory_write_of(const struct realm_writes *writes, struct str kind)
{
    for (size_t i = 0; i < writes->count; i++) {
        if (str_eq(writes->writes[i].kind, kind)) {
            return &writes->writes[i];
        }
    }
    return NULL;
}
