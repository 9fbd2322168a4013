/* secure.c - credential -> principal. What cannot be checked is refused: 401, 403, 404. */
#include "pipeline/exchange.h"
#include "wamp/fault.h"

static const struct rbac *current_rbac(struct pipeline *pipeline)
{
    return (const struct rbac *)(const void *)snapshot_peek(pipeline->options.rbac);
}

static enum stage_result secure_anonymous(struct exchange *exchange, const struct rbac_realm *realm)
{
    const struct peer_info *peer = exchange->stream->head.peer;
    if (rbac_realm_security_enabled(realm) &&
        !rbac_source_allows(realm, RBAC_ROLE_ANONYMOUS, RBAC_METHOD_ANONYMOUS, &peer->address)) {
        return exchange_refuse(exchange, 403, FAULT_NOT_AUTHORIZED,
                               "realm " PRISTR " lets nobody in anonymously from this address",
                               STRARG(exchange->match.route->realm));
    }
    exchange->principal =
        identity_anonymous(pipeline_mine(exchange->pipeline), exchange->match.route->realm);
    return STAGE_NEXT;
}

static enum stage_result secure_unavailable(struct exchange *exchange)
{
    struct str challenge = exchange->match.route->security == SECURITY_BASIC
                               ? STR("Basic realm=\"postern\"")
                               : STR("Bearer realm=\"postern\"");
    return exchange_fail(exchange,
                         &(struct http_problem){
                             .status = 401,
                             .code = FAULT_NOT_AUTH_METHOD,
                             .detail = STR("this path asks for a security scheme that this "
                                           "version cannot check, so nobody is let in"),
                             .header = {STR("www-authenticate"), challenge},
                         });
}

enum stage_result secure_stage(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    if (exchange->method == HTTP_OPTIONS) {
        return STAGE_NEXT; /* a CORS preflight carries no credentials */
    }
    const struct rbac_realm *realm =
        rbac_realm_find(current_rbac(exchange->pipeline), route->realm);
    if (realm == NULL) {
        return exchange_refuse(exchange, fault_http_status(FAULT_NO_SUCH_REALM),
                               FAULT_NO_SUCH_REALM,
                               "no realm " PRISTR ": postern realm create " PRISTR " --open",
                               STRARG(route->realm), STRARG(route->realm));
    }
    return route->security == SECURITY_NONE ? secure_anonymous(exchange, realm)
                                            : secure_unavailable(exchange);
}
