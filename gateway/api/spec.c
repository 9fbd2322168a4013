/* spec.c - specifications: publish, list, get, versions, roll back, delete. */
#include "api/api_inside.h"
#include "base/mem.h"
#include "payload/emit.h"

#include <stdlib.h>

enum { ERRORS_MAX = 256 << 10, BODY_MAX = 1 << 20, PUBLISH_ARENA_MAX = 64 << 20 };

struct publish_call {
    struct publish_request publish;
    struct api_request *request;
};

static void put_text(struct emit *emit, struct str key, struct str value)
{
    emit_key(emit, key);
    emit_str(emit, value);
}

static void put_problem(struct emit *emit, const struct problem *p)
{
    unsigned optional = (p->allowed.len > 0 ? 1u : 0u) + (p->nearest.len > 0 ? 1u : 0u);
    emit_map(emit, 5 + optional);
    put_text(emit, STR("severity"), p->warning ? STR("warning") : STR("error"));
    emit_key(emit, STR("line"));
    emit_u64(emit, p->line);
    emit_key(emit, STR("column"));
    emit_u64(emit, p->column);
    put_text(emit, STR("pointer"), p->pointer);
    put_text(emit, STR("detail"), p->text);
    if (p->allowed.len > 0) {
        put_text(emit, STR("allowed"), p->allowed);
    }
    if (p->nearest.len > 0) {
        put_text(emit, STR("nearest"), p->nearest);
    }
}

static void put_problems(struct buf *out, const struct problems *problems)
{
    (void)buf_byte(out, '[');
    for (size_t i = 0; i < problems->count; i++) {
        struct emit emit;
        size_t before = out->len;
        (void)(i > 0 && buf_byte(out, ','));
        emit_init(&emit, SERIALIZER_JSON, out);
        put_problem(&emit, &problems->items[i]);
        if (out->full || out->len > ERRORS_MAX - 1) {
            out->len = before; /* as many as there is room for */
            out->full = false;
            break;
        }
    }
    (void)buf_byte(out, ']');
}

static void reply_refused(struct api_request *request, struct publish_request *publish)
{
    struct buf errors;
    if (publish->problems.errors == 0) {
        api_reply_problem(request, &(struct http_problem){
                                       .status = publish->err.code == ERR_CONFLICT
                                                     ? 412
                                                     : http_status_of(publish->err.code),
                                       .code = STR("bondy.error.inconsistency_error"),
                                       .detail = str_of(publish->err.text),
                                   });
        return;
    }
    buf_init(&errors, ERRORS_MAX);
    put_problems(&errors, &publish->problems);
    bool conflict = publish->err.code == ERR_CONFLICT;
    api_reply_problem(request, &(struct http_problem){
                                   .status = conflict              ? 409
                                             : publish->unreadable ? 400
                                                                   : 422,
                                   .code = conflict ? STR("bondy.error.already_exists")
                                                    : STR("postern.error.invalid_spec"),
                                   .detail = str_of(publish->err.text),
                                   .errors = {SERIALIZER_JSON, buf_str(&errors)},
                               });
    buf_done(&errors);
}

/* Warnings are of the whole text: with the only item, or the first of a list. */
static void put_item(struct emit *emit,
                     const struct publish_request *publish,
                     const struct publish_item *item,
                     struct str node)
{
    bool first = item == publish->items;
    struct buf warnings;
    buf_init(&warnings, ERRORS_MAX);
    put_problems(&warnings, &publish->problems);
    emit_map(emit, first ? 5 : 4);
    put_text(emit, STR("id"), item->id);
    emit_key(emit, STR("version"));
    emit_u64(emit, item->version);
    emit_key(emit, STR("changed"));
    emit_bool(emit, item->changed);
    emit_key(emit, STR("nodes"));
    emit_list(emit, 1);
    emit_str(emit, node);
    if (first) {
        emit_key(emit, STR("warnings"));
        emit_slice(emit, (struct slice){SERIALIZER_JSON, buf_str(&warnings)});
    }
    buf_done(&warnings);
}

