/* seed_keys.c - every realm has a key to sign with, whoever made it and however long ago. */
#include "base/clock.h"
#include "node/node_inside.h"
#include "rbac/rbac.h"
#include "token/key_store.h"

static bool work(struct store_view *view, struct store_request *request)
{
    const struct store_record *realms = NULL;
    uint64_t now_s = clock_wall_ms() / 1000;
    (void)request;
    size_t count = store_view_list(view, STR("realm"), STR_EMPTY, NULL, &realms);
    for (size_t i = 0; i < count; i++) {
        if (!token_keys_ensure(view, realms[i].key, now_s)) {
            return false;
        }
    }
    return token_keys_ensure(view, MASTER_REALM, now_s);
}

bool seed_keys(struct node *node, struct err *err)
{
    struct store_request request = {.op = STORE_WORK, .work = work, .author = STR("postern")};
    arena_init(&request.arena, SIZE_MAX / 2);
    store_run(node->store, &request);
    bool ok = request.ok;
    if (!ok && err != NULL) {
        *err = request.err;
    }
    arena_done(&request.arena);
    return ok || err_wrap(err, "keys of realms");
}
