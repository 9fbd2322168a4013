/* mailbox.h - the only door between threads: a post, run on the receiver's thread.
 *
 * FIFO per (sender, receiver) and never bypassed; posting never blocks; one
 * wake-up for many posts. Unbounded in form, bounded by credit: a post's `bytes`
 * are charged to the destination until it has run, and a sender that finds it
 * congested pauses the connection that it reads from.
 *
 * The memory of a post is its sender's to make and its `fn`'s to free. Posts are
 * usually embedded in the message they carry.
 */
#ifndef POSTERN_LOOP_MAILBOX_H
#define POSTERN_LOOP_MAILBOX_H

#include "loop/worker.h"

#include <stdbool.h>
#include <stddef.h>

struct post;
typedef void (*post_fn)(struct post *post);

struct post {
    struct post *next; /* mailbox.c's */
    post_fn fn;
    size_t bytes;
};

/* To a worker, also to the calling one: then it runs after the present callback
 * has returned, within this turn or the next (the turn queue). */
void worker_post(struct worker *to, struct post *post);
bool worker_congested(const struct worker *to);
/* `post` is delivered to the calling worker once `to` is below half of its bound. */
void worker_when_clear(struct worker *to, struct post *post);

/* A thread that is no worker (store, builder) has a mailbox of its own. */
struct mailbox;
struct mailbox *mailbox_new(void);
void mailbox_free(struct mailbox *mailbox); /* runs nothing; must be empty */
void mailbox_post(struct mailbox *mailbox, struct post *post);
/* Runs posts until mailbox_close has been called and all earlier posts have run. */
void mailbox_run(struct mailbox *mailbox);
/* Runs what is there, waiting up to `timeout_ms` (-1: forever) for the first; false once
 * closed and empty. */
bool mailbox_run_some(struct mailbox *mailbox, int timeout_ms);
/* The same for a thread that waits for a file too: it also returns, having run nothing, when `fd`
 * (-1: none) can be read. */
bool mailbox_run_some_or(struct mailbox *mailbox, int timeout_ms, int fd);
void mailbox_close(struct mailbox *mailbox);

#endif
