/* publish.c - one publication at a time: compile, check against all others, commit, wait.
 *
 * On the builder's thread. The commit comes back through the store's change feed
 * like everybody else's, and the waiting ends when every worker serves it. */
#include "base/log.h"
#include "base/mem.h"
#include "builder/builder_inside.h"

struct commit {
    struct store_request request;
    struct post done; /* back on the builder's thread */
    struct builder *builder;
    struct publish_request *publish;
};

/* What one publication is about to put in place. */
struct candidate {
    struct spec *spec;
    char *text;
};

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

/* The method that a realm needs for each scheme. */
static const struct {
    enum security_type type;
    struct str scheme;
    struct str methods[2]; /* any of these */
} needed_methods[] = {
    {SECURITY_OAUTH2, STR_INIT("oauth2"), {STR_INIT("oauth2"), STR_INIT("")}},
    {SECURITY_BASIC, STR_INIT("basic"), {STR_INIT("password"), STR_INIT("")}},
    {SECURITY_API_KEY, STR_INIT("api_key"), {STR_INIT("api_key"), STR_INIT("")}},
    {SECURITY_IDENTITY, STR_INIT("identity"), {STR_INIT("password"), STR_INIT("api_key")}},
};

/* Its routes answer 401 until the realm has the method: a warning, for the realm may get it. */
static void
warn_of_methods(const struct rbac_realm *realm, const struct spec *spec, struct problems *problems)
{
    unsigned types = spec_security_types(spec);
    for (size_t i = 0; i < COUNT_OF(needed_methods); i++) {
        const struct str *methods = needed_methods[i].methods;
        if ((types & 1U << (unsigned)needed_methods[i].type) == 0 ||
            rbac_realm_has_method(realm, methods[0]) ||
            (methods[1].len > 0 && rbac_realm_has_method(realm, methods[1]))) {
            continue;
        }
        struct problem problem = {.pointer = STR("/realm_uri"), .warning = true};
        spec_realm_position(spec, &problem.line, &problem.column);
        problem.text =
            arena_printf(&problems->arena,
                         "the realm does not have the method \"" PRISTR "\" that security '" PRISTR
                         "' needs: its routes answer 401 until it is among the realm's authmethods",
                         STRARG(methods[0]), STRARG(needed_methods[i].scheme));
        problems_add(problems, &problem);
    }
}

static bool realm_known(struct builder *builder, const struct spec *spec, struct problems *problems)
{
    struct str realm = spec_realm(spec);
    const struct rbac_realm *found =
        builder->rbac == NULL ? NULL : rbac_realm_find(builder->rbac, realm);
    if (found != NULL) {
        warn_of_methods(found, spec, problems);
        return true;
    }
    struct problem problem = {.pointer = STR("/realm_uri")};
    size_t count = 0;
    spec_realm_position(spec, &problem.line, &problem.column);
    problem.text =
        arena_printf(&problems->arena,
                     "there is no realm named " PRISTR ": postern realm create " PRISTR " --open",
                     STRARG(realm), STRARG(realm));
    if (builder->rbac != NULL) {
        const struct str *uris = rbac_realm_uris(builder->rbac, &count);
        problem.nearest = str_nearest(realm, uris, count);
    }
    problems_add(problems, &problem);
    return false;
}

/* Two of one id in one text: which of them is meant? */
static bool id_is_new(const struct candidate *before,
                      size_t count,
                      const struct spec *spec,
                      struct problems *problems)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(spec_id(before[i].spec), spec_id(spec))) {
            struct problem problem = {.pointer = STR("/id")};
            problem.text = arena_printf(&problems->arena, "two specifications have the id " PRISTR,
                                        STRARG(spec_id(spec)));
            problems_add(problems, &problem);
            return false;
        }
    }
    return true;
}

static size_t
compile_all(struct builder *builder, struct publish_request *request, struct candidate *out)
{
    size_t count = SIZE_MAX; /* until a text was readable */
    size_t done = 0;
    struct spec_options options = {.allow_forward = builder->options.allow_forward};
    for (size_t i = 0; i < count && i < PUBLISH_ITEMS_MAX; i++) {
        char *text = spec_canonical(request->text, i, &count, &request->problems);
        if (text == NULL) {
            request->unreadable = count == SIZE_MAX;
            break;
        }
        /* Compiled as it was written, so that positions are its author's. */
        options.index = i;
        struct spec *spec = spec_compile(request->text, &options, &request->problems);
        if (spec != NULL && realm_known(builder, spec, &request->problems) &&
            id_is_new(out, done, spec, &request->problems)) {
            out[done++] = (struct candidate){spec, text};
        } else {
            spec_unref(spec);
            mem_free(text);
        }
    }
    if (count > PUBLISH_ITEMS_MAX && count != SIZE_MAX) {
        problems_add(&request->problems,
                     &(struct problem){.text = STR("more than 64 specifications at once")});
    }
    return done;
}

