/* message.h - WAMP messages as plain structs, their table, and their codec.
 *
 * One codec for every serializer, on the scanners of core/payload. Details and
 * options stay encoded and are read on demand by row tables (options.h); args
 * and kwargs stay a payload. WAMP specification, "Messages" (Basic Profile 3-5).
 *
 * Decoded strings point into the input or the scratch arena: borrowed until the
 * end of the turn.
 */
#ifndef POSTERN_WAMP_MESSAGE_H
#define POSTERN_WAMP_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "payload/payload.h"

#include <stdbool.h>
#include <stdint.h>

enum message_type {
    MESSAGE_HELLO = 1,
    MESSAGE_WELCOME = 2,
    MESSAGE_ABORT = 3,
    MESSAGE_CHALLENGE = 4,
    MESSAGE_AUTHENTICATE = 5,
    MESSAGE_GOODBYE = 6,
    MESSAGE_ERROR = 8,
    MESSAGE_PUBLISH = 16,
    MESSAGE_PUBLISHED = 17,
    MESSAGE_SUBSCRIBE = 32,
    MESSAGE_SUBSCRIBED = 33,
    MESSAGE_UNSUBSCRIBE = 34,
    MESSAGE_UNSUBSCRIBED = 35,
    MESSAGE_EVENT = 36,
    MESSAGE_CALL = 48,
    MESSAGE_CANCEL = 49,
    MESSAGE_RESULT = 50,
    MESSAGE_REGISTER = 64,
    MESSAGE_REGISTERED = 65,
    MESSAGE_UNREGISTER = 66,
    MESSAGE_UNREGISTERED = 67,
    MESSAGE_INVOCATION = 68,
    MESSAGE_INTERRUPT = 69,
    MESSAGE_YIELD = 70,
    MESSAGE_TYPE_MAX = 70,
};

enum { WAMP_ID_BITS = 53 };
#define WAMP_ID_MAX ((uint64_t)1 << WAMP_ID_BITS)

/* What is where, a row a message (the wire's order; * may be left out):
 *
 *   HELLO         uri = realm, details              WELCOME       id = session, details
 *   ABORT         details, uri = reason, payload*   GOODBYE       details, uri = reason
 *   CHALLENGE     uri = authmethod, details         AUTHENTICATE  uri = signature, details
 *   ERROR         request_type, request, details, uri = error, payload*
 *   PUBLISH       request, details, uri = topic, payload*
 *   PUBLISHED     request, id = publication
 *   SUBSCRIBE     request, details, uri = topic
 *   SUBSCRIBED    request, id = subscription
 *   UNSUBSCRIBE   request, id = subscription
 *   UNSUBSCRIBED  request, details*  (request 0 and details: the router took it away)
 *   EVENT         id = subscription, request = publication, details, payload*
 *   CALL          request, details, uri = procedure, payload*
 *   CANCEL        request, details
 *   RESULT        request, details, payload*
 *   REGISTER      request, details, uri = procedure
 *   REGISTERED    request, id = registration
 *   UNREGISTER    request, id = registration
 *   UNREGISTERED  request, details*  (as UNSUBSCRIBED)
 *   INVOCATION    request, id = registration, details, payload*
 *   INTERRUPT     request, details
 *   YIELD         request, details, payload*
 */
struct message {
    enum message_type type;
    enum message_type request_type; /* ERROR: what failed */
    uint64_t request;               /* Request|id; EVENT: Publication|id */
    uint64_t id;        /* session, registration or subscription; PUBLISHED: publication */
    struct str uri;     /* realm, procedure, topic, error, reason, authmethod or signature */
    struct str details; /* encoded map in the message's serializer: details, options, extra */
    struct payload payload;
};

/* True, or false with a sentence that names what is wrong: a protocol violation. Checks arity,
 * types, ids in [1, 2^53], and that nothing follows. Knows every type above; a session decides
 * what it accepts. */
bool message_decode(enum serializer serializer,
                    struct str bytes,
                    struct arena *scratch,
                    struct message *out,
                    struct err *err);

/* Appends `message` encoded; false when `out` is full or a payload cannot be transcoded.
 * `details` of another serializer than `payload.serializer` is not possible: both are the
 * source's; the target is `serializer`. Empty details are {}. */
bool message_encode(const struct message *message, enum serializer serializer, struct buf *out);

/* "CALL", or "message 99". */
const char *message_name(enum message_type type);

/* A new random id in [1, 2^53] (global scope). */
uint64_t wamp_id_random(void);

#endif
