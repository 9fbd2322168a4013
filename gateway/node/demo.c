/* demo.c - `serve --demo`: a callee in a process of its own, and the line to try it with. */
#include "base/buf.h"
#include "node/node_inside.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

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
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none); /* our threads block signals; the callee must not inherit that */
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int failed = posix_spawn(&node->callee, program, NULL, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    buf_done(&url);
    if (failed != 0) {
        node->callee = 0;
        return err_set(err, ERR_INTERNAL, "cannot start the demo callee");
    }
    return true;
}

void demo_announce(const struct node *node)
{
    struct str gateway = net_listener_address(node->gateway);
    struct str admin = net_listener_address(node->admin);
    (void)dprintf(STDERR_FILENO,
                  "\nPostern runs.\n"
                  "  API     http://" PRISTR "/demo/health\n"
                  "  WAMP    ws://" PRISTR "/ws (realm com.example.demo)\n"
                  "  admin   http://" PRISTR
                  "/version (user admin, password in %s/admin-password)\n"
                  "Try it in another terminal:\n",
                  STRARG(gateway), STRARG(gateway), STRARG(admin), node->conf->data.dir);
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
}
