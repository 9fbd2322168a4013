/* secret.h - comparing and forgetting what nobody may learn. Any thread. */
#ifndef POSTERN_CRYPTO_SECRET_H
#define POSTERN_CRYPTO_SECRET_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Takes the same time wherever the two differ. The lengths are no secret: where they are
 * (a password in clear), compare digests. */
bool crypto_equal(struct str a, struct str b);

/* Zeroes that the compiler does not optimise away. */
void crypto_wipe(void *ptr, size_t size);

#endif
