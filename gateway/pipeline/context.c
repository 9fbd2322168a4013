/* context.c - what templates see of an exchange: request, action, security (docs/spec.md).
 *
 * Nothing is built before a template asks for it. */
#include "base/mem.h"
#include "base/percent.h"
#include "pipeline/built.h"
#include "pipeline/exchange.h"

static struct str trimmed_path(const struct exchange *exchange)
{
    struct str path = exchange->path;
    if (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    return path;
}

static struct str value_of(const struct header *header, struct arena *arena)
{
    return str_eq(header->name, STR("cookie")) ? access_without_session(header->value, arena)
                                               : header->value;
}

static bool headers_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    const struct request_head *head = &exchange->stream->head;
    struct built built;
    built_begin(&built, arena);
    emit_map(&built.emit, (uint32_t)head->header_count);
    for (size_t i = 0; i < head->header_count; i++) {
        emit_key(&built.emit, head->headers[i].name);
        struct str value = value_of(&head->headers[i], arena);
        if (utf8_valid(value)) {
            emit_str(&built.emit, value);
        } else {
            emit_bin(&built.emit, value);
        }
    }
    return built_end(&built, out);
}

static bool bindings_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    struct built built;
    built_begin(&built, arena);
    emit_map(&built.emit, (uint32_t)exchange->match.param_count);
    for (size_t i = 0; i < exchange->match.param_count; i++) {
        emit_key(&built.emit, exchange->match.params[i].name);
        emit_str(&built.emit, exchange->bindings[i]);
    }
    return built_end(&built, out);
}

struct query_param {
    struct str name;
    struct str value;
    bool flag; /* no '=': true */
};

/* Of a key that comes twice the last one counts, in its first place. */
static size_t read_query(struct str query, struct arena *arena, struct query_param *out)
{
    struct str rest = query;
    struct str part = STR_EMPTY;
    size_t count = 0;
    bool more = query.len > 0;
    while (more && count < QUERY_PARAMS_MAX) {
        struct query_param param = {0};
        struct str name = STR_EMPTY;
        struct str value = STR_EMPTY;
        more = str_cut(rest, '&', &part, &rest);
        param.flag = !str_cut(part, '=', &name, &value);
        if (part.len == 0 || !percent_decode(name, true, arena, &param.name) ||
            !percent_decode(value, true, arena, &param.value)) {
            continue;
        }
        size_t at = 0;
        while (at < count && !str_eq(out[at].name, param.name)) {
            at++;
        }
        out[at] = param;
        count += at == count;
    }
    return count;
}

static bool query_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    struct query_param params[QUERY_PARAMS_MAX];
    struct built built;
    size_t count = read_query(exchange->stream->head.query, arena, params);
    built_begin(&built, arena);
    emit_map(&built.emit, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        emit_key(&built.emit, params[i].name);
        if (params[i].flag) {
            emit_bool(&built.emit, true);
        } else {
            emit_str(&built.emit, params[i].value);
        }
    }
    return built_end(&built, out);
}

static bool method_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    char lower[16] = "";
    struct str name = http_method_name(exchange->method);
    for (size_t i = 0; i < name.len && i < sizeof(lower); i++) {
        lower[i] = (char)(name.ptr[i] | 0x20);
    }
    return built_text(arena, str_make(lower, name.len), out);
}

typedef bool (*value_fn)(const struct exchange *exchange, struct arena *arena, struct slice *out);

static bool id_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    return built_text(arena, exchange->id, out);
}
static bool scheme_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    bool tls = exchange->stream->head.peer->tls;
    return built_text(arena, tls ? STR("https") : STR("http"), out);
}
static bool peername_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    char text[PEER_TEXT_SIZE];
    return built_text(arena, peer_info_text(exchange->stream->head.peer, text), out);
}
static bool path_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    return built_text(arena, trimmed_path(exchange), out);
}
static bool host_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    return built_text(arena, exchange->stream->head.host, out);
}
static bool port_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    unsigned port = exchange->stream->head.port;
    return built_number(arena, port != 0 ? port : exchange->stream->head.peer->tls ? 443 : 80, out);
}
static bool language_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    return built_text(arena, exchange->language, out);
}
static bool
query_text_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    return built_text(arena, exchange->stream->head.query, out);
}
static bool body_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    (void)arena;
    *out = exchange->body_value;
    return true;
}
static bool text_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    struct str text = buf_str(&exchange->body);
    struct built built;
    built_begin(&built, arena);
    built.buf.max = text.len + 64;
    if (utf8_valid(text)) {
        emit_str(&built.emit, text);
    } else {
        emit_bin(&built.emit, text);
    }
    return built_end(&built, out);
}
static bool
body_length_value(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    return built_number(arena, exchange->body.len, out);
}

static const struct {
    struct str name;
    value_fn value;
} request_values[] = {
    {STR_INIT("id"), id_value},
    {STR_INIT("method"), method_value},
    {STR_INIT("scheme"), scheme_value},
    {STR_INIT("peername"), peername_value},
    {STR_INIT("path"), path_value},
    {STR_INIT("host"), host_value},
    {STR_INIT("port"), port_value},
    {STR_INIT("headers"), headers_value},
    {STR_INIT("language"), language_value},
    {STR_INIT("query_string"), query_text_value},
    {STR_INIT("query_params"), query_value},
    {STR_INIT("bindings"), bindings_value},
    {STR_INIT("body"), body_value},
    {STR_INIT("text"), text_value},
    {STR_INIT("body_length"), body_length_value},
};

