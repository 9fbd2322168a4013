#include "rbac/name.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

/* How many bytes at the beginning are ASCII and no controls. */
static size_t fold_ascii(struct str name, char *out)
{
    size_t at = 0;
    for (; at < name.len; at++) {
        unsigned char c = (unsigned char)name.ptr[at];
        if (c < 0x20 || c >= 0x7f) {
            break;
        }
        out[at] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return at;
}

/* What nobody sees, and what turns the text around it about: two names must not look the same. */
static const char *fault_of(utf8proc_int32_t code)
{
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return "has a control character";
    case UTF8PROC_CATEGORY_CF:
        return "has an invisible character, or one that changes the direction of text";
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
        return "has a character that Unicode does not assign";
    default:
        return NULL;
    }
}

static bool too_long(struct err *err)
{
    return err_set(err, ERR_INVALID, "has more than %d bytes", (int)RBAC_NAME_MAX);
}

/* Controls and unassigned characters are looked for before the folding, which takes some away. */
static bool check(struct str name, struct err *err)
{
    for (size_t at = 0; at < name.len;) {
        size_t len = utf8_len(str_from(name, at));
        utf8proc_int32_t code = 0;
        if (len == 0) {
            return err_set(err, ERR_INVALID, "is not valid UTF-8");
        }
        (void)utf8proc_iterate((const utf8proc_uint8_t *)name.ptr + at, (utf8proc_ssize_t)len,
                               &code);
        const char *fault = fault_of(code);
        if (fault != NULL) {
            return err_set(err, ERR_INVALID, "%s", fault);
        }
        at += len;
    }
    return true;
}

/* One round of folding and decomposing; 0: too long (of no character nothing is left). */
static size_t fold_once(struct str name, char out[RBAC_NAME_MAX])
{
    utf8proc_int32_t codes[RBAC_NAME_MAX];
    utf8proc_ssize_t count = utf8proc_decompose(
        (const utf8proc_uint8_t *)name.ptr, (utf8proc_ssize_t)name.len, codes, COUNT_OF(codes),
        UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
    size_t len = 0;
    if (count < 0 || count > (utf8proc_ssize_t)COUNT_OF(codes)) {
        return 0;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];
        size_t size = (size_t)utf8proc_encode_char(codes[i], bytes);
        if (len + size > RBAC_NAME_MAX) {
            return 0;
        }
        memcpy(out + len, bytes, size);
        len += size;
    }
    return len;
}

/* Folding may leave what can be decomposed further, and the other way round: until nothing
 * changes, which a second round nearly always says. */
static bool
fold_unicode(struct str name, char out[RBAC_NAME_MAX], struct str *out_folded, struct err *err)
{
    enum { ROUNDS_MAX = 4 };
    char before[RBAC_NAME_MAX];
    size_t len = 0;
    if (!check(name, err)) {
        return false;
    }
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        struct str from = round == 0 ? name : str_make(before, len);
        size_t made = fold_once(from, out);
        if (made == 0) {
            return too_long(err);
        }
        if (str_eq(from, str_make(out, made))) {
            break;
        }
        memcpy(before, out, made);
        len = made;
    }
    *out_folded = str_make(out, len == 0 ? name.len : len);
    return check(*out_folded, err);
}

bool rbac_name_read(struct str name, char *out, struct str *out_folded, struct err *err)
{
    if (name.len > RBAC_NAME_RAW_MAX) {
        return too_long(err);
    }
    size_t ascii = fold_ascii(str_sub(name, 0, RBAC_NAME_MAX), out);
    if (ascii == name.len) {
        *out_folded = str_make(out, ascii);
        return true;
    }
    return fold_unicode(name, out, out_folded, err);
}

bool rbac_name_fold(struct str name, char *out, struct str *out_folded)
{
    return rbac_name_read(name, out, out_folded, NULL);
}

bool rbac_name_is_folded(struct str name)
{
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    size_t at = 0;
    while (at < name.len && (unsigned char)name.ptr[at] < 0x80) {
        at++;
    }
    return at == name.len || (rbac_name_fold(name, bytes, &folded) && str_eq(name, folded));
}
