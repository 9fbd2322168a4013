/* operators.h - what stands behind "|>": one row an operator.
 *
 * Works on values in place. An operator is not called with "" as its input: that
 * gives "" for every one of them. For gateway/spec alone.
 */
#ifndef POSTERN_SPEC_OPERATORS_H
#define POSTERN_SPEC_OPERATORS_H

#include "base/str.h"
#include "payload/scan.h"
#include "spec/template.h"

#include <stdbool.h>
#include <stddef.h>

enum { OPERATOR_ARGS_MAX = 2 };

struct operator_call {
    struct template_run *run;
    const struct op *op;
    struct slice input;
    struct slice args[OPERATOR_ARGS_MAX];
    size_t arg_count;
    bool piped_last;   /* merge(m, _) */
    bool status_codes; /* the input is the context's status_codes */
};

struct op {
    struct str name;
    size_t args_min;
    size_t args_max;
    bool placeholder; /* takes _ */
    bool varies;      /* not the same each time: never computed at load */
    const char *usage;
    bool (*run)(const struct operator_call *call, struct slice *out);
};

/* NULL if there is none; `out_nearest` (may be NULL) is then what may have been meant. */
const struct op *operator_find(struct str name, struct str *out_nearest);

/* The rows' functions that work on maps; operators_map.c. */
bool operator_get(const struct operator_call *call, struct slice *out);
bool operator_put(const struct operator_call *call, struct slice *out);
bool operator_merge(const struct operator_call *call, struct slice *out);
bool operator_with(const struct operator_call *call, struct slice *out);
bool operator_without(const struct operator_call *call, struct slice *out);
/* Those that make text; operators_text.c. */
bool operator_encode(const struct operator_call *call, struct slice *out);
bool operator_query(const struct operator_call *call, struct slice *out);
bool operator_wrap(const struct operator_call *call, struct slice *out);

/* The input or an argument has no business here. */
bool operator_mismatch(const struct operator_call *call, struct slice value);

#endif
