/* message.c - the table of messages, and the codec that reads and writes by it. */
#include "wamp/message.h"

#include "base/mem.h"
#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>

/* The elements behind the type, a letter each:
 *     r request   i id   t the request type of what failed   u uri
 *     d details   D details that may be left out   p payload */
struct shape {
    const char *name;
    const char *parts;
    const char *uri; /* what u, i and d are called here, for errors */
    const char *id;
    const char *details;
    bool fails; /* ERROR may answer it */
};

/* One row a message; message.h has the same table for people. */
static const struct shape shapes[] = {
    [MESSAGE_HELLO] = {"HELLO", "ud", .uri = "realm", .details = "details"},
    [MESSAGE_WELCOME] = {"WELCOME", "id", .id = "session", .details = "details"},
    [MESSAGE_ABORT] = {"ABORT", "dup", .uri = "reason", .details = "details"},
    [MESSAGE_CHALLENGE] = {"CHALLENGE", "ud", .uri = "authmethod", .details = "extra"},
    [MESSAGE_AUTHENTICATE] = {"AUTHENTICATE", "ud", .uri = "signature", .details = "extra"},
    [MESSAGE_GOODBYE] = {"GOODBYE", "du", .uri = "reason", .details = "details"},
    [MESSAGE_ERROR] = {"ERROR", "trdup", .uri = "error", .details = "details"},
    [MESSAGE_PUBLISH] = {"PUBLISH", "rdup", "topic", NULL, "options", true},
    [MESSAGE_PUBLISHED] = {"PUBLISHED", "ri", .id = "publication"},
    [MESSAGE_SUBSCRIBE] = {"SUBSCRIBE", "rdu", "topic", NULL, "options", true},
    [MESSAGE_SUBSCRIBED] = {"SUBSCRIBED", "ri", .id = "subscription"},
    [MESSAGE_UNSUBSCRIBE] = {"UNSUBSCRIBE", "ri", .id = "subscription", .fails = true},
    [MESSAGE_UNSUBSCRIBED] = {"UNSUBSCRIBED", "rD", .details = "details"},
    [MESSAGE_EVENT] = {"EVENT", "irdp", .id = "subscription", .details = "details"},
    [MESSAGE_CALL] = {"CALL", "rdup", "procedure", NULL, "options", true},
    [MESSAGE_CANCEL] = {"CANCEL", "rd", .details = "options"},
    [MESSAGE_RESULT] = {"RESULT", "rdp", .details = "details"},
    [MESSAGE_REGISTER] = {"REGISTER", "rdu", "procedure", NULL, "options", true},
    [MESSAGE_REGISTERED] = {"REGISTERED", "ri", .id = "registration"},
    [MESSAGE_UNREGISTER] = {"UNREGISTER", "ri", .id = "registration", .fails = true},
    [MESSAGE_UNREGISTERED] = {"UNREGISTERED", "rD", .details = "details"},
    [MESSAGE_INVOCATION] = {"INVOCATION", "ridp", NULL, "registration", "details", true},
    [MESSAGE_INTERRUPT] = {"INTERRUPT", "rd", .details = "options"},
    [MESSAGE_YIELD] = {"YIELD", "rdp", .details = "options"},
};
_Static_assert(COUNT_OF(shapes) == MESSAGE_TYPE_MAX + 1, "a row a message");

static const struct shape *shape_find(uint64_t type)
{
    return type < COUNT_OF(shapes) && shapes[type].name != NULL ? &shapes[type] : NULL;
}

const char *message_name(enum message_type type)
{
    static _Thread_local char unknown[32];
    const struct shape *shape = shape_find((uint64_t)type);
    if (shape != NULL) {
        return shape->name;
    }
    (void)snprintf(unknown, sizeof unknown, "message %u", (unsigned)type);
    return unknown;
}

struct decoder {
    struct scan scan;
    const struct shape *shape;
    struct err *err;
};

/* Names elements and types only: what stands in them may be a secret. */
static bool refuse(struct decoder *decoder, const char *what, const char *wanted)
{
    return err_set(decoder->err, ERR_INVALID, "%s: %s must be %s", decoder->shape->name, what,
                   wanted);
}

static bool malformed(struct decoder *decoder)
{
    return err_set(decoder->err, ERR_INVALID, "%s%s%s at byte %zu",
                   decoder->shape == NULL ? "" : decoder->shape->name,
                   decoder->shape == NULL ? "" : ": ", decoder->scan.problem,
                   scan_offset(&decoder->scan));
}

static const char an_id[] = "an id in [1, 2^53]";

/* UNSUBSCRIBED and UNREGISTERED without a request are the router's own will: request 0, and the
 * details tell what was taken away. */
static bool decode_id(struct decoder *decoder, const char *what, bool may_be_zero, uint64_t *out)
{
    uint64_t id;
    if (!scan_u64(&decoder->scan, &id) || id > WAMP_ID_MAX || (id == 0 && !may_be_zero)) {
        return refuse(decoder, what, an_id);
    }
    *out = id;
    return true;
}

static bool decode_request_type(struct decoder *decoder, enum message_type *out)
{
    uint64_t type;
    if (!scan_u64(&decoder->scan, &type) || shape_find(type) == NULL || !shapes[type].fails) {
        return refuse(decoder, "request type", "that of a message that can fail");
    }
    *out = (enum message_type)type;
    return true;
}

