/* token_mint.c - a header with the key's own algorithm, claims, a signature. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "token/token.h"

#include <stdlib.h>

char *token_mint(const struct token_key *key, const char *type, const json_t *claims)
{
    enum { HEADER_MAX = 256 };
    unsigned char signature[SIGN_SIGNATURE_MAX];
    struct buf header;
    struct buf text;
    char *written = json_dumps(claims, JSON_COMPACT | JSON_SORT_KEYS);
    buf_init(&header, HEADER_MAX);
    buf_init(&text, TOKEN_TEXT_MAX);
    (void)buf_printf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}",
                     sign_algorithm_name(sign_key_algorithm(key->sign)), key->id, type);
    (void)base64_encode(BASE64_URL, buf_str(&header), &text);
    (void)buf_byte(&text, '.');
    (void)base64_encode(BASE64_URL, str_of(written), &text);
    size_t len = text.full ? 0 : sign_make(key->sign, buf_str(&text), signature);
    (void)buf_byte(&text, '.');
    (void)base64_encode(BASE64_URL, str_make((const char *)signature, len), &text);
    buf_done(&header);
    free(written); /* jansson's */
    if (len == 0 || text.full) {
        buf_done(&text);
        return NULL;
    }
    return buf_take(&text, NULL);
}
