/* headers.c - what browsers are told with every answer: nothing runs here that is not of the
 * console's own files, and nobody frames it, sniffs it or learns of it by a referrer. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "ui/ui_inside.h"

enum { NONCE_BYTES = 16 };

#define POLICY_BEFORE "default-src 'none'; script-src 'self'; style-src 'self'"
#define POLICY_AFTER                                                \
    "; img-src 'self' data:; connect-src 'self'; font-src 'self'; " \
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

static const struct header always[] = {
    {STR_INIT("content-security-policy"), STR_INIT(POLICY_BEFORE POLICY_AFTER)},
    {STR_INIT("x-content-type-options"), STR_INIT("nosniff")},
    {STR_INIT("x-frame-options"), STR_INIT("DENY")},
    {STR_INIT("referrer-policy"), STR_INIT("no-referrer")},
    {STR_INIT("cross-origin-opener-policy"), STR_INIT("same-origin")},
    {STR_INIT("cross-origin-resource-policy"), STR_INIT("same-origin")},
};

struct str ui_nonce(struct arena *arena)
{
    char raw[NONCE_BYTES];
    struct buf text;
    random_bytes(raw, sizeof(raw));
    buf_init(&text, 2 * sizeof(raw));
    (void)base64_encode(BASE64_URL, str_make(raw, sizeof(raw)), &text);
    struct str nonce = arena_str(arena, buf_str(&text));
    buf_done(&text);
    return nonce;
}

void ui_add_headers(struct stream *stream, struct str nonce)
{
    stream->added = always;
    stream->added_count = COUNT_OF(always);
    if (nonce.len > 0) {
        struct header *own = ARENA_ARRAY(&stream->arena, struct header, COUNT_OF(always));
        for (size_t i = 0; i < COUNT_OF(always); i++) {
            own[i] = always[i];
        }
        own[0].value = arena_printf(
            &stream->arena, POLICY_BEFORE " 'nonce-" PRISTR "'" POLICY_AFTER, STRARG(nonce));
        stream->added = own;
    }
}
