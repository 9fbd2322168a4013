/* result.c - what commands say by their output and their exit code. */
#include "cli/result.h"

#include "base/mem.h"
#include "payload/emit.h"

/* Exit codes that say more than that it failed: those of sysexits.h and timeout(1). */
static const struct {
    int exit_code;
    struct str error;
} errors[] = {
    {0, STR_INIT("")},
    {64, STR_INIT("wamp.error.invalid_argument")},
    {65, STR_INIT("wamp.error.invalid_argument")},
    {69, STR_INIT("wamp.error.unavailable")},
    {77, STR_INIT("wamp.error.not_authorized")},
    {124, STR_INIT("wamp.error.timeout")},
};

struct str result_error(int exit_code)
{
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        if (errors[i].exit_code == exit_code) {
            return errors[i].error;
        }
    }
    return STR("postern.error.command_failed");
}

bool result_value(struct buf *out, struct str output)
{
    struct emit emit;
    const char *problem = NULL;
    size_t offset = 0;
    struct str text = str_trim(output);
    struct slice value = {SERIALIZER_JSON, text};
    if (text.len == 0) {
        return false;
    }
    emit_init(&emit, SERIALIZER_JSON, out);
    if (slice_valid(value, &problem, &offset)) {
        emit_slice(&emit, value);
    } else if (utf8_valid(text)) {
        emit_str(&emit, text);
    } else {
        emit_bin(&emit, text);
    }
    return true;
}
