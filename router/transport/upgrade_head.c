/* upgrade_head.c - reads the head of an upgrade line by line, then judges its fields. */
#include "transport/upgrade_head.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "wamp/subprotocol.h"

#include <string.h>

/* The header fields that decide, and none of which may come twice. */
#define FIELD_MAP(X)                      \
    X(HOST, "host")                       \
    X(UPGRADE, "upgrade")                 \
    X(CONNECTION, "connection")           \
    X(KEY, "sec-websocket-key")           \
    X(VERSION, "sec-websocket-version")   \
    X(PROTOCOL, "sec-websocket-protocol") \
    X(ORIGIN, "origin")                   \
    X(AUTHORIZATION, "authorization")     \
    X(COOKIE, "cookie")                   \
    X(LENGTH, "content-length")           \
    X(ENCODING, "transfer-encoding")

enum field {
#define FIELD_ENUM(name, text) FIELD_##name,
    FIELD_MAP(FIELD_ENUM)
#undef FIELD_ENUM
        FIELDS
};

static const struct str field_names[FIELDS] = {
#define FIELD_NAME(name, text) STR_INIT(text),
    FIELD_MAP(FIELD_NAME)
#undef FIELD_NAME
};

struct fields {
    struct str value[FIELDS];
    bool present[FIELDS];
};

static struct upgrade_verdict refuse(unsigned status, const char *detail)
{
    return (struct upgrade_verdict){.status = status, .detail = detail};
}

static const struct upgrade_verdict fine = {.status = UPGRADE_ACCEPTED};

size_t upgrade_head_end(struct str bytes, size_t from)
{
    if (from >= bytes.len) {
        return 0;
    }
    const char *end = memmem(bytes.ptr + from, bytes.len - from, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end - bytes.ptr) + 4;
}

/* The next line without its CRLF; false when a bare CR or LF, NUL or control is in it. */
static bool next_line(struct str *rest, struct str *line)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != '\r') {
        unsigned char c = (unsigned char)rest->ptr[len];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
        len++;
    }
    if (len + 1 >= rest->len || rest->ptr[len + 1] != '\n') {
        return false;
    }
    *line = str_sub(*rest, 0, len);
    *rest = str_from(*rest, len + 2);
    return true;
}

static bool is_token(struct str s)
{
    static const char more[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && (c == '\0' || strchr(more, c) == NULL)) {
            return false;
        }
    }
    return s.len > 0;
}

/* "GET /ws HTTP/1.1", with or without a query. */
static struct upgrade_verdict judge_request_line(struct str line)
{
    struct str method;
    struct str target;
    struct str version;
    if (!str_cut(line, ' ', &method, &target) || !str_cut(target, ' ', &target, &version)) {
        return refuse(400, "the request line is malformed");
    }
    if (!str_eq(method, STR("GET"))) {
        return refuse(405, "a WebSocket is opened with GET");
    }
    if (!str_starts(version, STR("HTTP/1."))) {
        return refuse(400, "the request line is malformed");
    }
    if (!str_eq(version, STR("HTTP/1.1"))) {
        return refuse(505, "a WebSocket needs HTTP/1.1");
    }
    for (size_t i = 0; i < target.len; i++) {
        if ((unsigned char)target.ptr[i] <= ' ' || (unsigned char)target.ptr[i] >= 0x7f) {
            return refuse(400, "the request target is malformed");
        }
    }
    if (!str_eq(target, STR("/ws")) && !str_starts(target, STR("/ws?"))) {
        return refuse(404, "nothing is served here");
    }
    return fine;
}

static struct upgrade_verdict read_field(struct str line, struct fields *fields)
{
    struct str name;
    struct str value;
    if (!str_cut(line, ':', &name, &value) || !is_token(name)) {
        return refuse(400, "a header line is malformed");
    }
    for (size_t i = 0; i < FIELDS; i++) {
        if (str_eq_nocase(name, field_names[i])) {
            if (fields->present[i]) {
                return refuse(400, "a header that may come once came twice");
            }
            fields->present[i] = true;
            fields->value[i] = str_trim(value);
            break;
        }
    }
    return fine;
}

static struct upgrade_verdict read_head(struct str head, struct fields *fields)
{
    struct str line;
    if (!next_line(&head, &line)) {
        return refuse(400, "the request line is malformed");
    }
    struct upgrade_verdict verdict = judge_request_line(line);
    while (verdict.status == UPGRADE_ACCEPTED) {
        if (!next_line(&head, &line)) {
            return refuse(400, "a header line is malformed");
        }
        if (line.len == 0) {
            break;
        }
        verdict = read_field(line, fields);
    }
    return verdict;
}

