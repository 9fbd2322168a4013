/* origin.h - which web pages may use the transports (wamp.origins), and what their browsers are
 * told (CORS). Pure.
 */
#ifndef POSTERN_TUNNEL_ORIGIN_H
#define POSTERN_TUNNEL_ORIGIN_H

#include "base/str.h"
#include "http/front.h"

#include <stdbool.h>
#include <stddef.h>

enum { ORIGIN_HEADERS_MAX = 7 };

struct origin_rules {
    const struct str *origins;
    size_t count; /* 0: any */
};

/* True without an Origin: that is no browser. */
bool origin_allowed(const struct origin_rules *rules, const struct request_head *head);
/* The headers that let the page read an answer; returns how many. Cookies and the like are only
 * let through to origins that are named. */
size_t origin_headers(const struct origin_rules *rules,
                      const struct request_head *head,
                      struct header out[ORIGIN_HEADERS_MAX]);
/* The same for the answer to a preflight request. */
size_t origin_preflight(const struct origin_rules *rules,
                        const struct request_head *head,
                        struct header out[ORIGIN_HEADERS_MAX]);

#endif
