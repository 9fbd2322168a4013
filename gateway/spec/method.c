/* method.c - HTTP methods that a specification can declare. */
#include "base/mem.h"
#include "spec/route.h"

static const struct str names[HTTP_METHODS] = {
#define HTTP_METHOD_NAME(name) [HTTP_##name] = STR_INIT(#name),
    HTTP_METHOD_MAP(HTTP_METHOD_NAME)
#undef HTTP_METHOD_NAME
};

enum http_method http_method_of(struct str token)
{
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(names[i], token)) {
            return (enum http_method)i;
        }
    }
    return HTTP_METHODS;
}

struct str http_method_name(enum http_method method)
{
    return method < HTTP_METHODS ? names[method] : STR_EMPTY;
}
