/* proc_realm.c - bondy.realm.create, get and list.
 *
 * On the caller's worker; a new realm's passwords are hashed on the jobs pool. */
#include "api/proc_inside.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "loop/jobs.h"
#include "loop/snapshot.h"
#include "rbac/realm_record.h"
#include "wamp/fault.h"

enum { ARENA_MAX = 256 << 20 };

struct realm_call {
    struct store_request store;
    struct job job;
    struct post built;
    struct procs *procs;
    struct router *router;
    uint64_t handle;
    json_t *args;
    json_t *kwargs;
    json_t *made; /* external form of a new realm */
    struct snapshot *present;
    struct realm_writes writes;
    struct err err;
    bool hashed;
};

static void call_free(struct realm_call *call)
{
    (void)atomic_fetch_sub(&call->procs->open, 1);
    json_decref(call->args);
    json_decref(call->kwargs);
    json_decref(call->made);
    if (call->present != NULL) {
        snapshot_unref(call->present);
    }
    arena_done(&call->store.arena);
    mem_free(call);
}

static void refuse(struct realm_call *call, struct str uri, const char *text)
{
    proc_fail(call->router, call->handle, uri, text, NULL);
    call_free(call);
}

static struct realm_call *
call_new(struct procs *procs, const struct builtin_call *from, size_t count)
{
    struct realm_call *call = NEW(struct realm_call);
    (void)atomic_fetch_add(&procs->open, 1);
    call->procs = procs;
    call->router = from->router;
    call->handle = from->handle;
    arena_init(&call->store.arena, ARENA_MAX);
    call->store.author = arena_str(&call->store.arena, from->principal->authid);
    if (!proc_args(from->payload, &call->args, &call->kwargs) ||
        json_array_size(call->args) != count) {
        refuse(call, FAULT_INVALID_ARGUMENT,
               "wrong number of arguments, or what JSON has no word for");
        return NULL;
    }
    return call;
}

static void answer(struct realm_call *call, const json_t *result, json_t *details)
{
    bool asked = json_is_true(json_object_get(call->kwargs, "details"));
    proc_answer(call->router, call->handle, result, asked ? details : NULL);
    json_decref(details);
    call_free(call);
}

static json_t *external_of(const struct store_record *record)
{
    json_t *stored = json_loadb(record->value.ptr, record->value.len, 0, NULL);
    json_t *external = realm_record_external(stored);
    json_decref(stored);
    return external;
}

static void on_created_everywhere(struct post *post)
{
    struct realm_call *call = CONTAINER_OF(post, struct realm_call, built);
    answer(call, call->made, json_pack("{s:i}", "version", 1));
}

static void on_created(struct store_request *store)
{
    struct realm_call *call = CONTAINER_OF(store, struct realm_call, store);
    if (!store->ok) {
        refuse(call, fault_of(store->err.code), store->err.text);
        return;
    }
    for (size_t i = 0; i < store->record_count; i++) {
        if (str_eq(store->records[i].kind, STR("realm"))) {
            json_decref(call->made);
            call->made = external_of(&store->records[i]);
        }
    }
    call->built.fn = on_created_everywhere;
    builder_wait(call->procs->options.builder, store->seq, &call->built);
}

static void commit(struct realm_call *call)
{
    struct store_write *writes = call->writes.writes;
    for (size_t i = 0; i < call->writes.count; i++) {
        if (str_eq(writes[i].kind, STR("realm"))) {
            writes[i].expect = 0; /* it must be new */
        }
    }
    call->store.op = STORE_COMMIT;
    call->store.writes = writes;
    call->store.write_count = call->writes.count;
    call->store.finish = on_created;
    store_submit(call->procs->options.store, &call->store);
}

static const struct rbac *present_of(const struct realm_call *call)
{
    return (const struct rbac *)(const void *)call->present;
}