/* Would the table still build with these in the place of what they replace? */
static void check_conflicts(struct builder *builder,
                            struct publish_request *request,
                            const struct candidate *candidates,
                            size_t count)
{
    size_t entry_count = 0;
    size_t total = 0;
    struct entry **entries = builder_entries(builder, &entry_count);
    struct spec **specs = NEW_ARRAY(struct spec *, entry_count + count);
    for (size_t i = 0; i < entry_count; i++) {
        bool replaced = entries[i]->spec == NULL;
        for (size_t j = 0; j < count; j++) {
            replaced = replaced || str_eq(spec_id(candidates[j].spec), str_of(entries[i]->id));
        }
        if (!replaced) {
            specs[total++] = entries[i]->spec;
        }
    }
    for (size_t j = 0; j < count; j++) {
        specs[total++] = candidates[j].spec;
    }
    struct route_table *table = route_table_build(specs, total, 0, &request->problems);
    if (table != NULL) {
        snapshot_unref((struct snapshot *)(void *)table);
    }
    mem_free(specs);
    mem_free(entries);
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

static void on_committed(struct post *post)
{
    struct commit *commit = CONTAINER_OF(post, struct commit, done);
    struct builder *builder = commit->builder;
    struct publish_request *publish = commit->publish;
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
    arena_done(&commit->request.arena);
    mem_free(commit);
    builder->current = NULL;
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

enum { COMMIT_MAX = 256 << 20 };

/* Lists what is to be written: unchanged text is not. */
static struct commit *make_commit(struct builder *builder,
                                  struct publish_request *request,
                                  const struct candidate *candidates,
                                  size_t count)
{
    struct commit *commit = NEW(struct commit);
    struct store_request *store = &commit->request;
    commit->builder = builder;
    commit->publish = request;
    store->op = STORE_COMMIT;
    store->finish = on_stored;
    arena_init(&store->arena, COMMIT_MAX);
    store->author = arena_str(&store->arena, request->author);
    store->comment = arena_str(&store->arena, request->comment);
    struct store_write *writes = ARENA_ARRAY(&store->arena, struct store_write, count);
    for (size_t i = 0; i < count; i++) {
        struct str id = spec_id(candidates[i].spec);
        const struct entry *entry = map_get(&builder->entries, id);
        struct publish_item *item = &request->items[request->item_count++];
        item->id = arena_str(&request->arena, id);
        item->version = entry == NULL ? 0 : entry->version;
        item->changed = entry == NULL || !str_eq(str_of(entry->text), str_of(candidates[i].text));
        if (request->dry_run) {
            item->before =
                entry == NULL ? STR_EMPTY : arena_str(&request->arena, str_of(entry->text));
            item->after = arena_str(&request->arena, str_of(candidates[i].text));
        }
        if (item->changed) {
            writes[store->write_count++] = (struct store_write){
                .kind = STR("api_spec"),
                .realm = STR(""),
                .key = arena_str(&store->arena, id),
                .value = arena_str(&store->arena, str_of(candidates[i].text)),
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

static bool expectation_met(const struct publish_request *request)
{
    return request->expect == STORE_ANY_VERSION || request->item_count != 1 ||
           request->expect == request->items[0].version;
}

static void
commit_or_finish(struct builder *builder, struct publish_request *request, struct commit *commit)
{
    bool expected = expectation_met(request);
    bool writes = commit->request.write_count > 0 || request->audit != NULL;
    if (expected && writes && !request->dry_run) {
        builder->current = request;
        commit->request.audit = request->audit;
        commit->request.audit_count = request->audit == NULL ? 0 : 1;
        request->audit = NULL;
        if (builder->running) {
            store_submit(builder->options.store, &commit->request);
        } else {
            store_run(builder->options.store, &commit->request);
        }
        return;
    }
    request->ok =
        expected || err_set(&request->err, ERR_CONFLICT,
                            "the specification has changed meanwhile: it is at version %llu",
                            (unsigned long long)request->items[0].version);
    arena_done(&commit->request.arena);
    mem_free(commit);
    publish_finish(request);
}

static void publish_one(struct builder *builder, struct publish_request *request)
{
    struct candidate candidates[PUBLISH_ITEMS_MAX];
    size_t count = compile_all(builder, request, candidates);
    size_t before = request->problems.errors;
    if (before == 0) {
        check_conflicts(builder, request, candidates, count);
    }
    if (request->problems.errors > 0) {
        enum err_code code = before == 0 ? ERR_CONFLICT : ERR_INVALID;
        (void)err_set(&request->err, code, "the specification has %zu mistake%s",
                      request->problems.errors, request->problems.errors == 1 ? "" : "s");
        publish_finish(request);
    } else {
        commit_or_finish(builder, request, make_commit(builder, request, candidates, count));
    }
    for (size_t i = 0; i < count; i++) {
        spec_unref(candidates[i].spec);
        mem_free(candidates[i].text);
    }
}

void publish_next(struct builder *builder)
{
    while (builder->current == NULL && !list_empty(&builder->publishing)) {
        struct publish_request *request =
            LIST_ENTRY(builder->publishing.next, struct publish_request, link);
        list_remove(&request->link);
        builder->publishing_count--;
        publish_one(builder, request);
    }
}

static void on_publish(struct post *post)
{
    struct publish_request *request = CONTAINER_OF(post, struct publish_request, post);
    if (request->builder->publishing_count == PUBLISH_QUEUE_MAX) {
        (void)err_set(&request->err, ERR_UNAVAILABLE, "too many publications wait already");
        publish_finish(request);
        return;
    }
    request->builder->publishing_count++;
    list_push(&request->builder->publishing, &request->link);
}

void builder_publish(struct builder *builder, struct publish_request *request)
{
    request->owner = worker_self();
    request->builder = builder;
    request->post.fn = on_publish;
    list_init(&request->link);
    problems_init(&request->problems);
    mailbox_post(builder->mailbox, &request->post);
}

void builder_publish_now(struct builder *builder, struct publish_request *request)
{
    request->owner = NULL;
    request->builder = builder;
    list_init(&request->link);
    problems_init(&request->problems);
    builder_build_first(builder); /* so that the realms are known */
    publish_one(builder, request);
    (void)mailbox_run_some(builder->mailbox, 0);
}
