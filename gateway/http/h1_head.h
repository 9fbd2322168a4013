/* h1_head.h - the head of an HTTP/1 request, strictly as RFC 9112 writes it.
 *
 * Pure: no connection, no memory of its own. In two steps, so that a head that
 * trickles in is looked at once: h1_scan finds its end and remembers how far it
 * has looked; h1_parse then reads the whole of it in place.
 */
#ifndef POSTERN_HTTP_H1_HEAD_H
#define POSTERN_HTTP_H1_HEAD_H

#include "http/chars.h"
#include "http/front.h"
#include "http/h1_rules.h"

#include <stdbool.h>
#include <stddef.h>

/* What a request line may have beside its target. */
enum { H1_LINE_EXTRA = 64 };

/* All zero at first, and again for the next request. */
struct h1_scan {
    size_t at;       /* everything before was looked at */
    size_t line;     /* the present line's beginning */
    size_t first;    /* the first header's beginning; 0: the request line is not complete */
    size_t begin;    /* of the request line: 2 after an empty line, which is tolerated once */
    unsigned fields; /* header lines so far */
};

/* `input` begins where the request does, each time with more behind. Once it is complete
 * `*out_len` is the length of the head with the empty line behind it; before, 0. */
enum h1_rule
h1_scan(struct h1_scan *scan, struct str input, const struct front_limits *limits, size_t *out_len);

struct h1_head {
    struct str method;
    struct str target;
    struct str version;
    size_t field_count;
    bool http10;
    bool asks_close;
    bool asks_keep_alive;
    bool keep_alive; /* what follows from the version and both */
    bool expects_continue;
};

/* `bytes` is what h1_scan found, from scan->begin on; names in it become lower case. `fields` has
 * room for scan->fields. All results point into `bytes`. */
enum h1_rule h1_parse(char *bytes, size_t len, struct header *fields, struct h1_head *out);

/* One header line, without its CRLF; its name becomes lower case. */
enum h1_rule h1_parse_field(char *line, size_t len, struct header *out);

/* Whether a comma-separated list (Connection) has this token, in any case. */
bool h1_list_has(struct str list, struct str token);

#endif
