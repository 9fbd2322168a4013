/* payload.c - args and kwargs as message elements. */
#include "payload/payload.h"

unsigned payload_elements(const struct payload *payload)
{
    if (payload->kwargs.len > 0) {
        return 2;
    }
    return payload->args.len > 0 ? 1 : 0;
}

void payload_emit(const struct payload *payload, struct emit *out)
{
    unsigned elements = payload_elements(payload);
    if (elements == 0) {
        return;
    }
    if (payload->args.len > 0) {
        emit_slice(out, (struct slice){payload->serializer, payload->args});
    } else {
        emit_list(out, 0);
    }
    if (elements == 2) {
        emit_slice(out, (struct slice){payload->serializer, payload->kwargs});
    }
}
