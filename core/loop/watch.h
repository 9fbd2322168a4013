/* watch.h - readiness of a file descriptor, and the end of a loop's turn.
 *
 * Both are embedded by value in their owner, are used on one worker only, and
 * are stopped before their memory goes. Level-triggered.
 */
#ifndef POSTERN_LOOP_WATCH_H
#define POSTERN_LOOP_WATCH_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

enum { WATCH_READ = 1, WATCH_WRITE = 2 };

struct watch;
typedef void (*watch_fn)(struct watch *watch, unsigned events);

struct watch {
    alignas(max_align_t) unsigned char native[64]; /* libev's; asserted in watch.c */
    watch_fn fn;
};

void watch_init(struct watch *watch, int fd, watch_fn fn);
/* Watches for exactly `events` from now on; 0 stops. On the calling worker. */
void watch_set(struct watch *watch, unsigned events);
unsigned watch_events(const struct watch *watch);
int watch_fd(const struct watch *watch);

/* Work that is done once at the end of the turn however often it was asked for:
 * flushing a connection, resuming requests in a batch. */
struct turn_task;
typedef void (*turn_task_fn)(struct turn_task *task);

struct turn_task {
    struct turn_task *next;
    struct turn_task *prev;
    turn_task_fn fn; /* set by the owner */
};

/* Runs after all callbacks and posts of this turn. A task added by a task runs
 * in the same turn's end. Adding one that waits already does nothing. */
void loop_at_turn_end(struct turn_task *task);
void loop_turn_task_cancel(struct turn_task *task);

#endif
