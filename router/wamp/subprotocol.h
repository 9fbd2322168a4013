/* subprotocol.h - what a serializer is called where a transport is opened.
 *
 * Clients offer these names, the router takes the first that it speaks: in Sec-WebSocket-Protocol,
 * and in the protocols of the transports over HTTP, which add suffixes to them. RawSocket has
 * numbers instead.
 */
#ifndef POSTERN_WAMP_SUBPROTOCOL_H
#define POSTERN_WAMP_SUBPROTOCOL_H

#include "base/str.h"
#include "payload/scan.h"

#define SUBPROTOCOL_JSON    "wamp.2.json"
#define SUBPROTOCOL_MSGPACK "wamp.2.msgpack"
#define SUBPROTOCOL_CBOR    "wamp.2.cbor"

/* SERIALIZER_NONE: we do not speak it. */
enum serializer subprotocol_find(struct str name);
/* Empty for SERIALIZER_NONE. */
struct str subprotocol_name(enum serializer serializer);

#endif
