/* watch.c - libev's ev_io behind the opaque bytes of struct watch. */
#include "loop/watch.h"

#include "base/mem.h"
#include "loop/worker.h"

#include <assert.h>
#include <ev.h>

_Static_assert(sizeof(ev_io) <= sizeof(((struct watch *)0)->native), "ev_io must fit");
_Static_assert(alignof(ev_io) <= alignof(max_align_t), "ev_io must be aligned");
_Static_assert((int)WATCH_READ == (int)EV_READ && (int)WATCH_WRITE == (int)EV_WRITE,
               "events are handed through");

static ev_io *io_of(struct watch *watch)
{
    return (ev_io *)(void *)watch->native;
}

static const ev_io *io_of_const(const struct watch *watch)
{
    return (const ev_io *)(const void *)watch->native;
}

/* On a descriptor that it cannot watch libev reports an error as both events: whoever
 * reads or writes then learns what is wrong. */
static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    struct watch *watch = io->data;
    watch->fn(watch, (unsigned)events & (WATCH_READ | WATCH_WRITE));
}

void watch_init(struct watch *watch, int fd, watch_fn fn)
{
    *watch = (struct watch){.fn = fn};
    ev_io *io = io_of(watch);
    ev_io_init(io, on_io, fd, 0);
    io->data = watch;
}

void watch_set(struct watch *watch, unsigned events)
{
    ev_io *io = io_of(watch);
    if (events == watch_events(watch)) {
        return;
    }
    struct worker *worker = worker_self();
    assert(worker != NULL);
    struct ev_loop *loop = worker_native_loop(worker);
    ev_io_stop(loop, io);
    if (events != 0) {
        ev_io_set(io, io->fd, (int)events);
        ev_io_start(loop, io);
    }
}

unsigned watch_events(const struct watch *watch)
{
    const ev_io *io = io_of_const(watch);
    /* ev_is_active would cast the const away. */
    return io->active != 0 ? (unsigned)io->events & (WATCH_READ | WATCH_WRITE) : 0;
}

int watch_fd(const struct watch *watch)
{
    return io_of_const(watch)->fd;
}
