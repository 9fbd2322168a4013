#include "spec/intern.h"

#include <string.h>

const void *intern_bytes(struct compile *compile, const void *ptr, size_t size)
{
    struct str bytes = str_make(ptr, size);
    void *kept = map_get(&compile->interned, bytes);
    if (kept == NULL) {
        kept = arena_alloc(compile->arena, size + 1);
        memcpy(kept, ptr, size);
        (void)map_put(&compile->interned, str_make(kept, size), kept);
    }
    return kept;
}

struct str intern_str(struct compile *compile, struct str text)
{
    return text.len == 0 ? STR_EMPTY
                         : str_make(intern_bytes(compile, text.ptr, text.len), text.len);
}

static const struct str *
intern_texts(struct compile *compile, const struct str *texts, size_t count)
{
    if (texts == NULL || count == 0) {
        return NULL;
    }
    struct str *interned = ARENA_ARRAY(compile->scratch, struct str, count);
    for (size_t i = 0; i < count; i++) {
        interned[i] = intern_str(compile, texts[i]);
    }
    return intern_bytes(compile, interned, count * sizeof(*interned));
}

const struct template *intern_template(struct compile *compile, const struct template *given)
{
    struct template template;
    memset(&template, 0, sizeof(template)); /* its padding, too: the bytes are compared */
    template.kind = given->kind;
    template.uses = given->uses;
    template.depth = given->depth;
    template.weight = given->weight;
    switch (given->kind) {
    case TEMPLATE_CONSTANT:
        template.constant.json = intern_str(compile, given->constant.json);
        template.constant.msgpack = intern_str(compile, given->constant.msgpack);
        template.constant.text = intern_str(compile, given->constant.text);
        template.constant.is_text = given->constant.is_text;
        template.constant.status_codes = given->constant.status_codes;
        break;
    case TEMPLATE_LOOKUP:
    case TEMPLATE_SELECT:
        template.lookup.root = given->lookup.root;
        template.lookup.from = given->lookup.from;
        template.lookup.path_len = given->lookup.path_len;
        template.lookup.path = intern_texts(compile, given->lookup.path, given->lookup.path_len);
        template.lookup.shown = intern_str(compile, given->lookup.shown);
        break;
    case TEMPLATE_LIST:
    case TEMPLATE_MAP:
    case TEMPLATE_TEXT:
        template.members.count = given->members.count;
        template.members.items =
            intern_bytes(compile, given->members.items, given->members.count * sizeof(void *));
        template.members.keys = intern_texts(compile, given->members.keys, given->members.count);
        break;
    case TEMPLATE_CALL:
        template.call.op = given->call.op;
        template.call.input = given->call.input;
        template.call.arg_count = given->call.arg_count;
        template.call.piped_last = given->call.piped_last;
        for (size_t i = 0; i < given->call.arg_count; i++) {
            template.call.args[i] = given->call.args[i];
        }
        break;
    }
    return intern_bytes(compile, &template, sizeof(template));
}
