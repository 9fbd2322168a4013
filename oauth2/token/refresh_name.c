#include "token/refresh_name.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/hash.h"

#include <string.h>

enum { TEXT_MAX = 256 };

bool refresh_key(struct str text, char out[REFRESH_KEY_SIZE])
{
    struct str selector = STR_EMPTY;
    struct str rest = STR_EMPTY;
    if (text.len >= TEXT_MAX || !str_starts(text, STR("rt_")) ||
        !str_cut(str_from(text, 3), '.', &selector, &rest) || selector.len == 0) {
        return false;
    }
    struct hash_sha256 hash = hash_sha256(selector);
    struct buf digest;
    buf_init(&digest, REFRESH_KEY_SIZE - 1);
    bool good = base64_encode(BASE64_URL, hash_str(&hash), &digest);
    memcpy(out, digest.ptr, digest.len);
    out[digest.len] = '\0';
    buf_done(&digest);
    return good;
}
