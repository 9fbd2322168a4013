/* write.c - the tokens of every serializer, written in their shortest form. */
#include "base/encode.h"
#include "payload/emit.h"
#include "payload/emit_inside.h"

bool writer_grow(struct writer *writer, size_t size)
{
    writer_close(writer);
    char *room = buf_reserve(writer->buf, size);
    if (room == NULL) {
        writer->limit = writer->at;
        return false;
    }
    writer->at = room;
    writer->limit = writer->buf->ptr + writer->buf->cap;
    return true;
}

/* A byte and `width` bytes of `value` behind it, big-endian. */
static bool write_head(struct writer *writer, unsigned char byte, uint64_t value, unsigned width)
{
    if (!writer_room(writer, 1 + width)) {
        return false;
    }
    uint64_t field = __builtin_bswap64(value << (64 - 8 * width));
    writer->at[0] = (char)byte;
    memcpy(writer->at + 1, &field, width);
    writer->at += 1 + width;
    return true;
}

bool write_msgpack_uint(struct writer *writer, uint64_t value)
{
    if (value < 0x80) {
        return write_byte(writer, (unsigned char)value);
    }
    if (value <= UINT8_MAX) {
        return write_head(writer, 0xcc, value, 1);
    }
    if (value <= UINT16_MAX) {
        return write_head(writer, 0xcd, value, 2);
    }
    return value <= UINT32_MAX ? write_head(writer, 0xce, value, 4)
                               : write_head(writer, 0xcf, value, 8);
}

bool write_msgpack_int(struct writer *writer, int64_t value)
{
    if (value >= 0) {
        return write_msgpack_uint(writer, (uint64_t)value);
    }
    if (value >= -32) {
        return write_byte(writer, (unsigned char)value);
    }
    if (value >= INT8_MIN) {
        return write_head(writer, 0xd0, (uint64_t)value, 1);
    }
    if (value >= INT16_MIN) {
        return write_head(writer, 0xd1, (uint64_t)value, 2);
    }
    return value >= INT32_MIN ? write_head(writer, 0xd2, (uint64_t)value, 4)
                              : write_head(writer, 0xd3, (uint64_t)value, 8);
}

bool write_msgpack_f32(struct writer *writer, uint32_t bits)
{
    return write_head(writer, 0xca, bits, 4);
}

bool write_msgpack_f64(struct writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return write_head(writer, 0xcb, bits, 8);
}

/* `byte`, `byte` + 1 or `byte` + 2 with a length of one, two or four bytes. */
static bool write_length(struct writer *writer, unsigned char byte, size_t len)
{
    if (len <= UINT8_MAX) {
        return write_head(writer, byte, len, 1);
    }
    return len <= UINT16_MAX ? write_head(writer, (unsigned char)(byte + 1), len, 2)
                             : write_head(writer, (unsigned char)(byte + 2), len, 4);
}

bool write_msgpack_str_head(struct writer *writer, size_t len)
{
    return len < 32 ? write_byte(writer, (unsigned char)(0xa0 | len))
                    : write_length(writer, 0xd9, len);
}

bool write_msgpack_str(struct writer *writer, struct str text)
{
    return write_msgpack_str_head(writer, text.len) && write_bytes(writer, text);
}

bool write_msgpack_bin_head(struct writer *writer, size_t len)
{
    return write_length(writer, 0xc4, len);
}

static bool
write_count(struct writer *writer, unsigned char small, unsigned char byte, uint32_t count)
{
    if (count < 16) {
        return write_byte(writer, (unsigned char)(small | count));
    }
    return count <= UINT16_MAX ? write_head(writer, byte, count, 2)
                               : write_head(writer, (unsigned char)(byte + 1), count, 4);
}

bool write_msgpack_list(struct writer *writer, uint32_t count)
{
    return write_count(writer, 0x90, 0xdc, count);
}

bool write_msgpack_map(struct writer *writer, uint32_t count)
{
    return write_count(writer, 0x80, 0xde, count);
}

/* CBOR: the major type's bits, and the argument. */
static bool write_item(struct writer *writer, unsigned char major, uint64_t value)
{
    if (value < 24) {
        return write_byte(writer, (unsigned char)(major | value));
    }
    if (value <= UINT8_MAX) {
        return write_head(writer, major | 24, value, 1);
    }
    if (value <= UINT16_MAX) {
        return write_head(writer, major | 25, value, 2);
    }
    return value <= UINT32_MAX ? write_head(writer, major | 26, value, 4)
                               : write_head(writer, major | 27, value, 8);
}

