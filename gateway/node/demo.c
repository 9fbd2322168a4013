/* demo.c - `serve --demo`: a callee in a process of its own, and the line to try it with. */
#include "base/buf.h"
#include "base/log.h"
#include "node/node_inside.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLEE_WAIT_MS = 10000, PATH_BYTES = 4096 };

/* Its stdout is a pipe to us, on which it says when its procedures are registered. */
static bool spawn(struct node *node, char *const *argv)
{
    int ends[2];
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    (void)sigemptyset(&none); /* our threads block signals; the callee must not inherit that */
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    bool ok = posix_spawn(&node->callee, argv[0], &actions, &attributes, argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    (void)close(ends[1]);
    if (!ok) {
        (void)close(ends[0]);
        node->callee = 0;
        return false;
    }
    node->callee_says = ends[0];
    return true;
}

bool demo_start(struct node *node, struct err *err)
{
    struct buf url;
    buf_init(&url, 256);
    if (node->rawsocket == NULL) {
        return err_set(err, ERR_INVALID, "--demo needs rawsocket.listen");
    }
    (void)buf_printf(&url, "tcp://" PRISTR "%c", STRARG(net_listener_address(node->rawsocket)),
                     '\0');
    char program[] = "/proc/self/exe";
    char command[] = "demo-callee";
    char flag[] = "--url";
    char with_parent[] = "--with-parent";
    char *argv[] = {program, command, flag, url.ptr, with_parent, NULL};
    bool ok = spawn(node, argv);
    buf_done(&url);
    return ok || err_set(err, ERR_INTERNAL, "cannot start the demo callee");
}

/* Before that the line that we print would not work. */
static void wait_for_callee(const struct node *node)
{
    struct pollfd says = {.fd = node->callee_says, .events = POLLIN};
    if (poll(&says, 1, CALLEE_WAIT_MS) != 1 || (says.revents & POLLIN) == 0) {
        log_warn("the demo callee has not registered its procedures");
    }
}

void demo_announce(const struct node *node)
{
    wait_for_callee(node);
    struct str gateway = net_listener_address(node->gateway);
    struct str admin = net_listener_address(node->admin);
    struct buf made; /* where a generated password is; else it was given to us */
    buf_init(&made, PATH_BYTES);
    (void)buf_printf(&made, "%s/admin-password%c", node->conf->data.dir, '\0');
    bool generated = access(made.ptr, R_OK) == 0;
    (void)dprintf(STDERR_FILENO,
                  "\nPostern runs.\n"
                  "  API     http://" PRISTR "/demo/health\n"
                  "  WAMP    ws://" PRISTR "/ws (realm com.example.demo)\n"
                  "  admin   http://" PRISTR "%s (user admin, password %s%s)\n"
                  "Try it in another terminal:\n",
                  STRARG(gateway), STRARG(gateway), STRARG(admin),
                  node_has_console(node) ? "/ui/" : "/version", generated ? "in " : "as given",
                  generated ? made.ptr : "");
    buf_done(&made);
    (void)printf("curl http://" PRISTR "/demo/hello/world\n", STRARG(gateway));
    (void)fflush(stdout);
}

void demo_stop(struct node *node)
{
    if (node->callee > 0) {
        (void)kill(node->callee, SIGTERM);
        (void)waitpid(node->callee, NULL, 0);
        node->callee = 0;
    }
    if (node->callee_says > 0) {
        (void)close(node->callee_says);
        node->callee_says = 0;
    }
}
