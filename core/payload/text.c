/* text.c - UTF-8 and the inside of JSON strings, where they are not plain ASCII. */
#include "base/utf8.h"
#include "payload/scan_inside.h"

bool utf8_valid(struct str text)
{
    if (text_ascii(text.ptr, text.len)) {
        return true;
    }
    while (text.len > 0) {
        size_t step = utf8_len(text);
        if (step == 0) {
            return false;
        }
        text = str_make(text.ptr + step, text.len - step);
    }
    return true;
}

static uint32_t hex_value(char c)
{
    return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static uint32_t hex4(const char *at)
{
    return hex_value(at[0]) << 12 | hex_value(at[1]) << 8 | hex_value(at[2]) << 4 |
           hex_value(at[3]);
}

static size_t utf8_put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* One escape, which begins at `*at`; out has room for 4 bytes. */
static size_t decode_escape(const char **at, char *out)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *here = *at;
    if (here[1] != 'u') {
        *out = plain[(unsigned char)here[1] & 127];
        *at = here + 2;
        return 1;
    }
    uint32_t code = hex4(here + 2);
    *at = here + 6;
    if (code >= 0xd800 && code < 0xdc00) {
        code = 0x10000 + ((code & 0x3ff) << 10 | (hex4(here + 8) & 0x3ff));
        *at = here + 12;
    }
    return utf8_put(code, out);
}

size_t text_decode(struct str body, char *out)
{
    const char *at = body.ptr;
    const char *end = body.ptr + body.len;
    char *to = out;
    while (at < end) {
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((stop == NULL ? end : stop) - at);
        memcpy(to, at, plain);
        to += plain;
        at += plain;
        if (at < end) {
            to += decode_escape(&at, to);
        }
    }
    return (size_t)(to - out);
}

size_t text_decoded_len(struct str body)
{
    const char *at = body.ptr;
    const char *end = body.ptr + body.len;
    size_t len = 0;
    while (at < end) {
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        len += (size_t)((stop == NULL ? end : stop) - at);
        at = stop == NULL ? end : stop;
        if (at < end) {
            char piece[4];
            len += decode_escape(&at, piece);
        }
    }
    return len;
}

bool text_decodes_to(struct str body, struct str text)
{
    const char *at = body.ptr;
    const char *end = body.ptr + body.len;
    size_t have = 0;
    while (at < end) {
        char piece[4] = {*at};
        size_t len = 1;
        if (*at == '\\') {
            len = decode_escape(&at, piece);
        } else {
            at++;
        }
        if (len > text.len - have || memcmp(piece, text.ptr + have, len) != 0) {
            return false;
        }
        have += len;
    }
    return have == text.len;
}
