/* proc_spec.c - bondy.http_gateway.api.*: specifications: load, list, get, info, versions,
 * rollback, delete.
 *
 * On the caller's worker. Loading goes through the builder, which compiles; all else asks the
 * store. Whatever changes something is answered when every worker of every live node serves it, or
 * says who does not. */
#include "api/proc_audit.h"
#include "api/proc_inside.h"
#include "audit/audit.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "directory/directory.h"
#include "wamp/fault.h"

#include <stdlib.h>
#include <string.h>

#define INVALID_DATA          STR("bondy.error.invalid_data")
#define INVALID_SPECIFICATION STR("bondy.error.invalid_specification")
#define PRECONDITION_FAILED   STR("bondy.error.precondition_failed")

enum { STORE_ARENA_MAX = 256 << 20, PUBLISH_ARENA_MAX = 64 << 20, ERRORS_MAX = 128 << 10 };

enum { STATUS_ACCEPTED = 202, SCRATCH_ROOM = 64 << 10 };

/* One call on its way. Its options are read as those of the directory's operations. */
struct spec_call {
    struct store_request store;
    struct publish_request publish;
    struct catalog_request catalog;
    struct post built;
    struct proc_spread spread;
    struct procs *procs;
    struct router *router;
    uint64_t handle;
    json_t *args;
    json_t *kwargs;
    struct directory_call options;
    struct arena arena;
    struct str author;
    uint64_t deleted_at;
    struct store_audit audit; /* the row of what changes something */
    bool audited;             /* and it is not written yet */
};

static void call_free(struct spec_call *call)
{
    (void)atomic_fetch_sub(&call->procs->open, 1);
    json_decref(call->args);
    json_decref(call->kwargs);
    arena_done(&call->arena);
    mem_free(call);
}

/* Before it has come to the store, which writes the row otherwise. */
static void audit_refused(struct spec_call *call, struct str uri, const char *text)
{
    if (call->audited) {
        call->audit.outcome = STR("refused");
        call->audit.error = uri;
        call->audit.detail = str_of(text);
        audit_write(call->procs->options.store, &call->audit);
    }
}

static void refuse(struct spec_call *call, struct str uri, const char *text)
{
    audit_refused(call, uri, text);
    proc_fail(call->router, call->handle, uri, text, NULL);
    call_free(call);
}

static void not_found(struct spec_call *call)
{
    struct err err = {0};
    (void)err_set(&err, ERR_NOT_FOUND, "no specification " PRISTR, STRARG(call->store.key));
    refuse(call, BONDY_NOT_FOUND, err.text);
}

/* The result, and what is said for who asks for details (stolen, both). */
static void answer(struct spec_call *call, json_t *result, json_t *details)
{
    bool asked = json_is_true(json_object_get(call->kwargs, "details"));
    proc_answer(call->router, call->handle, result, asked ? details : NULL);
    json_decref(result);
    json_decref(details);
    call_free(call);
}

static struct str error_of(enum err_code code)
{
    return code == ERR_CONFLICT ? PRECONDITION_FAILED : fault_of(code);
}

/* Reads the arguments, of which there must be `count`, and options. NULL: refused. */
static struct spec_call *
call_new(struct procs *procs, const struct builtin_call *from, size_t count, bool changes)
{
    static const struct directory_operation listing = {.flags = DIRECTORY_LIST};
    struct spec_call *call = NEW(struct spec_call);
    (void)atomic_fetch_add(&procs->open, 1);
    call->procs = procs;
    call->router = from->router;
    call->handle = from->handle;
    arena_init(&call->arena, STORE_ARENA_MAX);
    call->author = arena_str(&call->arena, from->principal->authid);
    call->audited = changes;
    proc_audit_row(from, &call->arena, &call->audit);
    call->audit.error_of = error_of;
    if (!proc_args(from->payload, &call->args, &call->kwargs)) {
        refuse(call, FAULT_INVALID_ARGUMENT,
               "the arguments have a key twice, a NUL, or what JSON has no word for");
        return NULL;
    }
    if (json_array_size(call->args) != count) {
        refuse(call, FAULT_INVALID_ARGUMENT, "wrong number of arguments");
        return NULL;
    }
    call->options.operation = &listing;
    call->options.kwargs = call->kwargs;
    call->options.arena = &call->arena;
    if (!directory_read_options(&call->options)) {
        refuse(call, call->options.error.uri, call->options.error.text);
        return NULL;
    }
    return call;
}

