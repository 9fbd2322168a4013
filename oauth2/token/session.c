#include "token/session.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/random.h"
#include "token/bearer.h"
#include "token/token.h"
#include "token/token_inside.h"

#include <string.h>

enum { ID_BYTES = 16 };

struct str session_id(char out[SESSION_ID_SIZE])
{
    char raw[ID_BYTES];
    struct buf text;
    random_bytes(raw, sizeof(raw));
    buf_init(&text, SESSION_ID_SIZE);
    (void)base64_encode(BASE64_URL, str_make(raw, sizeof(raw)), &text);
    struct str id = str_make(out, text.len);
    memcpy(out, text.ptr, text.len);
    buf_done(&text);
    return id;
}

char *session_mint(const struct tokens *tokens, const struct session_grant *grant)
{
    const struct token_key *key = tokens_signing_key(tokens, grant->realm, grant->now_s);
    if (key == NULL) {
        return NULL;
    }
    json_t *claims = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "iss", json_str(grant->realm), "aud",
        json_str(grant->realm), "sub", json_str(grant->authid), "jti", json_str(grant->id), "iat",
        (json_int_t)grant->now_s, "exp", (json_int_t)grant->expires_s, "auth_time",
        (json_int_t)grant->began_s, "rev", (json_int_t)tokens_version(tokens));
    char *text = token_mint(key, BEARER_SESSION_TYPE, claims);
    json_decref(claims);
    return text;
}
