/* session_hello.c - HELLO: which realm, who, and what WELCOME says.
 *
 * Anonymous alone for now; each refusal is an ABORT that does not tell whether an account exists.
 */
#include "base/log.h"
#include "base/mem.h"
#include "realm/features.h"
#include "realm/meta.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#include <stdio.h>

struct hello {
    struct option_list authmethods;
    struct str authid;
    struct slice roles;
};

static const struct option_row hello_rows[] = {
    {"authmethods", OPTION_STRS, offsetof(struct hello, authmethods)},
    {"authid", OPTION_STR, offsetof(struct hello, authid)},
    {"roles", OPTION_SLICE, offsetof(struct hello, roles)},
};

void session_hello_wait(struct session *session)
{
    uint64_t timeout_ms = session->shard->router->options.hello_timeout_ms;
    if (timeout_ms > 0) {
        timer_start(&session->hello_timer, timeout_ms);
    }
}

static bool asks_anonymous(const struct hello *hello)
{
    for (size_t i = 0; i < hello->authmethods.count; i++) {
        if (str_eq(hello->authmethods.strs[i], RBAC_METHOD_ANONYMOUS)) {
            return true;
        }
    }
    bool named = hello->authid.len > 0 && !str_eq(hello->authid, RBAC_ROLE_ANONYMOUS);
    return hello->authmethods.count == 0 && !named;
}

/* Who it is, or an ABORT. */
static bool hello_admit(struct session *session, struct seat *seat, const struct hello *hello)
{
    const struct rbac_realm *access = seat_access(seat);
    if (!rbac_realm_allows_connections(access)) {
        session_abort(session, FAULT_AUTHENTICATION_FAILED,
                      STR("this realm does not allow connections"));
        return false;
    }
    if (!asks_anonymous(hello)) {
        bool named = hello->authmethods.count == 0;
        session_abort(session, named ? FAULT_AUTHENTICATION_FAILED : FAULT_NOT_AUTH_METHOD,
                      named ? STR("authentication failed")
                            : STR("none of the offered methods is available here: anonymous"));
        return false;
    }
    if (!rbac_realm_has_method(access, RBAC_METHOD_ANONYMOUS) ||
        !rbac_source_allows(access, RBAC_ROLE_ANONYMOUS, RBAC_METHOD_ANONYMOUS,
                            &session->peer->info.address)) {
        session_abort(session, FAULT_NOT_AUTH_METHOD,
                      STR("anonymous is not allowed here: add a source for it to the realm"));
        return false;
    }
    session->principal = (struct principal){.authid = RBAC_ROLE_ANONYMOUS,
                                            .roles = &RBAC_ROLE_ANONYMOUS,
                                            .role_count = 1,
                                            .authmethod = RBAC_METHOD_ANONYMOUS,
                                            .memo = rbac_memo_new()};
    return true;
}

/* `lean`: the least that a client needs, for peers that accept only the shortest messages. */
static struct str welcome_details(const struct session *session, bool lean)
{
    const struct principal *principal = &session->principal;
    struct buf *out = &session->shard->details;
    struct emit emit;
    buf_clear(out);
    emit_init(&emit, session->peer->serializer, out);
    emit_map(&emit, lean ? 4 : SESSION_DETAILS + 2);
    if (lean) {
        emit_key(&emit, STR("authid"));
        emit_str(&emit, principal->authid);
        emit_key(&emit, STR("authrole"));
        emit_str(&emit, session_authrole(session));
        emit_key(&emit, STR("authmethod"));
        emit_str(&emit, principal->authmethod);
    } else {
        session_emit_details(session, &emit);
        emit_key(&emit, STR("agent"));
        emit_str(&emit, STR("Postern-" POSTERN_VERSION));
    }
    emit_key(&emit, STR("roles"));
    features_emit(&emit, lean);
    return buf_str(out);
}

static void session_welcome(struct session *session)
{
    struct message welcome = {.type = MESSAGE_WELCOME,
                              .id = session->id,
                              .details = welcome_details(session, false),
                              .payload = {.serializer = session->peer->serializer}};
    enum delivery delivery = session_reply(session, &welcome);
    if (delivery == DELIVERY_TOO_BIG) {
        welcome.details = welcome_details(session, true);
        delivery = session_reply(session, &welcome);
    }
    if (delivery != DELIVERY_OK) {
        session_doom(session, STR_EMPTY);
    }
}

/* A place among the sessions of this node, or an ABORT. */
static bool hello_count(struct session *session)
{
    struct router *router = session->shard->router;
    size_t max = router->options.sessions_max;
    size_t before = atomic_fetch_add_explicit(&router->sessions, 1, memory_order_relaxed);
    if (max == 0 || before < max) {
        return true;
    }
    (void)atomic_fetch_sub_explicit(&router->sessions, 1, memory_order_relaxed);
    session_abort(session, FAULT_UNAVAILABLE, STR("this node has as many sessions as it may"));
    return false;
}

static struct seat *hello_seat(struct session *session, struct str realm)
{
    struct shard *shard = session->shard;
    struct seat *seat = seat_find(shard, realm);
    if (seat == NULL && !uri_valid(realm, MATCH_EXACT)) {
        session_abort(session, FAULT_INVALID_URI, STR("this is no realm URI"));
    } else if (seat == NULL) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "no realm " PRISTR ": postern realm create " PRISTR " --open", STRARG(realm),
                       STRARG(realm));
        session_abort(session, FAULT_NO_SUCH_REALM, str_of(text));
    }
    return seat;
}

void session_hello(struct session *session, struct message *message)
{
    struct hello hello = {0};
    struct err err = {0};
    struct shard *shard = session->shard;
    struct slice details = {session->peer->serializer, message->details};
    if (!options_read(details, hello_rows, COUNT_OF(hello_rows), &shard->scratch, &hello, &err)) {
        session_violation(session, "HELLO: %s", err.text);
        return;
    }
    if (shard->stopping) {
        session_abort(session, CLOSE_SYSTEM_SHUTDOWN, STR("this node is stopping"));
        return;
    }
    struct seat *seat = hello_seat(session, message->uri);
    if (seat == NULL || !hello_admit(session, seat, &hello)) {
        return;
    }
    if (!hello_count(session)) {
        rbac_memo_free(session->principal.memo);
        session->principal = (struct principal){0};
        return;
    }
    metric_gauge_add(shard->router->sessions_gauge, 1);
    timer_stop(&session->hello_timer);
    session->seat = seat;
    session->state = SESSION_OPEN;
    session->id = wamp_id_random();
    session->by_id.id = session->id;
    idtable_add(&seat->sessions, &session->by_id);
    session->features = peer_features(hello.roles);
    session->last_invocation = 0;
    session->kept_request = session->last_request;
    session->last_request = 0;
    char peer[PEER_TEXT_SIZE];
    log_info("session joined", KV_STR("realm", realm_uri(seat->realm)),
             KV_U64("session", session->id), KV_CSTR("transport", session->peer->ops->transport),
             KV_STR("peer", peer_info_text(&session->peer->info, peer)));
    session_welcome(session);
    meta_session_joined(session);
}
