/* gunzip.h - gzip taken back, for who does not take gzip. Pure. */
#ifndef POSTERN_UI_GUNZIP_H
#define POSTERN_UI_GUNZIP_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

/* Appends; false: that is no gzip, or it is more than `out` takes. */
bool gunzip(struct str bytes, struct buf *out);

#endif
