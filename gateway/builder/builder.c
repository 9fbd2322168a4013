#include "builder/builder.h"

#include "base/log.h"
#include "base/mem.h"
#include "builder/builder_inside.h"
#include "loop/thread.h"

/* One transaction on its way from the store thread. */
struct change {
    struct post post;
    struct builder *builder;
    struct arena arena;
    uint64_t seq;
    struct store_record *records;
    size_t count;
};

struct waiter {
    struct post post; /* to the builder */
    struct list link;
    struct builder *builder;
    uint64_t seq;
    struct worker *owner;
    struct post *wanted;
};

struct ack {
    struct post post;
    struct builder *builder;
    uint64_t seq;
};

enum { CHANGE_MAX = 256 << 20, BUILDER_NICE = 10 };

static void present_changed(struct builder *builder)
{
    present_unref(builder->present);
    builder->present = NULL;
}

static void apply_spec(struct builder *builder, const struct store_record *record)
{
    builder->routes_dirty = true;
    present_changed(builder);
    struct published *before = map_remove(&builder->entries, record->key);
    if (!record->deleted) {
        struct published *entry = published_new(record, before, builder->options.allow_forward);
        (void)map_put(&builder->entries, str_of(entry->id), entry);
    }
    if (before != NULL) {
        published_unref(before);
    }
}

void builder_apply(struct builder *builder, const struct store_record *record)
{
    if (str_eq(record->kind, STR("api_spec"))) {
        apply_spec(builder, record);
    } else if (rbac_builder_apply(builder->rbac_builder, record)) {
        builder->rbac_dirty = true;
    } else if (tokens_builder_apply(builder->tokens_builder, record)) {
        builder->tokens_dirty = true;
    }
}

struct present *builder_present(struct builder *builder)
{
    if (builder->present == NULL) {
        struct published **entries = NEW_ARRAY(struct published *, builder->entries.count + 1);
        size_t count = 0;
        size_t cursor = 0;
        const struct map_slot *slot = NULL;
        while ((slot = map_next(&builder->entries, &cursor)) != NULL) {
            entries[count++] = published_ref(slot->value);
        }
        builder->present = present_new(entries, count, builder->rbac);
        mem_free(entries);
    }
    return builder->present;
}

static struct route_table *
table_of(struct builder *builder, struct spec *const *specs, size_t count)
{
    struct problems problems;
    problems_init(&problems);
    struct route_table *table = route_table_build(specs, count, builder->applied, &problems);
    problems_done(&problems);
    return table;
}

/* All specs that compile, into one table. One that claims another's path (only possible when
 * another node published it) is left out, and said so. */
static struct route_table *build_routes(struct builder *builder)
{
    const struct present *present = builder_present(builder);
    size_t count = 0;
    struct spec **specs = NEW_ARRAY(struct spec *, present->count + 1);
    for (size_t i = 0; i < present->count; i++) {
        if (present->entries[i]->spec != NULL) {
            specs[count++] = present->entries[i]->spec;
        }
    }
    struct route_table *table = table_of(builder, specs, count);
    if (table == NULL) {
        size_t agreeing = route_table_agreeing(specs, count);
        for (size_t i = agreeing; i < count; i++) {
            log_error("a specification claims a path of another and does not serve",
                      KV_STR("id", spec_id(specs[i])));
        }
        table = table_of(builder, specs, agreeing);
    }
    mem_free(specs);
    return table;
}

static void notify_waiters(struct builder *builder)
{
    LIST_FOREACH_SAFE (link, &builder->waiters) {
        struct waiter *waiter = LIST_ENTRY(link, struct waiter, link);
        if (waiter->seq <= builder->acked) {
            list_remove(link);
            worker_post(waiter->owner, waiter->wanted);
            mem_free(waiter);
        }
    }
}

