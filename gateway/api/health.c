/* health.c - alive, ready, metrics, version: without an identity. */
#include "api/api_inside.h"
#include "metrics/metrics.h"

enum { METRICS_MAX = 16 << 20 };

void api_ping(struct api_request *request)
{
    api_reply_empty(request, 204);
}

void api_ready(struct api_request *request)
{
    const char *why = "";
    if (request->api->options.ready(request->api->options.ready_ctx, &why)) {
        api_reply_empty(request, 204);
        return;
    }
    api_reply_problem(request, &(struct http_problem){
                                   .status = 503,
                                   .code = STR("postern.not_ready"),
                                   .detail = str_of(why),
                               });
}

void api_metrics(struct api_request *request)
{
    struct buf text;
    buf_init(&text, METRICS_MAX);
    metrics_render(&text);
    api_reply(request, 200, STR(METRICS_CONTENT_TYPE), buf_str(&text), NULL, 0);
    buf_done(&text);
}

void api_version(struct api_request *request)
{
    struct str node = request->api->options.node_name;
    api_reply_json(request, 200,
                   json_pack("{s:s, s:s, s:s%}", "name", "postern", "version", POSTERN_VERSION,
                             "node", node.ptr, (int)node.len));
}
