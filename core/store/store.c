/* store.c - the thread that owns the database, its queues, and the grouping of commits.
 *
 * What has come in while the disk was busy goes into one transaction (store_group.c). Watchers,
 * then finishes, run after its commit. Who writes goes before who reads: so a read sees what was
 * submitted before it, and a long list keeps nobody's login waiting. */
#include "store/store.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/thread.h"
#include "store/store_inside.h"
#include "store/store_nodes.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

/* A longer queue is cut, so that the first of it are not kept waiting by the last. */
enum { GROUP_MAX = 256 };

/* Between batches of rows whose time is up; the first comes soon after the start. */
enum { SWEEP_EVERY_MS = 30 * 1000, SWEEP_AGAIN_MS = 20 };

/* How often a database that others write to is asked for what they have written. */
enum { FOLLOW_EVERY_MS = 1000 };

/* How long those who read have their turn, before it is looked who has come. */
enum { READ_TURN_MS = 5 };

/* A large transaction must not keep calls waiting; a small one hardly waits for them. */
enum { STORE_NICE = 5 };

struct watcher {
    store_watch_fn fn;
    void *ctx;
};

struct store {
    struct store_backend *backend;
    struct mailbox *mailbox;
    struct store_group writers; /* taken from the mailbox, and waiting */
    struct store_group readers;
    struct store_replica *replica; /* of a shared database; else NULL */
    struct store_follower follower;
    struct watcher *watchers;
    size_t watcher_count;
    uint64_t sweep_ms;  /* when the next sweep is due */
    uint64_t follow_ms; /* when the database is asked next for what is not ours */
    bool away;          /* the database was when it was asked last */
    struct store_audit_bounds audit;
    struct store_nodes *nodes;
    struct store_health health;
    struct post served; /* says that nodes->served has changed */
    atomic_bool served_posted;
    pthread_t thread;
    bool started;
    bool stopped;
};

static void notify(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    const struct store *store = ctx;
    for (size_t i = 0; i < store->watcher_count; i++) {
        const struct watcher *watcher = &store->watchers[i];
        watcher->fn(watcher->ctx, seq, records, count);
    }
}

static struct store_sources sources_of(const struct store *store)
{
    struct store_backend *replica =
        store->replica == NULL ? NULL : store_replica_reader(store->replica);
    return (struct store_sources){.present = replica == NULL ? store->backend : replica,
                                  .all = store->backend};
}

static void look_for(const struct store *store, struct store_request *request)
{
    const struct store_sources sources = sources_of(store);
    if (request->op == STORE_WORK) {
        store_request_look(&sources, request);
    } else {
        store_request_read(&sources, request);
    }
}

/* What a damaged replica keeps from being found is in the database. */
static void read_one(const struct store *store, struct store_request *request)
{
    look_for(store, request);
    if (!request->ok && store->replica != NULL && store_replica_is_broken(store->replica)) {
        store_request_again(request);
        look_for(store, request);
    }
}

static void write_group(struct store *store, struct store_group *group)
{
    store_group_write(store->backend, &store->audit, group);
    for (struct store_request *r = group->first; r != NULL; r = store_group_next(r)) {
        if (r->ok && r->record_count > 0) {
            store_follow_own(&store->follower, r);
        }
    }
}

static void on_finished(struct post *post)
{
    struct store_request *request = store_request_of(post);
    request->finish(request);
}

static void finish(struct store_request *request)
{
    if (request->owner == NULL) {
        request->finish(request);
        return;
    }
    request->post.fn = on_finished;
    request->post.bytes = request->arena.used;
    worker_post(request->owner, &request->post);
}

/* What is known to write much goes alone: nobody's small change waits for it. */
static void take_group(struct store_group *taken, struct store_group *out)
{
    while (taken->first != NULL && out->count < GROUP_MAX) {
        bool large = taken->first->write_count > STORE_GUARDED_WRITES_MAX;
        if (large && out->count > 0) {
            return;
        }
        store_group_push(out, store_group_pop(taken));
        if (large) {
            return;
        }
    }
}

static void write_taken(struct store *store)
{
    while (store->writers.first != NULL) {
        struct store_group group = {0};
        take_group(&store->writers, &group);
        write_group(store, &group);
        for (struct store_request *r; (r = store_group_pop(&group)) != NULL;) {
            finish(r);
        }
    }
}

static void read_taken(struct store *store)
{
    uint64_t end_ms = clock_mono_ms() + READ_TURN_MS;
    while (store->readers.first != NULL && clock_mono_ms() < end_ms) {
        struct store_request *request = store_group_pop(&store->readers);
        store_request_again(request);
        read_one(store, request);
        finish(request);
    }
}

