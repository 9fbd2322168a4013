/* peer.h - a WAMP client as the commands use it: one worker on this thread, one session. */
#ifndef POSTERN_CLI_PEER_H
#define POSTERN_CLI_PEER_H

#include "cli/command.h"
#include "cli/identity.h"
#include "client/client.h"
#include "loop/watch.h"

struct peer_run;

/* What a command does with its session. All but on_joined may be NULL. */
struct peer_task {
    unsigned promises; /* CLIENT_ bits */
    void (*on_joined)(struct peer_run *run);
    void (*on_invocation)(struct peer_run *run, const struct client_invocation *in);
    void (*on_interrupt)(struct peer_run *run, uint64_t request, struct str reason);
    void (*on_event)(struct peer_run *run, const struct client_event *event);
    void (*on_revoked)(struct peer_run *run, const struct client_revocation *revocation);
    /* SIGINT or SIGTERM while joined; a second one ends the program as they usually do. Without
     * it the first does. */
    void (*on_signal)(struct peer_run *run);
    /* The session is over, on the worker still: timers and watches are to be stopped. */
    void (*on_over)(struct peer_run *run);
    void *ctx;
};

struct peer_run {
    const struct command *command;
    const struct peer_task *task;
    struct identity identity;
    struct workers *workers;
    struct client *client; /* NULL once closed */
    struct watch signals;
    int signal_fd; /* -1: none */
    int code;      /* -1: it goes on */
    bool joined;
};

/* Joins, runs the task until peer_leave or the end of the session; the exit code. Why a session
 * did not come about is on stderr. */
int peer_run(const struct command *command, const struct peer_task *task);
/* Ends the run with `code`; the first one counts. */
void peer_leave(struct peer_run *run, int code);

static inline bool peer_leaving(const struct peer_run *run)
{
    return run->code >= 0;
}

/* Whether more may be sent: the network keeps up. */
bool peer_ready(const struct peer_run *run);

/* An error of the other side: URI and payload on stderr; the exit code for it. */
int peer_complain(const struct client_reply *reply);

#endif
