/* credentials.c - reads Authorization and the header of API keys, and for want of both the cookie
 * of a session. Pure. */
#include "access/access_inside.h"
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/secret.h"
#include "payload/scan.h"

enum { TEXT_MAX = 8192, KEY_MAX = 256 };

static const struct {
    struct str name;
    enum access_scheme scheme;
} schemes[] = {
    {STR_INIT("Basic"), ACCESS_BASIC},
    {STR_INIT("Bearer"), ACCESS_BEARER},
};

bool credentials_token(struct str text)
{
    size_t end = text.len;
    while (end > 0 && text.ptr[end - 1] == '=') {
        end--;
    }
    for (size_t i = 0; i < end; i++) {
        char c = text.ptr[i];
        bool digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!digit && str_find(STR("-._~+/"), c) < 0) {
            return false;
        }
    }
    return end > 0;
}

static struct credentials read_authorization(struct str value, unsigned wanted)
{
    struct credentials none = {.kind = CREDENTIALS_NONE};
    struct str name = STR_EMPTY;
    struct str text = STR_EMPTY;
    (void)str_cut(value, ' ', &name, &text);
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (str_eq_nocase(name, schemes[i].name) && (wanted & schemes[i].scheme) != 0) {
            return (struct credentials){CREDENTIALS_ONE, schemes[i].scheme, str_trim(text)};
        }
    }
    return none;
}

/* Two of them would be a choice for whoever reads them next: there is none. */
struct credentials credentials_read(const struct access_request *request)
{
    const struct request_head *head = request->head;
    struct str key_header = request->key_header.len > 0 ? request->key_header : STR("x-api-key");
    struct credentials found = {.kind = CREDENTIALS_NONE};
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct header *header = &head->headers[i];
        if (str_eq(header->name, STR("authorization"))) {
            struct credentials read = read_authorization(header->value, request->schemes);
            found = read.kind != CREDENTIALS_NONE ? read : found;
            count++;
        } else if ((request->schemes & ACCESS_API_KEY) != 0 && str_eq(header->name, key_header)) {
            found = (struct credentials){CREDENTIALS_ONE, ACCESS_API_KEY, str_trim(header->value)};
            count++;
        }
    }
    if (count == 0 && (request->schemes & ACCESS_SESSION) != 0) {
        struct str cookie = session_shown(head);
        found = (struct credentials){cookie.len > 0 ? CREDENTIALS_ONE : CREDENTIALS_NONE,
                                     ACCESS_SESSION, cookie};
    }
    if (count > 1) {
        found.kind = CREDENTIALS_MANY;
    } else if (found.text.len > TEXT_MAX) {
        found.kind = CREDENTIALS_NONE;
    }
    return found;
}

/* RFC 7617, 2: no control characters in either half. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return utf8_valid(text);
}

bool credentials_basic(struct str text,
                       char room[BASIC_ROOM],
                       struct str *out_user,
                       struct str *out_password)
{
    struct buf bytes;
    buf_init(&bytes, BASIC_ROOM);
    bool ok = base64_decode(BASE64_STANDARD, text, &bytes);
    struct str whole = str_make(room, ok ? bytes.len : 0);
    for (size_t i = 0; i < whole.len; i++) {
        room[i] = bytes.ptr[i];
    }
    if (bytes.ptr != NULL) {
        crypto_wipe(bytes.ptr, bytes.cap);
    }
    buf_done(&bytes);
    return ok && str_cut(whole, ':', out_user, out_password) && is_plain(whole) &&
           out_user->len > 0 && out_user->len <= ACCESS_NAME_MAX;
}

bool credentials_key(struct str text, struct str *out_id, struct str *out_secret)
{
    struct str rest = STR_EMPTY;
    return text.len <= KEY_MAX && str_starts(text, STR("pk_")) &&
           str_cut(str_from(text, 3), '_', out_id, &rest) && out_id->len > 0 && rest.len > 0 &&
           (*out_secret = rest, true);
}
