/* bind.c - the body read, checked and made a value. */
#include "base/mem.h"
#include "document/document.h"
#include "pipeline/built.h"
#include "pipeline/exchange.h"
#include "pipeline/media.h"
#include "pipeline/reading.h"

/* {type, content}: what is neither JSON nor MsgPack travels wrapped. */
static bool
wrapped_value(struct arena *arena, struct str type, struct str content, struct slice *out)
{
    struct built built;
    built_begin(&built, arena);
    built.buf.max = content.len + type.len + 64;
    emit_map(&built.emit, 2);
    emit_key(&built.emit, STR("type"));
    emit_str(&built.emit, type);
    emit_key(&built.emit, STR("content"));
    if (utf8_valid(content)) {
        emit_str(&built.emit, content);
    } else {
        emit_bin(&built.emit, content);
    }
    return built_end(&built, out);
}

static void position_of(struct str text, size_t offset, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        bool newline = text.ptr[i] == '\n';
        *line += newline;
        *column = newline ? 1 : *column + 1;
    }
}

static enum stage_result refuse_body(struct exchange *exchange,
                                     enum serializer serializer,
                                     const char *problem,
                                     size_t offset)
{
    unsigned line = 0;
    unsigned column = 0;
    position_of(buf_str(&exchange->body), offset, &line, &column);
    return exchange_refuse(exchange, 400, STR("bondy.error.invalid_data"),
                           "the body is not valid %s: %s at line %u, column %u (byte %zu)",
                           serializer == SERIALIZER_JSON ? "JSON" : "MsgPack", problem, line,
                           column, offset);
}

/* What the pool has made of it. */
static enum stage_result take_reading(struct exchange *exchange, enum serializer serializer)
{
    const struct reading_outcome outcome = reading_outcome(exchange);
    if (outcome.problem != NULL) {
        return refuse_body(exchange, serializer, outcome.problem, outcome.offset);
    }
    exchange->body_value = outcome.value;
    return STAGE_NEXT;
}

static enum stage_result check_body(struct exchange *exchange, enum serializer serializer)
{
    struct jobs *jobs = exchange->pipeline->options.jobs;
    const char *problem = NULL;
    size_t offset = 0;
    if (exchange->body.len >= READING_FROM && jobs != NULL) {
        return reading_begin(exchange, jobs, serializer)
                   ? STAGE_WAIT
                   : exchange_refuse(exchange, 503, STR("http.too_busy"),
                                     "as many jobs wait as node.jobs_queue allows");
    }
    exchange->body_value = (struct slice){serializer, buf_str(&exchange->body)};
    return slice_valid(exchange->body_value, &problem, &offset)
               ? STAGE_NEXT
               : refuse_body(exchange, serializer, problem, offset);
}

enum { YAML_BYTES_MAX = 1 << 20, YAML_NODES_MAX = 50000 };

/* The document's value, as the JSON that it stands for. */
static enum stage_result bind_yaml(struct exchange *exchange)
{
    const struct document_limits limits = {.bytes = YAML_BYTES_MAX, .nodes = YAML_NODES_MAX};
    struct document_problem problem = {0};
    struct document *document =
        document_parse(buf_str(&exchange->body), DOCUMENT_YAML, &limits, &problem);
    if (document == NULL) {
        return exchange_refuse(exchange, 400, STR("bondy.error.invalid_data"),
                               "the body is not valid YAML: %s at line %u, column %u", problem.text,
                               problem.line, problem.column);
    }
    char *text = json_dumps(document_root(document), JSON_COMPACT | JSON_ENCODE_ANY);
    struct str json = str_of(text);
    bool room = text != NULL && arena_room(exchange->arena, json.len + 4096);
    if (room) {
        exchange->body_value = (struct slice){SERIALIZER_JSON, arena_str(exchange->arena, json)};
    }
    mem_free(text);
    document_free(document);
    return room ? STAGE_NEXT
                : exchange_refuse(exchange, 413, STR("http.body_too_large"),
                                  "what the body stands for is too large");
}

/* Where any type is accepted, what is not in the list is read as its first. */
static struct str body_type(const struct exchange *exchange)
{
    const struct media_list *accepts = &exchange->match.route->accepts;
    struct str type = media_type(request_header(&exchange->stream->head, STR("content-type")));
    bool listed = media_listed(accepts, type) || !media_listed(accepts, MEDIA_ANY);
    return listed ? type : accepts->types[0];
}

