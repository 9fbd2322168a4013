#include "http/chars.h"

#include <stdint.h>
#include <string.h>

/* A name's character -> in lower case; 0: not in a token (RFC 9110, 5.6.2). */
static const char lower[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*',
    ['+'] = '+', ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`',   ['|'] = '|',
    ['~'] = '~', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',   ['5'] = '5',
    ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['A'] = 'a', ['B'] = 'b',   ['C'] = 'c',
    ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',   ['J'] = 'j',
    ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p',   ['Q'] = 'q',
    ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w',   ['X'] = 'x',
    ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd',   ['e'] = 'e',
    ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k',   ['l'] = 'l',
    ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',   ['s'] = 's',
    ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',   ['z'] = 'z',
};

char token_lower(char c)
{
    return lower[(unsigned char)c];
}

bool token_valid(struct str token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (token_lower(token.ptr[i]) == 0) {
            return false;
        }
    }
    return token.len > 0;
}

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

/* Whether one of eight bytes is below 0x20 or is 0x7f; in each byte the highest bit decides. */
static bool suspicious(const char *eight)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t bytes;
    memcpy(&bytes, eight, sizeof(bytes));
    uint64_t deleted = bytes ^ 0x7f * ones;
    uint64_t below = (bytes - 0x20 * ones) & ~bytes;
    uint64_t zero = (deleted - ones) & ~deleted;
    return ((below | zero) & 0x80 * ones) != 0;
}

static bool no_control(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_control((unsigned char)at[i])) {
            return false;
        }
    }
    return true;
}

/* The last eight may overlap those before. What is suspicious may still be a tab. */
bool value_valid(struct str value)
{
    if (value.len < 8) {
        return no_control(value.ptr, value.len);
    }
    for (size_t at = 0; at < value.len; at += 8) {
        const char *eight = value.ptr + (value.len - at < 8 ? value.len - 8 : at);
        if (suspicious(eight) && !no_control(eight, 8)) {
            return false;
        }
    }
    return true;
}

bool host_char(char c)
{
    /* The comma, which a host may have, makes lists. */
    static const bool others[256] = {
        ['-'] = true,  ['.'] = true, ['_'] = true, ['~'] = true, ['!'] = true, ['$'] = true,
        ['&'] = true,  ['('] = true, [')'] = true, ['*'] = true, ['+'] = true, [';'] = true,
        ['\''] = true, ['='] = true, ['%'] = true, ['['] = true, [']'] = true, [':'] = true,
    };
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           others[(unsigned char)c];
}

bool target_valid(struct str target)
{
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') {
            return false;
        }
    }
    return true;
}
