/* links: client */
/* fuzz_ws_frame.c - what a server of WebSocket says to a client: the head, then frames. */
#include "client/ws_frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    struct err err;
    size_t head = ws_head_end(bytes);
    (void)ws_head_accepts(str_sub(bytes, 0, head), "dGhlIHNhbXBsZSBub25jZQ==", STR("wamp.2.json"),
                          &err);
    bytes = str_from(bytes, head);
    struct ws_frame frame;
    while (ws_frame_read(bytes, 1 << 16, &frame) == WS_FRAME_WHOLE) {
        if (frame.size > bytes.len || frame.payload.len > 1 << 16) {
            abort();
        }
        bytes = str_from(bytes, frame.size);
    }
    return 0;
}
