/* intern.h - equal parts of a specification are kept once. For gateway/spec alone.
 *
 * The routes of an API mostly answer alike. What is shared stays near the processor, however many
 * they are, and a spec is small. What is given may live in the scratch: it is copied to the spec's
 * arena, unless the same is there already. What is returned is never changed.
 */
#ifndef POSTERN_SPEC_INTERN_H
#define POSTERN_SPEC_INTERN_H

#include "spec/scope.h"

struct str intern_str(struct compile *compile, struct str text);
/* An array whose pointers lead to what is interned; different padding is not wrong, only kept
 * twice. */
const void *intern_bytes(struct compile *compile, const void *ptr, size_t size);
/* The templates that it is made of are interned; its arrays and texts need not be. */
const struct template *intern_template(struct compile *compile, const struct template *given);

#endif