static void reply_published(struct api_request *request, const struct publish_request *publish)
{
    struct str node = request->api->options.node_name;
    struct buf body;
    struct emit emit;
    buf_init(&body, BODY_MAX);
    emit_init(&emit, SERIALIZER_JSON, &body);
    if (publish->item_count != 1) {
        emit_list(&emit, (uint32_t)publish->item_count);
    }
    for (size_t i = 0; i < publish->item_count; i++) {
        put_item(&emit, publish, &publish->items[i], node);
    }
    (void)buf_byte(&body, '\n');
    api_reply(request, 200, STR("application/json; charset=utf-8"), buf_str(&body), NULL, 0);
    buf_done(&body);
}

static void on_published(struct publish_request *publish)
{
    struct publish_call *call = CONTAINER_OF(publish, struct publish_call, publish);
    struct api_request *request = call->request;
    if (publish->ok) {
        reply_published(request, publish);
    } else {
        reply_refused(request, publish);
    }
    problems_done(&publish->problems);
    arena_done(&publish->arena);
    mem_free(call);
    api_release(request);
}

static void publish_text(struct api_request *request, struct str text, struct str comment)
{
    uint64_t expect = STORE_ANY_VERSION;
    if (!api_expectation(request, &expect)) {
        return;
    }
    struct publish_call *call = NEW(struct publish_call);
    struct publish_request *publish = &call->publish;
    call->request = request;
    arena_init(&publish->arena, PUBLISH_ARENA_MAX);
    publish->text = arena_str(&publish->arena, text);
    publish->author = STR("admin");
    publish->comment = arena_str(&publish->arena, comment);
    publish->expect = expect;
    publish->dry_run = str_eq(api_query(request, STR("dry_run")), STR("true"));
    publish->finish = on_published;
    api_hold(request);
    builder_publish(request->api->options.builder, publish);
}

void api_spec_publish(struct api_request *request)
{
    if (request->body.len == 0) {
        api_reply_err(request,
                      &(struct err){ERR_INVALID, "the body is empty: send the specification, for "
                                                 "example with curl --data-binary @spec.json"});
        return;
    }
    publish_text(request, buf_str(&request->body), api_query(request, STR("comment")));
}

static json_t *record_json(const struct store_record *record)
{
    json_t *json = json_loadb(record->value.ptr, record->value.len, 0, NULL);
    return json == NULL ? json_null() : json;
}

static void on_listed(struct api_request *request, struct store_request *store)
{
    json_t *list = json_array();
    for (size_t i = 0; i < store->record_count; i++) {
        (void)json_array_append_new(list, record_json(&store->records[i]));
    }
    api_reply_json(request, 200, list);
}

void api_spec_list(struct api_request *request)
{
    struct store_request *store = api_store_call(request, on_listed);
    store->op = STORE_LIST;
    store->kind = STR("api_spec");
    api_store_submit(request, store);
}

/* Every read of one specification: by the id in the path. */
static struct store_request *
by_id(struct api_request *request, enum store_op op, api_stored_fn done)
{
    struct store_request *store = api_store_call(request, done);
    store->op = op;
    store->kind = STR("api_spec");
    store->key = arena_str(&store->arena, request->params[0]);
    return store;
}

static void reply_not_found(struct api_request *request)
{
    struct err err = {0};
    (void)err_set(&err, ERR_NOT_FOUND, "no specification " PRISTR, STRARG(request->params[0]));
    api_reply_err(request, &err);
}

static void on_got(struct api_request *request, struct store_request *store)
{
    if (store->record_count == 0 || store->records[0].deleted) {
        reply_not_found(request);
        return;
    }
    const struct store_record *record = &store->records[0];
    struct header etag = {STR("etag"), arena_printf(&request->arena, "\"%llu\"",
                                                    (unsigned long long)record->version)};
    api_reply(request, 200, STR("application/json; charset=utf-8"), record->value, &etag, 1);
}

