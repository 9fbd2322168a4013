/* answer.c - an answer of the flow as HTTP. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "http/etag.h"
#include "oauth/oauth_inside.h"

#include <stdlib.h>

enum { HEADERS_MAX = 24, PAGE_BYTES_MAX = 8 * FORM_BODY_MAX };

struct headers {
    struct header items[HEADERS_MAX];
    size_t count;
};

static void put(struct headers *headers, struct str name, struct str value)
{
    if (value.len > 0 && headers->count < HEADERS_MAX) {
        headers->items[headers->count++] = (struct header){name, value};
    }
}

/* Neither kept, nor framed, nor the source of a referrer. RFC 9700, 4.2 and 4.16. */
static void put_page_headers(struct headers *headers, struct arena *arena)
{
    struct buf hash;
    buf_init(&hash, 128);
    oauth_page_style_hash(&hash);
    put(headers, STR("content-type"), STR("text/html; charset=utf-8"));
    put(headers, STR("content-security-policy"),
        arena_printf(arena,
                     "default-src 'none'; style-src " PRISTR "; frame-ancestors 'none'; "
                     "base-uri 'none'",
                     STRARG(buf_str(&hash))));
    buf_done(&hash);
    put(headers, STR("x-frame-options"), STR("DENY"));
    put(headers, STR("referrer-policy"), STR("no-referrer"));
    put(headers, STR("x-content-type-options"), STR("nosniff"));
}

static void
put_cache(struct headers *headers, struct arena *arena, const struct flow_answer *answer)
{
    if (answer->max_age_s > 0) {
        put(headers, STR("cache-control"),
            arena_printf(arena, "public, max-age=%llu", (unsigned long long)answer->max_age_s));
        return;
    }
    put(headers, STR("cache-control"), STR("no-store"));
    put(headers, STR("pragma"), STR("no-cache"));
}

static void put_all(struct headers *headers, struct arena *arena, const struct flow_call *call)
{
    const struct flow_answer *answer = &call->answer;
    put_cache(headers, arena, answer);
    put(headers, STR("www-authenticate"), answer->challenge);
    for (size_t i = 0; i < FLOW_COOKIES_MAX; i++) {
        put(headers, STR("set-cookie"), answer->set_cookies[i]);
    }
    for (size_t i = 0; i < answer->header_count; i++) {
        put(headers, answer->headers[i].name, answer->headers[i].value);
    }
    if (answer->allow_origin.len > 0) {
        put(headers, STR("access-control-allow-origin"), answer->allow_origin);
        put(headers, STR("access-control-expose-headers"), STR("www-authenticate, retry-after"));
    }
    if (flow_endpoint_shares(call->request.endpoint)) {
        put(headers, STR("vary"), STR("Origin")); /* also of what another origin must not get */
    }
    if (answer->retry_after_s > 0) {
        put(headers, STR("retry-after"), arena_printf(arena, "%u", answer->retry_after_s));
    }
}

/* Cells are found by their labels at each answer: few come in a second, compared to calls. */
static void count(const struct oauth_visit *visit, unsigned status)
{
    static const struct str classes[] = {STR_INIT("1xx"), STR_INIT("2xx"), STR_INIT("3xx"),
                                         STR_INIT("4xx"), STR_INIT("5xx")};
    struct str endpoint = flow_endpoint_name(visit->call.request.endpoint);
    if (status >= 100 && status < 600) {
        metric_add(METRIC_CELL(visit->oauth->answers, endpoint.len > 0 ? endpoint : STR("metadata"),
                               classes[status / 100 - 1]),
                   1);
    }
}

/* What may be cached has a tag to be asked about with. */
static void put_etag(struct oauth_visit *visit, struct headers *headers, struct str *body)
{
    struct hash_sha256 hash = hash_sha256(*body);
    struct buf text;
    buf_init(&text, 2 * (size_t)HASH_SHA256_SIZE);
    (void)buf_byte(&text, '"');
    (void)base64_encode(BASE64_URL, str_sub(hash_str(&hash), 0, HASH_SHA256_SIZE / 2), &text);
    (void)buf_byte(&text, '"');
    struct str etag = arena_str(visit->call.arena, buf_str(&text));
    buf_done(&text);
    put(headers, STR("etag"), etag);
    if (etag_listed(&visit->stream->head, etag)) {
        visit->call.answer.status = 304;
        *body = STR_EMPTY;
    }
}

static void send_answer(struct oauth_visit *visit, struct headers *headers, struct str body)
{
    if (visit->call.answer.max_age_s > 0) {
        put_etag(visit, headers, &body);
    }
    count(visit, visit->call.answer.status);
    stream_begin(visit->stream, visit->call.answer.status, headers->items, headers->count,
                 (int64_t)body.len);
    (void)stream_write(visit->stream, body);
    stream_end(visit->stream);
}

void oauth_answer(struct oauth_visit *visit)
{
    const struct flow_answer *answer = &visit->call.answer;
    struct headers headers = {0};
    struct buf page;
    char *text = NULL;
    buf_init(&page, PAGE_BYTES_MAX);
    switch (answer->kind) {
    case FLOW_JSON:
        put(&headers, STR("content-type"), STR("application/json"));
        text = json_dumps(answer->json, JSON_COMPACT | JSON_ENCODE_ANY);
        break;
    case FLOW_REDIRECT:
        put(&headers, STR("location"), answer->location);
        put(&headers, STR("referrer-policy"), STR("no-referrer"));
        break;
    case FLOW_PAGE:
        put_page_headers(&headers, visit->call.arena);
        oauth_page(answer->page, answer->json, &page);
        break;
    case FLOW_EMPTY:
        break;
    }
    put_all(&headers, visit->call.arena, &visit->call);
    put(&headers, visit->extra.name, visit->extra.value);
    send_answer(visit, &headers, text != NULL ? str_of(text) : buf_str(&page));
    free(text);
    buf_done(&page);
}

static bool is_for_people(enum flow_endpoint endpoint)
{
    return endpoint == FLOW_AUTHORIZE || endpoint == FLOW_DEVICE || endpoint == FLOW_LOGOUT;
}

static void release(void *json)
{
    json_decref(json);
}

void oauth_refuse(struct oauth_visit *visit,
                  unsigned status,
                  const char *text,
                  struct header header)
{
    static const char error[] = "invalid_request";
    struct flow_answer *answer = &visit->call.answer;
    answer->status = status;
    if (is_for_people(visit->call.request.endpoint)) {
        answer->kind = FLOW_PAGE;
        answer->page = PAGE_ERROR;
        answer->json = json_pack("{s:s, s:s++}", "title", "This request cannot be served", "text",
                                 "The request is not as it should be: ", text, ".");
    } else {
        answer->kind = FLOW_JSON;
        answer->json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "error", error, "error_description",
                                 text, "code", error, "message", text, "description", text);
    }
    arena_defer(visit->call.arena, release, answer->json);
    visit->extra = header;
    oauth_answer(visit);
}