static bool sweep_batch(struct store *store, bool *out_more, struct err *err)
{
    bool leases = false;
    bool revocations = false;
    if (store_begin(store->backend, err) && store_lease_sweep(store->backend, &leases, err) &&
        store_revocation_sweep(store->backend, &revocations, err) &&
        store_audit_prune(store->backend, &store->audit, 0, err) &&
        store_exec(store->backend, SQL_COMMIT, err)) {
        *out_more = leases || revocations;
        return true;
    }
    if (store->backend->ops->in_transaction(store->backend)) {
        (void)store_exec(store->backend, SQL_ROLLBACK, NULL);
    }
    return false;
}

/* Rows whose time is up and rows beyond the bounds, a batch now and then. Who reads does not find
 * them in any case. */
static void sweep(struct store *store)
{
    struct err err = {0};
    bool more = false;
    bool more_here = false;
    uint64_t now_ms = clock_mono_ms();
    if (now_ms < store->sweep_ms) {
        return;
    }
    if (!store->away && !sweep_batch(store, &more, &err)) {
        log_warn("store cannot sweep", KV_ERR(&err));
    }
    if (store->replica != NULL && !store_replica_sweep(store->replica, &more_here, &err)) {
        log_warn("store cannot sweep its replica", KV_ERR(&err));
    }
    store->sweep_ms = now_ms + (more || more_here ? SWEEP_AGAIN_MS : SWEEP_EVERY_MS);
}

/* At once when they say so, else now and then, for a database that others write to. It also finds
 * out that the database is away, or back. */
static void follow_others(struct store *store)
{
    struct err err = {0};
    if (!store->backend->shared || clock_mono_ms() < store->follow_ms) {
        return;
    }
    bool ok = store_follow(&store->follower, &err);
    if (!ok && !store->away) {
        log_error("store is away: nothing can be written until it is back", KV_ERR(&err));
    } else if (ok && store->away) {
        log_info("store is back");
    }
    store->away = !ok;
    store_health_note(&store->health, ok);
    store->follow_ms = clock_mono_ms() + FOLLOW_EVERY_MS;
}

/* Whether the database is there, and what is known is what is in it. */
static bool is_there(const struct store *store)
{
    return !store->away && store->follower.connection == store->backend->connection;
}

static int until_due(const struct store *store)
{
    uint64_t now_ms = clock_mono_ms();
    uint64_t due_ms = store->readers.first != NULL ? now_ms : store->sweep_ms;
    uint64_t nodes_ms = store_nodes_due(store->nodes, is_there(store));
    due_ms = nodes_ms < due_ms ? nodes_ms : due_ms;
    if (store->backend->shared && store->follow_ms < due_ms) {
        due_ms = store->follow_ms;
    }
    return now_ms < due_ms ? (int)(due_ms - now_ms) : 0;
}

/* What others say is read by whatever is asked of the database, too: so after that, before each
 * wait. */
static void heed(struct store *store)
{
    if (store->backend->ops->noticed(store->backend)) {
        store->follow_ms = 0;
        store_nodes_noticed(store->nodes);
    }
}

static void *run(void *arg)
{
    struct store *store = arg;
    bool more = true;
    thread_step_back(STORE_NICE);
    while (more || store->readers.first != NULL) {
        heed(store);
        int fd = store->backend->ops->fd(store->backend);
        more = mailbox_run_some_or(store->mailbox, until_due(store), fd);
        write_taken(store);
        read_taken(store);
        heed(store);
        follow_others(store);
        atomic_store(&store->health.seq, store->follower.place.seq);
        store_nodes_turn(store->nodes, is_there(store));
        sweep(store);
    }
    store_nodes_end(store->nodes, is_there(store));
    return NULL;
}

static void on_submitted(struct post *post)
{
    struct store_request *request = store_request_of(post);
    if (request->op == STORE_NODES) {
        store_nodes_ask(request->store->nodes, request);
        return;
    }
    struct store *store = request->store;
    store_group_push(store_writes(request) ? &store->writers : &store->readers, request);
}

void store_submit(struct store *store, struct store_request *request)
{
    request->store = store;
    request->owner = worker_self();
    request->post = (struct post){.fn = on_submitted};
    mailbox_post(store->mailbox, &request->post);
}

void store_run(struct store *store, struct store_request *request)
{
    assert(!store->started && request->op != STORE_NODES);
    struct store_group group = {0};
    store_group_push(&group, request);
    if (store_writes(request)) {
        write_group(store, &group);
    } else {
        store_request_again(request);
        read_one(store, request);
    }
    if (request->finish != NULL) {
        request->finish(request);
    }
}

void store_watch(struct store *store, store_watch_fn fn, void *ctx)
{
    assert(!store->started);
    size_t size = (store->watcher_count + 1) * sizeof(struct watcher);
    store->watchers = mem_realloc(store->watchers, size);
    store->watchers[store->watcher_count++] = (struct watcher){fn, ctx};
}

void store_keep_audit(struct store *store, const struct store_audit_bounds *bounds)
{
    assert(!store->started);
    store->audit = *bounds;
}

void store_listen(struct store *store, bool wanted)
{
    assert(!store->started);
    store->backend->deaf = !wanted;
}

