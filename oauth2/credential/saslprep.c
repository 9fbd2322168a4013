#include "credential/saslprep.h"

#include "base/utf8.h"
#include "crypto/secret.h"

#include <string.h>
#include <stringprep.h>

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c >= 0x7f) {
            return false;
        }
    }
    return true;
}

/* NUL is a control like others, but ends what the library reads. */
static bool is_text(struct str text)
{
    struct utf8_reader reader = {0};
    return utf8_read(&reader, text) && utf8_reader_between(&reader) && str_find(text, '\0') < 0;
}

static const char *fault_of(int result)
{
    switch (result) {
    case STRINGPREP_CONTAINS_UNASSIGNED:
        return "has a character that SASLprep does not know (Unicode 3.2)";
    case STRINGPREP_CONTAINS_PROHIBITED:
        return "has a character that SASLprep forbids, such as a control";
    case STRINGPREP_BIDI_BOTH_L_AND_RAL:
    case STRINGPREP_BIDI_LEADTRAIL_NOT_RAL:
    case STRINGPREP_BIDI_CONTAINS_PROHIBITED:
        return "mixes directions of writing as SASLprep does not allow";
    default:
        return "cannot be prepared by SASLprep";
    }
}

bool saslprep(struct str text,
              enum saslprep_for purpose,
              char out[SASLPREP_MAX],
              struct str *out_prepared,
              struct err *err)
{
    if (is_plain(text)) {
        *out_prepared = text;
        return true;
    }
    if (text.len > SASLPREP_RAW_MAX) {
        return err_set(err, ERR_INVALID, "has more than %d bytes", (int)SASLPREP_RAW_MAX);
    }
    if (!is_text(text)) {
        return err_set(err, ERR_INVALID, "is not text in UTF-8 without controls");
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    int result =
        stringprep(out, SASLPREP_MAX, purpose == SASLPREP_KEPT ? STRINGPREP_NO_UNASSIGNED : 0,
                   stringprep_saslprep);
    if (result != STRINGPREP_OK) {
        crypto_wipe(out, SASLPREP_MAX);
        return err_set(err, ERR_INVALID, "%s", fault_of(result));
    }
    *out_prepared = str_make(out, strlen(out));
    return true;
}
