/* template.h - a compiled template: a JSON value of the spec in which strings may be expressions.
 *
 * Compiled once, rendered per exchange without building trees: every value is a
 * slice, already encoded. Only text of the spec is ever evaluated, never request
 * or result data. Expression language: docs/spec.md.
 *
 * A run belongs to one exchange and one worker; templates are shared, immutable.
 */
#ifndef POSTERN_SPEC_TEMPLATE_H
#define POSTERN_SPEC_TEMPLATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "payload/payload.h"

#include <stdbool.h>
#include <stddef.h>

struct template;

enum template_root { TEMPLATE_REQUEST, TEMPLATE_ACTION, TEMPLATE_SECURITY };

/* Where the values that change come from. */
struct template_source {
    /* The value of root.path[0]...path[*used - 1], with *used as large as the source can; what is
     * left of the path is looked up in the slice. False: there is no such value. The slice lives
     * in `arena` or longer. */
    bool (*lookup)(void *ctx,
                   enum template_root root,
                   const struct str *path,
                   size_t path_len,
                   struct arena *arena,
                   struct slice *out,
                   size_t *used);
    void *ctx;
};

struct template_run {
    const struct template_source *source;
    struct arena *arena;
    size_t output_max; /* bytes of one rendered value */
    struct err err;    /* filled on failure: text names the expression and what is missing */
};

static inline void template_run_init(struct template_run *run,
                                     const struct template_source *source,
                                     struct arena *arena,
                                     size_t output_max)
{
    run->source = source;
    run->arena = arena;
    run->output_max = output_max;
    err_clear(&run->err);
}

/* Each false on failure, with run->err. */
bool template_emit(const struct template *template, struct template_run *run, struct emit *out);
bool template_slice(const struct template *template, struct template_run *run, struct slice *out);
/* A string; numbers and bools printed; null and "" give the empty string; containers fail. */
bool template_text(const struct template *template, struct template_run *run, struct str *out);
/* An integer, also from a numeric string. */
bool template_integer(const struct template *template, struct template_run *run, int64_t *out);

/* True if it does not depend on the exchange; `out` is then its value (MsgPack). */
bool template_constant(const struct template *template, struct slice *out);
/* True if rendering it may look at request.body, at the body's text: it must be read first. */
bool template_uses_body(const struct template *template);
bool template_uses_text(const struct template *template);

#endif
