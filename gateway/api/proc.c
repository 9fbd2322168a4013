#include "api/proc.h"

#include "api/admin_spec.h"
#include "api/proc_audit.h"
#include "api/proc_inside.h"
#include "api/trial.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "directory/directory.h"
#include "loop/jobs.h"
#include "loop/snapshot.h"
#include "wamp/fault.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_MAX = 256 << 20, LARGE = 256 << 10 };

/* A procedure under its name: an operation of the directory, or an entry. */
struct proc_row {
    struct procs *procs;
    const struct directory_operation *operation;
    const struct proc_entry *entry;
};

static const struct proc_entry *const entries[] = {proc_spec_entries,  proc_admin_entries,
                                                   proc_stats_entries, proc_cluster_entries,
                                                   proc_try_entries,   NULL};

/* One call on its way. On the heap; its caller may be gone by the time that it ends. */
struct proc {
    struct store_request store;
    struct job job;
    struct post built;
    struct procs *procs;
    struct router *router;
    uint64_t handle;
    struct snapshot *present;
    struct snapshot *tokens;
    struct directory_call call;
    struct store_audit audit; /* the row, unless it only reads */
    bool prepared;
    struct payload payload; /* of a large call: its arguments, until they are read */
    char *bytes;            /* where those are */
    bool large;
};

static void release_large(struct job *job)
{
    struct proc *proc = CONTAINER_OF(job, struct proc, job);
    arena_done(&proc->store.arena);
    mem_free(proc);
}

static void proc_free(struct proc *proc)
{
    (void)atomic_fetch_sub(&proc->procs->open, 1);
    if (proc->present != NULL) {
        snapshot_unref(proc->present);
    }
    if (proc->tokens != NULL) {
        snapshot_unref(proc->tokens);
    }
    if (proc->large) { /* to free a tree takes as long as to read it */
        proc->job = (struct job){.run = release_large};
        jobs_submit_always(proc->procs->options.jobs, &proc->job);
        return;
    }
    arena_done(&proc->store.arena);
    mem_free(proc);
}

/* Says why it goes no further: fail() tells the caller. */
static void refuse(struct proc *proc, struct str uri, const char *text)
{
    proc->call.error = (struct directory_error){.uri = uri};
    (void)snprintf(proc->call.error.text, sizeof(proc->call.error.text), "%s", text);
}

/* What the operation has said, or what has kept it from saying anything. */
static void answer_error(struct proc *proc)
{
    const struct directory_error *error = &proc->call.error;
    if (error->uri.len == 0) {
        proc_fail(proc->router, proc->handle, fault_of(proc->store.err.code), proc->store.err.text,
                  NULL);
        return;
    }
    json_t *more = error->key == NULL ? NULL : json_pack("{s:s}", "key", error->key);
    proc_fail(proc->router, proc->handle, error->uri, error->text, more);
    json_decref(more);
}

static bool is_audited(const struct proc *proc)
{
    return (proc->call.operation->flags & DIRECTORY_READ) == 0;
}

static void audit_error(struct proc *proc)
{
    proc->audit.error = proc->call.error.uri;
    proc->audit.detail = str_of(proc->call.error.text);
}

static void on_refused(struct store_request *store)
{
    struct proc *proc = CONTAINER_OF(store, struct proc, store);
    answer_error(proc);
    proc_free(proc);
}

/* It ends before it has come to the store, but for its row. */
static void fail(struct proc *proc)
{
    if (!is_audited(proc)) {
        on_refused(&proc->store);
        return;
    }
    audit_error(proc);
    proc->audit.outcome = STR("refused");
    proc->store.op = STORE_COMMIT;
    proc->store.finish = on_refused;
    proc->store.audit = &proc->audit;
    proc->store.audit_count = 1;
    store_submit(proc->procs->options.store, &proc->store);
}

static void announce(struct proc *proc)
{
    struct buf bytes;
    buf_init(&bytes, DIRECTORY_EVENT_MAX);
    for (size_t i = 0; i < proc->call.event_count; i++) {
        const struct directory_event *event = &proc->call.events[i];
        struct payload payload = proc_payload(event->args, NULL, &bytes);
        if (!bytes.full) {
            builtin_announce(proc->router, event->realm, event->topic, &payload);
        }
    }
    buf_done(&bytes);
}

