/* reply.c - result or error -> status, headers, body (docs/spec.md). */
#include "pipeline/answer.h"
#include "pipeline/exchange.h"
#include "pipeline/media.h"

enum { SCRATCH_ANSWER = 2 };

static bool render_header_map(struct answer *answer, const struct template *map)
{
    struct slice value = {0};
    if (!template_slice(map, &answer->run, &value)) {
        return false;
    }
    struct scan scan;
    struct str name = STR_EMPTY;
    struct str text = STR_EMPTY;
    scan_init(&scan, value.serializer, value.bytes, answer->run.arena);
    (void)scan_enter_map(&scan);
    while (scan_key(&scan, &name)) {
        if (scan_peek(&scan) == SCAN_STRING && scan_str(&scan, &text)) {
            answer_put_header(answer, name, text);
        } else {
            (void)scan_skip(&scan, NULL);
        }
    }
    return true;
}

static bool render_headers(struct answer *answer, const struct response_template *template)
{
    for (size_t i = 0; i < template->header_count; i++) {
        struct str value = STR_EMPTY;
        if (!template_text(template->headers[i].value, &answer->run, &value)) {
            return false;
        }
        if (value.len > 0) { /* a header that says nothing is none */
            answer_put_header(answer, template->headers[i].name, value);
        }
    }
    return template->header_map == NULL || render_header_map(answer, template->header_map);
}

/* A body that is neither JSON nor MsgPack is sent as the text it is. */
static bool render_raw(struct answer *answer, struct slice value)
{
    struct scan scan;
    struct str text = STR_EMPTY;
    scan_init(&scan, value.serializer, value.bytes, answer->run.arena);
    if (scan_peek(&scan) == SCAN_STRING && scan_str(&scan, &text)) {
        return buf_append(answer->body, text);
    }
    struct emit emit;
    emit_init(&emit, SERIALIZER_JSON, answer->body);
    emit_slice(&emit, value);
    return !emit.failed && !answer->body->full;
}

/* The map without its status_code, which has become the status. */
static bool emit_without_status(struct emit *emit, struct slice map, struct arena *arena)
{
    struct scan scan;
    struct str key = STR_EMPTY;
    struct str value = STR_EMPTY;
    uint32_t kept = 0;
    scan_init(&scan, map.serializer, map.bytes, arena);
    (void)scan_enter_map(&scan);
    while (scan_key(&scan, &key) && scan_skip(&scan, NULL)) {
        kept += !str_eq(key, STR("status_code"));
    }
    emit_map(emit, kept);
    scan_init(&scan, map.serializer, map.bytes, arena);
    (void)scan_enter_map(&scan);
    while (scan_key(&scan, &key)) {
        (void)scan_skip(&scan, &value);
        if (!str_eq(key, STR("status_code"))) {
            emit_key(emit, key);
            emit_slice(emit, (struct slice){map.serializer, value});
        }
    }
    return !scan_failed(&scan);
}

static bool status_from(struct slice value, unsigned *out)
{
    struct scan scan;
    int64_t status = 0;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    if (value.serializer == SERIALIZER_NONE || !scan_i64(&scan, &status) || status < 200 ||
        status > 599) {
        return false;
    }
    *out = (unsigned)status;
    return true;
}

static struct str text_of(struct slice value, struct arena *arena)
{
    struct str text = STR_EMPTY;
    struct scan scan;
    if (value.serializer != SERIALIZER_NONE && slice_kind(value) == SCAN_STRING) {
        scan_init(&scan, value.serializer, value.bytes, arena);
        (void)scan_str(&scan, &text);
    }
    return text;
}

static struct slice slice_get_of_map(struct slice value, struct str key)
{
    return slice_kind(value) == SCAN_MAP ? slice_get(value, key) : (struct slice){0};
}

