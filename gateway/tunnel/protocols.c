/* protocols.c - the table of protocols, their choice, and the framing of batches. */
#include "tunnel/protocols.h"

#include "base/mem.h"
#include "payload/emit.h"
#include "wamp/message.h"
#include "wamp/subprotocol.h"

enum { RECORD_SEPARATOR = 0x1e };

static const struct tunnel_protocol protocols[] = {
    {STR_INIT(SUBPROTOCOL_JSON), TUNNEL_LONGPOLL, SERIALIZER_JSON, false},
    {STR_INIT(SUBPROTOCOL_MSGPACK), TUNNEL_LONGPOLL, SERIALIZER_MSGPACK, false},
    {STR_INIT(SUBPROTOCOL_CBOR), TUNNEL_LONGPOLL, SERIALIZER_CBOR, false},
    {STR_INIT(SUBPROTOCOL_JSON ".batched"), TUNNEL_LONGPOLL, SERIALIZER_JSON, true},
    {STR_INIT(SUBPROTOCOL_MSGPACK ".batched"), TUNNEL_LONGPOLL, SERIALIZER_MSGPACK, true},
    {STR_INIT(SUBPROTOCOL_CBOR ".batched"), TUNNEL_LONGPOLL, SERIALIZER_CBOR, true},
    {STR_INIT(SUBPROTOCOL_JSON ".sse"), TUNNEL_SSE, SERIALIZER_JSON, false},
    {STR_INIT(SUBPROTOCOL_JSON), TUNNEL_SSE, SERIALIZER_JSON, false},
};

static const struct tunnel_protocol *find(enum tunnel_kind kind, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        if (protocols[i].kind == kind && str_eq(protocols[i].name, name)) {
            return &protocols[i];
        }
    }
    return NULL;
}

enum protocol_choice protocol_choose(enum tunnel_kind kind,
                                     struct str body,
                                     struct arena *scratch,
                                     const struct tunnel_protocol **out)
{
    struct slice document = {SERIALIZER_JSON, body};
    struct scan scan;
    const struct tunnel_protocol *found = NULL;
    if (!slice_valid(document, NULL, NULL) || slice_kind(document) != SCAN_MAP) {
        return PROTOCOL_UNREADABLE;
    }
    struct slice offered = slice_get(document, STR("protocols"));
    if (offered.serializer == SERIALIZER_NONE || slice_kind(offered) != SCAN_LIST) {
        return PROTOCOL_NONE;
    }
    scan_init(&scan, SERIALIZER_JSON, offered.bytes, scratch);
    if (!scan_enter_list(&scan)) {
        return PROTOCOL_NONE;
    }
    while (found == NULL && scan_more(&scan)) {
        struct str name = STR_EMPTY;
        bool read =
            scan_peek(&scan) == SCAN_STRING ? scan_str(&scan, &name) : scan_skip(&scan, NULL);
        found = read ? find(kind, name) : NULL;
    }
    *out = found;
    return found == NULL ? PROTOCOL_NONE : PROTOCOL_CHOSEN;
}

void protocol_list(enum tunnel_kind kind, struct buf *out)
{
    struct emit emit;
    uint32_t count = 0;
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        count += protocols[i].kind == kind;
    }
    emit_init(&emit, SERIALIZER_JSON, out);
    emit_list(&emit, count);
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        if (protocols[i].kind == kind) {
            emit_str(&emit, protocols[i].name);
        }
    }
}

struct str protocol_media(const struct tunnel_protocol *protocol)
{
    switch (protocol->serializer) {
    case SERIALIZER_MSGPACK:
        return STR("application/msgpack");
    case SERIALIZER_CBOR:
        return STR("application/cbor");
    default:
        return STR("application/json");
    }
}

static bool next_json(struct str rest, size_t *at, struct str *out)
{
    ptrdiff_t end = str_find(rest, RECORD_SEPARATOR);
    if (end < 0) {
        return false;
    }
    *out = str_sub(rest, 0, (size_t)end);
    *at += (size_t)end + 1;
    return true;
}

static bool next_binary(struct str rest, size_t *at, struct str *out)
{
    if (rest.len < BATCH_PREFIX_SIZE) {
        return false;
    }
    const unsigned char *octet = (const unsigned char *)rest.ptr;
    size_t len = (size_t)octet[0] << 24 | (size_t)octet[1] << 16 | (size_t)octet[2] << 8 | octet[3];
    if (len > rest.len - BATCH_PREFIX_SIZE) {
        return false;
    }
    *out = str_sub(rest, BATCH_PREFIX_SIZE, len);
    *at += BATCH_PREFIX_SIZE + len;
    return true;
}

bool protocol_next(const struct tunnel_protocol *protocol,
                   struct str body,
                   size_t *at,
                   struct str *out,
                   bool *malformed)
{
    if (*at > 0 && *at >= body.len) {
        return false;
    }
    if (!protocol->batched) {
        *malformed = body.len == 0;
        *out = body;
        *at = body.len;
        return body.len > 0;
    }
    struct str rest = str_from(body, *at);
    bool found = protocol->serializer == SERIALIZER_JSON ? next_json(rest, at, out)
                                                         : next_binary(rest, at, out);
    *malformed = !found;
    return found;
}

size_t protocol_prefix(const struct tunnel_protocol *protocol,
                       size_t message_len,
                       char out[BATCH_PREFIX_SIZE])
{
    if (!protocol->batched || protocol->serializer == SERIALIZER_JSON) {
        return 0;
    }
    for (unsigned i = 0; i < BATCH_PREFIX_SIZE; i++) {
        out[i] = (char)(message_len >> (24 - 8 * i) & 0xff);
    }
    return BATCH_PREFIX_SIZE;
}

struct str protocol_suffix(const struct tunnel_protocol *protocol)
{
    bool marked = protocol->batched && protocol->serializer == SERIALIZER_JSON;
    return marked ? STR("\x1e") : STR_EMPTY;
}

bool protocol_is_event(enum serializer serializer, struct str message)
{
    struct scan scan;
    uint64_t type = 0;
    scan_init(&scan, serializer, message, NULL);
    return scan_enter_list(&scan) && scan_more(&scan) && scan_u64(&scan, &type) &&
           type == MESSAGE_EVENT;
}
