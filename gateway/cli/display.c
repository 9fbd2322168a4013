#include "cli/display.h"

#include "base/mem.h"
#include "base/utf8.h"

struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range unsafe[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x061c, 0x061c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
};

bool display_unsafe(uint32_t character)
{
    for (size_t i = 0; i < COUNT_OF(unsafe); i++) {
        if (character >= unsafe[i].first && character <= unsafe[i].last) {
            return true;
        }
    }
    return false;
}

bool display_next(struct str text, uint32_t *out_character, size_t *out_len)
{
    size_t len = utf8_len(text);
    *out_character = (unsigned char)text.ptr[0];
    *out_len = len == 0 ? 1 : len;
    if (len > 1) {
        *out_character &= 0xffu >> (len + 1);
        for (size_t i = 1; i < len; i++) {
            *out_character = *out_character << 6 | ((unsigned char)text.ptr[i] & 0x3fu);
        }
    }
    return len > 0;
}

static void append_escape(struct buf *out, uint32_t character)
{
    switch (character) {
    case '\n':
        (void)buf_append(out, STR("\\n"));
        break;
    case '\r':
        (void)buf_append(out, STR("\\r"));
        break;
    case '\t':
        (void)buf_append(out, STR("\\t"));
        break;
    default:
        (void)buf_printf(out, character < 0x100 ? "\\x%02x" : "\\u{%x}", character);
    }
}

void display_append(struct buf *out, struct str text)
{
    while (text.len > 0) {
        uint32_t character = 0;
        size_t len = 0;
        bool valid = display_next(text, &character, &len);
        if (!valid || display_unsafe(character)) {
            append_escape(out, character);
        } else if (character == '\\') {
            (void)buf_append(out, STR("\\\\"));
        } else {
            (void)buf_append(out, str_sub(text, 0, len));
        }
        text = str_from(text, len);
    }
}

void display_append_json(struct buf *out, struct str json)
{
    while (json.len > 0) {
        uint32_t character = 0;
        size_t len = 0;
        bool valid = display_next(json, &character, &len);
        if (!valid) {
            (void)buf_append(out, STR("\\ufffd"));
        } else if (character == '\n' || !display_unsafe(character)) {
            (void)buf_append(out, str_sub(json, 0, len));
        } else if (character > 0xffff) {
            (void)buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((character - 0x10000) >> 10),
                             0xdc00 + ((character - 0x10000) & 0x3ff));
        } else {
            (void)buf_printf(out, "\\u%04x", character);
        }
        json = str_from(json, len);
    }
}

static bool is_plain(struct str word)
{
    static const char marks[] = "._/@:,+=-";
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && str_find(str_make(marks, sizeof(marks) - 1), c) < 0) {
            return false;
        }
    }
    return word.len > 0;
}

static bool is_showable(struct str word)
{
    while (word.len > 0) {
        uint32_t character = 0;
        size_t len = 0;
        if (!display_next(word, &character, &len) || display_unsafe(character)) {
            return false;
        }
        word = str_from(word, len);
    }
    return true;
}

/* In $'...' every byte that is not a plain one is an escape. */
static void append_dollar_quoted(struct buf *out, struct str word)
{
    (void)buf_append(out, STR("$'"));
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        bool plain = c >= ' ' && c < 0x7f && c != '\'' && c != '\\';
        (void)buf_printf(out, plain ? "%c" : "\\x%02x", c);
    }
    (void)buf_byte(out, '\'');
}

void display_append_word(struct buf *out, struct str word)
{
    if (is_plain(word)) {
        (void)buf_append(out, word);
        return;
    }
    if (!is_showable(word)) {
        append_dollar_quoted(out, word);
        return;
    }
    (void)buf_byte(out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        (void)buf_append(out, word.ptr[i] == '\'' ? STR("'\\''") : str_sub(word, i, 1));
    }
    (void)buf_byte(out, '\'');
}

size_t display_width(struct str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++) {
        width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    }
    return width;
}