static bool render_value(struct answer *answer, struct str media, struct slice value, bool error)
{
    enum serializer serializer = media_serializer(media);
    unsigned status = 0;
    struct emit emit;
    if (slice_is_empty_text(value)) {
        return true;
    }
    if (serializer == SERIALIZER_NONE && !error) {
        return render_raw(answer, value);
    }
    if (serializer == SERIALIZER_NONE) { /* errors are always JSON or MsgPack */
        serializer = SERIALIZER_JSON;
        answer->media = MEDIA_JSON;
    }
    if (error) {
        answer->code = text_of(slice_get_of_map(value, STR("code")), answer->run.arena);
    }
    emit_init(&emit, serializer, answer->body);
    if (error && slice_kind(value) == SCAN_MAP &&
        status_from(slice_get(value, STR("status_code")), &status)) {
        answer->status = answer->status == 0 ? status : answer->status;
        return emit_without_status(&emit, value, answer->run.arena) && !emit.failed;
    }
    emit_slice(&emit, value);
    return !emit.failed;
}

/* The usual body, a tree with expressions in it, is written straight in its final form. */
static bool render_body(struct exchange *exchange,
                        struct answer *answer,
                        const struct response_template *template,
                        bool error)
{
    struct slice value = {0};
    enum serializer serializer = media_serializer(exchange->media);
    if (!error && serializer != SERIALIZER_NONE && !template_constant(template->body, &value)) {
        struct emit emit;
        emit_init(&emit, serializer, answer->body);
        if (!template_emit(template->body, &answer->run, &emit) || emit.failed) {
            if (answer->run.err.code == ERR_NONE) {
                (void)err_set(&answer->run.err, ERR_INTERNAL, "the result cannot be encoded");
            }
            return false;
        }
        if (slice_is_empty_text((struct slice){serializer, buf_str(answer->body)})) {
            buf_clear(answer->body);
        }
        return true;
    }
    if (value.serializer == SERIALIZER_NONE &&
        !template_slice(template->body, &answer->run, &value)) {
        return false;
    }
    return render_value(answer, exchange->media, value, error) ||
           err_set(&answer->run.err, ERR_INTERNAL, "the body cannot be encoded");
}

static bool render_status(struct answer *answer, const struct response_template *template)
{
    int64_t status = 0;
    if (template->status_code == NULL) {
        return true;
    }
    if (!template_integer(template->status_code, &answer->run, &status)) {
        return false;
    }
    if (status < 200 || status > 599) {
        return err_set(&answer->run.err, ERR_INVALID, "status_code became %lld, not 200 to 599",
                       (long long)status);
    }
    answer->status = (unsigned)status;
    return true;
}

static bool render_all(struct exchange *exchange,
                       struct answer *answer,
                       const struct response_template *template,
                       bool error)
{
    return render_headers(answer, template) && render_status(answer, template) &&
           render_body(exchange, answer, template, error) &&
           (template->uri == NULL || template_text(template->uri, &answer->run, &answer->location));
}

/* (1) the template's, (2) the body's status_code are known by now; (3) the body's code, (4) the
 * error's URI. */
static unsigned error_status(const struct exchange *exchange, const struct answer *answer)
{
    unsigned status = 500;
    if (answer->code.len > 0 && exchange_status_known(exchange, answer->code, &status)) {
        return status;
    }
    return exchange_error_status(exchange, exchange->reply->error);
}

static unsigned result_status(const struct exchange *exchange, const struct answer *answer)
{
    bool created = answer->location.len > 0 || (exchange->match.route->is_collection &&
                                                answer_has_header(answer, STR("location")));
    bool empty = answer->body->len == 0;
    switch (exchange->method) {
    case HTTP_POST:
        return created ? 201 : empty ? 204 : 200;
    case HTTP_PUT:
    case HTTP_PATCH:
        return empty ? 204 : 200;
    case HTTP_DELETE:
        return 204;
    default:
        return 200;
    }
}

static void send_answer(struct exchange *exchange, struct answer *answer)
{
    if (!exchange_finish(exchange, EXCHANGE_ANSWERED, answer->status)) {
        return;
    }
    bool bodiless = answer->status == 204 || answer->status == 304;
    struct str body = bodiless ? STR_EMPTY : buf_str(answer->body);
    if (answer->location.len > 0) {
        answer_put_header(answer, STR("location"), answer->location);
    }
    if (body.len > 0 && !answer_has_header(answer, STR("content-type"))) {
        if (media_serializer(answer->media) == SERIALIZER_JSON) {
            answer_add_header(answer, STR("content-type"), STR("application/json; charset=utf-8"));
        } else {
            answer_put_header(answer, STR("content-type"), answer->media);
        }
    }
    if (exchange->match.route->languages.count > 1) {
        answer_put_header(answer, STR("content-language"), exchange->language);
    }
    if ((answer->status == 503 || answer->status == 429) &&
        !answer_has_header(answer, STR("retry-after"))) {
        answer_add_header(answer, STR("retry-after"), STR("1"));
    }
    stream_begin(exchange->stream, answer->status, answer->headers, answer->header_count,
                 (int64_t)body.len);
    (void)stream_write(exchange->stream, body);
    stream_end(exchange->stream);
}