static void answer(struct proc *proc)
{
    const struct directory_call *call = &proc->call;
    bool asked = json_is_true(json_object_get(call->kwargs, "details"));
    proc_answer(proc->router, proc->handle, call->result, asked ? call->details : NULL);
}

static void on_built(struct post *post)
{
    struct proc *proc = CONTAINER_OF(post, struct proc, built);
    announce(proc);
    answer(proc);
    proc_free(proc);
}

static void on_stored(struct store_request *store)
{
    struct proc *proc = CONTAINER_OF(store, struct proc, store);
    if (store->ok && store->record_count > 0) {
        proc->built.fn = on_built;
        builder_wait(proc->procs->options.builder, store->seq, &proc->built);
        return;
    }
    if (store->ok) {
        answer(proc);
    } else {
        /* A transaction that was lost has decided nothing, whatever it said. */
        if (store->err.code != ERR_NONE) {
            proc->call.error = (struct directory_error){0};
        }
        answer_error(proc);
    }
    proc_free(proc);
}

/* On the store thread. */
static bool work(struct store_view *view, struct store_request *store)
{
    struct proc *proc = CONTAINER_OF(store, struct proc, store);
    bool ok = directory_run(&proc->call, view);
    proc->audit.realm = proc->call.realm; /* a new one is known by now */
    audit_error(proc);                    /* none, if it has gone well */
    return ok;
}

static void submit(struct proc *proc)
{
    proc->store.op = STORE_WORK;
    proc->store.work = work;
    proc->store.reads = (proc->call.operation->flags & DIRECTORY_READ) != 0;
    proc->store.finish = on_stored;
    proc->store.author = proc->call.caller.authid;
    if (is_audited(proc)) {
        proc->store.audit = &proc->audit;
        proc->store.audit_count = 1;
    }
    store_submit(proc->procs->options.store, &proc->store);
}

/* On a pool thread. */
static void prepare(struct job *job)
{
    struct proc *proc = CONTAINER_OF(job, struct proc, job);
    proc->prepared = proc->call.operation->prepare(&proc->call);
}

static void on_prepared(struct job *job)
{
    struct proc *proc = CONTAINER_OF(job, struct proc, job);
    if (proc->prepared) {
        submit(proc);
        return;
    }
    fail(proc);
}

static void begin(struct proc *proc)
{
    proc->audit.realm = proc->call.realm;
    proc->audit.target = proc_audit_target(proc->call.args, proc->call.arena);
    if (proc->call.operation->prepare == NULL) {
        submit(proc);
        return;
    }
    if (!directory_realm_known(&proc->call)) {
        fail(proc);
        return;
    }
    proc->job.run = prepare;
    proc->job.finish = on_prepared;
    if (!jobs_submit(proc->procs->options.jobs, &proc->job)) {
        refuse(proc, FAULT_UNAVAILABLE, "too many passwords at once, try again");
        fail(proc);
    }
}

static bool bad_count(struct proc *proc)
{
    refuse(proc, FAULT_INVALID_ARGUMENT, "wrong number of arguments");
    return false;
}

static struct str folded(struct arena *arena, struct str text)
{
    char *copy = arena_cstr(arena, text);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] | 0x20) : copy[i];
    }
    return str_make(copy, text.len);
}

/* Takes the realm off the arguments. The master realm's sessions always name it; others may name
 * their own and no other. */
static bool take_realm(struct proc *proc, json_t *args)
{
    struct directory_call *call = &proc->call;
    bool master = str_eq(call->caller_realm, MASTER_REALM);
    const json_t *first = json_array_get(args, 0);
    size_t count = json_array_size(args);
    struct str named = STR_EMPTY;
    if (json_is_string(first)) {
        named = folded(call->arena, str_make(json_string_value(first), json_string_length(first)));
    }
    if (!master && !str_eq(named, call->caller_realm)) {
        call->realm = call->caller_realm;
        if (count <= call->operation->args_max) {
            return true;
        }
        refuse(proc, FAULT_NOT_AUTHORIZED, "a session may speak of its own realm alone");
        return false;
    }
    if (!master && count <= call->operation->args_min) {
        call->realm = call->caller_realm; /* somebody has his realm's name */
        return true;
    }
    if (named.len == 0) {
        refuse(proc, FAULT_INVALID_ARGUMENT, "the first argument must be a realm's URI");
        return false;
    }
    call->realm = named;
    (void)json_array_remove(args, 0);
    return true;
}

