/* node.h - the composition root: builds every part, gives each what it needs, starts and stops
 * them in order. What `postern serve` runs. */
#ifndef POSTERN_NODE_NODE_H
#define POSTERN_NODE_NODE_H

#include "base/err.h"
#include "conf/conf.h"

#include <stdbool.h>

struct node;
struct store_contents; /* store_offline.h */

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

/* Offline, with the lock of the data directory where the store is in it: what store_offline.h does
 * to the store of `conf`, and from one store to another. */
struct node_move {
    const char *from; /* as store.url */
    const char *to;
    struct store_contents *out;
};
bool node_store_look(const struct conf *conf, struct store_contents *out, struct err *err);
bool node_store_bring_up(const struct conf *conf, struct store_contents *out, struct err *err);
bool node_store_copy(const struct conf *conf, const struct node_move *move, struct err *err);

#endif
