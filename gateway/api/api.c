#include "api/api.h"

#include "api/api_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/percent.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "pipeline/path.h"

enum { ARENA_MAX = 64 << 20 };

#define ROW(method, path, flags, run)                    \
    {                                                    \
        STR_INIT(method), STR_INIT(path), (flags), (run) \
    }

static const struct api_row rows[] = {
    ROW("GET", "/ping", API_OPEN, api_ping),
    ROW("GET", "/ready", API_OPEN, api_ready),
    ROW("GET", "/metrics", API_OPEN, api_metrics),
    ROW("GET", "/version", API_OPEN, api_version),
    ROW("POST", "/services/load_api_spec", API_BODY, api_spec_publish),
    ROW("GET", "/api_specs", 0, api_spec_list),
    ROW("POST", "/api_specs", API_BODY, api_spec_publish),
    ROW("GET", "/api_specs/:id", 0, api_spec_get),
    ROW("DELETE", "/api_specs/:id", 0, api_spec_delete),
    ROW("GET", "/api_specs/:id/info", 0, api_spec_info),
    ROW("GET", "/api_specs/:id/versions", 0, api_spec_versions),
    ROW("POST", "/api_specs/:id/rollback", API_BODY, api_spec_rollback),
    ROW("GET", "/realms", 0, api_realm_list),
    ROW("POST", "/realms", API_BODY, api_realm_create),
    ROW("GET", "/realms/:uri", 0, api_realm_get),
};

static bool path_fits(struct api_request *request, struct str pattern)
{
    struct str path = request->path;
    struct str have = STR_EMPTY;
    struct str want = STR_EMPTY;
    size_t params = 0;
    bool more_path = true;
    bool more_pattern = true;
    while (more_path && more_pattern) {
        more_path = str_cut(path, '/', &have, &path);
        more_pattern = str_cut(pattern, '/', &want, &pattern);
        if (want.len > 0 && want.ptr[0] == ':') {
            if (have.len == 0 ||
                !percent_decode(have, false, &request->arena, &request->params[params])) {
                return false;
            }
            params++;
        } else if (!str_eq(have, want)) {
            return false;
        }
    }
    return more_path == more_pattern;
}

/* Bondy's admin API has an optional /v1.0 before every path; a trailing slash means nothing. */
static struct str plain_path(struct str path)
{
    if (str_starts(path, STR("/v1.0/"))) {
        path = str_from(path, 5);
    }
    if (path.len > 1 && str_ends(path, STR("/"))) {
        path.len--;
    }
    return path;
}

static bool method_fits(const struct api_row *row, struct str method)
{
    return str_eq(row->method, method) ||
           (str_eq(method, STR("HEAD")) && str_eq(row->method, STR("GET")));
}

/* HEAD is wherever GET is. */
static struct str allowed_of(const struct api_row *row)
{
    return str_eq(row->method, STR("GET")) ? STR("GET, HEAD") : row->method;
}

static void refuse_method(struct api_request *request, struct str allow)
{
    api_reply_problem(request, &(struct http_problem){
                                   .status = 405,
                                   .code = STR("http.method_not_allowed"),
                                   .detail = STR("this path does not have that method"),
                                   .header = {STR("allow"), allow},
                               });
}

/* Finds the row, or answers 404 or 405. */
static bool find_row(struct api_request *request)
{
    struct str allow = STR_EMPTY;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!path_fits(request, rows[i].path)) {
            continue;
        }
        if (method_fits(&rows[i], request->stream->head.method)) {
            request->row = &rows[i];
            return true;
        }
        allow = arena_printf(&request->arena, PRISTR "%s" PRISTR, STRARG(allow),
                             allow.len > 0 ? ", " : "", STRARG(allowed_of(&rows[i])));
    }
    if (allow.len > 0) {
        refuse_method(request, allow);
    } else {
        api_reply_problem(request, &(struct http_problem){
                                       .status = 404,
                                       .code = STR("http.not_found"),
                                       .detail = arena_printf(&request->arena,
                                                              "the admin API has no path " PRISTR,
                                                              STRARG(request->path)),
                                   });
    }
    return false;
}

/* A page of another site must not use the browser's stored password. */
static bool same_origin(const struct request_head *head)
{
    struct str origin = request_header(head, STR("origin"));
    struct str host = request_header(head, STR("host"));
    struct str site = request_header(head, STR("sec-fetch-site"));
    if (site.len > 0 && (str_eq(site, STR("cross-site")) || str_eq(site, STR("same-site")))) {
        return false;
    }
    ptrdiff_t slashes = origin.len == 0 ? -1 : str_find(origin, '/');
    return origin.ptr == NULL ||
           (slashes >= 0 && str_eq(str_from(origin, (size_t)slashes + 2), host));
}

