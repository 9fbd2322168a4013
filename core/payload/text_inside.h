/* text_inside.h - the loops that see every byte of every string, eight at a time. Not for other
 * modules.
 */
#ifndef POSTERN_PAYLOAD_TEXT_INSIDE_H
#define POSTERN_PAYLOAD_TEXT_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest");

#define TEXT_EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

static inline uint64_t text_load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t text_load4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* 1 to 7 bytes, spaces behind them; nothing beyond them is read. */
static inline uint64_t text_load_tail(const char *at, size_t len)
{
    uint64_t word;
    if (len >= 4) {
        word = text_load4(at) | text_load4(at + len - 4) << (8 * (len - 4));
    } else {
        size_t middle = len / 2;
        word = (uint64_t)(unsigned char)at[0] |
               (uint64_t)(unsigned char)at[middle] << (8 * middle) |
               (uint64_t)(unsigned char)at[len - 1] << (8 * (len - 1));
    }
    return word | TEXT_EACH(' ') << (8 * len);
}

/* The high bit of each byte that is a control, a quote, a backslash or not ASCII; bytes above the
 * lowest one that is set may be set falsely. */
static inline uint64_t text_special(uint64_t word)
{
    uint64_t quote = word ^ TEXT_EACH('"');
    uint64_t backslash = word ^ TEXT_EACH('\\');
    uint64_t below = (word - TEXT_EACH(0x20)) | (quote - TEXT_EACH(1)) | (backslash - TEXT_EACH(1));
    return (below | word) & TEXT_EACH(0x80);
}

/* How many bytes from `at` on are ASCII without control, quote and backslash. */
static inline size_t text_plain(const char *at, const char *end)
{
    const char *from = at;
    uint64_t special = 0;
    while (end - at >= 8) {
        special = text_special(text_load8(at));
        if (special != 0) {
            return (size_t)(at - from) + (size_t)__builtin_ctzll(special) / 8;
        }
        at += 8;
    }
    if (at < end) {
        special = text_special(text_load_tail(at, (size_t)(end - at)));
        at = special == 0 ? end : at + __builtin_ctzll(special) / 8;
    }
    return (size_t)(at - from);
}

static inline bool text_ascii(const char *at, size_t len)
{
    uint64_t seen = 0;
    while (len >= 8) {
        seen |= text_load8(at);
        at += 8;
        len -= 8;
    }
    if (len > 0) {
        seen |= text_load_tail(at, len);
    }
    return (seen & TEXT_EACH(0x80)) == 0;
}

/* memcpy, in line for the sizes that keys and words have. */
static inline void text_copy(char *to, const char *from, size_t len)
{
    if (len > 16) {
        memcpy(to, from, len);
    } else if (len >= 8) {
        uint64_t tail = text_load8(from + len - 8);
        memcpy(to, from, 8);
        memcpy(to + len - 8, &tail, 8);
    } else if (len >= 4) {
        uint64_t tail = text_load4(from + len - 4);
        memcpy(to, from, 4);
        memcpy(to + len - 4, &tail, 4);
    } else {
        for (size_t i = 0; i < len; i++) {
            to[i] = from[i];
        }
    }
}

#endif
