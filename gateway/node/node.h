/* node.h - the composition root: builds every part, gives each what it needs, starts and stops
 * them in order. What `postern serve` runs. */
#ifndef POSTERN_NODE_NODE_H
#define POSTERN_NODE_NODE_H

#include "base/err.h"
#include "conf/conf.h"

#include <stdbool.h>

struct node;

struct node_options {
    const struct conf *conf;
    struct conf_source source; /* read again on SIGHUP */
    bool demo;                 /* seed the demo API and run its callee beside the node */
};

/* Everything but traffic: store, files, snapshots, listening sockets. NULL: `err` says why. */
struct node *node_new(const struct node_options *options, struct err *err);
/* Starts the threads, prints the ready line, and serves until SIGTERM or SIGINT have been
 * obeyed. The process's exit code. */
int node_run(struct node *node);
void node_free(struct node *node);

/* Offline: the administrator has the given password (POSTERN_ADMIN_PASSWORD, admin.password_file),
 * else a new one, which is said; and he may come in with it from anywhere. */
bool node_reset_admin(const struct conf *conf, struct err *err);

#endif
