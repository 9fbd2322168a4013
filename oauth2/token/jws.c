#include "token/jws.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "token/token.h"
#include "token/token_inside.h"

bool jws_split(struct str text, struct jws_parts *out)
{
    struct str rest;
    if (text.len > TOKEN_TEXT_MAX || !str_cut(text, '.', &out->header, &rest) ||
        !str_cut(rest, '.', &out->claims, &out->signature)) {
        return false;
    }
    out->signed_text = str_make(text.ptr, out->header.len + 1 + out->claims.len);
    /* A dot in the third part is no digit of base64. */
    return out->header.len > 0 && out->claims.len > 0 && out->signature.len > 0;
}

json_t *jws_object(struct str part)
{
    struct buf bytes;
    buf_init(&bytes, TOKEN_TEXT_MAX);
    json_t *object = NULL;
    if (base64_decode(BASE64_URL, part, &bytes)) {
        object = json_loadb(bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
    }
    buf_done(&bytes);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

bool jws_asks_for_more(const json_t *header)
{
    static const char *const names[] = {"crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (json_object_get(header, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool jws_type_is(const json_t *header, const char *type)
{
    struct str said = json_member_str(header, "typ");
    struct str prefix = STR("application/");
    if (said.len > prefix.len && str_eq_nocase(str_sub(said, 0, prefix.len), prefix)) {
        said = str_from(said, prefix.len);
    }
    return str_eq_nocase(said, str_of(type));
}

bool jws_holds(const struct sign_key *key, const struct jws_parts *parts)
{
    struct buf signature;
    buf_init(&signature, SIGN_SIGNATURE_MAX);
    bool holds = base64_decode(BASE64_URL, parts->signature, &signature) &&
                 sign_verify(key, parts->signed_text, buf_str(&signature));
    buf_done(&signature);
    return holds;
}
