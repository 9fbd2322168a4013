/* template_inside.h - what a template is made of. For gateway/spec alone.
 *
 * A template is a tree of templates. What can be computed when the spec is loaded
 * is computed then, so that a tree has no constant member but the leaves.
 */
#ifndef POSTERN_SPEC_TEMPLATE_INSIDE_H
#define POSTERN_SPEC_TEMPLATE_INSIDE_H

#include "spec/operators.h"
#include "spec/template.h"

#include <jansson.h>
#include <stdint.h>

enum template_kind {
    TEMPLATE_CONSTANT,
    TEMPLATE_LOOKUP, /* root.path from the source */
    TEMPLATE_SELECT, /* a member, by path, of what another template gives */
    TEMPLATE_LIST,
    TEMPLATE_MAP,
    TEMPLATE_TEXT, /* its members printed one after another */
    TEMPLATE_CALL, /* an operator on other templates */
};

/* What of the exchange it looks at. */
enum template_use {
    USES_REQUEST = 1,
    USES_BODY = 2,
    USES_RESULT = 4,
    USES_ERROR = 8,
    USES_SECURITY = 16,
    USES_CHANCE = 32, /* random */
    USES_TEXT = 64,   /* of the body: what it is as bytes, not what it says */
};

/* Bounds of one template, everything that is inlined counted. */
enum { TEMPLATE_DEPTH_MAX = 60, TEMPLATE_WEIGHT_MAX = 100000, CONSTANT_MAX = 1 << 20 };

struct template
{
    enum template_kind kind;
    unsigned uses;
    unsigned depth;
    unsigned weight;
    union {
        struct {
            struct str json;
            struct str msgpack;
            struct str text; /* template_text's answer, if is_text */
            bool is_text;
            bool status_codes;
        } constant;
        struct {
            enum template_root root;
            const struct template *from; /* TEMPLATE_SELECT */
            const struct str *path;
            size_t path_len;
            struct str shown;
        } lookup;
        struct {
            const struct template *const *items;
            const struct str *keys; /* TEMPLATE_MAP */
            size_t count;
        } members;
        struct {
            const struct op *op;
            const struct template *input;
            const struct template *args[OPERATOR_ARGS_MAX];
            size_t arg_count;
            bool piped_last;
        } call;
    };
};

/* template_constant.c; the arena is the spec's. NULL, with err, for what is too large. */
const struct template *template_of_json(struct arena *arena, const json_t *value, struct err *err);
const struct template *template_of_slice(struct arena *arena, struct slice value, struct err *err);
const struct template *template_of_text(struct arena *arena, struct str text);
json_t *template_constant_json(const struct template *template); /* a new reference */

/* A scalar as text. False for containers and binary. Scratch is the run's arena. */
bool slice_text(struct slice value, struct template_run *run, struct str *out);
/* Room in the run's arena, or NULL with run->err. */
void *run_alloc(struct template_run *run, size_t size);
/* Ends a value that was built as MsgPack: copied to the run's arena, and `buf` is freed. */
bool run_finish(struct template_run *run, struct emit *emit, struct slice *out);
struct emit *run_begin(struct template_run *run, struct emit *emit, struct buf *buf);

#endif
