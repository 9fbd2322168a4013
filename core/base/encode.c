#include "base/encode.h"

#include <stdint.h>

static const char *const alphabets[] = {
    [BASE64_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

bool base64_encode(enum base64_form form, struct str bytes, struct buf *out)
{
    const char *alphabet = alphabets[form];
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t here = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++) {
            group = (group << 8) | (j < here ? (unsigned char)bytes.ptr[i + j] : 0u);
        }
        for (size_t j = 0; j < 4; j++) {
            if (j <= here) {
                (void)buf_byte(out, alphabet[(group >> (18 - 6 * j)) & 63]);
            } else if (form == BASE64_STANDARD) {
                (void)buf_byte(out, '=');
            }
        }
    }
    return !out->full;
}

static int sextet(enum base64_form form, char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == alphabets[form][62]) {
        return 62;
    }
    return c == alphabets[form][63] ? 63 : -1;
}

bool base64_decode(enum base64_form form, struct str text, struct buf *out)
{
    if (form == BASE64_STANDARD) {
        if (text.len % 4 != 0) {
            return false;
        }
        for (int pads = 0; pads < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; pads++) {
            text.len--;
        }
    }
    if (text.len % 4 == 1) {
        return false;
    }
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = sextet(form, text.ptr[i]);
        if (value < 0) {
            return false;
        }
        bits = (bits << 6) | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            (void)buf_byte(out, (char)(unsigned char)(bits >> have));
            bits &= (1u << have) - 1;
        }
    }
    return bits == 0 && !out->full;
}

struct hex hex_of(struct str bytes)
{
    struct hex hex = {.len = 0};
    for (size_t i = 0; i < bytes.len && hex.len + 2 <= sizeof(hex.text); i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        hex.text[hex.len++] = "0123456789abcdef"[byte >> 4];
        hex.text[hex.len++] = "0123456789abcdef"[byte & 15];
    }
    return hex;
}

bool hex_encode(struct str bytes, struct buf *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        (void)buf_byte(out, digits[byte >> 4]);
        (void)buf_byte(out, digits[byte & 15]);
    }
    return !out->full;
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool hex_decode(struct str text, struct buf *out)
{
    if (text.len % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.ptr[i]);
        int low = hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        (void)buf_byte(out, (char)(unsigned char)(high * 16 + low));
    }
    return !out->full;
}