static bool read_arguments(struct proc *proc, json_t *args)
{
    struct directory_call *call = &proc->call;
    const struct directory_operation *operation = call->operation;
    bool master = str_eq(call->caller_realm, MASTER_REALM);
    if ((operation->flags & DIRECTORY_MASTER) != 0 && !master) {
        refuse(proc, FAULT_NOT_AUTHORIZED, "this is for sessions of the master realm alone");
        return false;
    }
    if ((operation->flags & DIRECTORY_REALM) != 0 && !take_realm(proc, args)) {
        return false;
    }
    size_t count = json_array_size(args);
    if (count < operation->args_min || count > operation->args_max) {
        return bad_count(proc);
    }
    return directory_read_options(call);
}

static void release(void *value)
{
    json_decref(value);
}

static bool read_payload(struct proc *proc, const struct payload *payload, json_t **out_args)
{
    json_t *kwargs = NULL;
    if (!proc_args(payload, out_args, &kwargs)) {
        refuse(proc, FAULT_INVALID_ARGUMENT,
               "the arguments have a key twice, a NUL, or what JSON has no word for");
        return false;
    }
    arena_defer(proc->call.arena, release, *out_args);
    if (kwargs != NULL) {
        arena_defer(proc->call.arena, release, kwargs);
    }
    proc->call.args = *out_args;
    proc->call.kwargs = kwargs;
    return true;
}

static void read_and_begin(struct proc *proc, const struct payload *payload)
{
    json_t *args = NULL;
    if (read_payload(proc, payload, &args) && read_arguments(proc, args)) {
        begin(proc);
    } else {
        fail(proc);
    }
}

/* On a pool thread. */
static void read_large(struct job *job)
{
    struct proc *proc = CONTAINER_OF(job, struct proc, job);
    json_t *args = NULL;
    proc->prepared = read_payload(proc, &proc->payload, &args) && read_arguments(proc, args);
    mem_free(proc->bytes);
}

static void on_large(struct job *job)
{
    struct proc *proc = CONTAINER_OF(job, struct proc, job);
    if (proc->prepared) {
        begin(proc);
    } else {
        fail(proc);
    }
}

/* A worker that read it would keep its other connections waiting. */
static void begin_large(struct proc *proc, const struct payload *payload)
{
    size_t args = payload->args.len;
    size_t kwargs = payload->kwargs.len;
    proc->large = true;
    proc->bytes = mem_alloc(args + kwargs);
    memcpy(proc->bytes, payload->args.ptr, args);
    if (kwargs > 0) {
        memcpy(proc->bytes + args, payload->kwargs.ptr, kwargs);
    }
    proc->payload = (struct payload){.serializer = payload->serializer,
                                     .args = str_make(proc->bytes, args),
                                     .kwargs = str_make(proc->bytes + args, kwargs)};
    proc->job = (struct job){.run = read_large, .finish = on_large};
    if (!jobs_submit(proc->procs->options.jobs, &proc->job)) {
        mem_free(proc->bytes);
        refuse(proc, FAULT_UNAVAILABLE, "as many jobs wait as node.jobs_queue allows");
        fail(proc);
    }
}

/* What is known of the caller, as long as the call. */
static void keep_caller(struct directory_call *call, const struct builtin_call *from)
{
    const struct principal *principal = from->principal;
    struct str *roles = ARENA_ARRAY(call->arena, struct str, principal->role_count);
    for (size_t i = 0; i < principal->role_count; i++) {
        roles[i] = arena_str(call->arena, principal->roles[i]);
    }
    call->caller = (struct principal){
        .authid = arena_str(call->arena, principal->authid),
        .roles = roles,
        .role_count = principal->role_count,
        .groups_alone = principal->groups_alone,
        .authmethod = arena_str(call->arena, principal->authmethod),
        .request_id = arena_str(call->arena, principal->request_id),
    };
    if (principal->address != NULL) {
        struct in6_addr *address = ARENA_NEW(call->arena, struct in6_addr);
        *address = *principal->address;
        call->caller.address = address;
    }
    call->caller_realm = arena_str(call->arena, from->realm);
}

