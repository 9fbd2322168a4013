#include "cli/yaml.h"

#include "base/mem.h"
#include "cli/display.h"

#include <stdint.h>
#include <stdlib.h>

/* What some reader takes for null or a boolean. */
static const struct str words[] = {
    STR_INIT("null"), STR_INIT("true"), STR_INIT("false"), STR_INIT("yes"), STR_INIT("no"),
    STR_INIT("on"),   STR_INIT("off"),  STR_INIT("y"),     STR_INIT("n"),
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Few forms are plain, and none of them is a number, a date or an indicator. */
static bool is_plain(struct str text)
{
    static const char marks[] = "._/@+-";
    if (text.len == 0 || text.len > 200 || !is_letter(text.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool blank = c == ' ' && i + 1 < text.len && text.ptr[i + 1] != ' ';
        if (!is_letter(c) && !(c >= '0' && c <= '9') && !blank &&
            str_find(str_make(marks, sizeof(marks) - 1), c) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq_nocase(text, words[i])) {
            return false;
        }
    }
    return true;
}

static void put_text(struct buf *out, struct str text)
{
    if (is_plain(text)) {
        (void)buf_append(out, text);
        return;
    }
    (void)buf_byte(out, '"');
    while (text.len > 0) {
        uint32_t character = 0;
        size_t len = 0;
        bool valid = display_next(text, &character, &len);
        if (character == '"' || character == '\\') {
            (void)buf_printf(out, "\\%c", (char)character);
        } else if (character == '\n') {
            (void)buf_append(out, STR("\\n"));
        } else if (!valid || display_unsafe(character)) {
            (void)buf_printf(out, character < 0x100 ? "\\x%02X" : "\\U%08X", character);
        } else {
            (void)buf_append(out, str_sub(text, 0, len));
        }
        text = str_from(text, len);
    }
    (void)buf_byte(out, '"');
}

static void put_scalar(struct buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        put_text(out, str_make(json_string_value(value), json_string_length(value)));
    } else {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        (void)buf_append(out, str_of(text));
        free(text);
    }
}

static bool is_block(const json_t *value)
{
    return json_array_size(value) > 0 || json_object_size(value) > 0;
}

static void put_indent(struct buf *out, size_t indent)
{
    (void)buf_printf(out, "%*s", (int)indent, "");
}

static void put_block(struct buf *out, const json_t *value, size_t indent, bool inlined);

/* What stands behind "key:" or "-". */
static void put_value(struct buf *out, const json_t *value, size_t indent, bool of_list)
{
    if (!is_block(value)) {
        (void)buf_byte(out, ' ');
        put_scalar(out, value);
        (void)buf_byte(out, '\n');
    } else if (of_list) {
        (void)buf_byte(out, ' ');
        put_block(out, value, indent + 2, true);
    } else {
        (void)buf_byte(out, '\n');
        put_block(out, value, indent + 2, false);
    }
}

/* `inlined`: the first line is begun already, behind a dash. */
static void put_list(struct buf *out, const json_t *list, size_t indent, bool inlined)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        put_indent(out, inlined && i == 0 ? 0 : indent);
        (void)buf_byte(out, '-');
        put_value(out, json_array_get(list, i), indent, true);
    }
}

static void put_block(struct buf *out, const json_t *value, size_t indent, bool inlined)
{
    if (json_is_array(value)) {
        put_list(out, value, indent, inlined);
        return;
    }
    json_t *map = (json_t *)(uintptr_t)value;
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at)) {
        put_indent(out, inlined ? 0 : indent);
        put_text(out, str_of(json_object_iter_key(at)));
        (void)buf_byte(out, ':');
        put_value(out, json_object_iter_value(at), indent, false);
        inlined = false;
    }
}

void yaml_write(struct buf *out, const json_t *value)
{
    if (is_block(value)) {
        put_block(out, value, 0, false);
    } else {
        put_scalar(out, value);
        (void)buf_byte(out, '\n');
    }
}
