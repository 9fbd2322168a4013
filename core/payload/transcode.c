/* transcode.c - one value from any serializer to any other, in one pass and without a tree.
 *
 * Binary is, in JSON, a string of NUL and base64 (WAMP 5.3.4), and becomes binary again on the
 * way back. A JSON string that begins with NUL and is not base64 behind it stays a string; so
 * does a MsgPack or CBOR string that begins with NUL, which JSON cannot tell from binary if the
 * rest happens to be base64.
 */
#include "payload/transcode_inside.h"

bool level_close_wide(struct writer *writer, const struct level *level, enum serializer to)
{
    bool cbor = to == SERIALIZER_CBOR; /* MsgPack has no count of one byte */
    size_t width = level->count < 24 && cbor    ? 0
                   : level->count <= UINT8_MAX  ? (cbor ? 1 : 2)
                   : level->count <= UINT16_MAX ? 2
                                                : 4;
    if (!writer_room(writer, width)) {
        return false;
    }
    char *head = writer->buf->ptr + level->head;
    size_t body = (size_t)(writer->at - head) - 1;
    memmove(head + 1 + width, head + 1, body);
    writer->at = head;
    bool ok = level->map ? put_map(writer, to, level->count) : put_list(writer, to, level->count);
    writer->at += body;
    return ok;
}

bool transcode(struct writer *writer, struct slice value, enum serializer to)
{
    static bool (*const ways[SERIALIZERS][SERIALIZERS])(struct writer *, struct scan *) = {
        [SERIALIZER_JSON] =
            {[SERIALIZER_MSGPACK] = json_to_msgpack, [SERIALIZER_CBOR] = json_to_cbor},
        [SERIALIZER_MSGPACK] =
            {[SERIALIZER_JSON] = msgpack_to_json, [SERIALIZER_CBOR] = msgpack_to_cbor},
        [SERIALIZER_CBOR] =
            {[SERIALIZER_JSON] = cbor_to_json, [SERIALIZER_MSGPACK] = cbor_to_msgpack},
    };
    struct scan scan;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    return !scan_failed(&scan) && ways[value.serializer][to](writer, &scan);
}
