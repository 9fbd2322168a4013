#include "http/etag.h"

bool etag_listed(const struct request_head *head, struct str etag)
{
    struct str rest = request_header(head, STR("if-none-match"));
    struct str each = STR_EMPTY;
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &each, &rest);
        each = str_trim(each);
        if (str_eq(str_starts(each, STR("W/")) ? str_from(each, 2) : each, etag)) {
            return true;
        }
    }
    return false;
}
