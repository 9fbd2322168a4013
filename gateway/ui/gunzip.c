#include "ui/gunzip.h"

#include "base/mem.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

enum { PIECE = 64 << 10, GZIP_ONLY = 16 + MAX_WBITS };

static bool inflate_all(z_stream *stream, struct buf *out)
{
    int result = Z_OK;
    while (result == Z_OK) {
        size_t room = out->max - out->len < PIECE ? out->max - out->len : PIECE;
        char *to = room == 0 ? NULL : buf_reserve(out, room);
        if (to == NULL) {
            return false;
        }
        stream->next_out = (Bytef *)to;
        stream->avail_out = (uInt)room;
        result = inflate(stream, Z_NO_FLUSH);
        buf_commit(out, room - stream->avail_out);
    }
    return result == Z_STREAM_END && stream->avail_in == 0;
}

bool gunzip(struct str bytes, struct buf *out)
{
    z_stream stream = {0};
    if (bytes.len > UINT_MAX || inflateInit2(&stream, GZIP_ONLY) != Z_OK) {
        return false;
    }
    /* The library does not write there. */
    stream.next_in = (Bytef *)(uintptr_t)bytes.ptr;
    stream.avail_in = (uInt)bytes.len;
    bool whole = inflate_all(&stream, out);
    (void)inflateEnd(&stream);
    return whole;
}
