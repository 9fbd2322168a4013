/* file.h - whole files, read at start and by commands. Blocks: never on a worker. */
#ifndef POSTERN_BASE_FILE_H
#define POSTERN_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/* Appends the file at `path`, "-" being standard input. False: it cannot be read (NOT_FOUND,
 * UNAVAILABLE), or is larger than `out` may become (LIMIT). */
bool file_read(const char *path, struct buf *out, struct err *err);
/* Makes or replaces a file that its owner alone may read; on disk on return. */
bool file_write_private(const char *path, struct str bytes, struct err *err);

#endif