static struct str first_text(const struct payload *payload, struct arena *arena)
{
    struct slice args = {payload->serializer, payload->args};
    return payload->args.len == 0 ? STR_EMPTY : text_of(slice_nth(args, 0), arena);
}

static enum stage_result reply_broken_template(struct exchange *exchange, const struct err *err)
{
    return exchange_refuse(exchange, 500, STR("bondy.error.http_gateway.invalid_expression"), "%s",
                           err->text);
}

/* The spec says nothing about this error: the table of statuses and a problem do. */
static enum stage_result reply_default_error(struct exchange *exchange, struct answer *answer)
{
    const struct local_reply *reply = exchange->reply;
    const struct template *members = exchange->operation->on_error.problem;
    struct str text = first_text(&reply->payload, exchange->arena);
    struct http_problem problem = {
        .status =
            answer->status != 0 ? answer->status : exchange_error_status(exchange, reply->error),
        .code = reply->error,
        .detail = text.len > 0 ? text : reply->error,
    };
    if (exchange->lacks.len > 0) {
        problem.code = STR("insufficient_scope");
        problem.header = (struct header){STR("www-authenticate"),
                                         exchange_scope_challenge(exchange, exchange->lacks)};
    }
    if (members != NULL && !template_slice(members, &answer->run, &problem.members)) {
        return reply_broken_template(exchange, &answer->run.err);
    }
    return exchange_fail(exchange, &problem);
}

static enum stage_result reply_options(struct exchange *exchange, struct answer *answer)
{
    answer_put_header(answer, STR("allow"), exchange->match.route->allow);
    if (answer_has_header(answer, STR("access-control-allow-methods"))) {
        answer_put_header(answer, STR("access-control-allow-methods"),
                          exchange->match.route->allow);
    }
    answer->status = answer->status == 0 ? 200 : answer->status;
    send_answer(exchange, answer);
    return STAGE_DONE;
}

enum stage_result reply_stage(struct exchange *exchange)
{
    exchange_reserve(exchange);
    const struct operation *operation = exchange->operation;
    bool error = exchange->reply != NULL && !exchange->reply->ok;
    const struct response_template *template = error ? &operation->on_error : &operation->on_result;
    struct answer answer;
    answer_init(&answer, &pipeline_mine(exchange->pipeline)->scratch[SCRATCH_ANSWER],
                exchange->media);
    template_run_init(&answer.run, exchange_source(exchange, exchange->arena), exchange->arena,
                      exchange->pipeline->options.output_max);
    buf_clear(answer.body);
    if (error && exchange_scope_lacks(exchange, &exchange->lacks)) {
        answer_put_header(&answer, STR("www-authenticate"),
                          exchange_scope_challenge(exchange, exchange->lacks));
    }
    if (!render_all(exchange, &answer, template, error)) {
        return reply_broken_template(exchange, &answer.run.err);
    }
    if (answer.body->full || answer.headers_full) {
        (void)err_set(&answer.run.err, ERR_LIMIT, "%s",
                      answer.body->full ? "the answer is larger than template.output_max"
                                        : "the answer's headers are more than 8 KiB, or than 64");
        return reply_broken_template(exchange, &answer.run.err);
    }
    if (exchange->method == HTTP_OPTIONS) {
        return reply_options(exchange, &answer);
    }
    bool plain = answer.body->len == 0 && (answer.status == 0 || template->problem != NULL);
    if (error && plain) {
        return reply_default_error(exchange, &answer);
    }
    if (answer.status == 0) {
        answer.status = error ? error_status(exchange, &answer) : result_status(exchange, &answer);
    }
    send_answer(exchange, &answer);
    return STAGE_DONE;
}
