/* match.c - path and method -> route, parameters and the form of the answer; 400, 404 to 415. */
#include "base/mem.h"
#include "base/percent.h"
#include "pipeline/exchange.h"
#include "pipeline/media.h"
#include "pipeline/path.h"

/* About what lies behind an operation: templates that it shares with no other. */
enum { OWN_TEMPLATES = 256 };

static bool query_countable(struct str query)
{
    size_t count = 1;
    for (size_t i = 0; i < query.len; i++) {
        count += query.ptr[i] == '&';
    }
    return count <= QUERY_PARAMS_MAX;
}

static enum stage_result match_path(struct exchange *exchange)
{
    const struct request_head *head = &exchange->stream->head;
    const char *why = NULL;
    struct str query = STR_EMPTY;
    if (!path_canonical(head->path, exchange->arena, &exchange->path, &why)) {
        return exchange_refuse(exchange, 400, STR("http.path"), "%s", why);
    }
    if (head->query.len > 0 && !percent_decode(head->query, true, exchange->arena, &query)) {
        return exchange_refuse(exchange, 400, STR("http.query"),
                               "the query has a broken escape or is not UTF-8");
    }
    if (!query_countable(head->query)) {
        return exchange_refuse(exchange, 400, STR("http.query"),
                               "the query has more than %d parameters", QUERY_PARAMS_MAX);
    }
    const struct route_table *table =
        (const struct route_table *)(const void *)snapshot_of(exchange->routes);
    unsigned scheme = head->peer->tls ? SCHEME_HTTPS : SCHEME_HTTP;
    if (!route_find(table, head->host, scheme, exchange->path, &exchange->match)) {
        return exchange_refuse(exchange, 404, STR("http.not_found"),
                               "no published API has the path " PRISTR, STRARG(exchange->path));
    }
    for (size_t i = 0; i < exchange->match.param_count; i++) {
        if (!percent_decode(exchange->match.params[i].value, false, exchange->arena,
                            &exchange->bindings[i])) {
            return exchange_refuse(exchange, 400, STR("http.path"),
                                   "the path parameter " PRISTR " is not UTF-8",
                                   STRARG(exchange->match.params[i].name));
        }
    }
    return STAGE_NEXT;
}

static enum stage_result match_method(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    exchange->method = http_method_of(exchange->stream->head.method);
    if (exchange->method < HTTP_METHODS) {
        exchange->operation = route->operations[exchange->method];
    }
    if (exchange->operation == NULL && exchange->method == HTTP_HEAD) {
        exchange->operation = route->operations[HTTP_GET];
    }
    if (exchange->operation == NULL) {
        struct str detail =
            arena_printf(exchange->arena, PRISTR " is not declared for " PRISTR,
                         STRARG(exchange->stream->head.method), STRARG(route->pattern));
        return exchange_fail(exchange, &(struct http_problem){
                                           .status = 405,
                                           .code = STR("http.method_not_allowed"),
                                           .detail = detail,
                                           .header = {STR("allow"), route->allow},
                                       });
    }
    mem_prefetch(exchange->operation, sizeof(*exchange->operation) + OWN_TEMPLATES);
    return STAGE_NEXT;
}

static bool takes_body(enum http_method method)
{
    return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
}

static enum stage_result match_media(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    const struct request_head *head = &exchange->stream->head;
    exchange->media = media_negotiate(&route->provides, request_header(head, STR("accept")));
    exchange->language =
        language_negotiate(&route->languages, request_header(head, STR("accept-language")));
    if (exchange->media.len == 0) {
        return exchange_refuse(exchange, 406, STR("http.not_acceptable"),
                               "none of what this path provides is accepted");
    }
    struct str content_type = media_type(request_header(head, STR("content-type")));
    if (takes_body(exchange->method) && head->content_length != 0 &&
        !media_listed(&route->accepts, content_type) && !media_listed(&route->accepts, MEDIA_ANY)) {
        return exchange_refuse(
            exchange, 415, STR("http.unsupported_media_type"),
            "content type '" PRISTR "' is not accepted here, for example '" PRISTR "' is",
            STRARG(content_type),
            STRARG(route->accepts.count > 0 ? route->accepts.types[0] : STR_EMPTY));
    }
    return STAGE_NEXT;
}

/* Tokens are no business of an operation's: who makes them takes the request over. */
static enum stage_result match_oauth(struct exchange *exchange)
{
    const struct pipeline_options *options = &exchange->pipeline->options;
    const struct route *route = exchange->match.route;
    if (options->oauth == NULL) {
        return exchange_refuse(exchange, 404, STR("http.not_found"), "no tokens are made here");
    }
    exchange_hand_on(exchange);
    options->oauth(options->oauth_ctx, exchange->stream, route);
    exchange_gone(exchange);
    return STAGE_DONE;
}

enum stage_result match_stage(struct exchange *exchange)
{
    enum stage_result result = match_path(exchange);
    if (result == STAGE_NEXT && exchange->match.route->oauth.len > 0) {
        return match_oauth(exchange);
    }
    if (result == STAGE_NEXT) {
        result = match_method(exchange);
    }
    if (result != STAGE_NEXT) {
        return result;
    }
    if (exchange->method == HTTP_OPTIONS) { /* a CORS preflight is not negotiated */
        exchange->media = media_negotiate(&exchange->match.route->provides, STR_EMPTY);
        exchange->language = language_negotiate(&exchange->match.route->languages, STR_EMPTY);
        return STAGE_NEXT;
    }
    return match_media(exchange);
}
