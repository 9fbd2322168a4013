/* inside.h - how the two readers fill a document. For core/document alone.
 *
 * A reader calls builder_add for each value in the order of the text, containers
 * before what is in them. The first failure is kept and nothing after it counts.
 */
#ifndef POSTERN_DOCUMENT_INSIDE_H
#define POSTERN_DOCUMENT_INSIDE_H

#include "base/arena.h"
#include "base/map.h"
#include "document/document.h"

struct position {
    unsigned line;
    unsigned column;
};

/* From an offset to a position, cheap as long as offsets do not go back. */
struct cursor {
    struct str text;
    size_t offset;
    struct position at;
};

static inline struct cursor cursor_of(struct str text)
{
    return (struct cursor){text, 0, {1, 1}};
}
struct position cursor_to(struct cursor *cursor, size_t offset);

/* One value, where it stood and what it is in. */
struct place {
    const json_t *node;
    struct place *parent; /* NULL: the root */
    struct place *chain;  /* the next with the same hash */
    struct str key;       /* in an object */
    size_t index;         /* in a list */
    struct position at;
    struct position key_at;
    unsigned depth; /* of containers around it */
};

struct document {
    json_t *root;
    struct place *root_place;
    struct arena arena;   /* places and keys */
    struct idmap by_slot; /* hash of (parent, key or index) -> struct place, chained */
    struct idmap by_node; /* address -> struct place, of nodes that are not shared */
};

struct builder {
    struct document *document;
    struct document_limits limits;
    size_t nodes;
    size_t bytes; /* of strings and keys in the tree */
    bool failed;
    struct document_problem problem;
};

/* Where a value goes. In an object `key` says it, in a list its end. */
struct slot {
    struct place *parent; /* NULL: the root */
    struct str key;
    struct position key_at;
};

/* Returns false; the first problem stays. */
bool builder_fail(struct builder *builder, struct position at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* False for a key that is there already, that holds a NUL, or that is too much. */
bool builder_key_ok(struct builder *builder, const struct slot *slot);
/* Takes `value`, also on failure. NULL on failure. */
struct place *
builder_add(struct builder *builder, const struct slot *slot, struct position at, json_t *value);

struct place *document_place(const struct document *document, const json_t *node);
struct place *document_child(const struct place *parent,
                             const struct document *document,
                             struct str key,
                             size_t index);

/* Enough of `text` for a message: at most 48 bytes, whole characters, no controls. */
enum { QUOTED_SIZE = 56 };
const char *quoted(struct str text, char out[QUOTED_SIZE]);

bool document_read_json(struct builder *builder, struct str text);
bool yaml_read(struct builder *builder, struct str text);

/* A plain YAML scalar by the core schema. NULL with `*out_problem` set when it is a number that
 * JSON cannot hold, NULL without when it is text. */
json_t *yaml_plain(struct str text, const char **out_problem);

#endif
