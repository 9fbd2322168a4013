/* buf.h - bytes under construction, born with a maximum.
 *
 * Once an append would pass the maximum, the buffer is marked `full`, drops that
 * append and all later ones, and keeps what it had. A caller may therefore
 * append freely and look at `full` once, at the end.
 */
#ifndef POSTERN_BASE_BUF_H
#define POSTERN_BASE_BUF_H

#include "base/str.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    bool full;
};

void buf_init(struct buf *buf, size_t max);
void buf_done(struct buf *buf);  /* frees the bytes; the struct may be used again after buf_init */
void buf_clear(struct buf *buf); /* forgets the content, keeps the memory */

bool buf_append(struct buf *buf, struct str bytes);
bool buf_byte(struct buf *buf, char byte);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Room for `size` bytes at the end (valid until the next call), or NULL when full.
 * buf_commit makes the first `used` of them content. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_commit(struct buf *buf, size_t used);

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->ptr == NULL ? "" : buf->ptr, buf->len};
}

/* The content, NUL-terminated, owned by the caller (mem_free); the buffer is empty after. */
char *buf_take(struct buf *buf, size_t *out_len);

#endif
