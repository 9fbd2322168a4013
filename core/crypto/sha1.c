#include "crypto/sha1.h"

#include <assert.h>
#include <openssl/evp.h>

void sha1(struct str bytes, unsigned char out[SHA1_SIZE])
{
    unsigned size = 0;
    int done = EVP_Digest(bytes.ptr, bytes.len, out, &size, EVP_sha1(), NULL);
    assert(done == 1 && size == SHA1_SIZE);
    (void)done;
}
