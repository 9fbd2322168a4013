/* snapshot.c - the slots of the workers, and the publication that goes round them. */
#include "loop/snapshot.h"

#include "base/mem.h"
#include "loop/loop_inside.h"

#include <assert.h>

/* A worker's hold on one version; it has one counted reference to the snapshot. */
struct snapshot_use {
    struct snapshot *snapshot;
    unsigned users;
    bool replaced;
};

/* A line of cache each: the counts of users are written often. */
struct local {
    alignas(64) struct snapshot_use *use;
};

struct snapshot_slot {
    struct workers *workers;
    struct jobs *jobs;
    struct local locals[WORKERS_MAX];
};

struct delivery {
    struct post post;
    struct publication *publication;
    struct snapshot_use *use; /* made by the publisher, so that a swap allocates nothing */
};

struct publication {
    struct snapshot_slot *slot;
    snapshot_done_fn done;
    void *ctx;
    atomic_uint missing;
    struct delivery deliveries[];
};

struct release {
    struct job job;
    struct snapshot *snapshot;
};

struct snapshot_slot *snapshot_slot_new(struct workers *workers, struct jobs *jobs)
{
    struct snapshot_slot *slot =
        mem_alloc_aligned(alignof(struct snapshot_slot), sizeof(struct snapshot_slot));
    *slot = (struct snapshot_slot){.workers = workers, .jobs = jobs};
    return slot;
}

void snapshot_init(struct snapshot *snapshot, uint64_t version, void (*free)(struct snapshot *))
{
    atomic_init(&snapshot->refs, 1);
    snapshot->version = version;
    snapshot->free = free;
    snapshot->jobs = NULL;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    (void)atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
    return snapshot;
}

static void run_release(struct job *job)
{
    struct release *release = CONTAINER_OF(job, struct release, job);
    release->snapshot->free(release->snapshot);
    mem_free(release);
}

void snapshot_unref(struct snapshot *snapshot)
{
    /* Release: our reads are over; acquire: so are those of all the others. */
    if (atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (snapshot->jobs == NULL) {
        snapshot->free(snapshot); /* it was never published */
        return;
    }
    struct release *release = NEW(struct release);
    release->job.run = run_release;
    release->snapshot = snapshot;
    jobs_submit_always(snapshot->jobs, &release->job);
}

static void use_free(struct snapshot_use *use)
{
    snapshot_unref(use->snapshot);
    mem_free(use);
}

void snapshot_slot_free(struct snapshot_slot *slot)
{
    if (slot == NULL) {
        return;
    }
    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        if (slot->locals[i].use != NULL) {
            use_free(slot->locals[i].use);
        }
    }
    mem_free(slot);
}

static void swap(struct snapshot_slot *slot, unsigned index, struct snapshot_use *use)
{
    struct snapshot_use *old = slot->locals[index].use;
    slot->locals[index].use = use;
    if (old == NULL) {
        return;
    }
    old->replaced = true;
    if (old->users == 0) {
        use_free(old);
    }
}

static void on_delivery(struct post *post)
{
    struct delivery *delivery = CONTAINER_OF(post, struct delivery, post);
    struct publication *publication = delivery->publication;
    swap(publication->slot, worker_index(worker_self()), delivery->use);
    /* The last to swap is behind all the others, so `done` sees all that they did. */
    if (atomic_fetch_sub_explicit(&publication->missing, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (publication->done != NULL) {
        publication->done(publication->ctx);
    }
    mem_free(publication);
}

static struct snapshot_use *use_new(struct snapshot *snapshot)
{
    struct snapshot_use *use = NEW(struct snapshot_use);
    use->snapshot = snapshot_ref(snapshot);
    return use;
}

static void publish_here(struct snapshot_slot *slot, struct snapshot *snapshot)
{
    for (unsigned i = 0; i < workers_count(slot->workers); i++) {
        swap(slot, i, use_new(snapshot));
    }
}

static void publish_by_post(struct snapshot_slot *slot,
                            struct snapshot *snapshot,
                            snapshot_done_fn done,
                            void *ctx)
{
    unsigned count = workers_count(slot->workers);
    struct publication *publication =
        mem_calloc(1, sizeof(*publication) + count * sizeof(publication->deliveries[0]));
    publication->slot = slot;
    publication->done = done;
    publication->ctx = ctx;
    atomic_init(&publication->missing, count);
    for (unsigned i = 0; i < count; i++) {
        publication->deliveries[i] = (struct delivery){
            .post = {.fn = on_delivery}, .publication = publication, .use = use_new(snapshot)};
    }
    for (unsigned i = 0; i < count; i++) {
        worker_post(workers_get(slot->workers, i), &publication->deliveries[i].post);
    }
}

void snapshot_publish(struct snapshot_slot *slot,
                      struct snapshot *snapshot,
                      snapshot_done_fn done,
                      void *ctx)
{
    snapshot->jobs = slot->jobs;
    if (workers_running(slot->workers)) {
        publish_by_post(slot, snapshot, done, ctx);
        snapshot_unref(snapshot);
        return;
    }
    publish_here(slot, snapshot);
    snapshot_unref(snapshot);
    if (done != NULL) {
        done(ctx);
    }
}

static struct snapshot_use *present(struct snapshot_slot *slot)
{
    const struct worker *worker = worker_self();
    assert(worker != NULL);
    return slot->locals[worker->index].use;
}

struct snapshot_use *snapshot_use(struct snapshot_slot *slot)
{
    struct snapshot_use *use = present(slot);
    if (use != NULL) {
        use->users++;
    }
    return use;
}

struct snapshot *snapshot_of(const struct snapshot_use *use)
{
    return use->snapshot;
}

void snapshot_drop(struct snapshot_use *use)
{
    assert(use->users > 0);
    use->users--;
    if (use->users == 0 && use->replaced) {
        use_free(use);
    }
}

struct snapshot *snapshot_peek(struct snapshot_slot *slot)
{
    struct snapshot_use *use = present(slot);
    return use != NULL ? use->snapshot : NULL;
}
