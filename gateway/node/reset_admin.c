/* reset_admin.c - a way in for who has lost it: the store's own disk is proof enough. */
#include "base/mem.h"
#include "node/admin_account.h"
#include "node/node_inside.h"

static bool reset(struct node *node, struct err *err)
{
    node->store = store_open(str_of(node->conf->store.url), str_of(node->conf->data.dir), err);
    return node->store != NULL && store_take_turn(node->store, err) &&
           admin_account_make(node, err) && admin_account_open(node, err) &&
           admin_seed_password(node, true, err);
}

bool node_reset_admin(const struct conf *conf, struct err *err)
{
    struct node *node = NEW(struct node);
    node->conf = conf;
    node->access_settings = node_access_settings(conf);
    node->lock_fd = -1;
    bool ok = data_dir_open(node, err) && reset(node, err);
    if (node->store != NULL) {
        store_close(node->store);
    }
    data_dir_close(node);
    mem_free(node);
    return ok;
}
