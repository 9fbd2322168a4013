/* exec.h - a command run by sh, fed and read on the loop, in a process group of its own.
 *
 * One owner, one worker. It is over when the command has ended and its output too, so
 * what it left in the background is waited for, unless it was told to stop.
 */
#ifndef POSTERN_CLI_EXEC_H
#define POSTERN_CLI_EXEC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/timer.h"
#include "loop/watch.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
    EXEC_OUTPUT_MAX = 16 << 20,
    EXEC_INPUT_MAX = 64 << 20,
    EXEC_KILL_MS = 2000, /* from SIGTERM to SIGKILL */
};

struct exec;

struct exec_ops {
    /* A whole line, without its end, as soon as it is there; NULL: all is in `output`. */
    void (*on_line)(struct exec *exec, struct str line);
    void (*on_over)(struct exec *exec); /* may free it */
};

struct exec {
    const struct exec_ops *ops;
    pid_t pid;
    struct watch end; /* of the process */
    struct watch in;  /* what it reads */
    struct watch out;
    int end_fd; /* -1, as the others: closed */
    int in_fd;
    int out_fd;
    struct buf input;
    size_t written; /* of `input` */
    bool whole;     /* nothing is added to `input` */
    struct timer kill;
    bool stopping;
    bool killed;
    bool too_much; /* more output or input than it may have */
    /* For on_over. */
    struct buf output; /* with on_line: what came behind the last whole line */
    int exit_code;     /* -1: by a signal */
    int signal;
};

/* In the caller's memory; false when it cannot be started, and there is nothing to be done then. */
bool exec_start(struct exec *exec,
                const char *command,
                const struct exec_ops *ops,
                struct err *err);
void exec_write(struct exec *exec, struct str bytes, bool last);
/* SIGTERM to all of it, SIGKILL a little later; on_over follows. */
void exec_stop(struct exec *exec);
/* Ends it if it runs, without on_over. */
void exec_done(struct exec *exec);

#endif
