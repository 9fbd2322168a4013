/* trial.h - one request to a listener of this node, made and waited for on a thread of its own.
 *
 * A blocking client, so a thread each, of which there are few: none while nothing is tried.
 * The thread ends with a post to the worker that began it.
 */
#ifndef POSTERN_API_TRIAL_H
#define POSTERN_API_TRIAL_H

#include "httpclient/httpclient.h"
#include "loop/mailbox.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { TRIALS_MAX = 16 };

struct trials;

struct trial {
    struct post post;
    struct trials *trials;
    struct worker *owner;
    struct httpclient_request request;   /* kept by its owner until `finish` */
    struct httpclient_response response; /* to be freed by `finish`, if `ok` */
    struct err err;
    bool ok;
    uint64_t took_ms;
    atomic_bool cancel;
    void (*finish)(struct trial *trial); /* on the owner */
};

struct trials *trials_new(void);
/* On a worker. False, and nothing happens, when there are too many, or no more thread. */
bool trials_start(struct trials *trials, struct trial *trial);
/* Breaks off what is on its way and waits for it, a second at most; before workers_stop, which
 * runs what is left to `finish`. After it nothing starts. */
void trials_stop(struct trials *trials);
void trials_free(struct trials *trials);

#endif
