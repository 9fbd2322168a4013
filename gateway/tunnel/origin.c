/* origin.c - the list of origins, and the headers of CORS. */
#include "tunnel/origin.h"

static bool listed(const struct origin_rules *rules, struct str origin)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (str_eq_nocase(rules->origins[i], origin)) {
            return true;
        }
    }
    return false;
}

bool origin_allowed(const struct origin_rules *rules, const struct request_head *head)
{
    struct str origin = request_header(head, STR("origin"));
    return origin.ptr == NULL || rules->count == 0 || listed(rules, origin);
}

size_t origin_headers(const struct origin_rules *rules,
                      const struct request_head *head,
                      struct header out[ORIGIN_HEADERS_MAX])
{
    struct str origin = request_header(head, STR("origin"));
    if (origin.ptr == NULL || !origin_allowed(rules, head)) {
        return 0;
    }
    if (rules->count == 0) {
        out[0] = (struct header){STR("access-control-allow-origin"), STR("*")};
        return 1;
    }
    out[0] = (struct header){STR("access-control-allow-origin"), origin};
    out[1] = (struct header){STR("access-control-allow-credentials"), STR("true")};
    out[2] = (struct header){STR("vary"), STR("origin")};
    return 3;
}

size_t origin_preflight(const struct origin_rules *rules,
                        const struct request_head *head,
                        struct header out[ORIGIN_HEADERS_MAX])
{
    size_t count = origin_headers(rules, head, out);
    if (count == 0) {
        return 0;
    }
    out[count++] = (struct header){STR("access-control-allow-methods"), STR("GET, POST, OPTIONS")};
    out[count++] = (struct header){
        STR("access-control-allow-headers"),
        STR("accept, authorization, cache-control, content-type, last-event-id, x-csrf-token")};
    out[count++] = (struct header){STR("access-control-max-age"), STR("600")};
    return count;
}
