/* reply.c - answers of the admin API, and the work that comes back to a request later. */
#include "api/api_inside.h"
#include "base/mem.h"
#include "base/percent.h"

#include <stdlib.h>

enum { HEADERS_MAX = 8 };

void api_reply(struct api_request *request,
               unsigned status,
               struct str content_type,
               struct str body,
               const struct header *headers,
               size_t header_count)
{
    struct header all[HEADERS_MAX];
    size_t count = 0;
    if (request->answered || request->stream == NULL) {
        return;
    }
    request->answered = true;
    for (size_t i = 0; i < header_count && count < HEADERS_MAX - 2; i++) {
        all[count++] = headers[i];
    }
    all[count++] = (struct header){STR("cache-control"), STR("no-store")};
    if (content_type.len > 0) {
        all[count++] = (struct header){STR("content-type"), content_type};
    }
    stream_begin(request->stream, status, all, count, (int64_t)body.len);
    (void)stream_write(request->stream, body);
    stream_end(request->stream);
}

void api_reply_json(struct api_request *request, unsigned status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(body);
    api_reply(request, status, STR("application/json; charset=utf-8"), str_of(text), NULL, 0);
    free(text);
}

void api_reply_empty(struct api_request *request, unsigned status)
{
    api_reply(request, status, STR_EMPTY, STR_EMPTY, NULL, 0);
}

void api_reply_problem(struct api_request *request, const struct http_problem *problem)
{
    if (!request->answered && request->stream != NULL) {
        struct http_problem sent = *problem;
        request->answered = true;
        sent.request_id = request->id;
        http_problem_send(request->stream, &sent);
    }
}

/* Bondy's error URIs for what its clients know; our own codes for the rest. */
static struct str problem_code(enum err_code code)
{
    switch (code) {
    case ERR_NOT_FOUND:
        return STR("bondy.error.not_found");
    case ERR_CONFLICT:
        return STR("bondy.error.already_exists");
    case ERR_INVALID:
        return STR("bondy.error.invalid_data");
    case ERR_UNAVAILABLE:
        return STR("wamp.error.unavailable");
    default:
        return str_of(err_code_name(code));
    }
}

void api_reply_err(struct api_request *request, const struct err *err)
{
    api_reply_problem(request, &(struct http_problem){
                                   .status = http_status_of(err->code),
                                   .code = problem_code(err->code),
                                   .detail = str_of(err->text),
                               });
}

struct str api_query(struct api_request *request, struct str name)
{
    struct str rest = request->stream == NULL ? STR_EMPTY : request->stream->head.query;
    struct str part = STR_EMPTY;
    bool more = rest.len > 0;
    while (more) {
        struct str key = STR_EMPTY;
        struct str value = STR_EMPTY;
        more = str_cut(rest, '&', &part, &rest);
        (void)str_cut(part, '=', &key, &value);
        if (str_eq(key, name)) {
            struct str text = STR_EMPTY;
            return percent_decode(value, true, &request->arena, &text) ? text : STR_EMPTY;
        }
    }
    return STR_EMPTY;
}

bool api_expectation(struct api_request *request, uint64_t *out)
{
    struct str value = request_header(&request->stream->head, STR("if-match"));
    *out = STORE_ANY_VERSION;
    if (value.ptr == NULL || str_eq(value, STR("*"))) {
        return true;
    }
    if (value.len > 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"' &&
        str_to_u64(str_sub(value, 1, value.len - 2), out)) {
        return true;
    }
    api_reply_problem(request, &(struct http_problem){
                                   .status = 400,
                                   .code = STR("http.if_match"),
                                   .detail = STR("If-Match is not an ETag of this API, as \"3\""),
                               });
    return false;
}

struct api_store_call {
    struct store_request store;
    struct api_request *request;
    api_stored_fn done;
};

enum { STORE_ARENA_MAX = 256 << 20 };

static void on_stored(struct store_request *store)
{
    struct api_store_call *call = CONTAINER_OF(store, struct api_store_call, store);
    struct api_request *request = call->request;
    /* What is not there is for `done` to say: it finds no record. */
    bool missing = store->op == STORE_GET && store->err.code == ERR_NOT_FOUND;
    if (!store->ok && !missing) {
        api_reply_err(request, &store->err);
    } else {
        call->done(request, store);
    }
    arena_done(&store->arena);
    mem_free(call);
    api_release(request);
}

struct store_request *api_store_call(struct api_request *request, api_stored_fn done)
{
    struct api_store_call *call = NEW(struct api_store_call);
    call->request = request;
    call->done = done;
    call->store.owner = worker_self();
    call->store.finish = on_stored;
    arena_init(&call->store.arena, STORE_ARENA_MAX);
    call->store.author = STR("admin");
    return &call->store;
}

void api_store_submit(struct api_request *request, struct store_request *store)
{
    api_hold(request);
    store_submit(request->api->options.store, store);
}

void api_store_discard(struct store_request *store)
{
    arena_done(&store->arena);
    mem_free(CONTAINER_OF(store, struct api_store_call, store));
}

struct built_call {
    struct post post;
    struct api_request *request;
    api_built_fn done;
};

static void on_built(struct post *post)
{
    struct built_call *call = CONTAINER_OF(post, struct built_call, post);
    call->done(call->request);
    api_release(call->request);
    mem_free(call);
}

void api_when_built(struct api_request *request, uint64_t seq, api_built_fn done)
{
    struct built_call *call = NEW(struct built_call);
    *call = (struct built_call){.post = {.fn = on_built}, .request = request, .done = done};
    api_hold(request);
    builder_wait(request->api->options.builder, seq, &call->post);
}
