/* directory_oauth_token.c - bondy.oauth2.token.*: tokens of others are taken back. Access tokens
 * die with what they were issued with, and sessions that were opened with them. */
#include "base/clock.h"
#include "base/mem.h"
#include "directory/directory_user_inside.h"
#include "token/refresh_name.h"
#include "token/revocation.h"

/* In place of a client: whichever it was. */
static struct str client_of(struct str name)
{
    return str_eq(name, STR("all")) ? STR_EMPTY : name;
}

/* One that nobody knows is none any more. */
static bool revoke(struct directory_call *call)
{
    char key[REFRESH_KEY_SIZE];
    struct str client = STR_EMPTY;
    struct str text = STR_EMPTY;
    if (!directory_arg_name(call, 0, &client) || !directory_arg_text(call, 1, &text)) {
        return false;
    }
    const struct store_lease *lease =
        refresh_key(text, key) ? store_view_lease(call->view, REFRESH_LEASE, str_of(key)) : NULL;
    if (lease == NULL || !str_eq(lease->realm, call->realm)) {
        return true;
    }
    const json_t *row =
        directory_keep(call, json_loadb(lease->value.ptr, lease->value.len, 0, NULL));
    if (client_of(client).len > 0 && !str_eq(directory_member(row, "client"), client)) {
        return directory_refuse(call, DIRECTORY_NOT_FOUND, "no such token of this client");
    }
    return revocation_put(call->view, call->realm, lease->family, clock_wall_ms() / 1000) &&
           store_view_lease_drop_family(call->view, call->realm, lease->family);
}

/* A client is a user too, so whoever a token can be of is found. */
static bool revoke_all(struct directory_call *call)
{
    struct directory_user user;
    struct str client = STR_EMPTY;
    struct str authid = STR_EMPTY;
    if (!directory_arg_name(call, 0, &client) || !directory_arg_name(call, 1, &authid)) {
        return false;
    }
    if (!directory_user_find(call, authid, &user)) {
        return !store_view_failed(call->view) &&
               directory_refuse(call, DIRECTORY_NOT_FOUND,
                                "no user \"" PRISTR "\" in realm " PRISTR, STRARG(authid),
                                STRARG(call->realm));
    }
    return directory_tokens_revoke(call, call->realm, user.name, client_of(client));
}

const struct directory_operation directory_oauth_token_operations[] = {
    {STR_INIT("bondy.oauth2.token.revoke"), DIRECTORY_REALM, 2, 2, NULL, revoke},
    {STR_INIT("bondy.oauth2.token.revoke_all"), DIRECTORY_REALM, 2, 2, NULL, revoke_all},
    {.run = NULL},
};