/* Is `wanted` in the comma-separated list? */
static bool list_has(struct str list, struct str wanted)
{
    bool more = true;
    while (more) {
        struct str item;
        more = str_cut(list, ',', &item, &list);
        if (str_eq_nocase(str_trim(item), wanted)) {
            return true;
        }
    }
    return false;
}

/* That of the first name in the client's list that is ours; SERIALIZER_NONE: none is. */
static enum serializer choose_serializer(struct str list)
{
    enum serializer chosen = SERIALIZER_NONE;
    bool more = true;
    while (more && chosen == SERIALIZER_NONE) {
        struct str item;
        more = str_cut(list, ',', &item, &list);
        chosen = subprotocol_find(str_trim(item));
    }
    return chosen;
}

/* The token of "Bearer token"; empty for any other scheme. */
static struct str bearer_of(struct str authorization)
{
    struct str scheme;
    struct str token;
    bool bearer =
        str_cut(authorization, ' ', &scheme, &token) && str_eq_nocase(scheme, STR("bearer"));
    return bearer ? str_trim(token) : STR_EMPTY;
}

/* 16 bytes in base64. */
static bool key_valid(struct str key)
{
    struct buf decoded;
    buf_init(&decoded, 24);
    bool valid =
        key.len == 24 && base64_decode(BASE64_STANDARD, key, &decoded) && decoded.len == 16;
    buf_done(&decoded);
    return valid;
}

/* "https://host:port" for a Host of "host:port". */
static bool own_origin(struct str origin, struct str host)
{
    static const struct str schemes[] = {STR_INIT("http://"), STR_INIT("https://")};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (str_starts(origin, schemes[i])) {
            return str_eq_nocase(str_from(origin, schemes[i].len), host);
        }
    }
    return false;
}

static bool origin_allowed(const struct fields *fields, const struct upgrade_rules *rules)
{
    struct str origin = fields->value[FIELD_ORIGIN];
    if (!fields->present[FIELD_ORIGIN]) {
        return true; /* not a browser */
    }
    if (rules->own_origin && !own_origin(origin, fields->value[FIELD_HOST])) {
        return false;
    }
    for (size_t i = 0; i < rules->origin_count; i++) {
        if (str_eq_nocase(origin, rules->origins[i])) {
            return true;
        }
    }
    return rules->origin_count == 0;
}

static struct upgrade_verdict judge_fields(const struct fields *fields,
                                           const struct upgrade_rules *rules)
{
    const struct str *value = fields->value;
    bool body = fields->present[FIELD_ENCODING] ||
                (fields->present[FIELD_LENGTH] && !str_eq(value[FIELD_LENGTH], STR("0")));
    if (!fields->present[FIELD_HOST] || value[FIELD_HOST].len == 0) {
        return refuse(400, "the Host header is missing");
    }
    if (body) {
        return refuse(400, "a WebSocket is opened without a request body");
    }
    if (!fields->present[FIELD_UPGRADE]) {
        return refuse(426, "this is a WebSocket end point");
    }
    if (!str_eq_nocase(value[FIELD_UPGRADE], STR("websocket")) ||
        !list_has(value[FIELD_CONNECTION], STR("upgrade"))) {
        return refuse(400, "the request is no WebSocket upgrade");
    }
    if (!str_eq(value[FIELD_VERSION], STR("13"))) {
        return refuse(426, "only version 13 of the WebSocket protocol is spoken");
    }
    if (!key_valid(value[FIELD_KEY])) {
        return refuse(400, "Sec-WebSocket-Key is missing or malformed");
    }
    enum serializer chosen = choose_serializer(value[FIELD_PROTOCOL]);
    if (chosen == SERIALIZER_NONE && !(rules->any_kind && !fields->present[FIELD_PROTOCOL])) {
        return refuse(400, "Sec-WebSocket-Protocol must offer " SUBPROTOCOL_JSON
                           ", " SUBPROTOCOL_MSGPACK " or " SUBPROTOCOL_CBOR);
    }
    if (!origin_allowed(fields, rules)) {
        return refuse(403, "this origin is not allowed");
    }
    return (struct upgrade_verdict){
        .status = UPGRADE_ACCEPTED,
        .key = value[FIELD_KEY],
        .subprotocol = subprotocol_name(chosen),
        .serializer = chosen,
        .bearer = bearer_of(value[FIELD_AUTHORIZATION]),
        .cookie = fields->present[FIELD_COOKIE] ? value[FIELD_COOKIE] : STR_EMPTY,
    };
}

struct upgrade_verdict upgrade_judge(struct str head, const struct upgrade_rules *rules)
{
    struct fields fields = {0};
    struct upgrade_verdict verdict = read_head(head, &fields);
    return verdict.status == UPGRADE_ACCEPTED ? judge_fields(&fields, rules) : verdict;
}
