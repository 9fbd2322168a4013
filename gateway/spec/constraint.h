/* constraint.h - a regular expression that a path parameter must match, whole.
 *
 * PCRE2 with JIT and a limit on matching effort. Immutable once made; matched from any thread.
 */
#ifndef POSTERN_SPEC_CONSTRAINT_H
#define POSTERN_SPEC_CONSTRAINT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { CONSTRAINT_LEN_MAX = 512, CONSTRAINT_VALUE_MAX = 1024 };

struct constraint;

/* Lives in the arena and is released with it. NULL on failure. */
const struct constraint *constraint_new(struct str pattern, struct arena *arena, struct err *err);
struct str constraint_pattern(const struct constraint *constraint);
/* `value` is a percent-encoded segment; what it decodes to is matched. */
bool constraint_match(const struct constraint *constraint, struct str value);

#endif
