/* health.c - alive, ready, metrics, version: without an identity. */
#include "api/api_inside.h"
#include "base/buf.h"
#include "metrics/metrics.h"

#include <jansson.h>
#include <stdlib.h>

enum { METRICS_MAX = 16 << 20 };

void api_ping(const struct api *api, struct stream *stream)
{
    (void)api;
    api_reply(stream, 204, STR_EMPTY, STR_EMPTY);
}

void api_ready(const struct api *api, struct stream *stream)
{
    const char *why = "";
    if (api->options.ready(api->options.ready_ctx, &why)) {
        api_reply(stream, 204, STR_EMPTY, STR_EMPTY);
        return;
    }
    http_problem_send(stream, &(struct http_problem){
                                  .status = 503,
                                  .code = STR("postern.not_ready"),
                                  .detail = str_of(why),
                              });
}

void api_metrics(const struct api *api, struct stream *stream)
{
    struct buf text;
    (void)api;
    buf_init(&text, METRICS_MAX);
    metrics_render(&text);
    api_reply(stream, 200, STR(METRICS_CONTENT_TYPE), buf_str(&text));
    buf_done(&text);
}

void api_version(const struct api *api, struct stream *stream)
{
    struct str node = api->options.node_name;
    json_t *version = json_pack("{s:s, s:s, s:s%}", "name", "postern", "version", POSTERN_VERSION,
                                "node", node.ptr, (int)node.len);
    char *text = json_dumps(version, JSON_COMPACT);
    api_reply(stream, 200, STR("application/json; charset=utf-8"), str_of(text));
    free(text);
    json_decref(version);
}
