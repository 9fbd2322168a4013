/* publish.c - one publication at a time: compile, check against all others, commit, wait.
 *
 * On the builder's thread. The commit comes back through the store's change feed
 * like everybody else's, and the waiting ends when every worker serves it. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "builder/builder_inside.h"

struct commit {
    struct store_request request;
    struct post done; /* back on the builder's thread */
    struct builder *builder;
    struct publish_request *publish;
    uint64_t checked; /* it was checked against what was written up to here */
    bool behind;      /* somebody has written more: nothing was committed */
};

/* What a publication was checked against. */
static const struct str checked_kinds[] = {STR_INIT("api_spec"), STR_INIT("realm")};

static void finish_post(struct post *post)
{
    struct publish_request *request = CONTAINER_OF(post, struct publish_request, post);
    request->finish(request);
}

static void publish_finish(struct publish_request *request)
{
    request->post.fn = finish_post;
    if (request->owner == NULL) {
        request->finish(request);
    } else {
        worker_post(request->owner, &request->post);
    }
}

static void log_published(const struct publish_request *publish)
{
    for (size_t i = 0; publish->ok && i < publish->item_count; i++) {
        if (publish->items[i].changed) {
            log_info("specification published", KV_STR("id", publish->items[i].id),
                     KV_U64("version", publish->items[i].version),
                     KV_STR("author", publish->author));
        }
    }
}

/* What its check has told. */
static void forget_check(struct publish_request *request)
{
    for (size_t i = 0; i < request->item_count; i++) {
        json_decref(request->items[i].differences);
    }
    problems_done(&request->problems);
    request->item_count = 0;
}

enum { BEHIND_MAX_MS = 3000, BEHIND_LOOK_MS = 100 };

/* Others may write for longer than anybody wants to wait. */
static bool may_wait(const struct builder *builder, const struct publish_request *request)
{
    return !builder->stopping &&
           (request->behind_ms == 0 || clock_mono_ms() - request->behind_ms < BEHIND_MAX_MS);
}

static void give_up(struct publish_request *request)
{
    (void)err_set(&request->err, ERR_UNAVAILABLE,
                  "others have published what this node has not read yet: nothing was written, try"
                  " again");
    publish_finish(request);
}

/* Another node has written what this one has not read yet: checked again, as the next, when it has
 * (see is_behind). */
static void put_back(struct builder *builder, struct publish_request *publish, uint64_t checked)
{
    forget_check(publish);
    problems_init(&publish->problems);
    if (!may_wait(builder, publish)) {
        give_up(publish);
        return;
    }
    publish->behind_at = checked;
    publish->behind_ms = publish->behind_ms == 0 ? clock_mono_ms() : publish->behind_ms;
    builder->publishing_count++;
    list_push_front(&builder->publishing, &publish->link);
}

static void commit_free(struct commit *commit)
{
    arena_done(&commit->request.arena);
    mem_free(commit);
}

static void on_committed(struct post *post)
{
    struct commit *commit = CONTAINER_OF(post, struct commit, done);
    struct builder *builder = commit->builder;
    struct publish_request *publish = commit->publish;
    builder->current = NULL;
    if (commit->behind && commit->request.ok) {
        publish->audit = commit->request.audit;
        put_back(builder, publish, commit->checked);
        commit_free(commit);
        return;
    }
    publish->ok = commit->request.ok;
    publish->err = commit->request.err;
    publish->seq = commit->request.seq;
    for (size_t i = 0; i < commit->request.record_count; i++) {
        const struct store_record *record = &commit->request.records[i];
        for (size_t j = 0; j < publish->item_count; j++) {
            if (str_eq(publish->items[j].id, record->key)) {
                publish->items[j].version = record->version;
            }
        }
    }
    log_published(publish);
    commit_free(commit);
    publish->post.fn = finish_post;
    if (publish->ok && publish->owner != NULL) {
        builder_wait_here(builder, publish->seq, publish->owner, &publish->post);
    } else {
        publish_finish(publish);
    }
}

/* On the store thread, or the main thread before it runs. */
static void on_stored(struct store_request *request)
{
    struct commit *commit = CONTAINER_OF(request, struct commit, request);
    commit->done.fn = on_committed;
    mailbox_post(commit->builder->mailbox, &commit->done);
}

/* On the store thread. No other writer comes between the look and the writes. */
static bool write_checked(struct store_view *view, struct store_request *request)
{
    struct commit *commit = CONTAINER_OF(request, struct commit, request);
    commit->behind = false;
    for (size_t i = 0; i < COUNT_OF(checked_kinds); i++) {
        commit->behind |= store_view_written_since(view, checked_kinds[i], commit->checked);
    }
    request->audit_count = commit->behind || request->audit == NULL ? 0 : 1;
    bool ok = !store_view_failed(view);
    for (size_t i = 0; ok && !commit->behind && i < request->write_count; i++) {
        ok = store_view_put(view, &request->writes[i]);
    }
    return ok;
}

enum { COMMIT_MAX = 256 << 20 };

