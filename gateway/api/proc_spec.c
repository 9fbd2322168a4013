/* proc_spec.c - bondy.http_gateway.api.*: specifications. Here are list, get, info and versions;
 * proc_spec_change.c has load, rollback and delete.
 *
 * On the caller's worker. All that is asked is the store's, but for the list in short, which is the
 * builder's. */
#include "api/proc_spec_inside.h"
#include "base/mem.h"

static json_t *record_json(const struct store_record *record)
{
    json_t *json = json_loadb(record->value.ptr, record->value.len, 0, NULL);
    return json == NULL ? json_null() : json;
}

static json_t *version_details(const struct store_record *record)
{
    return json_pack("{s:I}", "version", (json_int_t)record->version);
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
    if (!spec_call_answered(call)) {
        return;
    }
    json_t *list = page_of(call, &total, &next);
    json_t *details = json_pack("{s:I}", "total", (json_int_t)total);
    if (next.len > 0) {
        (void)json_object_set_new(details, "next", json_stringn(next.ptr, next.len));
    }
    spec_call_store_done(call);
    spec_call_answer(call, list, details);
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
    spec_call_free(call);
}

/* Their summaries are the builder's: to list them reads nothing of the store. */
static void run_list(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = spec_call_new(procs, from, 0, false);
    if (call == NULL) {
        return;
    }
    if (spec_call_flag(call, "summary")) {
        call->catalog.page = call->options.page;
        call->catalog.finish = on_catalog;
        builder_catalog(procs->options.builder, &call->catalog);
    } else {
        arena_init(&call->store.arena, STORE_ARENA_MAX);
        spec_call_submit(call, STORE_LIST, on_listed);
    }
}

static void on_got(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    const struct store_record *record = spec_call_record(call);
    if (record != NULL) {
        json_t *result = record_json(record);
        json_t *details = version_details(record);
        spec_call_store_done(call);
        spec_call_answer(call, result, details);
    }
}

static void run_get(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = spec_call_new(procs, from, 1, false);
    uint64_t version = 0;
    if (call != NULL &&
        spec_call_take_version(call, json_object_get(call->kwargs, "version"), &version) &&
        spec_call_take_id(call)) {
        call->store.version = version;
        spec_call_submit(call, STORE_GET, on_got);
    }
}

static void on_info(struct store_request *store)
{
    static const char *const kept[] = {"id", "name", "host", "realm_uri", "meta"};
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    const struct store_record *record = spec_call_record(call);
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
    spec_call_store_done(call);
    spec_call_answer(call, info, details);
}

static void run_info(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = spec_call_new(procs, from, 1, false);
    if (call != NULL && spec_call_take_id(call)) {
        spec_call_submit(call, STORE_GET, on_info);
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
    if (!spec_call_answered(call)) {
        return;
    }
    size_t count = store->record_count;
    if (count == 0) {
        spec_call_store_done(call);
        spec_call_not_found(call);
        return;
    }
    json_t *list = json_array();
    uint64_t limit = call->options.page.limit;
    for (size_t i = 0; i < count && (limit == 0 || i < limit); i++) {
        (void)json_array_append_new(list, version_json(&store->records[i]));
    }
    spec_call_store_done(call);
    spec_call_answer(call, list, json_pack("{s:I}", "total", (json_int_t)count));
}

static void run_versions(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = spec_call_new(procs, from, 1, false);
    if (call != NULL && spec_call_take_id(call)) {
        spec_call_submit(call, STORE_HISTORY, on_versions);
    }
}

const struct proc_entry proc_spec_entries[] = {
    {STR_INIT("bondy.http_gateway.api.load"), true, proc_spec_load},
    {STR_INIT("bondy.http_gateway.api.list"), true, run_list},
    {STR_INIT("bondy.http_gateway.api.get"), true, run_get},
    {STR_INIT("bondy.http_gateway.api.info"), true, run_info},
    {STR_INIT("bondy.http_gateway.api.versions"), true, run_versions},
    {STR_INIT("bondy.http_gateway.api.rollback"), true, proc_spec_rollback},
    {STR_INIT("bondy.http_gateway.api.delete"), true, proc_spec_delete},
    {.run = NULL},
};
