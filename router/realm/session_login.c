/* session_login.c - CHALLENGE and AUTHENTICATE: the messages of a login, which router/auth decides.
 */
#include "base/log.h"
#include "crypto/secret.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

void session_login_end(struct session *session)
{
    login_free(session->login);
    session->login = NULL;
    session->answered = false;
}

static void send_challenge(struct session *session)
{
    struct message challenge = {.type = MESSAGE_CHALLENGE,
                                .uri = login_verdict(session->login)->method,
                                .details = buf_str(&session->shard->details),
                                .payload = {.serializer = session->peer->serializer}};
    session->state = SESSION_CHALLENGED;
    session_hello_wait(session);
    if (session_reply(session, &challenge) != DELIVERY_OK) {
        session_doom(session, STR_EMPTY);
    }
}

/* The realm that it wants to be in may have gone since HELLO. */
static void admit(struct session *session)
{
    struct auth_identity *identity = login_take_identity(session->login);
    if (seat_access(session->hello_seat) == NULL) {
        auth_identity_free(identity);
        session_abort(session, FAULT_NO_SUCH_REALM, STR("the realm has been deleted"));
        return;
    }
    session_join(session, identity);
}

static void take_step(struct session *session, enum auth_step step)
{
    switch (step) {
    case AUTH_LATER:
        timer_stop(&session->hello_timer);
        return;
    case AUTH_CHALLENGED:
        send_challenge(session);
        return;
    case AUTH_ADMITTED:
        admit(session);
        break;
    case AUTH_REFUSED: {
        const struct auth_verdict *verdict = login_verdict(session->login);
        session_abort(session, verdict->reason, verdict->text);
        break;
    }
    }
    session_login_end(session);
}

/* Not from inside a call of ours. The session is there, for with it goes the login. */
static void on_done(struct login *login, enum auth_step step, void *ctx)
{
    struct session *session = ctx;
    struct shard *shard = session->shard;
    (void)login;
    shard_enter(shard);
    if (session->state == SESSION_CHALLENGED) {
        take_step(session, step);
    }
    shard_leave(shard);
}

void session_login_begin(struct session *session, const struct auth_hello *hello)
{
    struct shard *shard = session->shard;
    struct emit extra;
    session_login_end(session);
    session->login = login_new(shard->router->auth, on_done, session);
    buf_clear(&shard->details);
    emit_init(&extra, session->peer->serializer, &shard->details);
    take_step(session, login_begin(session->login, hello, &extra));
}

void session_authenticate(struct session *session, struct message *message)
{
    if (session->answered) {
        session_violation(session, "AUTHENTICATE a second time");
        return;
    }
    struct slice extra = {session->peer->serializer, message->details};
    struct auth_response response = {
        .signature = message->uri,
        .nonce = session_text_of(session, extra, STR("nonce")),
        .channel_binding = session_text_of(session, extra, STR("channel_binding")),
        .cbind_data = session_text_of(session, extra, STR("cbind_data")),
    };
    session->answered = true;
    enum auth_step step = login_answer(session->login, &response);
    /* Where it was not as in the message it was unescaped into memory of the turn. */
    crypto_wipe((void *)(uintptr_t)response.signature.ptr, response.signature.len);
    take_step(session, step);
}