static void run(const struct builtin_call *from)
{
    const struct proc_row *row = from->builtin->ctx;
    struct procs *procs = row->procs;
    struct proc *proc = NEW(struct proc);
    (void)atomic_fetch_add(&procs->open, 1);
    proc->procs = procs;
    proc->router = from->router;
    proc->handle = from->handle;
    proc->present = snapshot_ref(snapshot_peek(procs->options.rbac));
    if (procs->options.tokens != NULL) {
        proc->tokens = snapshot_ref(snapshot_peek(procs->options.tokens));
    }
    arena_init(&proc->store.arena, ARENA_MAX);
    proc->call = (struct directory_call){
        .operation = row->operation,
        .arena = &proc->store.arena,
        .present = (const struct rbac *)(const void *)proc->present,
        .tokens = (const struct tokens *)(const void *)proc->tokens,
        .tickets = procs->options.tickets,
        .guesses = proc_guesses(from->router, &proc->store.arena),
        .allow_anonymous_admin = procs->options.allow_anonymous_admin,
    };
    keep_caller(&proc->call, from);
    proc_audit_row(from, &proc->store.arena, &proc->audit);
    if (from->payload->args.len >= LARGE) {
        begin_large(proc, from->payload);
    } else {
        read_and_begin(proc, from->payload);
    }
}

static void run_entry(const struct builtin_call *from)
{
    const struct proc_row *row = from->builtin->ctx;
    if (row->entry->master && !str_eq(from->realm, MASTER_REALM)) {
        proc_fail(from->router, from->handle, FAULT_NOT_AUTHORIZED,
                  "this is for sessions of the master realm alone", NULL);
        return;
    }
    row->entry->run(row->procs, from);
}

/* All procedures into the table, or only counted. */
static size_t put_all(struct procs *procs)
{
    size_t at = 0;
    for (size_t i = 0; directory_operations[i] != NULL; i++) {
        for (const struct directory_operation *o = directory_operations[i]; o->run != NULL; o++) {
            if (procs->table != NULL) {
                procs->rows[at] = (struct proc_row){procs, o, NULL};
                procs->table[at] = (struct builtin){o->procedure, run, &procs->rows[at]};
            }
            at++;
        }
    }
    for (size_t i = 0; entries[i] != NULL; i++) {
        for (const struct proc_entry *e = entries[i]; e->run != NULL; e++) {
            if (procs->table != NULL) {
                procs->rows[at] = (struct proc_row){procs, NULL, e};
                procs->table[at] = (struct builtin){e->procedure, run_entry, &procs->rows[at]};
            }
            at++;
        }
    }
    return at;
}

struct procs *procs_new(const struct procs_options *options)
{
    struct procs *procs = NEW(struct procs);
    procs->options = *options;
    procs->openapi = admin_spec_openapi();
    procs->since_ms = clock_mono_ms();
    procs->trials = trials_new();
    size_t count = put_all(procs);
    procs->rows = NEW_ARRAY(struct proc_row, count);
    procs->table = NEW_ARRAY(struct builtin, count + 1);
    (void)put_all(procs);
    return procs;
}

const struct builtin *procs_builtins(const struct procs *procs)
{
    return procs->table;
}

size_t procs_open_count(const struct procs *procs)
{
    return atomic_load(&procs->open);
}

void procs_stop(struct procs *procs)
{
    if (procs != NULL) {
        trials_stop(procs->trials);
    }
}

void procs_free(struct procs *procs)
{
    if (procs == NULL) {
        return;
    }
    trials_free(procs->trials);
    mem_free(procs->openapi);
    mem_free(procs->table);
    mem_free(procs->rows);
    mem_free(procs);
}
