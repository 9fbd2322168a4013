#include "base/buf.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_done(struct buf *buf)
{
    mem_free(buf->ptr);
    buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->full = false;
}

char *buf_reserve(struct buf *buf, size_t size)
{
    if (buf->full || size > buf->max - buf->len) {
        buf->full = true;
        return NULL;
    }
    size_t wanted = buf->len + size;
    if (wanted > buf->cap) {
        size_t cap = buf->cap == 0 ? FIRST_CAP : buf->cap;
        while (cap < wanted) {
            cap *= 2;
        }
        buf->cap = cap < buf->max ? cap : buf->max;
        buf->ptr = mem_realloc(buf->ptr, buf->cap);
    }
    return buf->ptr + buf->len;
}

void buf_commit(struct buf *buf, size_t used)
{
    buf->len += used;
}

bool buf_append(struct buf *buf, struct str bytes)
{
    if (bytes.len - 1 < buf->cap - buf->len && !buf->full) { /* there is room, and something */
        memcpy(buf->ptr + buf->len, bytes.ptr, bytes.len);
        buf->len += bytes.len;
        return true;
    }
    char *room = buf_reserve(buf, bytes.len);
    if (room == NULL) {
        return bytes.len == 0 && !buf->full;
    }
    if (bytes.len > 0) {
        memcpy(room, bytes.ptr, bytes.len);
    }
    buf->len += bytes.len;
    return true;
}

bool buf_byte(struct buf *buf, char byte)
{
    return buf_append(buf, str_make(&byte, 1));
}

bool buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0) {
        return false;
    }
    char *room = buf_reserve(buf, (size_t)len + 1);
    if (room == NULL) {
        return false;
    }
    (void)vsnprintf(room, (size_t)len + 1, format, args);
    buf->len += (size_t)len;
    return true;
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = buf_vprintf(buf, format, args);
    va_end(args);
    return ok;
}

char *buf_take(struct buf *buf, size_t *out_len)
{
    char *taken = mem_realloc(buf->ptr, buf->len + 1);
    taken[buf->len] = '\0';
    if (out_len != NULL) {
        *out_len = buf->len;
    }
    buf_init(buf, buf->max);
    return taken;
}
