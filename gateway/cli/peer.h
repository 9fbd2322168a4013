/* peer.h - a WAMP client as the commands use it: one worker on this thread, one session. */
#ifndef POSTERN_CLI_PEER_H
#define POSTERN_CLI_PEER_H

#include "cli/command.h"
#include "client/client.h"
#include "loop/jobs.h"

struct peer_run;

/* What a command does with its session. */
struct peer_task {
    void (*on_joined)(struct peer_run *run);
    void (*on_invocation)(struct peer_run *run, const struct client_invocation *in);
    void (*on_event)(struct peer_run *run, const struct client_event *event);
    void *ctx;
};

struct peer_run {
    const struct command *command;
    const struct peer_task *task;
    struct workers *workers;
    struct jobs *jobs;     /* for --exec */
    struct client *client; /* NULL once closed */
    int code;
};

/* Joins, runs the task until peer_leave or the end of the session; the exit code. Why a session
 * did not come about is on stderr. */
int peer_run(const struct command *command, const struct peer_task *task);
/* Ends the run with `code`. */
void peer_leave(struct peer_run *run, int code);

/* JSON words and -k as a payload in JSON; false and a complaint when one is not JSON. The buffers
 * hold the text. */
bool peer_arguments(const struct command *command,
                    struct buf *args,
                    struct buf *kwargs,
                    struct payload *out);
/* {"args":[...],"kwargs":{...}} into `text`; the same and a newline on stdout. */
void peer_write(const struct payload *payload, struct buf *text);
void peer_print(const struct payload *payload);
/* An error of the other side: URI and payload on stderr; the exit code for it. */
int peer_complain(const struct client_reply *reply);
/* {"match": ..., ...} from the command's options, none if there are none; `out` holds it. */
struct slice peer_options(struct buf *out, const char *const (*pairs)[2], size_t count);

#endif
