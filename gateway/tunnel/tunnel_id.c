/* tunnel_id.c - made and read. Pure but for the random bytes; any thread. */
#include "tunnel/tunnel_id.h"

#include "base/encode.h"
#include "base/random.h"

#include <string.h>

static void put_hex(char *out, unsigned byte)
{
    static const char digits[] = "0123456789abcdef";
    out[0] = digits[byte >> 4 & 15];
    out[1] = digits[byte & 15];
}

void tunnel_id_make(unsigned worker, struct tunnel_id *out)
{
    unsigned char bytes[TUNNEL_ID_RANDOM];
    random_bytes(bytes, sizeof(bytes));
    put_hex(out->text, worker);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        put_hex(out->text + 2 + 2 * i, bytes[i]);
    }
}

unsigned tunnel_id_worker(const struct tunnel_id *id)
{
    return (unsigned)(hex_digit(id->text[0]) << 4 | hex_digit(id->text[1]));
}

bool tunnel_id_parse(struct str text, unsigned workers, struct tunnel_id *out)
{
    struct tunnel_id id;
    if (text.len != TUNNEL_ID_SIZE) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (hex_digit(c) < 0 || (c >= 'A' && c <= 'F')) {
            return false;
        }
    }
    memcpy(id.text, text.ptr, TUNNEL_ID_SIZE);
    if (tunnel_id_worker(&id) >= workers) {
        return false;
    }
    *out = id;
    return true;
}
