/* register.c - postern register URI --exec CMD: a procedure answered by a command.
 *
 * CMD runs by sh for each call, {"args":[...],"kwargs":{...}} on its stdin. What it
 * prints is the result: JSON as its value, other text as a string. Exit 0 is a
 * result; anything else an error, postern.error.command_failed. */
#include "base/mem.h"
#include "cli/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20, INPUT_MAX = 64 << 20, OPTIONS_MAX = 1024 };

struct exec_job {
    struct job job;
    struct peer_run *run;
    uint64_t request;
    struct buf input;
    struct buf output;
    int status; /* of the command; -1: it could not be run */
};

static bool spawn_shell(const char *text, int in, int out, pid_t *pid)
{
    char shell[] = "/bin/sh";
    char flag[] = "-c";
    char *command = str_dup(str_of(text));
    char *argv[] = {shell, flag, command, NULL};
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    int failed = posix_spawn(pid, shell, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    mem_free(command);
    return failed == 0;
}

static void write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = write(fd, bytes.ptr, bytes.len);
        if (sent < 0 && errno != EINTR) {
            return; /* a command that does not read its input is not wrong */
        }
        bytes = str_from(bytes, sent > 0 ? (size_t)sent : 0);
    }
}

static void read_all(int fd, struct buf *out)
{
    for (;;) {
        char bytes[65536];
        ssize_t got = read(fd, bytes, sizeof(bytes));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return;
        }
        (void)buf_append(out, str_make(bytes, got > 0 ? (size_t)got : 0));
    }
}

/* The input goes through a file, so that neither side can block the other. */
static int input_file(struct str bytes)
{
    int fd = memfd_create("call", MFD_CLOEXEC);
    if (fd >= 0) {
        write_all(fd, bytes);
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

/* On a pool thread. */
static void run_command(struct job *job)
{
    struct exec_job *exec = CONTAINER_OF(job, struct exec_job, job);
    int pipe_fds[2] = {-1, -1};
    pid_t pid = 0;
    int in = input_file(buf_str(&exec->input));
    exec->status = -1;
    if (in < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0) {
        if (in >= 0) {
            (void)close(in);
        }
        return;
    }
    bool spawned = spawn_shell(exec->run->command->exec, in, pipe_fds[1], &pid);
    (void)close(in);
    (void)close(pipe_fds[1]);
    if (spawned) {
        int status = 0;
        read_all(pipe_fds[0], &exec->output);
        if (waitpid(pid, &status, 0) == pid && WIFEXITED(status)) {
            exec->status = WEXITSTATUS(status);
        }
    }
    (void)close(pipe_fds[0]);
}

static void put_result(struct buf *args, struct str output)
{
    struct emit emit;
    const char *problem = NULL;
    size_t offset = 0;
    struct str text = str_trim(output);
    emit_init(&emit, SERIALIZER_JSON, args);
    emit_list(&emit, text.len > 0 ? 1 : 0);
    if (text.len == 0) {
        return;
    }
    if (slice_valid((struct slice){SERIALIZER_JSON, text}, &problem, &offset)) {
        emit_slice(&emit, (struct slice){SERIALIZER_JSON, text});
    } else if (utf8_valid(text)) {
        emit_str(&emit, text);
    } else {
        emit_bin(&emit, text);
    }
}

static void finish_command(struct job *job)
{
    struct exec_job *exec = CONTAINER_OF(job, struct exec_job, job);
    struct buf args;
    buf_init(&args, (size_t)2 * OUTPUT_MAX);
    put_result(&args, buf_str(&exec->output));
    struct payload payload = {.serializer = SERIALIZER_JSON, .args = buf_str(&args)};
    if (exec->run->client != NULL && exec->status == 0) {
        client_yield(exec->run->client, exec->request, &payload);
    } else if (exec->run->client != NULL) {
        client_fail(exec->run->client, exec->request, STR("postern.error.command_failed"),
                    &payload);
    }
    buf_done(&args);
    buf_done(&exec->input);
    buf_done(&exec->output);
    mem_free(exec);
}

static void on_invocation(struct peer_run *run, const struct client_invocation *in)
{
    struct exec_job *exec = NEW(struct exec_job);
    exec->job.run = run_command;
    exec->job.finish = finish_command;
    exec->run = run;
    exec->request = in->request;
    buf_init(&exec->input, INPUT_MAX);
    buf_init(&exec->output, OUTPUT_MAX);
    peer_write(&in->payload, &exec->input);
    if (!jobs_submit(run->jobs, &exec->job)) {
        struct payload none = payload_none();
        client_fail(run->client, in->request, STR("wamp.error.unavailable"), &none);
        buf_done(&exec->input);
        mem_free(exec);
    }
}

static void on_registered(void *ctx, const struct client_reply *reply)
{
    struct peer_run *run = ctx;
    if (!reply->ok) {
        peer_leave(run, peer_complain(reply));
        return;
    }
    (void)fprintf(stderr, "registered %s\n", run->command->words[0]);
}

static void on_joined(struct peer_run *run)
{
    const char *const pairs[][2] = {{"match", run->command->match},
                                    {"invoke", run->command->invoke}};
    struct buf text;
    buf_init(&text, OPTIONS_MAX);
    client_register(run->client, str_of(run->command->words[0]),
                    peer_options(&text, pairs, COUNT_OF(pairs)), on_registered, run);
    buf_done(&text);
}

int register_command(const struct command *command)
{
    if (command->exec == NULL) {
        command_complain("--exec CMD is missing: what answers the calls");
        return EXIT_USAGE;
    }
    return peer_run(command,
                    &(struct peer_task){.on_joined = on_joined, .on_invocation = on_invocation});
}