static struct api_request *request_new(struct api *api, struct stream *stream)
{
    struct api_request *request = NEW(struct api_request);
    request->api = api;
    request->stream = stream;
    request->holds = 1; /* the stream's */
    arena_init(&request->arena, ARENA_MAX);
    buf_init(&request->body, api->options.body_max);
    request->id = arena_printf(&request->arena, "%016llx", (unsigned long long)random_u64());
    request->body_complete = stream->head.content_length == 0;
    stream->user = request;
    (void)atomic_fetch_add(&api->open, 1);
    return request;
}

static void on_request(void *ctx, struct stream *stream)
{
    struct api_request *request = request_new(ctx, stream);
    const char *why = NULL;
    int64_t length = stream->head.content_length;
    if (!path_canonical(stream->head.path, &request->arena, &request->path, &why)) {
        api_reply_problem(
            request,
            &(struct http_problem){.status = 400, .code = STR("http.path"), .detail = str_of(why)});
        return;
    }
    request->path = plain_path(request->path);
    if (!find_row(request)) {
        return;
    }
    if (atomic_load(&request->api->stopping) && (request->row->flags & API_OPEN) == 0) {
        api_reply_problem(request, &(struct http_problem){.status = 503,
                                                          .code = STR("wamp.close.system_shutdown"),
                                                          .detail = STR("this node is stopping"),
                                                          .close = true});
        return;
    }
    if (length > 0 && (uint64_t)length > request->api->options.body_max) {
        api_reply_problem(request, &(struct http_problem){.status = 413,
                                                          .code = STR("http.body_too_large"),
                                                          .detail = STR("the body is too large"),
                                                          .close = true});
    } else if ((request->row->flags & API_OPEN) != 0) {
        request->authorized = true;
        api_run(request);
    } else if (!same_origin(&stream->head)) {
        api_reply_problem(request,
                          &(struct http_problem){.status = 403,
                                                 .code = STR("http.cross_origin"),
                                                 .detail = STR("the admin API takes no requests "
                                                               "from pages of another origin")});
    } else {
        api_authorize(request);
    }
}

void api_run(struct api_request *request)
{
    bool ready = request->body_complete || (request->row->flags & API_BODY) == 0;
    if (request->authorized && ready && !request->answered && request->stream != NULL) {
        request->row->run(request);
    }
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    struct api_request *request = stream->user;
    if (request->answered) {
        return;
    }
    if (!buf_append(&request->body, bytes)) {
        api_reply_problem(request, &(struct http_problem){.status = 413,
                                                          .code = STR("http.body_too_large"),
                                                          .detail = STR("the body is too large"),
                                                          .close = true});
        return;
    }
    if (last) {
        request->body_complete = true;
        api_run(request);
    }
}

static void on_gone(struct stream *stream, bool answered)
{
    struct api_request *request = stream->user;
    (void)answered;
    request->stream = NULL;
    api_release(request);
}

const struct front_handler *api_handler(void)
{
    static const struct front_handler handler = {
        .on_request = on_request,
        .on_body = on_body,
        .on_gone = on_gone,
    };
    return &handler;
}

void api_hold(struct api_request *request)
{
    request->holds++;
}

void api_release(struct api_request *request)
{
    if (--request->holds == 0) {
        (void)atomic_fetch_sub(&request->api->open, 1);
        arena_done(&request->arena);
        buf_done(&request->body);
        mem_free(request);
    }
}

struct api *api_new(const struct api_options *options)
{
    struct api *api = NEW(struct api);
    api->options = *options;
    random_bytes(api->key, sizeof(api->key));
    (void)pthread_mutex_init(&api->lock, NULL);
    return api;
}

void api_shutdown(struct api *api)
{
    atomic_store(&api->stopping, true);
}

size_t api_open_count(const struct api *api)
{
    return atomic_load(&api->open);
}

void api_set_admin(struct api *api, struct str phc)
{
    mem_free(api->admin_phc);
    api->admin_phc = str_dup(phc);
}

void api_free(struct api *api)
{
    if (api != NULL) {
        crypto_wipe(&api->known, sizeof(api->known));
        (void)pthread_mutex_destroy(&api->lock);
        mem_free(api->admin_phc);
        mem_free(api);
    }
}