/* On a pool thread. */
static void hash_passwords(struct job *job)
{
    struct realm_call *call = CONTAINER_OF(job, struct realm_call, job);
    call->hashed =
        realm_writes_hash(&call->writes, present_of(call), &call->store.arena, &call->err);
}

static void on_hashed(struct job *job)
{
    struct realm_call *call = CONTAINER_OF(job, struct realm_call, job);
    if (call->hashed) {
        commit(call);
    } else {
        refuse(call, fault_of(call->err.code), call->err.text);
    }
}

static void run_create(struct procs *procs, const struct builtin_call *from)
{
    struct realm_call *call = call_new(procs, from, 1);
    struct realm_mistake mistake = {0};
    if (call == NULL) {
        return;
    }
    call->present = snapshot_ref(snapshot_peek(procs->options.rbac));
    const struct realm_options options = {
        .allow_anonymous_admin = procs->options.allow_anonymous_admin, .present = present_of(call)};
    if (!realm_record_parse(json_array_get(call->args, 0), &options, &call->store.arena,
                            &call->writes, &mistake)) {
        refuse(call, str_of(mistake.error), mistake.text);
        return;
    }
    if (call->writes.password_count == 0) {
        commit(call);
        return;
    }
    call->job.run = hash_passwords;
    call->job.finish = on_hashed;
    if (!jobs_submit(procs->options.jobs, &call->job)) {
        refuse(call, FAULT_UNAVAILABLE, "too many passwords at once, try again");
    }
}

static void on_listed(struct store_request *store)
{
    struct realm_call *call = CONTAINER_OF(store, struct realm_call, store);
    if (!store->ok) {
        refuse(call, fault_of(store->err.code), store->err.text);
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < store->record_count; i++) {
        (void)json_array_append_new(list, external_of(&store->records[i]));
    }
    answer(call, list, json_pack("{s:I}", "total", (json_int_t)store->record_count));
    json_decref(list);
}

static void run_list(struct procs *procs, const struct builtin_call *from)
{
    struct realm_call *call = call_new(procs, from, 0);
    if (call != NULL) {
        call->store.op = STORE_LIST;
        call->store.kind = STR("realm");
        call->store.finish = on_listed;
        store_submit(procs->options.store, &call->store);
    }
}

static void on_got(struct store_request *store)
{
    struct realm_call *call = CONTAINER_OF(store, struct realm_call, store);
    struct err err = {0};
    if (!store->ok && store->err.code != ERR_NOT_FOUND) {
        refuse(call, fault_of(store->err.code), store->err.text);
    } else if (store->record_count == 0 || store->records[0].deleted) {
        (void)err_set(&err, ERR_NOT_FOUND,
                      "no realm " PRISTR ": postern realm create " PRISTR " --open",
                      STRARG(store->key), STRARG(store->key));
        refuse(call, BONDY_NOT_FOUND, err.text);
    } else {
        json_t *external = external_of(&store->records[0]);
        answer(call, external,
               json_pack("{s:I}", "version", (json_int_t)store->records[0].version));
        json_decref(external);
    }
}

static void run_get(struct procs *procs, const struct builtin_call *from)
{
    struct realm_call *call = call_new(procs, from, 1);
    if (call == NULL) {
        return;
    }
    const json_t *uri = json_array_get(call->args, 0);
    if (!json_is_string(uri)) {
        refuse(call, FAULT_INVALID_ARGUMENT, "argument 1 must be a realm's URI");
        return;
    }
    call->store.op = STORE_GET;
    call->store.kind = STR("realm");
    call->store.key = str_make(json_string_value(uri), json_string_length(uri));
    call->store.finish = on_got;
    store_submit(procs->options.store, &call->store);
}

const struct proc_entry proc_realm_entries[] = {
    {STR_INIT("bondy.realm.create"), true, run_create},
    {STR_INIT("bondy.realm.get"), true, run_get},
    {STR_INIT("bondy.realm.list"), true, run_list},
    {.run = NULL},
};
