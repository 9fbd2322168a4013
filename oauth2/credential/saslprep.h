/* saslprep.h - passwords and names as SCRAM wants them before they are hashed (RFC 4013).
 *
 * So that two keyboards that write the same characters by other bytes make the
 * same password. libidn, which only saslprep.c knows. Any thread.
 */
#ifndef POSTERN_CREDENTIAL_SASLPREP_H
#define POSTERN_CREDENTIAL_SASLPREP_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SASLPREP_RAW_MAX = 1024,
    SASLPREP_MAX = 12 * SASLPREP_RAW_MAX, /* one character may become eleven times its bytes */
};

/* Something to be kept (a new password) may have none of the characters that Unicode 3.2, which
 * the profile is about, does not know; something to be compared may. */
enum saslprep_for { SASLPREP_KEPT, SASLPREP_COMPARED };

/* The prepared text, in `out` or, where nothing is to be done, as it is. `out` is the
 * caller's to wipe. False: it has characters that may not be, `err` (or NULL) says which kind. */
bool saslprep(struct str text,
              enum saslprep_for purpose,
              char out[SASLPREP_MAX],
              struct str *out_prepared,
              struct err *err);

#endif
