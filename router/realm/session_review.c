/* session_review.c - live sessions when users, groups or realms have changed.
 *
 * A session is looked at again before its next message, and once a second if it says nothing: it
 * goes on with the roles that its user has now, or ends. Somebody anonymous is asked only whether
 * he might come in now.
 */
#include "base/clock.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

enum { REVIEW_MS = 1000 };

static const struct tokens *shard_tokens(const struct shard *shard)
{
    struct snapshot_slot *slot = shard->router->options.tokens;
    /* struct tokens begins with its struct snapshot. */
    return slot == NULL ? NULL : (const struct tokens *)(const void *)snapshot_peek(slot);
}

/* When nothing that he came in by counts any more; 0: it does not end. */
static uint64_t end_of(const struct auth_identity *identity)
{
    return identity->bearer == NULL ? 0 : identity->bearer->expires_s + TOKEN_LEEWAY_S;
}

static bool has_token(const struct auth_identity *identity)
{
    return identity->ticket != NULL || identity->bearer != NULL;
}

/* Who came in by a ticket or a token is asked about two snapshots, which are noted with him: the
 * session's own note never matches, so that nobody else pays for it. True: neither has changed,
 * and the token's time is not up. */
static bool token_is_looked_at(struct auth_identity *identity,
                               const struct seat *seat,
                               const struct tokens *tokens)
{
    if (!has_token(identity)) {
        return false;
    }
    uint64_t end_s = end_of(identity);
    if (identity->rbac_version == seat->rbac_version &&
        identity->tokens_version == tokens_version(tokens) &&
        (end_s == 0 || clock_wall_ms() / 1000 < end_s)) {
        return true;
    }
    identity->rbac_version = seat->rbac_version;
    identity->tokens_version = tokens_version(tokens);
    return false;
}

static bool anonymous_stays(struct session *session, const struct rbac_realm *access)
{
    session->access_version = session->seat->rbac_version;
    if (rbac_source_allows(access, RBAC_ROLE_ANONYMOUS, RBAC_METHOD_ANONYMOUS,
                           &session->peer->info.address)) {
        return true;
    }
    session_dismiss(session, CLOSE_LOGOUT, STR("anonymous is not allowed here any more"));
    return false;
}

bool session_stays(struct session *session)
{
    if (session->state != SESSION_OPEN) {
        return true;
    }
    struct seat *seat = session->seat;
    const struct rbac_realm *access = seat_access(seat);
    if (access == NULL || seat->rbac_version == session->access_version) {
        return true; /* of a realm that has gone nothing is allowed */
    }
    if (session->identity == NULL) {
        return anonymous_stays(session, access);
    }
    const struct tokens *tokens = shard_tokens(session->shard);
    if (token_is_looked_at(session->identity, seat, tokens)) {
        return true;
    }
    session->access_version = has_token(session->identity) ? 0 : seat->rbac_version;
    if (!auth_review(seat->rbac, tokens, access, &session->peer->info, &session->identity)) {
        session_dismiss(session, CLOSE_LOGOUT, STR("your account may not be here any more"));
        return false;
    }
    session->principal.authid = session->identity->authid;
    session->principal.roles = session->identity->roles;
    session->principal.role_count = session->identity->role_count;
    return true;
}

static void note_end(const struct session *session)
{
    struct shard *shard = session->shard;
    uint64_t end_s = session->identity == NULL ? 0 : end_of(session->identity);
    if (end_s != 0 && (shard->token_end_s == 0 || end_s < shard->token_end_s)) {
        shard->token_end_s = end_s;
    }
}

static void review(struct session *session)
{
    if (session->state == SESSION_OPEN && seat_access(session->seat) == NULL) {
        session_dismiss(session, CLOSE_REALM, STR("the realm has been deleted"));
    } else {
        if (session_stays(session)) {
            note_end(session);
        }
    }
}

static void on_review(struct timer *timer)
{
    struct shard *shard = CONTAINER_OF(timer, struct shard, review);
    const struct snapshot *access = snapshot_peek(shard->router->options.rbac);
    uint64_t tokens = tokens_version(shard_tokens(shard));
    shard_enter(shard);
    bool over = shard->token_end_s != 0 && clock_wall_ms() / 1000 >= shard->token_end_s;
    if (access != NULL &&
        (over || access->version != shard->reviewed || tokens != shard->reviewed_tokens)) {
        shard->token_end_s = 0;
        shard->reviewed = access->version;
        shard->reviewed_tokens = tokens;
        LIST_FOREACH_SAFE (node, &shard->open) {
            review(LIST_ENTRY(node, struct session, node));
        }
    }
    shard_leave(shard);
    if (!list_empty(&shard->open)) {
        timer_start(&shard->review, REVIEW_MS);
    }
}

void session_review_init(struct shard *shard)
{
    timer_init(&shard->review, on_review);
}

void session_review_start(struct session *session)
{
    struct shard *shard = session->shard;
    note_end(session);
    if (!timer_active(&shard->review)) {
        timer_start(&shard->review, REVIEW_MS);
    }
}
