/* secure.c - credential -> principal. What cannot be checked is refused: 400, 401, 403, 404, 429.
 *
 * Of a body nothing is taken before it is known whose it is. */
#include "pipeline/exchange.h"
#include "token/bearer.h"
#include "wamp/fault.h"

static const struct rbac *current_rbac(struct pipeline *pipeline)
{
    return (const struct rbac *)(const void *)snapshot_peek(pipeline->options.rbac);
}

static void let_in(struct exchange *exchange, const struct principal *principal)
{
    exchange->who = *principal;
    exchange->who.address = &exchange->stream->head.peer->address;
    exchange->who.request_id = exchange->id;
    exchange->principal = &exchange->who;
}

static enum stage_result secure_anonymous(struct exchange *exchange, struct identity *identity)
{
    const struct peer_info *peer = exchange->stream->head.peer;
    const struct principal *anonymous = identity_anonymous(identity, &peer->address);
    if (anonymous == NULL) {
        return exchange_refuse(exchange, 403, FAULT_NOT_AUTHORIZED,
                               "realm " PRISTR " lets nobody in anonymously from this address",
                               STRARG(exchange->match.route->realm));
    }
    let_in(exchange, anonymous);
    return STAGE_NEXT;
}

/* Of the schemes, by type. */
static unsigned schemes_of(const struct exchange *exchange)
{
    enum security_type type = exchange->match.route->security;
    bool sessions = exchange->pipeline->options.session != NULL && type == SECURITY_IDENTITY;
    static const unsigned schemes[] = {
        [SECURITY_OAUTH2] = ACCESS_BEARER,
        [SECURITY_OIDC] = ACCESS_BEARER,
        [SECURITY_BASIC] = ACCESS_BASIC,
        [SECURITY_API_KEY] = ACCESS_API_KEY,
        [SECURITY_IDENTITY] = (unsigned)ACCESS_ANY,
    };
    return schemes[type] | (sessions ? (unsigned)ACCESS_SESSION : 0);
}

static enum stage_result refuse(struct exchange *exchange, const struct access_answer *answer)
{
    struct http_problem problem = {.status = answer->status,
                                   .code = answer->code,
                                   .detail = str_of(answer->detail),
                                   .retry_after_s = answer->retry_after_s};
    if (answer->challenge[0] != '\0') {
        problem.header = (struct header){STR("www-authenticate"), str_of(answer->challenge)};
    }
    return exchange_fail(exchange, &problem);
}

static void let_in_by(struct exchange *exchange, const struct access_answer *answer)
{
    const struct pipeline_options *options = &exchange->pipeline->options;
    let_in(exchange, &answer->principal);
    exchange->bearer = answer->bearer;
    if (answer->bearer != NULL && answer->bearer->session) {
        options->session(options->session_ctx, exchange->stream, answer->bearer);
    }
}

static void on_access(void *ctx, enum access_step step, const struct access_answer *answer)
{
    struct exchange *exchange = ctx;
    struct stream *stream = exchange->stream;
    bool paused = !exchange->body_complete;
    if (exchange->finished) {
        return;
    }
    if (step == ACCESS_GRANTED) {
        let_in_by(exchange, answer);
        exchange->stage++; /* this one has waited */
        exchange_advance(exchange);
    } else {
        (void)refuse(exchange, answer);
    }
    if (paused) {
        stream_pause(stream, false);
    }
}

static enum stage_result secure_identified(struct exchange *exchange)
{
    struct access *access = exchange->pipeline->options.access;
    const struct route *route = exchange->match.route;
    struct access_answer answer;
    if (access_waits(&exchange->visit)) {
        return STAGE_WAIT; /* a body came all the same */
    }
    exchange->visit.done = on_access;
    exchange->visit.ctx = exchange;
    enum access_step step = access_check(access, &exchange->visit,
                                         &(struct access_request){.realm = route->realm,
                                                                  .schemes = schemes_of(exchange),
                                                                  .key_header = route->key_header,
                                                                  .head = &exchange->stream->head},
                                         &answer);
    if (step == ACCESS_GRANTED) {
        let_in_by(exchange, &answer);
        return STAGE_NEXT;
    }
    if (step == ACCESS_REFUSED) {
        return refuse(exchange, &answer);
    }
    if (!exchange->body_complete) {
        stream_pause(exchange->stream, true);
    }
    return STAGE_WAIT;
}

enum stage_result secure_stage(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    if (exchange->method == HTTP_OPTIONS) {
        return STAGE_NEXT; /* a CORS preflight carries no credentials */
    }
    struct identity *identity = identity_of(pipeline_mine(exchange->pipeline),
                                            current_rbac(exchange->pipeline), route->realm);
    if (identity == NULL) {
        return exchange_refuse(exchange, fault_http_status(FAULT_NO_SUCH_REALM),
                               FAULT_NO_SUCH_REALM,
                               "no realm " PRISTR ": postern realm create " PRISTR " --open",
                               STRARG(route->realm), STRARG(route->realm));
    }
    return route->security == SECURITY_NONE ? secure_anonymous(exchange, identity)
                                            : secure_identified(exchange);
}
