/* problem.h - errors of our own as application/problem+json (RFC 9457), and the one table from
 * error codes to HTTP statuses.
 *
 * `message` and `description` stand beside `title` and `detail` because Bondy's
 * clients read them.
 */
#ifndef POSTERN_PIPELINE_PROBLEM_H
#define POSTERN_PIPELINE_PROBLEM_H

#include "base/err.h"
#include "base/str.h"
#include "http/front.h"
#include "payload/scan.h"

struct http_problem {
    unsigned status;
    struct str code;   /* "http.not_found", or a WAMP error URI */
    struct str detail; /* a sentence: what, where, and the remedy */
    struct str request_id;
    struct slice members;   /* an encoded map, or none: added where they are none of ours */
    struct header header;   /* one more header (Allow, WWW-Authenticate), or none */
    uint32_t retry_after_s; /* of 503 and 429; 0: 1 */
    bool close;
};

unsigned http_status_of(enum err_code code);
/* "Not Found" */
const char *http_status_title(unsigned status);

/* Begins, writes and ends the answer. Retry-After goes with 503 and 429. */
void http_problem_send(struct stream *stream, const struct http_problem *problem);

#endif
