/* links: flow
 * fuzz_form.c - forms and what is percent-encoded: what is read has no field twice, no control
 * characters, and is no longer than what was sent. */
#include "base/arena.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "flow/form.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_utf8(struct str text)
{
    struct utf8_reader reader = {0};
    return utf8_read(&reader, text) && utf8_reader_between(&reader);
}

static void check(const struct form *form, size_t sent)
{
    size_t total = 0;
    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];
        total += field->name.len + field->value.len;
        if (!is_utf8(field->name) || !is_utf8(field->value) || str_find(field->value, '\0') >= 0 ||
            form_value(form, field->name).ptr != field->value.ptr) {
            abort();
        }
    }
    if (total > sent || form->count > FORM_FIELDS_MAX) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct arena arena;
    struct form form;
    struct str decoded;
    const char *why = NULL;
    arena_init(&arena, 1 << 20);
    if (form_read(text, &arena, &form, &why)) {
        check(&form, size);
    } else if (why == NULL) {
        abort();
    }
    if (size <= FORM_BODY_MAX && percent_decode(text, size % 2 == 0, &arena, &decoded) &&
        decoded.len > size) {
        abort();
    }
    arena_done(&arena);
    return 0;
}
