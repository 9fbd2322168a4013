/* path_pattern.h - Bondy's (Cowboy's) patterns for paths and hosts, taken apart.
 *
 *   /items/:id     :name takes one segment      /[v1.0]/x   [..] may be there or not
 *   /files/[...]   [...] takes the rest         [www.]example.com, :sub.example.com, [...]x.org
 *
 * One text gives one pattern for each choice of its optional parts.
 */
#ifndef POSTERN_SPEC_PATH_PATTERN_H
#define POSTERN_SPEC_PATH_PATTERN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { PATTERN_SEGMENTS_MAX = 32, PATTERN_VARIANTS_MAX = 16, PATTERN_LEN_MAX = 1024 };

struct constraint;

struct pattern_segment {
    bool param;
    struct str text; /* literal, as it stands in a canonical path; or the parameter's name */
    const struct constraint *constraint;
};

struct pattern {
    struct pattern_segment *segments; /* a host's labels from the last to the first */
    size_t count;
    bool rest; /* anything may follow, also nothing */
};

struct patterns {
    struct pattern *items;
    size_t count;
};

bool path_patterns(struct str text, struct arena *arena, struct patterns *out, struct err *err);
/* Not for "_". Labels in lower case; leading and trailing dots are ignored. */
bool host_patterns(struct str text, struct arena *arena, struct patterns *out, struct err *err);

/* Names of the parameters of all patterns, each once; at most `max`, more is false. */
bool pattern_names(const struct patterns *patterns, struct str *out, size_t max, size_t *count);

#endif
