/* upgrade_head.h - judges the head of a request on /ws.
 *
 * Strict (RFC 9112, RFC 6455 4.2.1): what passes here is a WebSocket opening
 * handshake for a subprotocol that we speak, from an origin that may. Pure
 * functions on borrowed bytes.
 */
#ifndef POSTERN_TRANSPORT_UPGRADE_HEAD_H
#define POSTERN_TRANSPORT_UPGRADE_HEAD_H

#include "base/str.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stddef.h>

enum { UPGRADE_HEAD_MAX = 8192, UPGRADE_ACCEPTED = 101 };

struct upgrade_rules {
    const struct str *origins; /* allowed values of Origin; count 0: any */
    size_t origin_count;
    bool own_origin; /* Origin must be that of the Host; for requests that carry one */
    bool any_kind;   /* with a subprotocol of ours or with none */
};

struct upgrade_verdict {
    unsigned status;    /* UPGRADE_ACCEPTED, or an HTTP error */
    const char *detail; /* of an error: one sentence without the client's bytes */
    /* Of a request that is accepted; all point into the head. */
    struct str key;
    struct str subprotocol; /* the first of the client's that is ours; empty: none was wanted */
    enum serializer serializer;
    struct str bearer; /* the token of "Authorization: Bearer" */
    struct str cookie;
};

/* Length of the head with its empty line, 0 when it is not there yet. Looks from `from` on. */
size_t upgrade_head_end(struct str bytes, size_t from);

/* `head` ends with its empty line. */
struct upgrade_verdict upgrade_judge(struct str head, const struct upgrade_rules *rules);

#endif
