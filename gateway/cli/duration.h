/* duration.h - times as people write them: 500ms, 2s, 5m, 1h, or a bare number. */
#ifndef POSTERN_CLI_DURATION_H
#define POSTERN_CLI_DURATION_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* In milliseconds; a bare number counts `bare_ms` each. False: it is none, or longer than a year.
 */
bool duration_read(struct str text, uint64_t bare_ms, uint64_t *out_ms);

#endif
