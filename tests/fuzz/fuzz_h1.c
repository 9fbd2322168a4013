/* links: http */
/* fuzz_h1.c - a request through our own front's parsers. The first byte says in pieces of which
 * size. Pieces end as the whole does; and what is accepted, written down anew by the grammar of
 * RFC 9112, is accepted again and means the same. */
#include "../support/h1_judge.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct front_limits limits = {
    .uri_max = 512, .headers_max = 4096, .header_count_max = 40};

enum { WRITTEN_MAX = 2 * H1_JUDGE_MAX };

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void put(char *out, size_t *len, struct str bytes)
{
    demand(*len + bytes.len <= WRITTEN_MAX);
    memcpy(out + *len, bytes.ptr, bytes.len);
    *len += bytes.len;
}

static void put_target(char *out, size_t *len, const struct h1_outcome *from)
{
    put(out, len, from->head.path);
    if (from->head.query.len > 0) {
        put(out, len, STR("?"));
        put(out, len, from->head.query);
    }
}

static void put_body(char *out, size_t *len, const struct h1_outcome *from)
{
    char line[24];
    struct str body = str_make(from->body, from->body_len);
    if (from->head.content_length != LENGTH_STREAM) {
        put(out, len, body);
        return;
    }
    if (body.len > 0) {
        int used = snprintf(line, sizeof(line), "%zX\r\n", body.len);
        put(out, len, str_make(line, (size_t)used));
        put(out, len, body);
        put(out, len, STR("\r\n"));
    }
    put(out, len, STR("0\r\n\r\n"));
}

static size_t write_down(char *out, const struct h1_outcome *from, bool http10)
{
    size_t len = 0;
    put(out, &len, from->head.method);
    put(out, &len, STR(" "));
    put_target(out, &len, from);
    put(out, &len, http10 ? STR(" HTTP/1.0\r\n") : STR(" HTTP/1.1\r\n"));
    for (size_t i = 0; i < from->head.header_count; i++) {
        put(out, &len, from->head.headers[i].name);
        put(out, &len, STR(":")); /* no blank: the limits must hold for it too */
        put(out, &len, from->head.headers[i].value);
        put(out, &len, STR("\r\n"));
    }
    put(out, &len, STR("\r\n"));
    put_body(out, &len, from);
    return len;
}

static void demand_same(const struct h1_outcome *a, const struct h1_outcome *b)
{
    demand(str_eq(a->head.method, b->head.method) && str_eq(a->head.path, b->head.path));
    demand(str_eq(a->head.query, b->head.query) && str_eq(a->head.host, b->head.host));
    demand(a->head.port == b->head.port && a->head.content_length == b->head.content_length);
    demand(a->head.header_count == b->head.header_count);
    for (size_t i = 0; i < a->head.header_count; i++) {
        demand(str_eq(a->head.headers[i].name, b->head.headers[i].name));
        demand(str_eq(a->head.headers[i].value, b->head.headers[i].value));
        demand(token_valid(a->head.headers[i].name));
        demand(value_valid(a->head.headers[i].value));
    }
    demand(a->body_len == b->body_len && memcmp(a->body, b->body, a->body_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct h1_outcome whole;
    static struct h1_outcome pieces;
    static char written[WRITTEN_MAX];
    if (size < 2 || size > H1_JUDGE_MAX / 2) {
        return 0;
    }
    struct str raw = str_make((const char *)data + 1, size - 1);
    h1_judge(&whole, &limits, raw, SIZE_MAX / 2);
    h1_judge(&pieces, &limits, raw, 1 + data[0] % 64);
    demand(whole.rule == pieces.rule);
    if (whole.rule != NULL) {
        return 0;
    }
    demand_same(&whole, &pieces);
    size_t len = write_down(written, &whole, whole.http10);
    if (len <= H1_JUDGE_MAX) {
        h1_judge(&pieces, &limits, str_make(written, len), SIZE_MAX / 2);
        demand(pieces.rule == NULL);
        demand_same(&whole, &pieces);
    }
    return 0;
}
