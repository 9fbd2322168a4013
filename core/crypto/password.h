/* password.h - argon2id records, as PHC strings ("$argon2id$v=19$m=19456,t=2,p=1$...").
 *
 * All of it blocks for tens of milliseconds and takes 19 MiB meanwhile: on the
 * jobs pool, never on a worker. Any thread. Nothing here logs.
 */
#ifndef POSTERN_CRYPTO_PASSWORD_H
#define POSTERN_CRYPTO_PASSWORD_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* A longer password is refused, a longer record does not exist; NUL included. */
enum { PASSWORD_MAX = 1024, PASSWORD_RECORD_SIZE = 128 };

bool password_hash(struct str password, char out[PASSWORD_RECORD_SIZE], struct err *err);

/* False for a wrong password and for a record that is none, or that costs more than
 * 256 MiB or 16 passes: records are imported, and must not stop the node. */
bool password_verify(struct str record, struct str password);

/* For an account that does not exist: costs what password_verify costs, and is false, so
 * that the time taken does not tell which accounts there are. */
bool password_verify_nobody(struct str password);

/* Made with other parameters than password_hash uses now: hash again after a verification. */
bool password_needs_rehash(struct str record);

#endif
