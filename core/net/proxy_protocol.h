/* proxy_protocol.h - the header by which a proxy says who its client is (haproxy's v1 and v2).
 *
 * A pure parser over bytes that were peeked; any thread.
 */
#ifndef POSTERN_NET_PROXY_PROTOCOL_H
#define POSTERN_NET_PROXY_PROTOCOL_H

#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROXY_V1_MAX = 107,
    PROXY_V2_HEAD = 16,
    PROXY_MAX = 536, /* a v2 header with all its extras; longer ones are refused */
};

enum proxy_result { PROXY_BAD, PROXY_MORE, PROXY_OK };

struct proxy_header {
    size_t len;       /* bytes to consume */
    bool has_address; /* false for UNKNOWN, LOCAL and families that are not TCP over IP */
    struct in6_addr address;
    uint16_t port;
};

enum proxy_result proxy_parse(struct str bytes, struct proxy_header *out);

#endif
