/* net_inside.h - listeners and their per-worker halves: shared by listener.c, accept.c and
 * negotiate.c. */
#ifndef POSTERN_NET_NET_INSIDE_H
#define POSTERN_NET_NET_INSIDE_H

#include "base/list.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "net/bind.h"
#include "net/limits.h"
#include "net/listener.h"
#include "net/tls_inside.h"

#include <pthread.h>
#include <stdatomic.h>

/* One worker's half of a listener; touched by that worker alone once it runs. */
struct acceptor {
    struct net_listener *listener;
    struct worker *worker;
    int fd; /* -1: none here, or no longer */
    bool started;
    bool ended;        /* the worker stops: nothing may be handed over any more */
    bool out_of_files; /* said so already */
    uint64_t warned_ms;
    struct watch watch;
    struct timer pause;
    struct post start;
    struct post stop;
    struct list negotiations;
};

struct net_listener {
    struct list link;
    struct net *net;
    struct net_listener_options options; /* every string owned */
    struct bind_address address;
    char text[BIND_TEXT_SIZE];
    struct acceptor *acceptors; /* one a worker */
    unsigned workers;
    unsigned next_worker;     /* of a unix socket; worker 0's */
    pthread_mutex_t tls_lock; /* for `tls` alone: reload replaces it */
    struct tls_context *tls;
};

struct net {
    struct workers *workers;
    struct net_limits options;
    struct limits *limits;
    struct list listeners;
    atomic_bool stopped;
};

/* On the acceptor's worker. */
void acceptor_start(struct acceptor *acceptor);
void acceptor_stop(struct acceptor *acceptor);
void acceptor_end(struct acceptor *acceptor);   /* and those it is still negotiating with */
void acceptor_close(struct acceptor *acceptor); /* its socket, and a unix socket's file */
/* At most one line a second and acceptor: what a stranger can cause must not fill the log. */
bool acceptor_may_warn(struct acceptor *acceptor);

/* Takes over `fd`, which has its place in the total. */
void negotiate_begin(struct acceptor *acceptor, int fd, const struct peer_info *peer);
void negotiate_end_all(struct acceptor *acceptor);

/* Ends a connection for which there is no room, with the words of its protocol for that. */
void refuse_full(const struct net_listener *listener, int fd);

/* A reference of the caller's own. */
struct tls_context *listener_tls(struct net_listener *listener);

#endif
