/* links: transport */
/* fuzz_websocket.c - a stream of a WebSocket client's frames, cut anywhere: the same frames come
 * out; and their payloads as text, cut anywhere: the same verdict on their UTF-8. */
#include "base/utf8.h"
#include "payload/scan.h"
#include "transport/ws_head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_text(struct str masked, const unsigned char mask[4])
{
    char whole[512];
    char pieces[512];
    struct str text = str_make(whole, masked.len);
    size_t cut = masked.len / 3;
    if (masked.len > sizeof(whole)) {
        return;
    }
    ws_unmask(mask, 0, masked, whole);
    ws_unmask(mask, 0, str_sub(masked, 0, cut), pieces);
    ws_unmask(mask, cut, str_from(masked, cut), pieces + cut);
    check(masked.len == 0 || memcmp(whole, pieces, masked.len) == 0);
    struct utf8_reader reader = {0};
    bool valid = utf8_read(&reader, str_sub(text, 0, cut)) &&
                 utf8_read(&reader, str_from(text, cut)) && utf8_reader_between(&reader);
    check(valid == utf8_valid(text));
}

/* How many octets are whole frames when `there` of them have come at first. */
static size_t read_all(struct str bytes, size_t there)
{
    size_t used = 0;
    for (;;) {
        struct ws_head head;
        enum ws_head_state state = ws_head_read(str_sub(bytes, used, there - used), &head);
        bool waits = state == WS_HEAD_MORE ||
                     (state == WS_HEAD_WHOLE && head.length > there - used - head.size);
        if (state == WS_HEAD_WRONG || (waits && there == bytes.len)) {
            return used;
        }
        if (waits) {
            there = bytes.len;
            continue;
        }
        check(head.size <= WS_HEAD_MAX);
        check(head.opcode < OPCODE_CLOSE || (head.final && head.length <= WS_CONTROL_MAX));
        check_text(str_sub(bytes, used + head.size, (size_t)head.length), head.mask);
        used += head.size + (size_t)head.length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    size_t used = read_all(bytes, bytes.len);
    for (size_t cut = 0; cut < bytes.len; cut += 1 + bytes.len / 16) {
        check(read_all(bytes, cut) == used);
    }
    return 0;
}
