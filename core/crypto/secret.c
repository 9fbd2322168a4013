#include "crypto/secret.h"

#include <sodium.h>

bool crypto_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void crypto_wipe(void *ptr, size_t size)
{
    if (size > 0) {
        sodium_memzero(ptr, size);
    }
}
