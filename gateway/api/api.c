#include "api/api.h"

#include "api/api_inside.h"
#include "base/mem.h"
#include "http/own_origin.h"
#include "pipeline/pipeline.h"
#include "stats/stats.h"

static const struct api_row rows[] = {
    {STR_INIT("/ping"), api_ping},
    {STR_INIT("/ready"), api_ready},
    {STR_INIT("/metrics"), api_metrics},
    {STR_INIT("/version"), api_version},
};

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

/* The path as it was sent: spelled otherwise it is the pipeline's, which has none of these. */
static const struct api_row *row_of(const struct stream *stream)
{
    struct str path = plain_path(stream->head.path);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(rows[i].path, path)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void run_row(const struct api *api, const struct api_row *row, struct stream *stream)
{
    struct str method = stream->head.method;
    if (str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"))) {
        row->run(api, stream);
        return;
    }
    http_problem_send(stream, &(struct http_problem){
                                  .status = 405,
                                  .code = STR("http.method_not_allowed"),
                                  .detail = STR("this path is read, and nothing else"),
                                  .header = {STR("allow"), STR("GET, HEAD")},
                              });
}

/* The specification says who may, and what is answered becomes a stream. */
static bool is_watch(const struct api *api, const struct request_head *head)
{
    return api->options.stats != NULL && str_eq(head->method, STR("GET")) &&
           str_eq(plain_path(head->path), STR("/stats/stream"));
}

/* What is answered here is data. A page that a browser makes of it all the same, as of a name that
 * somebody has given to something, does nothing, and is in nobody's frame. */
static const struct header no_page[] = {
    {STR_INIT("x-content-type-options"), STR_INIT("nosniff")},
    {STR_INIT("x-frame-options"), STR_INIT("DENY")},
    {STR_INIT("content-security-policy"),
     STR_INIT("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")},
};

static void on_request(void *ctx, struct stream *stream)
{
    struct api *api = ctx;
    const struct api_row *row = row_of(stream);
    stream->user = NULL;
    stream->added = no_page;
    stream->added_count = COUNT_OF(no_page);
    if (row != NULL) {
        run_row(api, row, stream);
    } else if (!own_origin(&stream->head)) { /* or it would use the browser's stored password */
        http_problem_send(stream, &(struct http_problem){
                                      .status = 403,
                                      .code = STR("http.cross_origin"),
                                      .detail = STR("the admin API takes no requests from pages "
                                                    "of another origin"),
                                  });
    } else {
        if (is_watch(api, &stream->head)) {
            stats_watch(api->options.stats, stream, api_watch_stays, api);
        }
        pipeline_handler()->on_request(api->options.pipeline, stream);
    }
}

/* Whose stream it is: `user` is the pipeline's exchange, or nobody's. */
static void on_body(struct stream *stream, struct str bytes, bool last)
{
    if (stream->user != NULL) {
        pipeline_handler()->on_body(stream, bytes, last);
    }
}

static void on_writable(struct stream *stream)
{
    stats_writable(stream);
}

static void on_gone(struct stream *stream, bool answered)
{
    stats_gone(stream);
    if (stream->user != NULL) {
        pipeline_handler()->on_gone(stream, answered);
    }
}

const struct front_handler *api_handler(void)
{
    static const struct front_handler handler = {
        .on_request = on_request,
        .on_body = on_body,
        .on_writable = on_writable,
        .on_gone = on_gone,
    };
    return &handler;
}

void api_reply(struct stream *stream, unsigned status, struct str content_type, struct str body)
{
    const struct header headers[] = {{STR("cache-control"), STR("no-store")},
                                     {STR("content-type"), content_type}};
    stream_begin(stream, status, headers, content_type.len > 0 ? 2 : 1, (int64_t)body.len);
    (void)stream_write(stream, body);
    stream_end(stream);
}

struct api *api_new(const struct api_options *options)
{
    struct api *api = NEW(struct api);
    api->options = *options;
    return api;
}

void api_free(struct api *api)
{
    mem_free(api);
}
