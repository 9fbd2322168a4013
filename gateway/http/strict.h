/* strict.h - what a front refuses before anybody above sees it, as one table of rules.
 *
 * RFC 9110 and 9112: ambiguous framing is 400 and close, always. Each rule has a
 * name that goes into the answer, the log and the counter.
 */
#ifndef POSTERN_HTTP_STRICT_H
#define POSTERN_HTTP_STRICT_H

#include "http/chars.h"
#include "http/front.h"

#include <stdbool.h>

struct refusal {
    unsigned status;
    const char *rule; /* "two-lengths" */
    const char *text; /* for a person */
};

/* Fills host, port and content_length of `head` from its headers. NULL: nothing to refuse. */
const struct refusal *strict_check(struct request_head *head,
                                   struct str version, /* "HTTP/1.1" */
                                   const struct front_limits *limits);
/* The same for a head of which each byte and the version were judged when it was parsed. */
const struct refusal *
strict_check_parsed(struct request_head *head, bool http10, const struct front_limits *limits);

/* The request target -> path and query. Absolute form: its authority takes the place of Host
 * (RFC 9112, 3.2.2) in `fields`, which are the head's headers. */
void strict_read_target(struct request_head *head, struct header *fields, struct str target);

#endif
