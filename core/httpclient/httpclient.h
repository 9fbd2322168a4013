/* httpclient.h - one HTTP request and its answer, waited for. The only user of libcurl.
 *
 * It blocks its thread, which is the command line's or one of its own. http and https
 * only, no redirects, no proxies, certificates verified unless told otherwise, the
 * answer bounded. Errors name the server, never the credentials.
 */
#ifndef POSTERN_HTTPCLIENT_HTTPCLIENT_H
#define POSTERN_HTTPCLIENT_HTTPCLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL, empty or 0 where a thing is not wanted. */
struct httpclient_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value" each; "Name;" for one without a value */
    size_t header_count;
    struct str body;
    const char *user; /* Basic, with `password` */
    const char *password;
    const char *bearer;
    uint64_t timeout_ms; /* of the whole; 0: 30 s */
    const char *ca_file;
    bool insecure;       /* do not verify the server's certificate */
    size_t response_max; /* bytes of the answer's body; 0: 64 MiB */
    const char *target;  /* in the request line, to the byte, instead of the URL's path */
    /* Where to connect, whatever the URL says: "HOST:PORT", or a unix socket. */
    const char *dial;
    const char *unix_socket;
    bool proxied; /* begins with a PROXY header, of its own address */
    /* Of an answer that is larger than response_max or breaks off, once its head is there, what
     * came is given; beyond so many bytes it is broken off. 0: such an answer is an error. */
    uint64_t count_max;
    const atomic_bool *cancel; /* once true it ends, within a second */
};

struct httpclient_response {
    unsigned status;
    struct buf head; /* the header lines */
    struct buf body;
    uint64_t bytes; /* of the body, kept or not */
    bool whole;     /* it is kept, and came to its end */
};

/* True for an answer of any status; `out` is then to be freed with httpclient_response_done. */
bool httpclient_request(const struct httpclient_request *request,
                        struct httpclient_response *out,
                        struct err *err);
/* Nobody reads along who is not on this machine: https, or http to a loopback address. What is no
 * URL at all is for httpclient_request to say. */
bool httpclient_is_private(const char *url);
/* The first header of that name, in any case, borrowed; empty when there is none. */
struct str httpclient_header(const struct httpclient_response *response, struct str name);
void httpclient_response_done(struct httpclient_response *response);

#endif