void api_spec_get(struct api_request *request)
{
    uint64_t number = 0;
    struct str version = api_query(request, STR("version"));
    if (version.len > 0 && (!str_to_u64(version, &number) || number == 0 || number > INT64_MAX)) {
        api_reply_err(request, &(struct err){ERR_INVALID, "version is a number from 1 on"});
        return;
    }
    struct store_request *store = by_id(request, STORE_GET, on_got);
    store->version = number;
    api_store_submit(request, store);
}

static void on_info(struct api_request *request, struct store_request *store)
{
    static const char *const kept[] = {"id", "name", "host", "realm_uri", "meta"};
    if (store->record_count == 0 || store->records[0].deleted) {
        reply_not_found(request);
        return;
    }
    json_t *spec = record_json(&store->records[0]);
    json_t *info = json_object();
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        json_t *value = json_object_get(spec, kept[i]);
        if (value != NULL) {
            (void)json_object_set(info, kept[i], value);
        }
    }
    (void)json_object_set_new(info, "ts", json_integer((json_int_t)store->records[0].time_ms));
    (void)json_object_set_new(info, "version", json_integer((json_int_t)store->records[0].version));
    json_decref(spec);
    api_reply_json(request, 200, info);
}

void api_spec_info(struct api_request *request)
{
    api_store_submit(request, by_id(request, STORE_GET, on_info));
}

static void on_versions(struct api_request *request, struct store_request *store)
{
    json_t *list = json_array();
    if (store->record_count == 0) {
        json_decref(list);
        reply_not_found(request);
        return;
    }
    for (size_t i = 0; i < store->record_count; i++) {
        const struct store_record *r = &store->records[i];
        (void)json_array_append_new(
            list, json_pack("{s:I, s:I, s:s%, s:s%, s:b}", "version", (json_int_t)r->version, "ts",
                            (json_int_t)r->time_ms, "author", r->author.ptr, r->author.len,
                            "comment", r->comment.ptr, r->comment.len, "deleted", r->deleted));
    }
    api_reply_json(request, 200, list);
}

void api_spec_versions(struct api_request *request)
{
    api_store_submit(request, by_id(request, STORE_HISTORY, on_versions));
}

static void on_old_version(struct api_request *request, struct store_request *store)
{
    if (store->record_count == 0 || store->records[0].deleted || request->stream == NULL) {
        reply_not_found(request);
        return;
    }
    struct str comment = arena_printf(&request->arena, "rolled back to version %llu",
                                      (unsigned long long)store->records[0].version);
    publish_text(request, store->records[0].value, comment);
}

void api_spec_rollback(struct api_request *request)
{
    json_t *body = json_loadb(request->body.ptr, request->body.len, JSON_REJECT_DUPLICATES, NULL);
    json_int_t version = json_integer_value(json_object_get(body, "version"));
    json_decref(body);
    if (version < 1) {
        api_reply_err(request, &(struct err){ERR_INVALID, "the body is not {\"version\": number}"});
        return;
    }
    struct store_request *store = by_id(request, STORE_GET, on_old_version);
    store->version = (uint64_t)version;
    api_store_submit(request, store);
}

static void on_deleted_everywhere(struct api_request *request)
{
    api_reply_empty(request, 204);
}

static void on_deleted(struct api_request *request, struct store_request *store)
{
    api_when_built(request, store->seq, on_deleted_everywhere);
}

void api_spec_delete(struct api_request *request)
{
    uint64_t expect = STORE_ANY_VERSION;
    if (!api_expectation(request, &expect)) {
        return;
    }
    struct store_request *store = by_id(request, STORE_COMMIT, on_deleted);
    struct store_write *write = ARENA_NEW(&store->arena, struct store_write);
    *write = (struct store_write){
        .kind = store->kind, .key = store->key, .remove = true, .expect = expect};
    store->writes = write;
    store->write_count = 1;
    api_store_submit(request, store);
}
