/* spec.h - a compiler: the text of an API specification in, routes out. No I/O, no threads.
 *
 * Bondy's format (docs/spec.md), JSON or YAML. A specification compiles whole or
 * not at all; all its mistakes are reported at once. A compiled spec is immutable
 * and counted; a route table is built of many.
 */
#ifndef POSTERN_SPEC_SPEC_H
#define POSTERN_SPEC_SPEC_H

#include "base/str.h"
#include "spec/problems.h"
#include "spec/route.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec;

struct spec_options {
    bool allow_forward; /* false: `forward` is checked, then refused (not yet available) */
    bool any_path;      /* the house's own: paths that are reserved on the public port, too */
    uint64_t version;   /* of its record; shown, not compiled */
    size_t index;       /* which one, when the text is a list of API objects */
};

/* One API object. NULL when problems->errors > 0; warnings alone give a spec. */
struct spec *
spec_compile(struct str text, const struct spec_options *options, struct problems *problems);
struct spec *spec_ref(struct spec *spec);
void spec_unref(struct spec *spec);

struct str spec_id(const struct spec *spec);
struct str spec_name(const struct spec *spec);
struct str spec_realm(const struct spec *spec);
/* Where realm_uri stands, for "no such realm", which the compiler cannot know. */
void spec_realm_position(const struct spec *spec, unsigned *line, unsigned *column);
/* Bit 1 << SECURITY_x for each type that a route of it has. */
unsigned spec_security_types(const struct spec *spec);
size_t spec_route_count(const struct spec *spec);

/* The canonical JSON text of a specification in either format, for the store; mem_free. NULL
 * and a problem when it cannot be read, or is no API object (then `count` is set all the same).
 * An array of API objects gives each (`index`, `count`). */
char *spec_canonical(struct str text, size_t index, size_t *out_count, struct problems *problems);

/* All specs into one table. Two specs that claim the same host, scheme and path are a conflict:
 * reported in `problems` against the later of the array, and no table. One reference, the caller's.
 */
struct route_table *route_table_build(struct spec *const *specs,
                                      size_t count,
                                      uint64_t version,
                                      struct problems *problems);
/* Moves those that claim what an earlier one has behind the others, the order else kept; returns
 * how many the others are: of them a table can be built. */
size_t route_table_agreeing(struct spec **specs, size_t count);

#endif
