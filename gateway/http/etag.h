/* etag.h - does who asks have it already (RFC 9110, 13.1.2)? Pure. */
#ifndef POSTERN_HTTP_ETAG_H
#define POSTERN_HTTP_ETAG_H

#include "http/front.h"

#include <stdbool.h>

/* Is the tag, with its quotes, among those of If-None-Match? Weak ones count. */
bool etag_listed(const struct request_head *head, struct str etag);

#endif
