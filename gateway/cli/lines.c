/* lines.c - the lines of stdin. */
#include "cli/lines.h"

#include "base/mem.h"
#include "cli/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 65536, PAUSE_MS = 10 };

static bool read_some(struct lines *lines)
{
    char *room = buf_reserve(&lines->text, CHUNK);
    if (room == NULL) {
        return false;
    }
    ssize_t got = read(STDIN_FILENO, room, CHUNK);
    if (got > 0) {
        buf_commit(&lines->text, (size_t)got);
    }
    lines->eof = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    return true;
}

/* What has been told makes room. */
static void move_up(struct lines *lines)
{
    if (lines->at > 0) {
        lines->text.len -= lines->at;
        memmove(lines->text.ptr, lines->text.ptr + lines->at, lines->text.len);
        lines->at = 0;
    }
}

/* The next line; the last one may end without a newline. */
static bool next_line(struct lines *lines, struct str *out)
{
    struct str rest = str_from(buf_str(&lines->text), lines->at);
    ptrdiff_t end = str_find(rest, '\n');
    if (end < 0 && (!lines->eof || rest.len == 0)) {
        return false;
    }
    size_t size = end < 0 ? rest.len : (size_t)end + 1;
    *out = str_trim(str_sub(rest, 0, size));
    lines->at += size;
    lines->number++;
    return true;
}

static void on_work(struct turn_task *task)
{
    struct lines *lines = CONTAINER_OF(task, struct lines, work);
    struct str line;
    while (!lines->stopped) {
        if (!lines->ops->ready(lines->ctx)) {
            timer_start(&lines->again, PAUSE_MS);
            return;
        }
        if (!next_line(lines, &line)) {
            break;
        }
        if (line.len > 0) {
            lines->ops->on_line(lines->ctx, line, lines->number);
        }
    }
    if (lines->stopped) {
        return;
    }
    move_up(lines);
    if (lines->eof) {
        lines_stop(lines);
        lines->ops->on_end(lines->ctx);
    } else {
        watch_set(&lines->watch, WATCH_READ);
    }
}

static void on_readable(struct watch *watch, unsigned events)
{
    struct lines *lines = CONTAINER_OF(watch, struct lines, watch);
    (void)events;
    if (!read_some(lines)) {
        lines_stop(lines);
        lines->ops->on_too_long(lines->ctx, lines->number + 1);
        return;
    }
    watch_set(watch, 0);
    loop_at_turn_end(&lines->work);
}

static void on_again(struct timer *timer)
{
    struct lines *lines = CONTAINER_OF(timer, struct lines, again);
    loop_at_turn_end(&lines->work);
}

void lines_start(struct lines *lines, const struct lines_ops *ops, void *ctx)
{
    *lines = (struct lines){.ops = ops, .ctx = ctx};
    watch_init(&lines->watch, STDIN_FILENO, on_readable);
    timer_init(&lines->again, on_again);
    lines->work.fn = on_work;
    buf_init(&lines->text, (size_t)TEXT_MAX + CHUNK);
    watch_set(&lines->watch, WATCH_READ);
}

void lines_again(struct lines *lines)
{
    if (lines->ops != NULL && !lines->stopped && timer_active(&lines->again)) {
        timer_stop(&lines->again);
        loop_at_turn_end(&lines->work);
    }
}

void lines_stop(struct lines *lines)
{
    if (lines->ops == NULL || lines->stopped) {
        return;
    }
    lines->stopped = true;
    watch_set(&lines->watch, 0);
    timer_stop(&lines->again);
    loop_turn_task_cancel(&lines->work);
    buf_done(&lines->text);
}
