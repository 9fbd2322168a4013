/* exec.c - runs a command beside the loop. */
#include "cli/exec.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 65536, LAST_WORD_MS = 1000 };

static void close_fd(int *fd, struct watch *watch)
{
    if (*fd >= 0) {
        watch_set(watch, 0);
        (void)close(*fd);
        *fd = -1;
    }
}

/* Whoever is left of it. It has not been waited for, so its number is still its own. */
static void signal_all(const struct exec *exec, int number)
{
    (void)kill(-exec->pid, number);
}

static void reap(struct exec *exec)
{
    int status = 0;
    exec->exit_code = -1;
    while (waitpid(exec->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) {
        exec->exit_code = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
        exec->signal = WTERMSIG(status);
    }
    exec->pid = 0;
}

static void release(struct exec *exec)
{
    close_fd(&exec->end_fd, &exec->end);
    close_fd(&exec->in_fd, &exec->in);
    close_fd(&exec->out_fd, &exec->out);
    timer_stop(&exec->kill);
}

/* Over, when both have ended: the process and what it says. */
static void look(struct exec *exec)
{
    if (exec->end_fd < 0 && (exec->out_fd < 0 || exec->killed)) {
        release(exec);
        reap(exec);
        exec->ops->on_over(exec);
    }
}

static void on_end(struct watch *watch, unsigned events)
{
    struct exec *exec = CONTAINER_OF(watch, struct exec, end);
    (void)events;
    close_fd(&exec->end_fd, &exec->end);
    look(exec);
}

static void on_kill(struct timer *timer)
{
    struct exec *exec = CONTAINER_OF(timer, struct exec, kill);
    signal_all(exec, SIGKILL);
    exec->killed = true;
    look(exec);
}

void exec_stop(struct exec *exec)
{
    if (!exec->stopping) {
        exec->stopping = true;
        signal_all(exec, SIGTERM);
        timer_start(&exec->kill, EXEC_KILL_MS);
    }
}

static void refuse(struct exec *exec)
{
    exec->too_much = true;
    exec_stop(exec);
}

static void write_some(struct exec *exec)
{
    struct str rest = str_from(buf_str(&exec->input), exec->written);
    while (rest.len > 0) {
        ssize_t sent = write(exec->in_fd, rest.ptr, rest.len);
        if (sent < 0 && errno == EAGAIN) {
            watch_set(&exec->in, WATCH_WRITE);
            return;
        }
        if (sent < 0 && errno != EINTR) {
            close_fd(&exec->in_fd, &exec->in); /* a command need not read its input */
            return;
        }
        exec->written += sent > 0 ? (size_t)sent : 0;
        rest = str_from(buf_str(&exec->input), exec->written);
    }
    buf_clear(&exec->input);
    exec->written = 0;
    watch_set(&exec->in, 0);
    if (exec->whole) {
        close_fd(&exec->in_fd, &exec->in);
    }
}

static void on_in(struct watch *watch, unsigned events)
{
    (void)events;
    write_some(CONTAINER_OF(watch, struct exec, in));
}

void exec_write(struct exec *exec, struct str bytes, bool last)
{
    exec->whole = exec->whole || last;
    if (exec->in_fd < 0) {
        return;
    }
    if (!buf_append(&exec->input, bytes)) {
        refuse(exec);
        return;
    }
    write_some(exec);
}

/* Takes the whole lines out of what there is. */
static void tell_lines(struct exec *exec)
{
    struct str rest = buf_str(&exec->output);
    ptrdiff_t end;
    while ((end = str_find(rest, '\n')) >= 0) {
        exec->ops->on_line(exec, str_sub(rest, 0, (size_t)end));
        rest = str_from(rest, (size_t)end + 1);
    }
    if (rest.len < exec->output.len) {
        memmove(exec->output.ptr, rest.ptr, rest.len);
        exec->output.len = rest.len;
    }
}

static void on_out(struct watch *watch, unsigned events)
{
    struct exec *exec = CONTAINER_OF(watch, struct exec, out);
    char bytes[CHUNK];
    (void)events;
    ssize_t got = read(exec->out_fd, bytes, sizeof(bytes));
    if (got > 0) {
        if (!exec->too_much && !buf_append(&exec->output, str_make(bytes, (size_t)got))) {
            refuse(exec);
        }
        if (exec->ops->on_line != NULL) {
            tell_lines(exec);
        }
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close_fd(&exec->out_fd, &exec->out);
        look(exec);
    }
}

/* As a shell would find things: no signal ignored or blocked. */
static bool spawn_shell(const char *text, int in, int out, pid_t *pid)
{
    char shell[] = "/bin/sh";
    char flag[] = "-c";
    char *command = str_dup(str_of(text));
    char *argv[] = {shell, flag, command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t usual;
    (void)sigemptyset(&none);
    (void)sigfillset(&usual);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &usual);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(pid, shell, &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    mem_free(command);
    return failed == 0;
}

static void close_pair(const int fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

bool exec_start(struct exec *exec, const char *command, const struct exec_ops *ops, struct err *err)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    pid_t pid = 0;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
        !spawn_shell(command, in[0], out[1], &pid)) {
        close_pair(in);
        close_pair(out);
        return err_set(err, ERR_UNAVAILABLE, "the command cannot be started");
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)fcntl(in[1], F_SETFL, O_NONBLOCK);
    *exec = (struct exec){
        .ops = ops, .pid = pid, .end_fd = pidfd_open(pid, 0), .in_fd = in[1], .out_fd = out[0]};
    watch_init(&exec->in, exec->in_fd, on_in);
    watch_init(&exec->out, exec->out_fd, on_out);
    watch_init(&exec->end, exec->end_fd, on_end);
    timer_init(&exec->kill, on_kill);
    buf_init(&exec->input, EXEC_INPUT_MAX);
    buf_init(&exec->output, EXEC_OUTPUT_MAX);
    watch_set(&exec->out, WATCH_READ);
    if (exec->end_fd >= 0) { /* else the end of its output has to do */
        watch_set(&exec->end, WATCH_READ);
    }
    return true;
}

void exec_done(struct exec *exec)
{
    if (exec->pid > 0) {
        struct pollfd end = {.fd = exec->end_fd, .events = POLLIN};
        close_fd(&exec->in_fd, &exec->in);
        signal_all(exec, SIGTERM);
        if (exec->end_fd >= 0) {
            (void)poll(&end, 1, LAST_WORD_MS);
        }
        signal_all(exec, SIGKILL);
        release(exec);
        reap(exec);
    }
    buf_done(&exec->input);
    buf_done(&exec->output);
}
