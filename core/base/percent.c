#include "base/percent.h"

#include "base/encode.h"
#include "base/utf8.h"

int percent_byte(struct str text, size_t at)
{
    if (at + 2 >= text.len) {
        return -1;
    }
    int high = hex_digit(text.ptr[at + 1]);
    int low = hex_digit(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool percent_decode(struct str text, bool plus, struct arena *arena, struct str *out)
{
    struct utf8_reader reader = {0};
    char *to = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int c = (unsigned char)text.ptr[i];
        if (c == '%') {
            c = percent_byte(text, i);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c <= 0) {
            return false;
        }
        to[len++] = (char)(unsigned char)c;
    }
    to[len] = '\0';
    *out = str_make(to, len);
    return utf8_read(&reader, *out) && utf8_reader_between(&reader);
}
