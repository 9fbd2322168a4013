/* template_names.h - what the two halves of the template compiler share. For gateway/spec alone. */
#ifndef POSTERN_SPEC_TEMPLATE_NAMES_H
#define POSTERN_SPEC_TEMPLATE_NAMES_H

#include "spec/expression.h"
#include "spec/scope.h"

/* Where an expression stands, for its mistakes. */
struct where {
    struct scope *scope;
    const json_t *node;
};

/* template_names.c: what the path of an expression gives. All are NULL after having reported. */
const struct template *name_compile(struct where *where, const struct expression *expression);

/* template_compile.c. Puts a template together of its members; it may have become too much. */
const struct template *template_keep(struct where *where,
                                     struct template template,
                                     const struct template *const *members,
                                     size_t count);
/* Its value, if it is constant. */
const struct template *
template_fold(struct where *where, const struct template *template, bool constant);

#endif
