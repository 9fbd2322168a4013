#include "http/own_origin.h"

bool own_origin(const struct request_head *head)
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
