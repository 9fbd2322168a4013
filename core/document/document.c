#include "document/document.h"

#include "base/buf.h"
#include "base/mem.h"
#include "document/inside.h"

#include <string.h>

enum {
    BYTES_MAX = 8 * 1024 * 1024,
    NODES_MAX = 200 * 1000,
    DEPTH_MAX = 64,
    ARENA_SLACK = 64 * 1024,
};

static struct document_limits limits_or_default(const struct document_limits *limits)
{
    struct document_limits own = limits == NULL ? (struct document_limits){0} : *limits;
    own.bytes = own.bytes == 0 ? BYTES_MAX : own.bytes;
    own.nodes = own.nodes == 0 ? NODES_MAX : own.nodes;
    own.depth = own.depth == 0 || own.depth > DEPTH_MAX ? DEPTH_MAX : own.depth;
    return own;
}

/* What is written to the arena is bounded by the limits: a place a node, and the keys. */
static size_t arena_need(const struct document_limits *limits)
{
    return limits->nodes * (sizeof(struct place) + 2 * sizeof(max_align_t)) + 2 * limits->bytes +
           ARENA_SLACK;
}

static bool is_json(struct str text, enum document_format format)
{
    if (format != DOCUMENT_ANY) {
        return format == DOCUMENT_JSON;
    }
    struct str rest = str_trim(text);
    return rest.len > 0 && (rest.ptr[0] == '{' || rest.ptr[0] == '[');
}

static bool read_text(struct builder *builder, struct str text, enum document_format format)
{
    if (text.len > builder->limits.bytes) {
        return builder_fail(builder, (struct position){1, 1},
                            "the document is larger than %zu bytes", builder->limits.bytes);
    }
    /* A byte order mark is no character of the document. */
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text = str_from(text, 3);
    }
    return is_json(text, format) ? document_read_json(builder, text) : yaml_read(builder, text);
}

struct document *document_parse(struct str text,
                                enum document_format format,
                                const struct document_limits *limits,
                                struct document_problem *out)
{
    struct builder builder = {.document = NEW(struct document),
                              .limits = limits_or_default(limits)};
    arena_init(&builder.document->arena, arena_need(&builder.limits));
    idmap_init(&builder.document->by_slot);
    idmap_init(&builder.document->by_node);
    if (!read_text(&builder, text, format)) {
        if (out != NULL) {
            *out = builder.problem;
        }
        document_free(builder.document);
        return NULL;
    }
    return builder.document;
}

void document_free(struct document *document)
{
    if (document == NULL) {
        return;
    }
    json_decref(document->root);
    idmap_done(&document->by_slot);
    idmap_done(&document->by_node);
    arena_done(&document->arena);
    mem_free(document);
}

json_t *document_root(const struct document *document)
{
    return document->root;
}

static bool tell(struct position at, unsigned *out_line, unsigned *out_column)
{
    *out_line = at.line;
    *out_column = at.column;
    return true;
}

static struct place *
find(const struct document *document, const json_t *parent, const char *key, size_t index)
{
    struct place *around = document_place(document, parent);
    if (around == NULL || json_is_object(parent) != (key != NULL)) {
        return NULL;
    }
    return document_child(around, document, str_of(key), index);
}

bool document_at(const struct document *document,
                 const json_t *parent,
                 const char *key,
                 size_t index,
                 unsigned *out_line,
                 unsigned *out_column)
{
    const struct place *place = find(document, parent, key, index);
    return place != NULL && tell(place->at, out_line, out_column);
}

bool document_key_position(const struct document *document,
                           const json_t *object,
                           const char *key,
                           unsigned *out_line,
                           unsigned *out_column)
{
    const struct place *place = key == NULL ? NULL : find(document, object, key, 0);
    return place != NULL && tell(place->key_at, out_line, out_column);
}

bool document_position(const struct document *document,
                       const json_t *node,
                       unsigned *out_line,
                       unsigned *out_column)
{
    const struct place *place = document_place(document, node);
    return place != NULL && tell(place->at, out_line, out_column);
}

static void append_token(struct buf *out, struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] == '~' || key.ptr[i] == '/') {
            (void)buf_append(out, key.ptr[i] == '~' ? STR("~0") : STR("~1"));
        } else {
            (void)buf_byte(out, key.ptr[i]);
        }
    }
}

static char *pointer_of(const struct place *place)
{
    if (place == NULL) {
        return NULL;
    }
    const struct place *path[DEPTH_MAX + 1];
    size_t count = 0;
    for (; place->parent != NULL; place = place->parent) {
        path[count++] = place;
    }
    struct buf out;
    buf_init(&out, SIZE_MAX / 2); /* keys are bounded by the document they came from */
    while (count > 0) {
        const struct place *step = path[--count];
        (void)buf_byte(&out, '/');
        if (json_is_array(step->parent->node)) {
            (void)buf_printf(&out, "%zu", step->index);
        } else {
            append_token(&out, step->key);
        }
    }
    return buf_take(&out, NULL);
}

char *document_pointer(const struct document *document, const json_t *node)
{
    return pointer_of(document_place(document, node));
}

char *document_pointer_at(const struct document *document,
                          const json_t *parent,
                          const char *key,
                          size_t index)
{
    return pointer_of(find(document, parent, key, index));
}
