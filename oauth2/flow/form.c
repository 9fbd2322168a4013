#include "flow/form.h"

#include "base/percent.h"

static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool has_field(const struct form *form, struct str name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (str_eq(form->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool
read_field(struct str pair, struct arena *arena, struct form *form, const char **out_why)
{
    struct str name = pair;
    struct str value = STR_EMPTY;
    struct form_field field;
    (void)str_cut(pair, '=', &name, &value);
    *out_why = "a parameter is not UTF-8, or is escaped wrongly";
    if (!percent_decode(name, true, arena, &field.name) ||
        !percent_decode(value, true, arena, &field.value)) {
        return false;
    }
    if (has_control(field.name) || has_control(field.value)) {
        *out_why = "a parameter has a control character";
        return false;
    }
    if (has_field(form, field.name)) {
        *out_why = "a parameter is there twice";
        return false;
    }
    *out_why = "there are too many parameters";
    if (form->count == FORM_FIELDS_MAX) {
        return false;
    }
    form->fields[form->count++] = field;
    return true;
}

bool form_read(struct str text, struct arena *arena, struct form *out, const char **out_why)
{
    out->count = 0;
    if (text.len > FORM_BODY_MAX || !arena_room(arena, 4 * text.len + 4096)) {
        *out_why = "the parameters are too long";
        return false;
    }
    while (text.len > 0) {
        struct str pair = text;
        struct str rest = STR_EMPTY;
        (void)str_cut(text, '&', &pair, &rest);
        if (pair.len > 0 && !read_field(pair, arena, out, out_why)) {
            return false;
        }
        text = rest;
    }
    return true;
}

struct str form_value(const struct form *form, struct str name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (str_eq(form->fields[i].name, name)) {
            return form->fields[i].value;
        }
    }
    return STR_EMPTY;
}
