/* options.h - the options and details dictionaries, read by tables.
 *
 * Unknown keys are ignored, a known key of a wrong type is an error that names
 * it. One row a key; `offset` is into the struct that is filled.
 */
#ifndef POSTERN_WAMP_OPTIONS_H
#define POSTERN_WAMP_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_BOOL,  /* bool */
    OPTION_U64,   /* uint64_t */
    OPTION_STR,   /* struct str */
    OPTION_SLICE, /* struct slice: any value, checked by its user */
    OPTION_MATCH, /* enum match_policy: "exact", "prefix", "wildcard" */
    OPTION_IDS,   /* struct option_list of uint64_t (ids) */
    OPTION_STRS,  /* struct option_list of struct str */
};

struct option_row {
    const char *name;
    enum option_type type;
    size_t offset;
};

struct option_list {
    bool present; /* an empty list that is present is not an absent one */
    size_t count;
    union {
        const uint64_t *ids;
        const struct str *strs;
    };
};

enum { OPTION_LIST_MAX = 4096 };

bool options_read(struct slice options,
                  const struct option_row *rows,
                  size_t row_count,
                  struct arena *scratch,
                  void *out,
                  struct err *err);

#endif
