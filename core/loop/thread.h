/* thread.h - starts a thread the way all of ours are: named, and with every signal blocked.
 *
 * Signals are read by `main` alone, through a signalfd. The caller joins.
 */
#ifndef POSTERN_LOOP_THREAD_H
#define POSTERN_LOOP_THREAD_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>

typedef void *(*thread_fn)(void *arg);

/* `name` is cut to the 15 bytes that the kernel keeps. */
bool thread_start(pthread_t *out, const char *name, thread_fn fn, void *arg, struct err *err);

/* The calling thread steps back behind the workers where a core is short: what it does is not
 * waited for by a call under way. `nice` is the kernel's, 1 to 19. */
void thread_step_back(int nice);

#endif
