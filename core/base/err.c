#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        err->code = code;
        (void)vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
    if (err != NULL) {
        char before[sizeof(err->text)];
        memcpy(before, err->text, sizeof(before));
        va_list args;
        va_start(args, format);
        int used = vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
        if (used >= 0 && (size_t)used < sizeof(err->text)) {
            (void)snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", before);
        }
    }
    return false;
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
#define ERR_NAME(name, text) \
    case ERR_##name:         \
        return text;
        ERR_MAP(ERR_NAME)
#undef ERR_NAME
    case ERR_NONE:
        break;
    }
    return "none";
}
