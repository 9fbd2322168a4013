/* scope.h - what a compilation knows: the document, the mistakes so far, and the names that
 * expressions can see at one place of it. For gateway/spec alone.
 *
 * A scope is a level of the specification (API, version, path) with the maps of
 * all levels above merged into it, key by key.
 */
#ifndef POSTERN_SPEC_SCOPE_H
#define POSTERN_SPEC_SCOPE_H

#include "base/map.h"
#include "document/document.h"
#include "spec/problems.h"
#include "spec/spec.h"
#include "spec/template_inside.h"

/* Memory that one specification may take once everything is inlined. */
enum { SPEC_MEMORY_MAX = 256 << 20 };

/* A place of the document: a value, or a member of an object (`key` may be absent there, then the
 * object itself is meant), or with `name` set the key rather than its value. */
struct spot {
    const json_t *node;
    const json_t *parent;
    const char *key;
    bool name;
};

struct compile {
    const struct document *document;
    struct problems *problems;
    struct arena *arena;   /* the spec's */
    struct arena *scratch; /* until the path that is being compiled is done */
    struct map interned;   /* bytes in the arena that may be shared: intern.h */
    struct spec *spec;
    const struct spec_options *options;
    struct idmap used;     /* values of variables that were looked at */
    bool only_warnings;    /* what no route uses is being tried */
    bool exhausted;        /* SPEC_MEMORY_MAX was reported */
    struct spot *standing; /* for what has no place of its own, being computed */
};

struct scope {
    struct compile *compile;
    json_t *variables; /* own references */
    json_t *defaults;
    json_t *status_codes;
    const struct template *status; /* status_codes as a constant, once asked for */
    struct idmap memo;             /* value of the document -> struct memo */
    const struct str *bindings;    /* parameters of the path */
    size_t binding_count;
    const json_t *static_action; /* whose body and headers are the result */
    bool has_bindings;           /* false above the path: any name will do */
    unsigned resolving;          /* depth of resolve() */
    unsigned nesting;            /* depth of template_compile() */
};

static inline struct spot spot_node(const json_t *node)
{
    return (struct spot){.node = node};
}
static inline struct spot spot_member(const json_t *parent, const char *key)
{
    return (struct spot){.node = json_object_get(parent, key), .parent = parent, .key = key};
}
static inline struct spot spot_key(const json_t *parent, const char *key)
{
    return (struct spot){.node = parent, .parent = parent, .key = key, .name = true};
}

struct hint {
    struct str allowed;
    struct str nearest;
};

void report(struct compile *compile, struct spot spot, struct hint hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_warning(struct compile *compile,
                    struct spot spot,
                    struct hint hint,
                    const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
bool compile_position(const struct compile *compile,
                      struct spot spot,
                      unsigned *out_line,
                      unsigned *out_column);
struct str compile_pointer(const struct compile *compile, struct spot spot, struct arena *arena);

/* Keys of an object, for what is allowed and for the nearest; at most `max`. */
size_t object_keys(const json_t *object, struct str *out, size_t max);

/* `upper` may be NULL (the top). The maps of `level` win. */
void scope_init(struct scope *scope,
                struct compile *compile,
                const struct scope *upper,
                const json_t *level);
void scope_done(struct scope *scope);
/* From here on names mean the result of this static action, or with NULL that of the exchange. */
void scope_set_static(struct scope *scope, const json_t *action);

/* template_compile.c. NULL after having reported. */
const struct template *template_compile(struct scope *scope, const json_t *value);
/* A member by path, as far as there are objects; marks variables as used. NULL: no such member. */
json_t *scope_walk(struct scope *scope,
                   const json_t *from,
                   const struct str *path,
                   size_t path_len,
                   size_t *out_used);

enum { RESOLVE_DEPTH_MAX = 64 };

/* resolve.c */

/* What an expression stands for, if that is a value of the spec: followed until something that is
 * no expression comes, whose members may be expressions again. Otherwise, or when it depends on
 * the exchange, the value itself. A new reference; NULL after having reported. */
json_t *resolve(struct scope *scope, json_t *value);
/* The value with everything in it computed; it may not depend on the exchange. A new reference;
 * NULL after having reported at `spot`. */
json_t *resolve_constant(struct scope *scope, json_t *value, struct spot spot);

#endif
