/* console.c - the web console on the admin listener, as the settings want it. */
#include "api/admin_spec.h"
#include "node/node_inside.h"
#include "ui/bundle.h"

enum { MS = 1000 };

void node_make_ui(struct node *node)
{
    const struct conf *conf = node->conf;
    size_t count = 0;
    if (!conf->admin.ui) {
        return;
    }
    node->admin_procedures = admin_spec_procedures(&count);
    node->ui = ui_new(&(struct ui_options){
        .store = node->store,
        .builder = node->builder,
        .access = node->access,
        .rbac = node->rbac,
        .tokens = node->tokens,
        .bundle = &ui_bundle,
        .procedures = node->admin_procedures,
        .procedure_count = count,
        .idle_s = conf->admin.session_idle_ms / MS,
        .max_s = conf->admin.session_max_ms / MS,
        .body_timeout_ms = conf->http.body_timeout_ms,
    });
}

bool node_has_console(const struct node *node)
{
    return node->ui != NULL && ui_bundle.count > 0;
}
