#include "http/front.h"

struct str request_header(const struct request_head *head, struct str name)
{
    for (size_t i = 0; i < head->header_count; i++) {
        if (str_eq(head->headers[i].name, name)) {
            return head->headers[i].value;
        }
    }
    return (struct str){NULL, 0};
}