static enum stage_result bind_body(struct exchange *exchange)
{
    struct str type = body_type(exchange);
    enum serializer serializer = media_serializer(type);
    if (exchange->operation->body_as_text) {
        return STAGE_NEXT;
    }
    if (exchange->body.len == 0) {
        exchange->body_value = (struct slice){SERIALIZER_MSGPACK, STR("\xa0")}; /* "" */
        return STAGE_NEXT;
    }
    if (exchange->reading != NULL) {
        return take_reading(exchange, serializer);
    }
    if (serializer != SERIALIZER_NONE) {
        return check_body(exchange, serializer);
    }
    if (media_is_yaml(type)) {
        return bind_yaml(exchange);
    }
    if (!arena_room(exchange->arena, exchange->body.len + 4096) ||
        !wrapped_value(exchange->arena, type, buf_str(&exchange->body), &exchange->body_value)) {
        return exchange_refuse(exchange, 413, STR("http.body_too_large"),
                               "the body is too large to be wrapped");
    }
    return STAGE_NEXT;
}

enum { KEYS_ROOM = 64 << 10 };

/* A member that the operation does not take, or takes once: in `key`. */
static bool strange_member(const struct exchange *exchange, struct arena *scratch, struct str *key)
{
    const struct name_list *known = exchange->operation->takes;
    const struct slice body = exchange->body_value;
    bool *seen = ARENA_ARRAY(scratch, bool, known->count);
    struct scan scan;
    scan_init(&scan, body.serializer, body.bytes, scratch);
    (void)scan_enter_map(&scan);
    while (scan_key(&scan, key)) {
        size_t at = 0;
        while (at < known->count && !str_eq(known->names[at], *key)) {
            at++;
        }
        if (at == known->count || seen[at]) {
            return true;
        }
        seen[at] = true;
        (void)scan_skip(&scan, NULL);
    }
    *key = STR("(none)");
    return scan_failed(&scan); /* keys of MsgPack that are no text */
}

/* No body is checked by `requires`. */
static enum stage_result check_strangers(struct exchange *exchange)
{
    struct str key = STR_EMPTY;
    if (exchange->operation->takes == NULL || exchange->body.len == 0) {
        return STAGE_NEXT;
    }
    if (slice_kind(exchange->body_value) != SCAN_MAP) {
        return exchange_refuse(exchange, 400, STR("bondy.error.invalid_data"),
                               "the body must be an object");
    }
    struct arena scratch;
    arena_init(&scratch, 2 * exchange->body_value.bytes.len + KEYS_ROOM);
    enum stage_result result =
        !strange_member(exchange, &scratch, &key)
            ? STAGE_NEXT
            : exchange_refuse(exchange, 400, STR("bondy.error.invalid_data"),
                              "the key '" PRISTR "' is unknown, or there twice",
                              STRARG(str_sub(key, 0, 64)));
    arena_done(&scratch);
    return result;
}

/* What the operation wants the body to be, before templates look for it. */
static enum stage_result check_members(struct exchange *exchange)
{
    const struct name_list *wanted = exchange->operation->requires;
    if (wanted == NULL) {
        return STAGE_NEXT;
    }
    if (slice_kind(exchange->body_value) != SCAN_MAP) {
        return exchange_refuse(exchange, 400, STR("bondy.error.invalid_data"),
                               "the body must be an object");
    }
    for (size_t i = 0; i < wanted->count; i++) {
        if (slice_get(exchange->body_value, wanted->names[i]).serializer == SERIALIZER_NONE) {
            return exchange_refuse(exchange, 400, STR("bondy.error.missing_required_value"),
                                   "A value for '" PRISTR "' is required.",
                                   STRARG(wanted->names[i]));
        }
    }
    return STAGE_NEXT;
}

enum stage_result bind_stage(struct exchange *exchange)
{
    const struct request_head *head = &exchange->stream->head;
    size_t max = exchange->operation->body_max;
    if (exchange->body_complete) {
        enum stage_result bound = bind_body(exchange);
        bound = bound == STAGE_NEXT ? check_strangers(exchange) : bound;
        return bound == STAGE_NEXT ? check_members(exchange) : bound;
    }
    if (max > exchange->pipeline->options.body_max) {
        max = exchange->pipeline->options.body_max;
    }
    exchange->body_max = max;
    if (head->content_length > 0 && (uint64_t)head->content_length > max) {
        return exchange_fail(
            exchange, &(struct http_problem){
                          .status = 413,
                          .code = STR("http.body_too_large"),
                          .detail = arena_printf(
                              exchange->arena, "the body has %llu bytes, this path takes %llu",
                              (unsigned long long)head->content_length, (unsigned long long)max),
                          .close = true,
                      });
    }
    timer_start(&exchange->deadline, exchange->pipeline->options.body_timeout_ms);
    return STAGE_WAIT;
}
