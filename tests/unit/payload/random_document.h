/* random_document.h - documents from a seed, the same through any emitter.
 *
 * No string begins with NUL: JSON could not tell it from binary.
 */
#ifndef POSTERN_TESTS_RANDOM_DOCUMENT_H
#define POSTERN_TESTS_RANDOM_DOCUMENT_H

#include "payload/emit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* splitmix64 */
static inline uint64_t draw(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline double random_double(uint64_t *seed)
{
    static const double chosen[] = {0.0, -0.0, 1.0, 0.1, 1e-5, 9.999e-6, 1e15, 5e-324, 1e300};
    uint64_t bits = draw(seed);
    double value;
    switch (bits % 4) {
    case 0:
        return chosen[(bits >> 8) % (sizeof chosen / sizeof *chosen)];
    case 1:
        return (double)(int64_t)(bits >> 40) / 100.0;
    case 2:
        return (double)(float)((double)(bits >> 11) * 0x1p-53);
    default:
        memcpy(&value, &bits, sizeof value);
        return value - value == 0 ? value : 0.5; /* not infinite, not NaN */
    }
}

static inline struct str random_text(uint64_t *seed, char out[400])
{
    static const struct str pieces[] = {
        STR_INIT("a"),
        STR_INIT("word "),
        STR_INIT("\""),
        STR_INIT("\\"),
        STR_INIT("\n"),
        STR_INIT("\x01"),
        STR_INIT("\x7f"),
        STR_INIT("\xc3\xa9"),
        STR_INIT("/"),
        STR_INIT("\xe2\x82\xac"),
        STR_INIT("\xf0\x9f\x98\x80"),
        STR_INIT("plain text"),
    };
    size_t len = 0;
    size_t count = draw(seed) % 12 == 0 ? draw(seed) % 30 : draw(seed) % 5;
    for (size_t i = 0; i < count; i++) {
        struct str piece = pieces[draw(seed) % (sizeof pieces / sizeof *pieces)];
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return str_make(out, len);
}

static inline void random_scalar(struct emit *emit, uint64_t *seed)
{
    char bytes[400];
    switch (draw(seed) % 7) {
    case 0:
        emit_null(emit);
        break;
    case 1:
        emit_bool(emit, draw(seed) % 2 == 0);
        break;
    case 2:
        emit_i64(emit, (int64_t)draw(seed) >> draw(seed) % 64);
        break;
    case 3:
        emit_u64(emit, draw(seed) >> (1 + draw(seed) % 63));
        break;
    case 4:
        emit_f64(emit, random_double(seed));
        break;
    case 5:
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (char)draw(seed);
        }
        emit_bin(emit, str_make(bytes, draw(seed) % sizeof bytes));
        break;
    default:
        emit_str(emit, random_text(seed, bytes));
        break;
    }
}

/* Never more than `depth` containers in one another. */
static inline void random_document(struct emit *emit, uint64_t *seed, unsigned depth)
{
    uint64_t choice = draw(seed) % 4;
    if (depth == 0 || choice >= 2) {
        random_scalar(emit, seed);
        return;
    }
    uint32_t count = (uint32_t)(draw(seed) % 5 == 0 ? draw(seed) % 40 : draw(seed) % 4);
    if (choice == 0) {
        emit_list(emit, count);
    } else {
        emit_map(emit, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (choice == 1) {
            char key[420];
            char text[400];
            struct str tail = random_text(seed, text);
            size_t len = (size_t)snprintf(key, sizeof key, "%u", i);
            memcpy(key + len, tail.ptr, tail.len);
            emit_key(emit, str_make(key, len + tail.len));
        }
        random_document(emit, seed, depth - 1);
    }
}

#endif
