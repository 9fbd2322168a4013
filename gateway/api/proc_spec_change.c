/* proc_spec_change.c - specifications are loaded, rolled back and deleted.
 *
 * On the caller's worker. Loading goes through the builder, which compiles. Whatever changes
 * something is answered when every worker of every live node serves it, or says who does not. */
#include "api/proc_spec_inside.h"
#include "wamp/fault.h"

#include <stdlib.h>
#include <string.h>

#define INVALID_DATA          STR("bondy.error.invalid_data")
#define INVALID_SPECIFICATION STR("bondy.error.invalid_specification")

enum { PUBLISH_ARENA_MAX = 64 << 20, ERRORS_MAX = 128 << 10, SCRATCH_ROOM = 64 << 10 };

enum { STATUS_ACCEPTED = 202 };

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
    spec_call_answer(call, json_string("ok"), details);
}

static void on_deleted_here(struct post *post)
{
    struct spec_call *call = CONTAINER_OF(post, struct spec_call, built);
    proc_spread(call->procs, &call->spread, call->deleted_at, on_deleted_everywhere);
}

static void on_deleted(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    if (!spec_call_answered(call)) {
        return;
    }
    bool there = store->ok;
    call->deleted_at = store->seq;
    spec_call_store_done(call);
    if (!there) {
        spec_call_not_found(call);
        return;
    }
    call->built.fn = on_deleted_here;
    builder_wait(call->procs->options.builder, call->deleted_at, &call->built);
}

void proc_spec_delete(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = spec_call_new(procs, from, 1, true);
    if (call == NULL || !spec_call_take_id(call)) {
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
    spec_call_submit(call, STORE_COMMIT, on_deleted);
}

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
        return spec_call_error(publish->err.code);
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
    spec_call_audit_refused(call, error_of_publish(publish), publish->err.text);
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
    spec_call_free(call);
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
    request->dry_run = spec_call_flag(call, "dry_run");
    request->audit = request->dry_run ? NULL : &call->audit;
    call->audit.detail = request->comment;
    call->audited = false;
    request->finish = on_published;
    builder_publish(call->procs->options.builder, request);
}

static void load_text(struct spec_call *call, struct str text)
{
    if (text.len == 0) {
        spec_call_refuse(
            call, INVALID_DATA,
            "the body is empty: send the specification, for example with curl --data-binary "
            "@spec.json");
    } else {
        publish(call, text, spec_call_option(call, "comment"));
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
void proc_spec_load(struct procs *procs, const struct builtin_call *from)
{
    struct payload options = *from->payload;
    struct builtin_call rest = *from;
    struct str text = STR_EMPTY;
    struct arena scratch;
    arena_init(&scratch, from->payload->args.len + SCRATCH_ROOM);
    bool is_text = sole_text(from->payload, &scratch, &text);
    options.args = is_text ? STR_EMPTY : options.args;
    rest.payload = &options;
    struct spec_call *call = spec_call_new(procs, &rest, is_text ? 0 : 1, true);
    if (call != NULL && is_text) {
        load_text(call, text);
    } else if (call != NULL) {
        char *dumped = json_dumps(json_array_get(call->args, 0), JSON_COMPACT | JSON_ENCODE_ANY);
        publish(call, str_of(dumped), spec_call_option(call, "comment"));
        free(dumped);
    }
    arena_done(&scratch);
}

static void on_old_version(struct store_request *store)
{
    struct spec_call *call = CONTAINER_OF(store, struct spec_call, store);
    const struct store_record *record = spec_call_record(call);
    if (record != NULL) {
        struct str comment = arena_printf(&call->arena, "rolled back to version %llu",
                                          (unsigned long long)record->version);
        struct str text = arena_str(&call->arena, record->value);
        spec_call_store_done(call);
        publish(call, text, comment);
    }
}

void proc_spec_rollback(struct procs *procs, const struct builtin_call *from)
{
    struct spec_call *call = spec_call_new(procs, from, 2, true);
    uint64_t version = 0;
    if (call == NULL) {
        return;
    }
    if (!json_is_integer(json_array_get(call->args, 1))) {
        spec_call_refuse(call, FAULT_INVALID_ARGUMENT, "version is a number from 1 on");
    } else if (spec_call_take_version(call, json_array_get(call->args, 1), &version) &&
               spec_call_take_id(call)) {
        call->store.version = version;
        spec_call_submit(call, STORE_GET, on_old_version);
    }
}
