/* spec_diff.h - what differs between two JSON documents, by place. Pure. */
#ifndef POSTERN_SPEC_SPEC_DIFF_H
#define POSTERN_SPEC_SPEC_DIFF_H

#include <jansson.h>

/* A list of {pointer, change: added|removed|changed, before, after}, in the order of the places;
 * `before` and `after` where they are there. At most 1,000. A new reference; either may be NULL:
 * nothing. */
json_t *spec_diff(const json_t *before, const json_t *after);

#endif