bool write_cbor_uint(struct writer *writer, uint64_t value)
{
    return write_item(writer, 0x00, value);
}

bool write_cbor_int(struct writer *writer, int64_t value)
{
    return value < 0 ? write_item(writer, 0x20, ~(uint64_t)value)
                     : write_item(writer, 0x00, (uint64_t)value);
}

bool write_cbor_f32(struct writer *writer, uint32_t bits)
{
    return write_head(writer, 0xfa, bits, 4);
}

bool write_cbor_f64(struct writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return write_head(writer, 0xfb, bits, 8);
}

bool write_cbor_str_head(struct writer *writer, size_t len)
{
    return write_item(writer, 0x60, len);
}

bool write_cbor_str(struct writer *writer, struct str text)
{
    if (text.len < 24 && writer_room(writer, 1 + text.len)) {
        *writer->at++ = (char)(0x60 | text.len);
        text_copy(writer->at, text.ptr, text.len);
        writer->at += text.len;
        return true;
    }
    return write_item(writer, 0x60, text.len) && write_bytes(writer, text);
}

bool write_cbor_bin_head(struct writer *writer, size_t len)
{
    return write_item(writer, 0x40, len);
}

bool write_cbor_list(struct writer *writer, uint32_t count)
{
    return write_item(writer, 0x80, count);
}

bool write_cbor_map(struct writer *writer, uint32_t count)
{
    return write_item(writer, 0xa0, count);
}

static bool write_decimal(struct writer *writer, uint64_t value, bool negative)
{
    char text[21];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    if (negative) {
        text[--at] = '-';
    }
    return write_bytes(writer, str_make(text + at, sizeof text - at));
}

bool write_json_uint(struct writer *writer, uint64_t value)
{
    return write_decimal(writer, value, false);
}

bool write_json_int(struct writer *writer, int64_t value)
{
    return write_decimal(writer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

bool write_json_f64(struct writer *writer, double value)
{
    char text[32];
    return write_bytes(writer, str_make(text, format_f64(value, text)));
}

/* An escape for `c`, and room for `rest` bytes behind it. */
static bool write_escape(struct writer *writer, unsigned char c, size_t rest)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[128] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                      ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    char text[6] = {'\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15]};
    size_t len = sizeof text;
    if (letters[c & 127] != 0) {
        text[1] = letters[c & 127];
        len = 2;
    }
    return writer_room(writer, len + rest) && write_bytes(writer, str_make(text, len));
}

/* Copies what needs no escape; how much that was. Looks at each eight bytes while it has them,
 * and may leave others behind them, up to the text's length. */
static inline size_t copy_plain(char *to, const char *at, size_t len)
{
    size_t done = 0;
    uint64_t special = 0;
    for (; len - done >= 8; done += 8) {
        uint64_t word = text_load8(at + done);
        memcpy(to + done, &word, sizeof(word));
        special = text_special(word);
        if (special != 0) {
            return done + (size_t)__builtin_ctzll(special) / 8;
        }
    }
    if (done == len) {
        return len;
    }
    if (len >= 8) { /* the last eight, of which the first are known */
        uint64_t word = text_load8(at + len - 8);
        memcpy(to + len - 8, &word, sizeof(word));
        special = text_special(word);
        return special == 0 ? len : len - 8 + (size_t)__builtin_ctzll(special) / 8;
    }
    special = text_special(text_load_tail(at, len));
    text_copy(to, at, len);
    return special == 0 ? len : (size_t)__builtin_ctzll(special) / 8;
}

bool write_json_str(struct writer *writer, struct str text)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    if (!writer_room(writer, text.len + 2)) {
        return false;
    }
    *writer->at++ = '"';
    while (at < end) {
        size_t plain = copy_plain(writer->at, at, (size_t)(end - at));
        writer->at += plain;
        at += plain;
        if (at == end) {
            break;
        }
        unsigned char c = (unsigned char)*at++;
        if (c >= 0x80) {
            *writer->at++ = (char)c;
        } else if (!write_escape(writer, c, (size_t)(end - at) + 1)) {
            return false;
        }
    }
    *writer->at++ = '"';
    return true;
}

bool write_json_bin(struct writer *writer, struct str bytes)
{
    if (!write_bytes(writer, STR("\"\\u0000")) ||
        !writer_room(writer, (bytes.len + 2) / 3 * 4 + 1)) {
        return false;
    }
    writer_close(writer);
    bool ok = base64_encode(BASE64_STANDARD, bytes, writer->buf) && buf_byte(writer->buf, '"');
    writer_open(writer, writer->buf);
    return ok;
}
