/* loose_cbor.h - rewrites CBOR as the emitter writes it in other legal forms, drawn from a seed.
 */
#ifndef POSTERN_TESTS_LOOSE_CBOR_H
#define POSTERN_TESTS_LOOSE_CBOR_H

#include "base/buf.h"
#include "random_document.h"

/* A head of `width` bytes behind the first: 1, 2, 4 or 8. */
static inline void loose_head(struct buf *out, unsigned major, uint64_t value, unsigned width)
{
    unsigned info = width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27;
    (void)buf_byte(out, (char)(major << 5 | info));
    for (unsigned i = width; i > 0; i--) {
        (void)buf_byte(out, (char)(value >> (8 * (i - 1))));
    }
}

/* ASCII is cut anywhere, other text nowhere: no character may be. */
static inline void loose_string(unsigned major, struct str text, uint64_t *seed, struct buf *out)
{
    bool ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        ascii = ascii && (unsigned char)text.ptr[i] < 0x80;
    }
    (void)buf_byte(out, (char)(major << 5 | 31));
    while (text.len > 0) {
        size_t len = ascii || major == 2 ? draw(seed) % (text.len + 1) : text.len;
        loose_head(out, major, len, 2);
        (void)buf_append(out, str_make(text.ptr, len));
        text = str_make(text.ptr + len, text.len - len);
    }
    (void)buf_byte(out, '\xff');
}

static inline struct str loose_value(struct str from, uint64_t *seed, struct buf *out)
{
    unsigned char c = (unsigned char)from.ptr[0];
    unsigned major = c >> 5;
    unsigned width = (c & 31) < 24 ? 0 : 1u << ((c & 31) - 24);
    uint64_t value = width == 0 ? c & 31 : 0;
    for (unsigned i = 0; i < width; i++) {
        value = value << 8 | (unsigned char)from.ptr[1 + i];
    }
    struct str rest = str_make(from.ptr + 1 + width, from.len - 1 - width);
    bool loose = draw(seed) % 2 == 0;
    if (draw(seed) % 4 == 0) {
        (void)buf_append(out, STR("\xd9\xd9\xf7"));
    }
    size_t len = major == 2 || major == 3 ? (size_t)value : 0;
    struct str body = str_make(rest.ptr, len);
    rest = str_make(rest.ptr + len, rest.len - len);
    if (major == 7 || (!loose && major != 4 && major != 5)) {
        (void)buf_append(out, str_make(from.ptr, 1 + width + len));
        return rest;
    }
    if (major < 2) {
        loose_head(out, major, value, 8);
    } else if (major < 4) {
        loose_string(major, body, seed, out);
    } else {
        if (loose) {
            (void)buf_byte(out, (char)(major << 5 | 31));
        } else {
            loose_head(out, major, value, 4);
        }
        for (uint64_t i = 0; i < (major == 5 ? value * 2 : value); i++) {
            rest = loose_value(rest, seed, out);
        }
        if (loose) {
            (void)buf_byte(out, '\xff');
        }
    }
    return rest;
}

static inline void loose_cbor(struct str from, uint64_t *seed, struct buf *out)
{
    (void)loose_value(from, seed, out);
}

#endif
