/* whoami.c - who asks, and what of the admin API he may do: the decision that the router would make
 * for each procedure, so that a console can grey out what would be refused. */
#include "ui/ui_inside.h"

#include <jansson.h>

static json_t *str_json(struct str text)
{
    return json_stringn(text.ptr, text.len);
}

static json_t *procedures(const struct ui *ui, const struct principal *principal)
{
    const struct rbac *rbac = (const struct rbac *)(const void *)snapshot_peek(ui->options.rbac);
    const struct rbac_realm *realm = rbac_realm_find(rbac, MASTER_REALM);
    json_t *list = json_array();
    for (size_t i = 0; realm != NULL && i < ui->options.procedure_count; i++) {
        struct str procedure = ui->options.procedures[i];
        if (rbac_may(rbac, realm, principal, PERMISSION_CALL, procedure)) {
            (void)json_array_append_new(list, str_json(procedure));
        }
    }
    return list;
}

static json_t *milliseconds(uint64_t time_s)
{
    return time_s == 0 ? json_null() : json_integer(1000 * (json_int_t)time_s);
}

char *ui_whoami(const struct ui *ui, const struct whoami *who)
{
    json_t *groups = json_array();
    for (size_t i = 0; i < who->principal->role_count; i++) {
        (void)json_array_append_new(groups, str_json(who->principal->roles[i]));
    }
    json_t *told = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "username",
                             str_json(who->principal->authid), "realm", str_json(MASTER_REALM),
                             "groups", groups, "may", procedures(ui, who->principal), "expires",
                             milliseconds(who->expires_s), "ends", milliseconds(who->ends_s));
    char *text = json_dumps(told, JSON_COMPACT);
    json_decref(told);
    return text;
}
