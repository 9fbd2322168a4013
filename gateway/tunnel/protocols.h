/* protocols.h - what a tunnel may speak: transport, serializer, one message a body or many.
 *
 * One table. A batch is framed as the WAMP specification has it for batched
 * WebSockets: JSON messages each followed by 0x1e, binary ones each preceded by
 * their length in four octets. Pure functions on borrowed bytes.
 */
#ifndef POSTERN_TUNNEL_PROTOCOLS_H
#define POSTERN_TUNNEL_PROTOCOLS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stddef.h>

enum tunnel_kind { TUNNEL_LONGPOLL, TUNNEL_SSE };
enum { TUNNEL_KINDS = 2, BATCH_PREFIX_SIZE = 4 };

struct tunnel_protocol {
    struct str name;
    enum tunnel_kind kind;
    enum serializer serializer;
    bool batched;
};

enum protocol_choice { PROTOCOL_CHOSEN, PROTOCOL_NONE, PROTOCOL_UNREADABLE };

/* From the body of an open, {"protocols": [...]}: the first of the client's that we speak. */
enum protocol_choice protocol_choose(enum tunnel_kind kind,
                                     struct str body,
                                     struct arena *scratch,
                                     const struct tunnel_protocol **out);
/* ["wamp.2.json", ...], appended as JSON. */
void protocol_list(enum tunnel_kind kind, struct buf *out);

/* Of bodies in either direction. */
struct str protocol_media(const struct tunnel_protocol *protocol);

/* The next message of a body, from `*at` on, which moves behind it. False at the end, or, with
 * `*malformed`, where the framing is wrong; a batch of none is. */
bool protocol_next(const struct tunnel_protocol *protocol,
                   struct str body,
                   size_t *at,
                   struct str *out,
                   bool *malformed);
/* What stands before and after one message: prefix gives the number of its bytes. */
size_t protocol_prefix(const struct tunnel_protocol *protocol,
                       size_t message_len,
                       char out[BATCH_PREFIX_SIZE]);
struct str protocol_suffix(const struct tunnel_protocol *protocol);

/* An EVENT, which may be dropped. */
bool protocol_is_event(enum serializer serializer, struct str message);

#endif
