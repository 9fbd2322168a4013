/* upgrade_head.h - judges the head of a request on /ws before libwebsockets sees the socket.
 *
 * Strict (RFC 9112, RFC 6455 4.2.1): what passes here is a WebSocket opening
 * handshake for a subprotocol that we speak, from an origin that may. Pure
 * functions on borrowed bytes.
 */
#ifndef POSTERN_TRANSPORT_UPGRADE_HEAD_H
#define POSTERN_TRANSPORT_UPGRADE_HEAD_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { UPGRADE_HEAD_MAX = 8192, UPGRADE_ACCEPTED = 101 };

struct upgrade_rules {
    const struct str *origins; /* allowed values of Origin; count 0: any */
    size_t origin_count;
    bool own_origin; /* Origin must be that of the Host; for requests that carry one */
};

struct upgrade_verdict {
    unsigned status;    /* UPGRADE_ACCEPTED, or an HTTP error */
    const char *detail; /* of an error: one sentence without the client's bytes */
};

/* Length of the head with its empty line, 0 when it is not there yet. Looks from `from` on. */
size_t upgrade_head_end(struct str bytes, size_t from);

/* `head` ends with its empty line. */
struct upgrade_verdict upgrade_judge(struct str head, const struct upgrade_rules *rules);

#endif