static bool request_value(const struct exchange *exchange,
                          struct str name,
                          struct arena *arena,
                          struct slice *out)
{
    for (size_t i = 0; i < COUNT_OF(request_values); i++) {
        if (str_eq(request_values[i].name, name)) {
            return request_values[i].value(exchange, arena, out);
        }
    }
    return false;
}

/* request.bindings.x and request.headers.x, the usual ones, without building the map. */
static bool request_member(const struct exchange *exchange,
                           const struct str *path,
                           struct arena *arena,
                           struct slice *out)
{
    if (str_eq(path[0], STR("bindings"))) {
        for (size_t i = 0; i < exchange->match.param_count; i++) {
            if (str_eq(exchange->match.params[i].name, path[1])) {
                return built_text(arena, exchange->bindings[i], out);
            }
        }
    } else if (str_eq(path[0], STR("headers"))) {
        struct str value = request_header(&exchange->stream->head, path[1]);
        const struct header header = {path[1], value};
        value = value.ptr == NULL ? value : value_of(&header, arena);
        return value.ptr != NULL && utf8_valid(value) && built_text(arena, value, out);
    }
    return false;
}

static struct slice or_empty(struct str bytes, enum serializer serializer, struct slice empty)
{
    return bytes.len == 0 ? empty : (struct slice){serializer, bytes};
}

/* What an action left behind; absent args and kwargs are [] and {}. */
static bool action_part(const struct exchange *exchange,
                        struct str name,
                        struct arena *arena,
                        struct slice *out)
{
    static const struct slice no_list = {SERIALIZER_MSGPACK, STR_INIT("\x90")};
    static const struct slice no_map = {SERIALIZER_MSGPACK, STR_INIT("\x80")};
    const struct local_reply *reply = exchange->reply;
    const struct payload *payload = &reply->payload;
    if (str_eq(name, STR("args"))) {
        *out = or_empty(payload->args, payload->serializer, no_list);
    } else if (str_eq(name, STR("kwargs"))) {
        *out = or_empty(payload->kwargs, payload->serializer, no_map);
    } else if (str_eq(name, STR("details"))) {
        *out = reply->details.bytes.len == 0 ? no_map : reply->details;
    } else if (str_eq(name, STR("error_uri")) && !reply->ok) {
        return built_text(arena, reply->error, out);
    } else if (str_eq(name, STR("status_code")) && !reply->ok) {
        return built_number(arena, exchange_error_status(exchange, reply->error), out);
    } else if (str_eq(name, STR("publication_id")) || str_eq(name, STR("request_id"))) {
        return built_number(arena, reply->request, out);
    } else {
        return false;
    }
    return true;
}

/* All parts of action.result or action.error as one map, for templates that want the whole. */
static bool action_whole(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    static const struct str names[] = {
        STR_INIT("args"),        STR_INIT("kwargs"),    STR_INIT("details"),
        STR_INIT("status_code"), STR_INIT("error_uri"),
    };
    size_t count = exchange->reply->ok ? 3 : COUNT_OF(names);
    struct built built;
    built_begin(&built, arena);
    built.buf.max = BUILT_MAX + 2 * payload_size(&exchange->reply->payload);
    emit_map(&built.emit, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        struct slice part = {0};
        (void)action_part(exchange, names[i], arena, &part);
        emit_key(&built.emit, names[i]);
        emit_slice(&built.emit, part);
    }
    return built_end(&built, out);
}

static bool lookup_request(const struct exchange *exchange,
                           const struct str *path,
                           size_t path_len,
                           struct arena *arena,
                           struct slice *out,
                           size_t *used)
{
    if (path_len >= 2 && request_member(exchange, path, arena, out)) {
        *used = 2;
        return true;
    }
    *used = 1;
    return path_len >= 1 && request_value(exchange, path[0], arena, out);
}

static bool lookup_action(const struct exchange *exchange,
                          const struct str *path,
                          size_t path_len,
                          struct arena *arena,
                          struct slice *out,
                          size_t *used)
{
    if (exchange->reply == NULL || path_len == 0) {
        return false;
    }
    struct str wanted = exchange->reply->ok ? STR("result") : STR("error");
    if (!str_eq(path[0], wanted)) {
        return false;
    }
    *used = path_len == 1 ? 1 : 2;
    return path_len == 1 ? action_whole(exchange, arena, out)
                         : action_part(exchange, path[1], arena, out);
}

static bool lookup(void *ctx,
                   enum template_root root,
                   const struct str *path,
                   size_t path_len,
                   struct arena *arena,
                   struct slice *out,
                   size_t *used)
{
    const struct exchange *exchange = ctx;
    if (root == TEMPLATE_REQUEST) {
        return lookup_request(exchange, path, path_len, arena, out, used);
    }
    if (root == TEMPLATE_ACTION) {
        return lookup_action(exchange, path, path_len, arena, out, used);
    }
    return exchange_security(exchange, path, path_len, arena, out, used);
}

const struct template_source *exchange_source(struct exchange *exchange, struct arena *arena)
{
    struct template_source *source = ARENA_NEW(arena, struct template_source);
    source->lookup = lookup;
    source->ctx = exchange;
    return source;
}
