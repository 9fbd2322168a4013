/* store_nodes.h - the nodes that share the database (store_nodes.c). Inside core/store only.
 *
 * On the store's thread, but for `served` and `live_count`, which any thread reads and the
 * builder's thread writes (store_served). */
#ifndef POSTERN_STORE_STORE_NODES_H
#define POSTERN_STORE_STORE_NODES_H

#include "base/list.h"
#include "base/uuid.h"
#include "store/store.h"
#include "store/store_backend.h"

#include <stdatomic.h>

enum { STORE_NODES_MAX = 256 };

/* Another node. */
struct store_peer {
    char *id;
    char *name;
    char *url;
    char *version;
    int64_t beat;
    uint64_t seq;
    uint64_t changed_ms; /* in the time that was looked: its last new beat */
    uint64_t look;       /* the number of the last look that found it; 0: none yet */
    bool live;           /* and that was told */
};

struct store_waiter {
    struct list link;
    struct store_request *request;
    uint64_t looked_ms; /* when it began to wait, in the time that was looked */
    uint64_t deadline_ms;
};

struct store_nodes {
    struct store_backend *backend;
    store_finish_fn finish;
    char id[UUID_SIZE];
    char *name; /* NULL: this process is no node (store_join) */
    char *url;
    char *version;
    _Atomic uint64_t served;  /* every worker serves what was up to here */
    atomic_size_t live_count; /* with this one */
    int64_t beat;             /* of our row, as are the next five */
    uint64_t told;            /* of `served` */
    uint64_t told_ms;
    uint64_t beat_ms; /* the next one */
    bool written;
    bool failing;
    struct store_peer peers[STORE_NODES_MAX];
    size_t peer_count;
    uint64_t looks;     /* their number */
    uint64_t look_ms;   /* the last */
    uint64_t looked_ms; /* for how long somebody has looked */
    bool called;        /* somebody has committed */
    struct list waiters;
};

/* `finish` is given every request that has been asked, with its outcome. */
struct store_nodes *store_nodes_new(struct store_backend *backend, store_finish_fn finish);
void store_nodes_free(struct store_nodes *self);
void store_nodes_join(struct store_nodes *self, const struct store_self *is);

/* A STORE_NODES request: finished in a later turn. */
void store_nodes_ask(struct store_nodes *self, struct store_request *request);
/* Others have committed. */
void store_nodes_noticed(struct store_nodes *self);
/* When the next turn is wanted. `there`: the database is, and its change log is known. */
uint64_t store_nodes_due(const struct store_nodes *self, bool there);
void store_nodes_turn(struct store_nodes *self, bool there);
/* Answers all who wait, and says goodbye. */
void store_nodes_end(struct store_nodes *self, bool there);

/* store_health.c: how it stands with the database; written on the store's thread, read on any. */
struct store_health {
    atomic_bool up;
    _Atomic uint64_t since_ms; /* wall clock */
    _Atomic uint64_t heard_ms; /* monotonic */
    _Atomic uint64_t seq;
};
/* It has answered, or it has not. */
void store_health_note(struct store_health *self, bool up);
/* What it knows of a state. */
struct store_state store_health_read(const struct store_health *self);

#endif