/* Lists what is to be written: unchanged text is not. */
static struct commit *make_commit(struct builder *builder,
                                  struct publish_request *request,
                                  const struct candidates *candidates)
{
    struct commit *commit = NEW(struct commit);
    struct store_request *store = &commit->request;
    commit->builder = builder;
    commit->publish = request;
    /* Files of the configuration are published as they are, whoever else does so too. */
    commit->checked = builder->running ? builder->applied : INT64_MAX;
    store->op = STORE_WORK;
    store->work = write_checked;
    store->finish = on_stored;
    arena_init(&store->arena, COMMIT_MAX);
    store->author = arena_str(&store->arena, request->author);
    store->comment = arena_str(&store->arena, request->comment);
    struct store_write *writes = ARENA_ARRAY(&store->arena, struct store_write, candidates->count);
    for (size_t i = 0; i < candidates->count; i++) {
        if (request->items[i].changed) {
            writes[store->write_count++] = (struct store_write){
                .kind = STR("api_spec"),
                .realm = STR(""),
                .key = arena_str(&store->arena, request->items[i].id),
                .value = arena_str(&store->arena, str_of(candidates->items[i].text)),
                .expect = request->expect,
            };
        }
    }
    store->writes = writes;
    if (request->audit != NULL && request->item_count > 0) {
        request->audit->target = request->items[0].id;
    }
    return commit;
}

static bool expectation_met(struct publish_request *request)
{
    return request->expect == STORE_ANY_VERSION || request->item_count != 1 ||
           request->expect == request->items[0].version ||
           err_set(&request->err, ERR_CONFLICT,
                   "the specification has changed meanwhile: it is at version %llu",
                   (unsigned long long)request->items[0].version);
}

/* Nothing is left to be written, or it may not be. */
static bool is_over(struct publish_request *request)
{
    bool changed = false;
    for (size_t i = 0; i < request->item_count; i++) {
        changed = changed || request->items[i].changed;
    }
    request->ok = expectation_met(request);
    return !request->ok || request->dry_run || (!changed && request->audit == NULL);
}

static void commit_it(struct builder *builder, struct commit *commit)
{
    struct publish_request *request = commit->publish;
    request->ok = false;
    builder->current = request;
    commit->request.audit = request->audit;
    commit->request.audit_count = request->audit == NULL ? 0 : 1;
    request->audit = NULL;
    if (builder->running) {
        store_submit(builder->options.store, &commit->request);
    } else {
        store_run(builder->options.store, &commit->request);
    }
}

static void publish_one(struct builder *builder, struct publish_request *request)
{
    struct candidates candidates;
    bool good = publish_check(request, builder_present(builder), builder->options.allow_forward,
                              &candidates);
    if (good && !is_over(request)) {
        commit_it(builder, make_commit(builder, request, &candidates));
    } else {
        publish_finish(request);
    }
    candidates_done(&candidates);
}

/* What others have written has not come yet. */
static bool is_behind(const struct builder *builder, const struct publish_request *request)
{
    return request->behind_ms > 0 && request->behind_at == builder->applied;
}

static struct publish_request *take_next(struct builder *builder)
{
    struct publish_request *request =
        LIST_ENTRY(builder->publishing.next, struct publish_request, link);
    list_remove(&request->link);
    builder->publishing_count--;
    return request;
}

int publish_next(struct builder *builder)
{
    while (builder->current == NULL && !list_empty(&builder->publishing)) {
        struct publish_request *request =
            LIST_ENTRY(builder->publishing.next, struct publish_request, link);
        if (!is_behind(builder, request)) {
            publish_one(builder, take_next(builder));
        } else if (may_wait(builder, request)) {
            return BEHIND_LOOK_MS;
        } else {
            give_up(take_next(builder));
        }
    }
    return -1;
}

static void run_dry(struct job *job)
{
    struct publish_request *request = CONTAINER_OF(job, struct publish_request, job);
    struct candidates candidates;
    request->ok = publish_check(request, request->present, request->builder->options.allow_forward,
                                &candidates) &&
                  expectation_met(request);
    candidates_done(&candidates);
    present_unref(request->present);
}

static void on_dry(struct job *job)
{
    publish_finish(CONTAINER_OF(job, struct publish_request, job));
}

static void begin_dry(struct builder *builder, struct publish_request *request)
{
    request->present = present_ref(builder_present(builder));
    request->job = (struct job){.run = run_dry, .finish = on_dry};
    if (!jobs_submit(builder->options.jobs, &request->job)) {
        present_unref(request->present);
        (void)err_set(&request->err, ERR_UNAVAILABLE, "too many dry runs wait already");
        publish_finish(request);
    }
}

static void on_publish(struct post *post)
{
    struct publish_request *request = CONTAINER_OF(post, struct publish_request, post);
    struct builder *builder = request->builder;
    if (request->dry_run && builder->options.jobs != NULL) {
        begin_dry(builder, request);
        return;
    }
    if (builder->publishing_count == PUBLISH_QUEUE_MAX) {
        (void)err_set(&request->err, ERR_UNAVAILABLE, "too many publications wait already");
        publish_finish(request);
        return;
    }
    builder->publishing_count++;
    list_push(&builder->publishing, &request->link);
}

void builder_publish(struct builder *builder, struct publish_request *request)
{
    request->owner = worker_self();
    request->builder = builder;
    request->behind_ms = 0;
    request->post.fn = on_publish;
    list_init(&request->link);
    problems_init(&request->problems);
    mailbox_post(builder->mailbox, &request->post);
}

void publish_request_done(struct publish_request *request)
{
    forget_check(request);
    arena_done(&request->arena);
}

void builder_publish_now(struct builder *builder, struct publish_request *request)
{
    request->owner = NULL;
    request->builder = builder;
    request->behind_ms = 0;
    list_init(&request->link);
    problems_init(&request->problems);
    builder_build_first(builder); /* so that the realms are known */
    publish_one(builder, request);
    (void)mailbox_run_some(builder->mailbox, 0);
}
