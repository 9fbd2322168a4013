/* cors.c - what a browser asks before a page of another origin may ask (Fetch, 3.3).
 *
 * Nothing here works by cookies, so credentials are never allowed; which origins there are, the
 * realm's clients say. */
#include "base/mem.h"
#include "oauth/oauth_inside.h"

#define MAX_AGE STR("600")

bool oauth_preflight(struct oauth_visit *visit)
{
    struct stream *stream = visit->stream;
    struct header headers[5];
    size_t count = 0;
    if (!str_eq(stream->head.method, STR("OPTIONS"))) {
        return false;
    }
    struct str methods = flow_endpoint_methods(visit->call.request.endpoint);
    struct str origin = request_header(&stream->head, STR("origin"));
    headers[count++] = (struct header){STR("vary"), STR("Origin")};
    if (origin.ptr != NULL && rbac_realm_has_origin(visit->call.realm, origin)) {
        origin = arena_str(visit->call.arena, origin);
        headers[count++] = (struct header){STR("access-control-allow-origin"), origin};
        headers[count++] = (struct header){STR("access-control-allow-methods"), methods};
        headers[count++] = (struct header){STR("access-control-allow-headers"),
                                           STR("authorization, content-type")};
        headers[count++] = (struct header){STR("access-control-max-age"), MAX_AGE};
    } else {
        headers[count++] = (struct header){STR("allow"), methods};
    }
    visit->started = true;
    stream_begin(stream, 204, headers, count, 0);
    stream_end(stream);
    return true;
}
