/* text.c - UTF-8 and the inside of JSON strings, eight bytes at a time where it pays. */
#include "payload/scan_inside.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "text_plain finds the lowest byte");

#define EACH_BYTE(b) (0x0101010101010101u * (uint64_t)(b))

static uint64_t load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* The high bit of each byte that text_plain stops at; the lowest one set is exact. */
static uint64_t special_bytes(uint64_t word)
{
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
    uint64_t quote = zero_bytes(word ^ EACH_BYTE('"'));
    uint64_t backslash = zero_bytes(word ^ EACH_BYTE('\\'));
    return control | quote | backslash | (word & EACH_BYTE(0x80));
}

size_t text_plain(const char *at, const char *end)
{
    const char *from = at;
    while (end - at >= 8) {
        uint64_t special = special_bytes(load8(at));
        if (special != 0) {
            return (size_t)(at - from) + (size_t)__builtin_ctzll(special) / 8;
        }
        at += 8;
    }
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            break;
        }
        at++;
    }
    return (size_t)(at - from);
}

static bool continues(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* RFC 3629: the second byte's range shuts out overlong forms, surrogates and what is over U+10FFFF.
 */
size_t utf8_step(const char *at, const char *end)
{
    size_t rest = (size_t)(end - at);
    unsigned char c = rest == 0 ? 0xff : (unsigned char)at[0];
    if (c < 0x80) {
        return 1;
    }
    if (c < 0xc2 || c > 0xf4 || rest < 2) {
        return 0;
    }
    unsigned char second = (unsigned char)at[1];
    if (c < 0xe0) {
        return continues(second) ? 2 : 0;
    }
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high || rest < 3 || !continues((unsigned char)at[2])) {
        return 0;
    }
    if (c < 0xf0) {
        return 3;
    }
    return rest >= 4 && continues((unsigned char)at[3]) ? 4 : 0;
}

bool utf8_valid(struct str text)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (at < end) {
        if (end - at >= 8 && (load8(at) & EACH_BYTE(0x80)) == 0) {
            at += 8;
            continue;
        }
        size_t step = utf8_step(at, end);
        if (step == 0) {
            return false;
        }
        at += step;
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