/* Every worker serves all that is published. What comes after the stop may find no store. */
static void acknowledge(struct builder *builder)
{
    if (builder->acked != builder->published && !builder->stopping) {
        store_served(builder->options.store, builder->published);
    }
    builder->acked = builder->published;
}

static void on_ack(struct post *post)
{
    struct ack *ack = CONTAINER_OF(post, struct ack, post);
    struct builder *builder = ack->builder;
    builder->outstanding--;
    if (builder->outstanding == 0) {
        acknowledge(builder);
    }
    mem_free(ack);
    notify_waiters(builder);
}

/* On the worker that swapped last. */
static void on_swapped(void *ctx)
{
    struct ack *ack = ctx;
    mailbox_post(ack->builder->mailbox, &ack->post);
}

static void
publish_snapshot(struct builder *builder, struct snapshot_slot *slot, struct snapshot *snapshot)
{
    if (!builder->running) { /* the first: nobody to tell */
        snapshot_publish(slot, snapshot, NULL, NULL);
        return;
    }
    struct ack *ack = NEW(struct ack);
    *ack = (struct ack){.post = {.fn = on_ack}, .builder = builder};
    builder->outstanding++;
    snapshot_publish(slot, snapshot, on_swapped, ack);
}

/* One generation at a time: what comes while workers still swap goes into the next together. */
void builder_build(struct builder *builder)
{
    if (builder->outstanding > 0) {
        return;
    }
    if (builder->rbac_dirty) {
        builder->rbac_dirty = false;
        present_changed(builder);
        struct rbac *rbac = rbac_builder_build(builder->rbac_builder, builder->applied);
        if (builder->rbac != NULL) {
            snapshot_unref((struct snapshot *)(void *)builder->rbac);
        }
        builder->rbac = rbac;
        publish_snapshot(builder, builder->options.rbac,
                         snapshot_ref((struct snapshot *)(void *)rbac));
    }
    if (builder->tokens_dirty && builder->options.tokens != NULL) {
        builder->tokens_dirty = false;
        struct tokens *tokens = tokens_builder_build(builder->tokens_builder, builder->applied);
        publish_snapshot(builder, builder->options.tokens, (struct snapshot *)(void *)tokens);
    }
    if (builder->routes_dirty) {
        builder->routes_dirty = false;
        struct route_table *table = build_routes(builder);
        if (table != NULL) {
            publish_snapshot(builder, builder->options.routes, (struct snapshot *)(void *)table);
        }
    }
    builder->published = builder->applied;
    if (builder->outstanding == 0) {
        acknowledge(builder);
        notify_waiters(builder);
    }
}

static void on_change(struct post *post)
{
    struct change *change = CONTAINER_OF(post, struct change, post);
    struct builder *builder = change->builder;
    for (size_t i = 0; i < change->count; i++) {
        builder_apply(builder, &change->records[i]);
    }
    builder->applied = change->seq;
    arena_done(&change->arena);
    mem_free(change);
}

/* On the store thread: the records are borrowed, so they are copied. */
static void on_commit(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct builder *builder = ctx;
    struct change *change = NEW(struct change);
    change->post.fn = on_change;
    change->builder = builder;
    change->seq = seq;
    change->count = count;
    arena_init(&change->arena, CHANGE_MAX);
    change->records = ARENA_ARRAY(&change->arena, struct store_record, count);
    for (size_t i = 0; i < count; i++) {
        change->records[i] = records[i];
        change->records[i].kind = arena_str(&change->arena, records[i].kind);
        change->records[i].realm = arena_str(&change->arena, records[i].realm);
        change->records[i].key = arena_str(&change->arena, records[i].key);
        change->records[i].value = arena_str(&change->arena, records[i].value);
        change->records[i].author = arena_str(&change->arena, records[i].author);
        change->records[i].comment = STR_EMPTY;
    }
    mailbox_post(builder->mailbox, &change->post);
}

static void on_load(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct builder *builder = ctx;
    for (size_t i = 0; i < count; i++) {
        builder_apply(builder, &records[i]);
    }
    builder->applied = seq;
}