bool store_take_turn(struct store *store, struct err *err)
{
    assert(!store->started);
    struct store_backend *backend = store->backend;
    /* What the one before has written is known before anything is decided. */
    return store->away || (backend->ops->take_turn(backend, err) &&
                           (!backend->shared || store_follow(&store->follower, err)));
}

void store_end_turn(struct store *store)
{
    assert(!store->started);
    store->backend->ops->end_turn(store->backend);
}

bool store_load(struct store *store, store_watch_fn fn, void *ctx, struct err *err)
{
    assert(!store->started);
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2); /* the data of the node: it holds all of it in any case */
    struct store_record *records = NULL;
    size_t count = 0;
    bool ok = store_read_all(sources_of(store).present, &arena, &records, &count, err);
    if (ok) {
        fn(ctx, store->follower.place.seq, records, count);
    }
    arena_done(&arena);
    return ok;
}

bool store_opened_away(const struct store *store)
{
    assert(!store->started);
    return store->away;
}

static void close_all(struct store *store)
{
    store->backend->ops->close(store->backend);
    store_replica_close(store->replica);
    store_nodes_free(store->nodes);
    mailbox_free(store->mailbox);
    mem_free(store->watchers);
    mem_free(store);
}

/* `away`: why the database cannot be had, if it cannot. One that can be had and does not get to it,
 * as while others hold its lock, is away as well. */
static bool open_shared(struct store *store, struct str data_dir, struct err *away, struct err *err)
{
    struct err problem = {0};
    store->away = store->backend->connection == 0;
    if (!store->away && !store_migrate(store->backend, away)) {
        store->away = away->code == ERR_UNAVAILABLE;
        if (!store->away) {
            return err_set(err, away->code, "%s", away->text);
        }
    }
    store->replica = store_replica_open(data_dir, store->backend->name, &problem);
    if (store->replica == NULL) {
        problem = store->away ? *away : problem;
        return err_set(err, problem.code, "%s", problem.text);
    }
    store->follower.replica = store->replica;
    store->follower.place = store_replica_place(store->replica);
    if (!store->away) {
        return store_follow(&store->follower, err);
    }
    if (store->follower.place.seq == 0) {
        return err_set(err, away->code, "%s", away->text);
    }
    log_error("store is away: this node serves what it knew, and nothing can be written until it"
              " is back",
              KV_U64("seq", store->follower.place.seq), KV_ERR(away));
    return true;
}

static bool open_own(struct store *store, struct err *err)
{
    return store_migrate(store->backend, err) &&
           store_head(store->backend, &store->follower.place.seq, err);
}

struct store *store_open(struct str url, struct str data_dir, struct err *err)
{
    struct err away = {0};
    struct store_backend *backend = store_url_open(url, data_dir, &away);
    if (backend == NULL) {
        (void)err_set(err, away.code, "%s", away.text);
        return NULL;
    }
    struct store *store = NEW(struct store);
    store->backend = backend;
    store->mailbox = mailbox_new();
    store->follower = (struct store_follower){.backend = backend, .tell = notify, .ctx = store};
    store->nodes = store_nodes_new(backend, finish);
    if (backend->shared ? !open_shared(store, data_dir, &away, err) : !open_own(store, err)) {
        close_all(store);
        return NULL;
    }
    store_health_note(&store->health, !store->away);
    atomic_store(&store->health.seq, store->follower.place.seq);
    return store;
}

void store_join(struct store *store, const struct store_self *self)
{
    assert(!store->started);
    store_nodes_join(store->nodes, self);
}

/* What it says is found by the turn of the nodes, which comes after every post. */
static void on_served(struct post *post)
{
    atomic_store(&CONTAINER_OF(post, struct store, served)->served_posted, false);
}

void store_served(struct store *store, uint64_t seq)
{
    atomic_store(&store->nodes->served, seq);
    if (store->backend->shared && !atomic_exchange(&store->served_posted, true)) {
        store->served.fn = on_served;
        mailbox_post(store->mailbox, &store->served);
    }
}

struct store_state store_state(const struct store *store)
{
    struct store_state state = store_health_read(&store->health);
    state.age_ms = store->backend->shared ? state.age_ms : 0;
    state.served = atomic_load(&store->nodes->served);
    state.live_count = atomic_load(&store->nodes->live_count);
    return state;
}

bool store_start(struct store *store, struct err *err)
{
    if (!thread_start(&store->thread, "store", run, store, err)) {
        return false;
    }
    store->started = true;
    return true;
}

void store_stop(struct store *store)
{
    if (store == NULL || store->stopped) {
        return;
    }
    store->stopped = true;
    mailbox_close(store->mailbox);
    if (store->started) {
        (void)pthread_join(store->thread, NULL);
    } else {
        (void)run(store);
    }
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_stop(store);
    mailbox_run(store->mailbox); /* what came too late is not answered */
    close_all(store);
}
