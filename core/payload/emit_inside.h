/* emit_inside.h - what emit.c and transcode.c share: writing into a buffer without asking it
 * at each byte. Not for other modules.
 */
#ifndef POSTERN_PAYLOAD_EMIT_INSIDE_H
#define POSTERN_PAYLOAD_EMIT_INSIDE_H

#include "base/buf.h"
#include "payload/scan_inside.h"

/* The unwritten part of a buffer. Between writer_open and writer_close nobody else appends. */
struct writer {
    struct buf *buf;
    char *at;
    char *limit;
};

static inline void writer_open(struct writer *writer, struct buf *buf)
{
    *writer = (struct writer){.buf = buf, .at = buf->ptr, .limit = buf->ptr};
    if (buf->ptr != NULL) {
        writer->at += buf->len;
        writer->limit += buf->full ? buf->len : buf->cap;
    }
}

static inline void writer_close(struct writer *writer)
{
    if (writer->at != NULL) {
        writer->buf->len = (size_t)(writer->at - writer->buf->ptr);
    }
}

/* Slow path of writer_room. */
bool writer_grow(struct writer *writer, size_t size);

/* Exactly what is needed is asked for, so that a buffer is full when it is, not before. */
static inline bool writer_room(struct writer *writer, size_t size)
{
    return (size_t)(writer->limit - writer->at) >= size || writer_grow(writer, size);
}

/* All of these are false when the buffer is full. */

static inline bool write_byte(struct writer *writer, unsigned char byte)
{
    if (!writer_room(writer, 1)) {
        return false;
    }
    *writer->at++ = (char)byte;
    return true;
}

static inline bool write_bytes(struct writer *writer, struct str bytes)
{
    if (!writer_room(writer, bytes.len)) {
        return false;
    }
    text_copy(writer->at, bytes.ptr, bytes.len);
    writer->at += bytes.len;
    return true;
}

bool write_msgpack_uint(struct writer *writer, uint64_t value);
bool write_msgpack_int(struct writer *writer, int64_t value);
bool write_msgpack_f64(struct writer *writer, double value);
bool write_msgpack_str_head(struct writer *writer, size_t len);
bool write_msgpack_str(struct writer *writer, struct str text);
bool write_msgpack_bin(struct writer *writer, struct str bytes);
bool write_msgpack_list(struct writer *writer, uint32_t count);
bool write_msgpack_map(struct writer *writer, uint32_t count);

bool write_json_uint(struct writer *writer, uint64_t value);
bool write_json_int(struct writer *writer, int64_t value);
bool write_json_f64(struct writer *writer, double value);
bool write_json_str(struct writer *writer, struct str text);
bool write_json_bin(struct writer *writer, struct str bytes);

/* transcode.c: one valid value from one serializer to the other. Also false when the value does
 * not exist over there (a map key that is no string). */
bool transcode(struct writer *writer, struct slice value, enum serializer to);

#endif
