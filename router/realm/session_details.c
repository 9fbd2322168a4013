/* session_details.c - what is told of a session: in WELCOME, on_join and wamp.session.get. */
#include "realm/session_inside.h"

/* Who decided that it is who it says: our own records, under the name that Bondy's users know. */
#define AUTHPROVIDER STR("com.leapsight.bondy")

struct str session_authrole(const struct session *session)
{
    return session->principal.role_count == 0 ? STR_EMPTY : session->principal.roles[0];
}

bool session_has_role(const struct session *session, struct str role)
{
    for (size_t i = 0; i < session->principal.role_count; i++) {
        if (str_eq(session->principal.roles[i], role)) {
            return true;
        }
    }
    return false;
}

static void emit_pair(struct emit *emit, struct str key, struct str value)
{
    emit_key(emit, key);
    emit_str(emit, value);
}

void session_emit_details(const struct session *session, struct emit *emit)
{
    char peer[PEER_TEXT_SIZE];
    emit_key(emit, STR("session"));
    emit_u64(emit, session->id);
    emit_pair(emit, STR("realm"), realm_uri(session->seat->realm));
    emit_pair(emit, STR("authid"), session->principal.authid);
    emit_pair(emit, STR("authrole"), session_authrole(session));
    emit_pair(emit, STR("authmethod"), session->principal.authmethod);
    emit_pair(emit, STR("authprovider"), AUTHPROVIDER);
    emit_key(emit, STR("authextra"));
    struct str verifier = session->login == NULL ? STR_EMPTY : login_verifier(session->login);
    emit_map(emit, verifier.len > 0 ? 2 : 1);
    emit_pair(emit, STR("node"), session->shard->router->options.node_name);
    if (verifier.len > 0) {
        emit_pair(emit, STR("verifier"), verifier);
    }
    emit_key(emit, STR("transport"));
    emit_map(emit, 2);
    emit_pair(emit, STR("type"), str_of(session->peer->ops->transport));
    emit_pair(emit, STR("peername"), peer_info_text(&session->peer->info, peer));
}
