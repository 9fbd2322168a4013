/* login.c - browsers that are logged in: a row for each, found by the digest of its cookie. */
#include "base/mem.h"
#include "flow/flow_inside.h"
#include "token/revocation.h"

#include <stdlib.h>

#define LEASE STR("login")

enum { SECRET_BYTES = 32 };

const struct rbac_user *flow_user_find(struct flow_call *call, struct str name)
{
    struct rbac_account account;
    return rbac_account_find(call->rbac, call->realm, name, &account) && account.enabled
               ? account.user
               : NULL;
}

const struct rbac_user *
flow_login_read(struct flow_call *call, struct store_view *view, uint64_t *out_auth_time_s)
{
    struct str shown = flow_login_shown(call);
    const struct store_lease *lease =
        shown.len == 0 ? NULL : flow_lease_find(call, view, LEASE, flow_digest(call, shown));
    if (lease == NULL) {
        return NULL;
    }
    json_t *row = flow_lease_row(call, lease);
    *out_auth_time_s = flow_number(row, "auth_time");
    return flow_user_find(call, flow_text(row, "authid"));
}

bool flow_proof_holds(struct flow_call *call, struct store_view *view, const struct rbac_user *user)
{
    char room[REVOCATION_KEY_MAX];
    const struct store_record *ended =
        store_view_get(view, STR("revocation"), call->request.realm,
                       revocation_of_user(user->username, STR_EMPTY, room));
    return ended == NULL || ended->seq <= tokens_version(call->tokens);
}

bool flow_login_keep(struct flow_call *call, struct store_view *view, const struct rbac_user *user)
{
    struct str secret = flow_random_text(call, SECRET_BYTES);
    if (!flow_login_drop(call, view)) { /* the browser's last one */
        return false;
    }
    json_t *row = json_pack("{s:s%, s:I}", "authid", user->username.ptr, user->username.len,
                            "auth_time", (json_int_t)call->now_s);
    char *text = json_dumps(row, JSON_COMPACT);
    const struct store_lease lease = {
        .kind = LEASE,
        .key = flow_digest(call, secret),
        .realm = call->request.realm,
        .owner = user->username,
        .value = arena_str(call->arena, str_of(text)),
        .expires_ms = 1000 * (call->now_s + call->options->login_s),
    };
    free(text);
    json_decref(row);
    call->answer.set_cookies[0] = flow_login_cookie(call, secret);
    return store_view_lease_put(view, &lease);
}

bool flow_login_drop(struct flow_call *call, struct store_view *view)
{
    struct str shown = flow_login_shown(call);
    call->answer.set_cookies[0] = flow_login_cookie(call, STR_EMPTY);
    return shown.len == 0 || store_view_lease_drop(view, LEASE, flow_digest(call, shown));
}
