/* ticket.c - a ticket in place of a password: a token that some realm signed for its user.
 *
 * It is looked at in full whoever is named, so that an account that does not exist costs what
 * another does. */
#include "auth/auth_inside.h"
#include "base/clock.h"

#include <stddef.h>

static bool has_name(const struct auth_hello *hello)
{
    return hello->authid.len > 0;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    login->ticket.sso_realm = arena_str(&login->arena, rbac_realm_sso_realm_uri(hello->realm));
    emit_map(extra, 0);
    return AUTH_CHALLENGED;
}

static bool is_his(const struct login *login, const struct ticket *ticket)
{
    char proof[TICKET_PROOF_SIZE];
    ticket_proof(login->record, login->keys, login->key_count, proof);
    return ticket_is_of(ticket, login->holder_realm, login->holder, str_of(proof));
}

static enum auth_step check(struct login *login, const struct auth_response *response)
{
    const struct auth *auth = login->auth;
    const struct ticket_door door = {.realm = login->realm,
                                     .sso_realm = login->ticket.sso_realm,
                                     .now_s = clock_wall_ms() / 1000,
                                     .allow_not_found = auth->tickets_unrecorded};
    struct ticket ticket;
    const char *why = "the ticket is another's, or older than his password or keys";
    if (auth->tokens == NULL || !arena_room(&login->arena, TICKET_ROOM)) {
        return login_fail(login, "there are no tickets here");
    }
    const struct tokens *tokens = (const struct tokens *)(const void *)snapshot_peek(auth->tokens);
    bool good = ticket_verify(tokens, response->signature, &door, &login->arena, &ticket, &why);
    if (!good || !login->real || !is_his(login, &ticket)) {
        return login_fail(login, why);
    }
    enum auth_step step = login_admit(login);
    if (step == AUTH_ADMITTED) {
        login->identity->ticket = ticket_stub_new(&ticket, auth->tickets_unrecorded);
    }
    return step;
}

const struct auth_method auth_method_ticket = {
    .name = STR_INIT("ticket"), .begin = begin, .check = check, .fits = has_name};
