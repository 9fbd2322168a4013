/* emit_inside.h - what emit.c and the transcoders share: writing into a buffer without asking it
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
bool write_msgpack_f32(struct writer *writer, uint32_t bits);
bool write_msgpack_f64(struct writer *writer, double value);
bool write_msgpack_str_head(struct writer *writer, size_t len);
bool write_msgpack_str(struct writer *writer, struct str text);
bool write_msgpack_bin_head(struct writer *writer, size_t len);
bool write_msgpack_list(struct writer *writer, uint32_t count);
bool write_msgpack_map(struct writer *writer, uint32_t count);

bool write_cbor_uint(struct writer *writer, uint64_t value);
bool write_cbor_int(struct writer *writer, int64_t value);
bool write_cbor_f32(struct writer *writer, uint32_t bits);
bool write_cbor_f64(struct writer *writer, double value);
bool write_cbor_str_head(struct writer *writer, size_t len);
bool write_cbor_str(struct writer *writer, struct str text);
bool write_cbor_bin_head(struct writer *writer, size_t len);
bool write_cbor_list(struct writer *writer, uint32_t count);
bool write_cbor_map(struct writer *writer, uint32_t count);

bool write_json_uint(struct writer *writer, uint64_t value);
bool write_json_int(struct writer *writer, int64_t value);
bool write_json_f64(struct writer *writer, double value);
bool write_json_str(struct writer *writer, struct str text);
bool write_json_bin(struct writer *writer, struct str bytes);

/* The same by serializer, which the transcoders know when they are compiled. */

static inline bool put_null(struct writer *writer, enum serializer to)
{
    return to == SERIALIZER_JSON ? write_bytes(writer, STR("null"))
                                 : write_byte(writer, to == SERIALIZER_CBOR ? 0xf6 : 0xc0);
}

static inline bool put_bool(struct writer *writer, enum serializer to, bool value)
{
    if (to == SERIALIZER_JSON) {
        return write_bytes(writer, value ? STR("true") : STR("false"));
    }
    return write_byte(writer, (unsigned char)((to == SERIALIZER_CBOR ? 0xf4 : 0xc2) | value));
}

static inline bool put_uint(struct writer *writer, enum serializer to, uint64_t value)
{
    return to == SERIALIZER_JSON   ? write_json_uint(writer, value)
           : to == SERIALIZER_CBOR ? write_cbor_uint(writer, value)
                                   : write_msgpack_uint(writer, value);
}

static inline bool put_int(struct writer *writer, enum serializer to, int64_t value)
{
    return to == SERIALIZER_JSON   ? write_json_int(writer, value)
           : to == SERIALIZER_CBOR ? write_cbor_int(writer, value)
                                   : write_msgpack_int(writer, value);
}

static inline bool put_f64(struct writer *writer, enum serializer to, double value)
{
    return to == SERIALIZER_JSON   ? write_json_f64(writer, value)
           : to == SERIALIZER_CBOR ? write_cbor_f64(writer, value)
                                   : write_msgpack_f64(writer, value);
}

static inline bool put_str(struct writer *writer, enum serializer to, struct str text)
{
    return to == SERIALIZER_JSON   ? write_json_str(writer, text)
           : to == SERIALIZER_CBOR ? write_cbor_str(writer, text)
                                   : write_msgpack_str(writer, text);
}

/* Not for JSON, nor are those below. */
static inline bool put_str_head(struct writer *writer, enum serializer to, size_t len)
{
    return to == SERIALIZER_CBOR ? write_cbor_str_head(writer, len)
                                 : write_msgpack_str_head(writer, len);
}

static inline bool put_bin_head(struct writer *writer, enum serializer to, size_t len)
{
    return to == SERIALIZER_CBOR ? write_cbor_bin_head(writer, len)
                                 : write_msgpack_bin_head(writer, len);
}

static inline bool put_list(struct writer *writer, enum serializer to, uint32_t count)
{
    return to == SERIALIZER_CBOR ? write_cbor_list(writer, count)
                                 : write_msgpack_list(writer, count);
}

static inline bool put_map(struct writer *writer, enum serializer to, uint32_t count)
{
    return to == SERIALIZER_CBOR ? write_cbor_map(writer, count) : write_msgpack_map(writer, count);
}

static inline bool put_bin(struct writer *writer, enum serializer to, struct str bytes)
{
    return to == SERIALIZER_JSON
               ? write_json_bin(writer, bytes)
               : put_bin_head(writer, to, bytes.len) && write_bytes(writer, bytes);
}

/* transcode.c: one valid value from one serializer to another. Also false when the value does
 * not exist over there (a map key that is no string). */
bool transcode(struct writer *writer, struct slice value, enum serializer to);

#endif
