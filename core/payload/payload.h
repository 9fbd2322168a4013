/* payload.h - the application's part of a message: args and kwargs, still encoded.
 *
 * A received payload is borrowed until the end of the turn. `args` and `kwargs`
 * are each empty or one whole value (a list, a map) that scan_skip accepted.
 */
#ifndef POSTERN_PAYLOAD_PAYLOAD_H
#define POSTERN_PAYLOAD_PAYLOAD_H

#include "payload/emit.h"
#include "payload/scan.h"

struct payload {
    enum serializer serializer;
    struct str args;
    struct str kwargs;
};

static inline struct payload payload_none(void)
{
    return (struct payload){.serializer = SERIALIZER_MSGPACK};
}

static inline size_t payload_size(const struct payload *payload)
{
    return payload->args.len + payload->kwargs.len;
}

/* How many trailing message elements it takes: 0, 1 (args) or 2. */
unsigned payload_elements(const struct payload *payload);

/* Writes those elements: an absent args before present kwargs becomes []. */
void payload_emit(const struct payload *payload, struct emit *out);

#endif