static struct str option(const struct spec_call *call, const char *key)
{
    const json_t *value = json_object_get(call->kwargs, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

/* ---- what the store knows ---------------------------------------------------- */

static void store_done(struct spec_call *call)
{
    arena_done(&call->store.arena);
}

/* `done` frees the call, and before that the store's arena is done with. */
static void submit(struct spec_call *call, enum store_op op, store_finish_fn finish)
{
    call->store.op = op;
    call->store.kind = STR("api_spec");
    call->store.author = call->author;
    call->store.finish = finish;
    store_submit(call->procs->options.store, &call->store);
}

/* Whether the store has answered; that there is nothing is an answer. Else the call is over. */
static bool store_answered(struct spec_call *call)
{
    if (call->store.ok || call->store.err.code == ERR_NOT_FOUND) {
        return true;
    }
    struct err err = call->store.err;
    store_done(call);
    refuse(call, error_of(err.code), err.text);
    return false;
}

/* The one record that was asked for, or the call is over. */
static const struct store_record *record_of(struct spec_call *call)
{
    if (!store_answered(call)) {
        return NULL;
    }
    if (!call->store.ok || call->store.record_count == 0 || call->store.records[0].deleted) {
        store_done(call);
        not_found(call);
        return NULL;
    }
    return &call->store.records[0];
}

static json_t *record_json(const struct store_record *record)
{
    json_t *json = json_loadb(record->value.ptr, record->value.len, 0, NULL);
    return json == NULL ? json_null() : json;
}

static json_t *version_details(const struct store_record *record)
{
    return json_pack("{s:I}", "version", (json_int_t)record->version);
}

/* The id of a specification, the first argument, or the call is over. */
static bool take_id(struct spec_call *call)
{
    const json_t *id = json_array_get(call->args, 0);
    if (!json_is_string(id) || json_string_length(id) == 0) {
        refuse(call, FAULT_INVALID_ARGUMENT, "argument 1 must be the id of a specification");
        return false;
    }
    arena_init(&call->store.arena, STORE_ARENA_MAX);
    call->store.key =
        arena_str(&call->arena, str_make(json_string_value(id), json_string_length(id)));
    call->audit.target = call->store.key;
    return true;
}

/* A version's number, which may come as text; 0 and "" are the present one. */
static bool take_version(struct spec_call *call, const json_t *value, uint64_t *out)
{
    struct str text = str_of(json_string_value(value));
    *out = 0;
    bool read = value == NULL || json_is_null(value) || (json_is_string(value) && text.len == 0);
    if (json_is_integer(value) && json_integer_value(value) > 0) {
        *out = (uint64_t)json_integer_value(value);
        read = true;
    } else if (text.len > 0) {
        read = str_to_u64(text, out) && *out > 0 && *out <= INT64_MAX;
    }
    if (!read) {
        refuse(call, FAULT_INVALID_ARGUMENT, "version is a number from 1 on");
    }
    return read;
}

static bool contains(const char *text, struct str part)
{
    struct str whole = str_of(text);
    for (size_t i = 0; i + part.len <= whole.len; i++) {
        if (str_eq_nocase(str_sub(whole, i, part.len), part)) {
            return true;
        }
    }
    return false;
}

/* Those of the page, in its order. */
static json_t *page_of(struct spec_call *call, size_t *out_total, struct str *out_next)
{
    const struct store_page *page = &call->options.page;
    size_t count = call->store.record_count;
    json_t *list = json_array();
    *out_total = 0;
    *out_next = STR_EMPTY;
    for (size_t i = 0; i < count; i++) {
        const struct store_record *record =
            &call->store.records[page->descending ? count - 1 - i : i];
        if (page->contains.len > 0 &&
            !contains(arena_cstr(&call->arena, record->key), page->contains)) {
            continue;
        }
        ++*out_total;
        int order = str_cmp(record->key, page->after);
        bool before = page->after.len > 0 && (page->descending ? order >= 0 : order <= 0);
        if (before || (page->limit > 0 && json_array_size(list) == page->limit)) {
            continue;
        }
        (void)json_array_append_new(list, record_json(record));
        if (page->limit > 0 && json_array_size(list) == page->limit) {
            *out_next = record->key;
        }
    }
    return list;
}

static void on_listed(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    size_t total = 0;
    struct str next = STR_EMPTY;
    if (!store_answered(call)) {
        return;
    }
    json_t *list = page_of(call, &total, &next);
    json_t *details = json_pack("{s:I}", "total", (json_int_t)total);
    if (next.len > 0) {
        (void)json_object_set_new(details, "next", json_stringn(next.ptr, next.len));
    }
    store_done(call);
    answer(call, list, details);
}

static void on_catalog(struct catalog_request *catalog)
{
    struct spec_call *call = CONTAINER_OF(catalog, struct spec_call, catalog);
    json_t *details = json_pack("{s:I}", "total", (json_int_t)catalog->total);
    struct str next = buf_str(&catalog->next);
    if (next.len > 0) {
        (void)json_object_set_new(details, "next", json_stringn(next.ptr, next.len));
    }
    bool asked = json_is_true(json_object_get(call->kwargs, "details"));
    proc_answer_text(call->router, call->handle, buf_str(&catalog->list), asked ? details : NULL);
    json_decref(details);
    buf_done(&catalog->list);
    buf_done(&catalog->next);
    call_free(call);
}

static bool is_true(const struct spec_call *call, const char *key)
{
    return json_is_true(json_object_get(call->kwargs, key)) ||
           str_eq(option(call, key), STR("true"));
}

/* Their summaries are the builder's: to list them reads nothing of the store. */
static void run_list(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = call_new(procs, from, 0, false);
    if (call == NULL) {
        return;
    }
    if (is_true(call, "summary")) {
        call->catalog.page = call->options.page;
        call->catalog.finish = on_catalog;
        builder_catalog(procs->options.builder, &call->catalog);
    } else {
        arena_init(&call->store.arena, STORE_ARENA_MAX);
        submit(call, STORE_LIST, on_listed);
    }
}

static void on_got(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    const struct store_record *record = record_of(call);
    if (record != NULL) {
        json_t *result = record_json(record);
        json_t *details = version_details(record);
        store_done(call);
        answer(call, result, details);
    }
}

static void run_get(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = call_new(procs, from, 1, false);
    uint64_t version = 0;
    if (call != NULL && take_version(call, json_object_get(call->kwargs, "version"), &version) &&
        take_id(call)) {
        call->store.version = version;
        submit(call, STORE_GET, on_got);
    }
}

static void on_info(struct store_request *store)
{
    static const char *const kept[] = {"id", "name", "host", "realm_uri", "meta"};
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    const struct store_record *record = record_of(call);
    if (record == NULL) {
        return;
    }
    json_t *spec = record_json(record);
    json_t *info = json_pack("{s:I, s:I}", "ts", (json_int_t)record->time_ms, "version",
                             (json_int_t)record->version);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        json_t *value = json_object_get(spec, kept[i]);
        if (value != NULL) {
            (void)json_object_set(info, kept[i], value);
        }
    }
    json_t *details = version_details(record);
    json_decref(spec);
    store_done(call);
    answer(call, info, details);
}

static void run_info(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = call_new(procs, from, 1, false);
    if (call != NULL && take_id(call)) {
        submit(call, STORE_GET, on_info);
    }
}

static json_t *version_json(const struct store_record *r)
{
    return json_pack("{s:I, s:I, s:s%, s:s%, s:b}", "version", (json_int_t)r->version, "ts",
                     (json_int_t)r->time_ms, "author", r->author.ptr, r->author.len, "comment",
                     r->comment.ptr, r->comment.len, "deleted", r->deleted);
}

static void on_versions(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    if (!store_answered(call)) {
        return;
    }
    size_t count = store->record_count;
    if (count == 0) {
        store_done(call);
        not_found(call);
        return;
    }
    json_t *list = json_array();
    uint64_t limit = call->options.page.limit;
    for (size_t i = 0; i < count && (limit == 0 || i < limit); i++) {
        (void)json_array_append_new(list, version_json(&store->records[i]));
    }
    store_done(call);
    answer(call, list, json_pack("{s:I}", "total", (json_int_t)count));
}

static void run_versions(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = call_new(procs, from, 1, false);
    if (call != NULL && take_id(call)) {
        submit(call, STORE_HISTORY, on_versions);
    }
}

/* Who serves it, into `out`; whether all do. */
static bool put_nodes(const struct proc_spread *spread, json_t *out)
{
    (void)json_object_set(out, "nodes", spread->nodes);
    if (spread->pending != NULL) {
        (void)json_object_set(out, "pending", spread->pending);
    }
    return spread->pending == NULL;
}

static void spread_done(struct proc_spread *spread)
{
    json_decref(spread->nodes);
    json_decref(spread->pending);
}

static void on_deleted_everywhere(struct proc_spread *spread)
{
    struct spec_call *call = CONTAINER_OF(spread, struct spec_call, spread);
    json_t *details = json_object();
    if (!put_nodes(spread, details)) {
        (void)json_object_set_new(details, "status", json_integer(STATUS_ACCEPTED));
    }
    spread_done(spread);
    answer(call, json_string("ok"), details);
}

static void on_deleted_here(struct post *post)
{
    struct spec_call *call = CONTAINER_OF(post, struct spec_call, built);
    proc_spread(call->procs, &call->spread, call->deleted_at, on_deleted_everywhere);
}

static void on_deleted(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    if (!store_answered(call)) {
        return;
    }
    bool there = store->ok;
    call->deleted_at = store->seq;
    store_done(call);
    if (!there) {
        not_found(call);
        return;
    }
    call->built.fn = on_deleted_here;
    builder_wait(call->procs->options.builder, call->deleted_at, &call->built);
}

static void run_delete(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = call_new(procs, from, 1, true);
    if (call == NULL || !take_id(call)) {
        return;
    }
    struct store_write *write = ARENA_NEW(&call->store.arena, struct store_write);
    *write = (struct store_write){.kind = STR("api_spec"),
                                  .key = call->store.key,
                                  .remove = true,
                                  .expect = call->options.expect};
    call->store.writes = write;
    call->store.write_count = 1;
    call->store.audit = &call->audit;
    call->store.audit_count = 1;
    call->audited = false;
    submit(call, STORE_COMMIT, on_deleted);
}

/* ---- publishing -------------------------------------------------------------- */

static json_t *text_json(struct str text)
{
    json_t *json = json_stringn(text.ptr == NULL ? "" : text.ptr, text.len);
    return json == NULL ? json_string("?") : json;
}

static json_t *problem_json(const struct problem *p)
{
    json_t *json =
        json_pack("{s:s, s:I, s:I, s:o, s:o}", "severity", p->warning ? "warning" : "error", "line",
                  (json_int_t)p->line, "column", (json_int_t)p->column, "pointer",
                  text_json(p->pointer), "detail", text_json(p->text));
    if (p->allowed.len > 0) {
        (void)json_object_set_new(json, "allowed", text_json(p->allowed));
    }
    if (p->nearest.len > 0) {
        (void)json_object_set_new(json, "nearest", text_json(p->nearest));
    }
    return json;
}

/* As many as there is room for in an answer. */
static json_t *problems_json(const struct problems *problems)
{
    json_t *list = json_array();
    size_t bytes = 0;
    for (size_t i = 0; i < problems->count && bytes < ERRORS_MAX; i++) {
        const struct problem *p = &problems->items[i];
        bytes += 128 + p->text.len + p->pointer.len + p->allowed.len + p->nearest.len;
        (void)json_array_append_new(list, problem_json(p));
    }
    return list;
}

static struct str error_of_publish(const struct publish_request *publish)
{
    if (publish->problems.errors == 0) {
        return error_of(publish->err.code);
    }
    return publish->err.code == ERR_CONFLICT ? BONDY_ALREADY_EXISTS
           : publish->unreadable             ? INVALID_DATA
                                             : INVALID_SPECIFICATION;
}

static void answer_refused(struct spec_call *call)
{
    const struct publish_request *publish = &call->publish;
    bool mistakes = publish->problems.errors > 0;
    json_t *more =
        mistakes ? json_pack("{s:o}", "errors", problems_json(&publish->problems)) : NULL;
    call->audited = publish->audit != NULL; /* the store has not got it */
    audit_refused(call, error_of_publish(publish), publish->err.text);
    proc_fail(call->router, call->handle, error_of_publish(publish), publish->err.text, more);
    json_decref(more);
}

/* Warnings are of the whole text: with the only item, or the first of a list. */
static json_t *item_json(const struct spec_call *call, const struct publish_item *item)
{
    json_t *json = json_pack("{s:s%, s:I, s:b}", "id", item->id.ptr, item->id.len, "version",
                             (json_int_t)item->version, "changed", item->changed);
    (void)put_nodes(&call->spread, json);
    if (item->differences != NULL) {
        (void)json_object_set(json, "diff", item->differences);
    }
    if (item == call->publish.items) {
        (void)json_object_set_new(json, "warnings", problems_json(&call->publish.problems));
    }
    return json;
}

static void publish_done(struct spec_call *call)
{
    publish_request_done(&call->publish);
    call_free(call);
}

static void on_published_everywhere(struct proc_spread *spread)
{
    struct spec_call *call = CONTAINER_OF(spread, struct spec_call, spread);
    const struct publish_request *publish = &call->publish;
    json_t *result = publish->item_count == 1 ? item_json(call, &publish->items[0]) : json_array();
    for (size_t i = 0; publish->item_count != 1 && i < publish->item_count; i++) {
        (void)json_array_append_new(result, item_json(call, &publish->items[i]));
    }
    json_t *details = NULL;
    if (spread->pending != NULL && json_is_true(json_object_get(call->kwargs, "details"))) {
        details = json_pack("{s:i}", "status", STATUS_ACCEPTED);
    }
    proc_answer(call->router, call->handle, result, details);
    json_decref(details);
    json_decref(result);
    spread_done(spread);
    publish_done(call);
}

static void on_published(struct publish_request *publish)
{
    struct spec_call *call = CONTAINER_OF(publish, struct spec_call, publish);
    if (!publish->ok) {
        answer_refused(call);
        publish_done(call);
        return;
    }
    proc_spread(call->procs, &call->spread, publish->seq, on_published_everywhere);
}

static void publish(struct spec_call *call, struct str text, struct str comment)
{
    struct publish_request *request = &call->publish;
    arena_init(&request->arena, PUBLISH_ARENA_MAX);
    request->text = arena_str(&request->arena, text);
    request->author = arena_str(&request->arena, call->author);
    request->comment = arena_str(&request->arena, comment);
    request->expect = call->options.expect;
    request->dry_run = is_true(call, "dry_run");
    request->audit = request->dry_run ? NULL : &call->audit;
    call->audit.detail = request->comment;
    call->audited = false;
    request->finish = on_published;
    builder_publish(call->procs->options.builder, request);
}

static void load_text(struct spec_call *call, struct str text)
{
    if (text.len == 0) {
        refuse(call, INVALID_DATA,
               "the body is empty: send the specification, for example with curl --data-binary "
               "@spec.json");
    } else {
        publish(call, text, option(call, "comment"));
    }
}

/* The only argument, if it is a text: as it was sent, for it may be long. */
static bool sole_text(const struct payload *payload, struct arena *scratch, struct str *out)
{
    const struct slice args = {payload->serializer, payload->args};
    const struct slice first = slice_nth(args, 0);
    struct scan scan;
    if (slice_count(args) != 1 || slice_kind(first) != SCAN_STRING) {
        return false;
    }
    scan_init(&scan, first.serializer, first.bytes, scratch);
    return scan_str(&scan, out) && memchr(out->ptr, '\0', out->len) == NULL;
}

/* A specification, or a list of them: as text, whose mistakes then have their place, or as a value
 * as Bondy's clients send it. */
static void run_load(struct procs *procs, const struct builtin_call *from)
{
    struct payload options = *from->payload;
    struct builtin_call rest = *from;
    struct str text = STR_EMPTY;
    struct arena scratch;
    arena_init(&scratch, from->payload->args.len + SCRATCH_ROOM);
    bool is_text = sole_text(from->payload, &scratch, &text);
    options.args = is_text ? STR_EMPTY : options.args;
    rest.payload = &options;
    struct spec_call *call = call_new(procs, &rest, is_text ? 0 : 1, true);
    if (call != NULL && is_text) {
        load_text(call, text);
    } else if (call != NULL) {
        char *dumped = json_dumps(json_array_get(call->args, 0), JSON_COMPACT | JSON_ENCODE_ANY);
        publish(call, str_of(dumped), option(call, "comment"));
        free(dumped);
    }
    arena_done(&scratch);
}

static void on_old_version(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    const struct store_record *record = record_of(call);
    if (record != NULL) {
        struct str comment = arena_printf(&call->arena, "rolled back to version %llu",
                                          (unsigned long long)record->version);
        struct str text = arena_str(&call->arena, record->value);
        store_done(call);
        publish(call, text, comment);
    }
}

static void run_rollback(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = call_new(procs, from, 2, true);
    uint64_t version = 0;
    if (call == NULL) {
        return;
    }
    if (!json_is_integer(json_array_get(call->args, 1))) {
        refuse(call, FAULT_INVALID_ARGUMENT, "version is a number from 1 on");
    } else if (take_version(call, json_array_get(call->args, 1), &version) && take_id(call)) {
        call->store.version = version;
        submit(call, STORE_GET, on_old_version);
    }
}

const struct proc_entry proc_spec_entries[] = {
    {STR_INIT("bondy.http_gateway.api.load"), true, run_load},
    {STR_INIT("bondy.http_gateway.api.list"), true, run_list},
    {STR_INIT("bondy.http_gateway.api.get"), true, run_get},
    {STR_INIT("bondy.http_gateway.api.info"), true, run_info},
    {STR_INIT("bondy.http_gateway.api.versions"), true, run_versions},
    {STR_INIT("bondy.http_gateway.api.rollback"), true, run_rollback},
    {STR_INIT("bondy.http_gateway.api.delete"), true, run_delete},
    {.run = NULL},
};
