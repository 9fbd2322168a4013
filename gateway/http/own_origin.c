#include "http/own_origin.h"

bool own_origin(const struct request_head *head)
{
    struct str origin = request_header(head, STR("origin"));
    struct str host = request_header(head, STR("host"));
    struct str site = request_header(head, STR("sec-fetch-site"));
    if (site.len > 0 && (str_eq(site, STR("cross-site")) || str_eq(site, STR("same-site")))) {
        return false;
    }
    size_t scheme = str_starts(origin, STR("https://"))  ? STR("https://").len
                    : str_starts(origin, STR("http://")) ? STR("http://").len
                                                         : 0;
    return origin.ptr == NULL || (scheme > 0 && str_eq(str_from(origin, scheme), host));
}