static bool
decode_value(struct decoder *decoder, enum scan_kind kind, const char *what, struct str *out)
{
    if (scan_peek(&decoder->scan) != kind) {
        return refuse(decoder, what, kind == SCAN_MAP ? "a map" : "a list");
    }
    return scan_skip(&decoder->scan, out) || malformed(decoder);
}

static bool decode_payload(struct decoder *decoder, struct payload *out)
{
    if (!scan_more(&decoder->scan)) {
        return true;
    }
    if (!decode_value(decoder, SCAN_LIST, "args", &out->args)) {
        return false;
    }
    return !scan_more(&decoder->scan) ||
           (decode_value(decoder, SCAN_MAP, "kwargs", &out->kwargs) &&
            (!scan_more(&decoder->scan) || refuse(decoder, "kwargs", "the last element")));
}

static bool decode_part(struct decoder *decoder, char part, struct message *out)
{
    const struct shape *shape = decoder->shape;
    switch (part) {
    case 'r':
        return decode_id(decoder, "request", shape->parts[1] == 'D', &out->request);
    case 'i':
        return decode_id(decoder, shape->id, false, &out->id);
    case 't':
        return decode_request_type(decoder, &out->request_type);
    case 'u':
        return scan_str(&decoder->scan, &out->uri) || refuse(decoder, shape->uri, "a string");
    default:
        return decode_value(decoder, SCAN_MAP, shape->details, &out->details);
    }
}

/* The elements behind the type, and that nothing follows them. */
static bool decode_parts(struct decoder *decoder, struct message *out)
{
    const char *part = decoder->shape->parts;
    for (; *part != '\0' && *part != 'p'; part++) {
        if (!scan_more(&decoder->scan)) {
            if (*part == 'D' && !scan_failed(&decoder->scan)) {
                return out->request != 0 || refuse(decoder, "request", an_id);
            }
            return scan_failed(&decoder->scan)
                       ? malformed(decoder)
                       : err_set(decoder->err, ERR_INVALID, "%s: too few elements",
                                 decoder->shape->name);
        }
        if (!decode_part(decoder, *part, out)) {
            return false;
        }
    }
    if (*part == 'p') {
        return decode_payload(decoder, &out->payload);
    }
    return !scan_more(&decoder->scan) ||
           err_set(decoder->err, ERR_INVALID, "%s: too many elements", decoder->shape->name);
}

bool message_decode(enum serializer serializer,
                    struct str bytes,
                    struct arena *scratch,
                    struct message *out,
                    struct err *err)
{
    struct decoder decoder;
    decoder.shape = NULL;
    decoder.err = err;
    scan_init(&decoder.scan, serializer, bytes, scratch);
    if (!scan_enter_list(&decoder.scan)) {
        return err_set(err, ERR_INVALID, "a message must be a list");
    }
    uint64_t type;
    if (!scan_more(&decoder.scan) || !scan_u64(&decoder.scan, &type)) {
        return err_set(err, ERR_INVALID, "a message must begin with its type");
    }
    decoder.shape = shape_find(type);
    if (decoder.shape == NULL) {
        return err_set(err, ERR_INVALID, "unknown message type %" PRIu64, type);
    }
    struct message message = {.type = (enum message_type)type, .payload.serializer = serializer};
    if (!decode_parts(&decoder, &message)) {
        return false;
    }
    if (scan_failed(&decoder.scan) || !scan_end(&decoder.scan)) {
        return malformed(&decoder);
    }
    *out = message;
    return true;
}

static uint32_t element_count(const struct shape *shape, const struct message *message)
{
    uint32_t count = 1;
    for (const char *part = shape->parts; *part != '\0'; part++) {
        if (*part == 'p') {
            count += payload_elements(&message->payload);
        } else if (*part != 'D' || message->details.len > 0) {
            count++;
        }
    }
    return count;
}

static void encode_part(const struct message *message, char part, struct emit *emit)
{
    switch (part) {
    case 'r':
        emit_u64(emit, message->request);
        break;
    case 'i':
        emit_u64(emit, message->id);
        break;
    case 't':
        emit_u64(emit, (uint64_t)message->request_type);
        break;
    case 'u':
        emit_str(emit, message->uri);
        break;
    case 'p':
        payload_emit(&message->payload, emit);
        break;
    default:
        if (message->details.len > 0) {
            emit_slice(emit, (struct slice){message->payload.serializer, message->details});
        } else if (part == 'd') {
            emit_map(emit, 0);
        }
        break;
    }
}

bool message_encode(const struct message *message, enum serializer serializer, struct buf *out)
{
    const struct shape *shape = shape_find((uint64_t)message->type);
    if (shape == NULL) {
        return false;
    }
    struct emit emit;
    emit_init(&emit, serializer, out);
    emit_list(&emit, element_count(shape, message));
    emit_u64(&emit, (uint64_t)message->type);
    for (const char *part = shape->parts; *part != '\0'; part++) {
        encode_part(message, *part, &emit);
    }
    return !emit.failed && !out->full;
}

uint64_t wamp_id_random(void)
{
    return 1 + random_below(WAMP_ID_MAX);
}
