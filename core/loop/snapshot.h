/* snapshot.h - what all workers read and nobody edits: replaced whole.
 *
 * Each worker holds one counted reference in a slot of its own and counts its
 * users there without atomics; no shared pointer is ever read. A publication is
 * acknowledged when every worker has swapped. The last reference is released on
 * the jobs pool.
 */
#ifndef POSTERN_LOOP_SNAPSHOT_H
#define POSTERN_LOOP_SNAPSHOT_H

#include "loop/jobs.h"
#include "loop/worker.h"

#include <stdatomic.h>
#include <stdint.h>

/* First member of what is published. */
struct snapshot {
    atomic_uint refs;
    uint64_t version;
    void (*free)(struct snapshot *snapshot);
    struct jobs *jobs; /* where it is freed; set by the publication */
};

/* One per kind of snapshot (routes, rbac); made before the workers start. */
struct snapshot_slot;
struct snapshot_slot *snapshot_slot_new(struct workers *workers, struct jobs *jobs);
/* After the workers have been joined; drops what they held. */
void snapshot_slot_free(struct snapshot_slot *slot);

void snapshot_init(struct snapshot *snapshot, uint64_t version, void (*free)(struct snapshot *));

typedef void (*snapshot_done_fn)(void *ctx);
/* Any thread, one publisher at a time per slot. Takes over the caller's reference.
 * `done` (may be NULL) runs on the worker that swapped last. Before workers_start it
 * is put in place directly. */
void snapshot_publish(struct snapshot_slot *slot,
                      struct snapshot *snapshot,
                      snapshot_done_fn done,
                      void *ctx);

/* A use of the present snapshot by the calling worker: it stays until dropped, on the
 * same worker, even when replaced meanwhile. NULL only before the first publication. */
struct snapshot_use;
struct snapshot_use *snapshot_use(struct snapshot_slot *slot);
struct snapshot *snapshot_of(const struct snapshot_use *use);
void snapshot_drop(struct snapshot_use *use);

/* Within the present callback only: borrowed without counting. */
struct snapshot *snapshot_peek(struct snapshot_slot *slot);

/* A counted reference that may travel to another thread (a job), and its release. */
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

#endif
