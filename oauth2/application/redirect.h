/* redirect.h - redirect URIs: which may be registered, which one a request may name, and what is
 * added to them. RFC 6749, 3.1.2; RFC 8252, 7; RFC 9700, 2.1. */
#ifndef POSTERN_APPLICATION_REDIRECT_H
#define POSTERN_APPLICATION_REDIRECT_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

enum { REDIRECT_MAX = 2048 };

/* May it be registered? https, http on this machine alone, or an application's own scheme, which
 * has a dot; no fragment, no user, no blanks. `*out_why` is a constant sentence. */
bool redirect_may_register(struct str uri, const char **out_why);

/* Is `given` the registered one? Byte by byte; on http://127.0.0.1 and http://[::1] the port is the
 * application's choice. */
bool redirect_matches(struct str registered, struct str given);

/* Appends a parameter to a URI under construction, escaped. */
bool redirect_add(struct buf *uri, struct str name, struct str value);

#endif
