/* seed_security.c - realms from security.config_file, applied at each start. */
#include "document/document.h"
#include "node/admin_account.h"
#include "node/node_inside.h"
#include "rbac/security_file.h"

#include <jansson.h>

static bool
apply_file(struct node *node, const struct document *document, const char *file, struct err *err)
{
    struct realm_mistake mistake = {0};
    unsigned line = 0;
    unsigned column = 0;
    if (security_file_apply(node->store, document_root(document), &node->access_settings,
                            STR("file"), NULL, &mistake, err)) {
        return true;
    }
    if (err->code == ERR_INVALID && mistake.node != NULL) {
        if (mistake.key == NULL ||
            !document_at(document, mistake.node, mistake.key, 0, &line, &column)) {
            (void)document_position(document, mistake.node, &line, &column);
        }
        return err_set(err, ERR_INVALID, "%s:%u:%u: %s", file, line, column, mistake.text);
    }
    return err_wrap(err, "%s", file);
}

bool seed_security(struct node *node, struct err *err)
{
    const char *file = node->conf->security.config_file;
    struct document_problem problem = {0};
    if (file[0] == '\0') {
        return true;
    }
    struct document *document = document_load(file, NULL, &problem);
    if (document == NULL) {
        return err_set(err, ERR_INVALID, "%s:%u:%u: %s", file, problem.line, problem.column,
                       problem.text);
    }
    struct err none = {0};
    json_t *admin = admin_account_read(node, &none);
    bool ok = apply_file(node, document, file, err) &&
              (admin_account_keep(node, admin, &none) || (*err = none, false));
    json_decref(admin);
    document_free(document);
    return ok;
}
