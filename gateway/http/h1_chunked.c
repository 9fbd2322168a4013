#include "http/h1_chunked.h"

#include "base/encode.h"
#include "base/mem.h"
#include "http/h1_head.h"

#include <string.h>

enum { SIZE_DIGITS_MAX = 16 };

/* Fields about how the message is framed, routed, read or authorised (RFC 9110, 6.5.1). */
static const struct str forbidden[] = {
    STR_INIT("authorization"),
    STR_INIT("cache-control"),
    STR_INIT("connection"),
    STR_INIT("content-encoding"),
    STR_INIT("content-length"),
    STR_INIT("content-range"),
    STR_INIT("content-type"),
    STR_INIT("content_length"),
    STR_INIT("cookie"),
    STR_INIT("expect"),
    STR_INIT("forwarded"),
    STR_INIT("host"),
    STR_INIT("keep-alive"),
    STR_INIT("max-forwards"),
    STR_INIT("proxy-authorization"),
    STR_INIT("proxy-connection"),
    STR_INIT("range"),
    STR_INIT("te"),
    STR_INIT("trailer"),
    STR_INIT("transfer-encoding"),
    STR_INIT("transfer_encoding"),
    STR_INIT("upgrade"),
    STR_INIT("x-forwarded-for"),
    STR_INIT("x-forwarded-host"),
    STR_INIT("x-forwarded-proto"),
};

/* The line at the beginning of `input`, without its CRLF; `*used` 0: it is not complete. */
static enum h1_rule
take_line(struct str input, size_t max, enum h1_rule rule, struct str *line, size_t *used)
{
    const char *lf = memchr(input.ptr, '\n', input.len < max ? input.len : max);
    *used = 0;
    if (lf == NULL) {
        return input.len < max ? H1_OK : rule;
    }
    size_t len = (size_t)(lf - input.ptr);
    if (len == 0 || input.ptr[len - 1] != '\r') {
        return H1_BARE_LF;
    }
    *line = str_make(input.ptr, len - 1);
    *used = len + 1;
    return memchr(line->ptr, '\r', line->len) == NULL ? H1_OK : H1_BARE_CR;
}

static size_t skip_token(struct str s, size_t at)
{
    while (at < s.len && token_valid(str_sub(s, at, 1))) {
        at++;
    }
    return at;
}

/* A quoted string from the quote at `at` (RFC 9110, 5.6.4); 0: it is none. */
static size_t skip_quoted(struct str s, size_t at)
{
    for (at++; at < s.len && s.ptr[at] != '"'; at++) {
        at += s.ptr[at] == '\\' ? 1 : 0;
        if (at >= s.len || !value_valid(str_sub(s, at, 1))) {
            return 0;
        }
    }
    return at < s.len ? at + 1 : 0;
}

/* *( ";" name [ "=" ( token / quoted ) ] ), without the blanks that the grammar calls bad. */
static bool extensions_valid(struct str s)
{
    size_t at = 0;
    while (at < s.len) {
        size_t name = at + 1;
        at = s.ptr[at] == ';' ? skip_token(s, name) : 0;
        if (at <= name) {
            return false;
        }
        if (at < s.len && s.ptr[at] == '=') {
            size_t value = at + 1;
            bool quoted = value < s.len && s.ptr[value] == '"';
            at = quoted ? skip_quoted(s, value) : skip_token(s, value);
            if (at <= value) {
                return false;
            }
        }
    }
    return true;
}

static enum h1_rule read_size(struct str line, uint64_t *out, size_t *digits)
{
    uint64_t size = 0;
    size_t at = 0;
    for (; at < line.len && hex_digit(line.ptr[at]) >= 0; at++) {
        if (at == SIZE_DIGITS_MAX) {
            return H1_CHUNK_OVERFLOW;
        }
        size = size * 16 + (uint64_t)hex_digit(line.ptr[at]);
    }
    *out = size;
    *digits = at;
    return at == 0 ? H1_CHUNK_SIZE : size > INT64_MAX ? H1_CHUNK_OVERFLOW : H1_OK;
}

static enum h1_rule take_head(struct h1_chunked *body, struct str input, size_t *used)
{
    struct str line = STR_EMPTY;
    size_t digits = 0;
    enum h1_rule rule = take_line(input, H1_CHUNK_LINE_MAX, H1_CHUNK_LINE, &line, used);
    if (rule != H1_OK || *used == 0) {
        return rule;
    }
    rule = read_size(line, &body->left, &digits);
    if (rule != H1_OK) {
        return rule;
    }
    struct str extensions = str_from(line, digits);
    if (extensions.len > 0 && extensions.ptr[0] != ';') {
        return H1_CHUNK_SIZE;
    }
    if (!extensions_valid(extensions)) {
        return H1_CHUNK_EXTENSION;
    }
    body->extensions += (uint32_t)extensions.len;
    body->state = body->left == 0 ? H1_CHUNK_TRAILER : H1_CHUNK_DATA;
    return body->extensions > H1_EXTENSIONS_MAX ? H1_CHUNK_EXTENSIONS_LENGTH : H1_OK;
}

static void take_data(struct h1_chunked *body, struct str input, size_t *used, struct str *data)
{
    *data = input.len < body->left ? input : str_sub(input, 0, (size_t)body->left);
    *used = data->len;
    body->left -= data->len;
    if (body->left == 0) {
        body->state = H1_CHUNK_CRLF;
    }
}

static enum h1_rule take_crlf(struct h1_chunked *body, struct str input, size_t *used)
{
    if ((input.len > 0 && input.ptr[0] != '\r') || (input.len > 1 && input.ptr[1] != '\n')) {
        return H1_CHUNK_END;
    }
    if (input.len > 1) {
        *used = 2;
        body->state = H1_CHUNK_HEAD;
    }
    return H1_OK;
}

static enum h1_rule check_trailer(struct str line)
{
    char copy[H1_TRAILERS_MAX];
    struct header field = {STR_INIT(""), STR_INIT("")};
    memcpy(copy, line.ptr, line.len);
    if (h1_parse_field(copy, line.len, &field) != H1_OK) {
        return H1_TRAILER;
    }
    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        if (str_eq(field.name, forbidden[i])) {
            return H1_FORBIDDEN_TRAILER;
        }
    }
    return H1_OK;
}

static enum h1_rule take_trailer(struct h1_chunked *body, struct str input, size_t *used)
{
    struct str line = STR_EMPTY;
    size_t room = H1_TRAILERS_MAX - body->trailers;
    enum h1_rule rule = take_line(input, room, H1_TRAILERS_LENGTH, &line, used);
    if (rule != H1_OK || *used == 0) {
        return rule;
    }
    body->trailers += (uint32_t)*used;
    if (line.len == 0) {
        body->state = H1_CHUNK_DONE;
        return H1_OK;
    }
    return check_trailer(line);
}

enum h1_rule
h1_chunked_next(struct h1_chunked *body, struct str input, size_t *used, struct str *data)
{
    *used = 0;
    *data = STR_EMPTY;
    switch (body->state) {
    case H1_CHUNK_HEAD:
        return take_head(body, input, used);
    case H1_CHUNK_DATA:
        take_data(body, input, used, data);
        return H1_OK;
    case H1_CHUNK_CRLF:
        return take_crlf(body, input, used);
    case H1_CHUNK_TRAILER:
        return take_trailer(body, input, used);
    case H1_CHUNK_DONE:
        break;
    }
    return H1_OK;
}
