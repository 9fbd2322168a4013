/* transcode_inside.h - what the transcoders share: a container that is being written. Each loop is
 * written once and compiled for each pair of serializers. Not for other modules.
 */
#ifndef POSTERN_PAYLOAD_TRANSCODE_INSIDE_H
#define POSTERN_PAYLOAD_TRANSCODE_INSIDE_H

#include "payload/emit_inside.h"

#define PER_PAIR static inline __attribute__((always_inline))

/* Offsets, for the buffer may move. */
struct level {
    size_t head;    /* where a head is due once the count is known */
    uint32_t count; /* members so far if a head is due, else members to come */
    bool map;
    bool open; /* from CBOR: a break ends it */
};

/* The head of an empty list or map, one byte; a count below 16 is its low bits. */
static inline unsigned char level_byte(enum serializer to, bool map)
{
    return to == SERIALIZER_CBOR ? (map ? 0xa0 : 0x80) : (map ? 0x80 : 0x90);
}

/* What level_close leaves to it: counts above 15. */
bool level_close_wide(struct writer *writer, const struct level *level, enum serializer to);

/* Writes the head that is due now that the count is known; one byte was kept for it. */
static inline bool level_close(struct writer *writer, const struct level *level, enum serializer to)
{
    if (level->count > 15) {
        return level_close_wide(writer, level, to);
    }
    writer->buf->ptr[level->head] = (char)(level_byte(to, level->map) | level->count);
    return true;
}

bool json_to_msgpack(struct writer *writer, struct scan *scan);
bool json_to_cbor(struct writer *writer, struct scan *scan);
bool msgpack_to_json(struct writer *writer, struct scan *scan);
bool msgpack_to_cbor(struct writer *writer, struct scan *scan);
bool cbor_to_json(struct writer *writer, struct scan *scan);
bool cbor_to_msgpack(struct writer *writer, struct scan *scan);

#endif
