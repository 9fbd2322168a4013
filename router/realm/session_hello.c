/* session_hello.c - HELLO: which realm, who, and what WELCOME says.
 *
 * Who it is, router/auth decides.
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
    struct slice details;
    struct option_list authmethods;
    struct str authid;
    struct slice authrole;
    struct slice authextra;
    struct slice roles;
};

static const struct option_row hello_rows[] = {
    {"authmethods", OPTION_STRS, offsetof(struct hello, authmethods)},
    {"authid", OPTION_STR, offsetof(struct hello, authid)},
    {"authrole", OPTION_SLICE, offsetof(struct hello, authrole)},
    {"authextra", OPTION_SLICE, offsetof(struct hello, authextra)},
    {"roles", OPTION_SLICE, offsetof(struct hello, roles)},
};

void session_hello_wait(struct session *session)
{
    uint64_t timeout_ms = session->shard->router->options.hello_timeout_ms;
    if (timeout_ms > 0) {
        timer_start(&session->hello_timer, timeout_ms);
    }
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

struct str session_text_of(struct session *session, struct slice map, struct str key)
{
    struct str text = STR_EMPTY;
    const struct option_row row[] = {{key.ptr, OPTION_STR, 0}};
    bool there = slice_kind(map) == SCAN_MAP && slice_kind(slice_get(map, key)) == SCAN_STRING &&
                 options_read(map, row, 1, &session->shard->scratch, &text, NULL);
    return there ? text : STR_EMPTY;
}

/* HELLO's authrole, or Bondy's list of several in authextra. Their words for "all" are none. */
static void hello_roles(struct session *session, const struct hello *hello, struct auth_hello *out)
{
    static const struct option_row row[] = {{"x_authroles", OPTION_STRS, 0}};
    struct option_list several = {0};
    struct arena *scratch = &session->shard->scratch;
    if (slice_kind(hello->authextra) == SCAN_MAP &&
        slice_kind(slice_get(hello->authextra, STR("x_authroles"))) == SCAN_LIST &&
        options_read(hello->authextra, row, 1, scratch, &several, NULL) && several.count > 0) {
        out->roles = several.strs;
        out->role_count = several.count;
        return;
    }
    struct slice details = hello->details;
    struct str *one = ARENA_NEW(scratch, struct str);
    *one = session_text_of(session, details, STR("authrole"));
    out->roles = one;
    out->role_count = one->len > 0 ? 1 : 0;
}

void session_hello(struct session *session, struct message *message)
{
    struct err err = {0};
    struct shard *shard = session->shard;
    struct hello hello = {.details = {session->peer->serializer, message->details}};
    if (!options_read(hello.details, hello_rows, COUNT_OF(hello_rows), &shard->scratch, &hello,
                      &err)) {
        session_violation(session, "HELLO: %s", err.text);
        return;
    }
    if (shard->stopping) {
        session_abort(session, CLOSE_SYSTEM_SHUTDOWN, STR("this node is stopping"));
        return;
    }
    struct seat *seat = hello_seat(session, message->uri);
    if (seat == NULL) {
        return;
    }
    const struct rbac_realm *access = seat_access(seat); /* and with it seat->rbac */
    session->hello_seat = seat;
    session->id = wamp_id_random();
    session->features = peer_features(hello.roles);
    struct auth_hello asks = {
        .rbac = seat->rbac,
        .realm = access,
        .info = &session->peer->info,
        .tls = session->peer->tls,
        .session = session->id,
        .authid = hello.authid,
        .offered = hello.authmethods.count > 0,
        .methods = hello.authmethods.strs,
        .method_count = hello.authmethods.count,
        .pubkey = session_text_of(session, hello.authextra, STR("pubkey")),
        .nonce = session_text_of(session, hello.authextra, STR("nonce")),
        .channel_binding = session_text_of(session, hello.authextra, STR("channel_binding")),
        .bearer = session->peer->bearer,
    };
    hello_roles(session, &hello, &asks);
    session_login_begin(session, &asks);
}

static void take_identity(struct session *session, struct auth_identity *identity)
{
    session->identity = identity;
    session->principal = identity == NULL ? (struct principal){.authid = RBAC_ROLE_ANONYMOUS,
                                                               .roles = &RBAC_ROLE_ANONYMOUS,
                                                               .role_count = 1,
                                                               .authmethod = RBAC_METHOD_ANONYMOUS}
                                          : (struct principal){.authid = identity->authid,
                                                               .roles = identity->roles,
                                                               .role_count = identity->role_count,
                                                               .authmethod = identity->authmethod};
    session->principal.groups_alone =
        identity != NULL && identity->bearer != NULL && !identity->bearer->whole;
    session->principal.memo = rbac_memo_new();
    session->principal.address = &session->peer->info.address;
}

void session_join(struct session *session, struct auth_identity *identity)
{
    struct shard *shard = session->shard;
    struct seat *seat = session->hello_seat;
    if (!hello_count(session)) {
        auth_identity_free(identity);
        return;
    }
    metric_gauge_add(shard->router->sessions_gauge, 1);
    timer_stop(&session->hello_timer);
    take_identity(session, identity);
    session->seat = seat;
    session->state = SESSION_OPEN;
    session->by_id.id = session->id;
    idtable_add(&seat->sessions, &session->by_id);
    session->last_invocation = 0;
    session->kept_request = session->last_request;
    session->last_request = 0;
    char peer[PEER_TEXT_SIZE];
    log_info("session joined", KV_STR("realm", realm_uri(seat->realm)),
             KV_U64("session", session->id), KV_STR("authid", session->principal.authid),
             KV_STR("authmethod", session->principal.authmethod),
             KV_CSTR("transport", session->peer->ops->transport),
             KV_STR("peer", peer_info_text(&session->peer->info, peer)));
    session_welcome(session);
    session_review_start(session);
    meta_session_joined(session);
}
