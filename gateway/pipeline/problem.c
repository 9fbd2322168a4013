#include "pipeline/problem.h"

#include "base/mem.h"
#include "payload/emit.h"

#include <stdio.h>

enum { PROBLEM_MAX = 320 << 10, DETAIL_MAX = 4096 };

unsigned http_status_of(enum err_code code)
{
    static const unsigned statuses[] = {
        [ERR_INVALID] = 400,   [ERR_UNKNOWN] = 401,     [ERR_DENIED] = 403,
        [ERR_NOT_FOUND] = 404, [ERR_CONFLICT] = 409,    [ERR_LIMIT] = 413,
        [ERR_TIMEOUT] = 504,   [ERR_UNAVAILABLE] = 503, [ERR_INTERNAL] = 500,
    };
    return (size_t)code < COUNT_OF(statuses) && statuses[code] != 0 ? statuses[code] : 500;
}

const char *http_status_title(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < COUNT_OF(titles); i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

static void put(struct emit *emit, struct str key, struct str value)
{
    emit_key(emit, key);
    emit_str(emit, value);
}

/* What others have said may be long, may have been cut inside a character, or be no text. */
static struct str presentable(struct str text, char out[DETAIL_MAX])
{
    size_t len = text.len < DETAIL_MAX ? text.len : DETAIL_MAX;
    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    struct str cut = str_sub(text, 0, len);
    if (utf8_valid(cut)) {
        return cut;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (unsigned char)text.ptr[i] < 0x80 ? text.ptr[i] : '?';
    }
    return str_make(out, len);
}

static bool is_ours(struct str name)
{
    static const struct str names[] = {
        STR_INIT("type"),        STR_INIT("title"),      STR_INIT("status"),
        STR_INIT("code"),        STR_INIT("detail"),     STR_INIT("message"),
        STR_INIT("description"), STR_INIT("request_id"), STR_INIT("instance"),
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* What of the members is added; with an `emit` it is also put. */
static uint32_t put_members(struct slice members, struct arena *arena, struct emit *emit)
{
    struct scan scan;
    struct str key = STR_EMPTY;
    struct str value = STR_EMPTY;
    uint32_t count = 0;
    if (members.bytes.len == 0 || slice_kind(members) != SCAN_MAP) {
        return 0;
    }
    scan_init(&scan, members.serializer, members.bytes, arena);
    (void)scan_enter_map(&scan);
    while (scan_key(&scan, &key) && scan_skip(&scan, &value)) {
        if (is_ours(key)) {
            continue;
        }
        count++;
        if (emit != NULL) {
            emit_key(emit, key);
            emit_slice(emit, (struct slice){members.serializer, value});
        }
    }
    return count;
}

/* False: there is no room, or a member is what JSON has no word for. */
static bool put_body(struct buf *body, struct arena *arena, const struct http_problem *problem)
{
    char spare[DETAIL_MAX];
    char spare_code[DETAIL_MAX];
    struct str detail = presentable(problem->detail, spare);
    struct str code = presentable(problem->code, spare_code);
    struct emit emit;
    struct str title = str_of(http_status_title(problem->status));
    bool has_id = problem->request_id.len > 0;
    emit_init(&emit, SERIALIZER_JSON, body);
    emit_map(&emit, 7 + (has_id ? 1u : 0u) + put_members(problem->members, arena, NULL));
    put(&emit, STR("type"), STR("about:blank"));
    put(&emit, STR("title"), title);
    emit_key(&emit, STR("status"));
    emit_u64(&emit, problem->status);
    put(&emit, STR("code"), code);
    put(&emit, STR("detail"), detail);
    put(&emit, STR("message"), title);
    put(&emit, STR("description"), detail);
    if (has_id) {
        put(&emit, STR("request_id"), problem->request_id);
    }
    (void)put_members(problem->members, arena, &emit);
    return buf_byte(body, '\n') && !emit.failed;
}

void http_problem_send(struct stream *stream, const struct http_problem *problem)
{
    struct header headers[5] = {
        {STR("content-type"), STR("application/problem+json")},
        {STR("cache-control"), STR("no-store")}, /* some statuses are kept unless that is said */
    };
    char retry_after[16];
    size_t count = 2;
    if (problem->header.name.len > 0) {
        headers[count++] = problem->header;
    }
    if (problem->status == 503 || problem->status == 429) {
        unsigned seconds = problem->retry_after_s == 0 ? 1 : problem->retry_after_s;
        (void)snprintf(retry_after, sizeof(retry_after), "%u", seconds);
        headers[count++] = (struct header){STR("retry-after"), str_of(retry_after)};
    }
    if (problem->close) {
        headers[count++] = (struct header){STR("connection"), STR("close")};
    }
    struct buf body;
    buf_init(&body, PROBLEM_MAX);
    if (!put_body(&body, &stream->arena, problem)) { /* then at least what we have to say */
        struct http_problem bare = *problem;
        bare.members = (struct slice){0};
        buf_clear(&body);
        (void)put_body(&body, &stream->arena, &bare);
    }
    stream_begin(stream, problem->status, headers, count, (int64_t)body.len);
    (void)stream_write(stream, buf_str(&body));
    stream_end(stream);
    buf_done(&body);
}