struct builder *builder_new(const struct builder_options *options)
{
    struct builder *builder = NEW(struct builder);
    builder->options = *options;
    builder->mailbox = mailbox_new();
    builder->rbac_builder = rbac_builder_new();
    rbac_builder_set(builder->rbac_builder, &options->access_settings);
    builder->tokens_builder = tokens_builder_new();
    builder->rbac_dirty = true;
    builder->tokens_dirty = true;
    builder->routes_dirty = true;
    map_init(&builder->entries);
    list_init(&builder->waiters);
    list_init(&builder->publishing);
    return builder;
}

bool builder_load(struct builder *builder, struct err *err)
{
    if (!store_load(builder->options.store, on_load, builder, err)) {
        return false;
    }
    store_watch(builder->options.store, on_commit, builder);
    return true;
}

void builder_build_first(struct builder *builder)
{
    (void)mailbox_run_some(builder->mailbox, 0); /* what files have changed since the load */
    builder_build(builder);
}

static void *run(void *ctx)
{
    struct builder *builder = ctx;
    int patience_ms = -1;
    thread_step_back(BUILDER_NICE);
    while (!builder->stopping || builder->current != NULL) {
        (void)mailbox_run_some(builder->mailbox, patience_ms);
        builder_build(builder);
        patience_ms = publish_next(builder);
    }
    return NULL;
}

static void on_stop(struct post *post)
{
    CONTAINER_OF(post, struct builder, stop)->stopping = true;
}

bool builder_start(struct builder *builder, struct err *err)
{
    builder->running = true;
    builder->running = thread_start(&builder->thread, "builder", run, builder, err);
    return builder->running;
}

void builder_stop(struct builder *builder)
{
    if (!builder->running) {
        return;
    }
    builder->stop.fn = on_stop;
    mailbox_post(builder->mailbox, &builder->stop);
    (void)pthread_join(builder->thread, NULL);
    builder->running = false;
    builder->acked = UINT64_MAX;
    notify_waiters(builder);
}

void builder_free(struct builder *builder)
{
    if (builder == NULL) {
        return;
    }
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    mailbox_close(builder->mailbox);
    mailbox_run(builder->mailbox); /* what the store has sent since the thread ended */
    while ((slot = map_next(&builder->entries, &cursor)) != NULL) {
        published_unref(slot->value);
    }
    map_done(&builder->entries);
    present_unref(builder->present);
    LIST_FOREACH_SAFE (link, &builder->waiters) {
        mem_free(LIST_ENTRY(link, struct waiter, link));
    }
    if (builder->rbac != NULL) {
        snapshot_unref((struct snapshot *)(void *)builder->rbac);
    }
    tokens_builder_free(builder->tokens_builder);
    rbac_builder_free(builder->rbac_builder);
    mailbox_free(builder->mailbox);
    mem_free(builder);
}

void builder_wait_here(struct builder *builder,
                       uint64_t seq,
                       struct worker *owner,
                       struct post *post)
{
    struct waiter *waiter = NEW(struct waiter);
    *waiter = (struct waiter){.builder = builder, .seq = seq, .owner = owner, .wanted = post};
    list_push(&builder->waiters, &waiter->link);
    notify_waiters(builder);
}

static void on_wait(struct post *post)
{
    struct waiter *waiter = CONTAINER_OF(post, struct waiter, post);
    list_push(&waiter->builder->waiters, &waiter->link);
    notify_waiters(waiter->builder);
}

void builder_wait(struct builder *builder, uint64_t seq, struct post *post)
{
    struct waiter *waiter = NEW(struct waiter);
    *waiter = (struct waiter){
        .post = {.fn = on_wait},
        .builder = builder,
        .seq = seq,
        .owner = worker_self(),
        .wanted = post,
    };
    mailbox_post(builder->mailbox, &waiter->post);
}
