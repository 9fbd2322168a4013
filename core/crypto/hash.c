/* hash.c - on EVP. The algorithm is fetched once: OpenSSL 3 looks it up by name, under a
 * lock, each time it is asked. What can fail here is memory alone, and that ends us. */
#include "crypto/hash.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void must(bool done)
{
    if (!done) {
        (void)fprintf(stderr, "postern: SHA-256 is not available\n");
        abort();
    }
}

struct hash_sha256 hash_sha256(struct str bytes)
{
    struct hash_sha256 digest = {0};
    (void)pthread_once(&once, fetch);
    must(sha256 != NULL && EVP_Digest(bytes.ptr, bytes.len, digest.bytes, NULL, sha256, NULL) == 1);
    return digest;
}

struct hash_sha256 hash_hmac_sha256(struct str key, struct str bytes)
{
    struct hash_sha256 digest = {0};
    /* No key at all, as opposed to an empty one, is refused by EVP. */
    const char *key_ptr = key.ptr != NULL ? key.ptr : "";
    size_t len = 0;
    must(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key_ptr, key.len,
                   (const unsigned char *)bytes.ptr, bytes.len, digest.bytes, sizeof(digest.bytes),
                   &len) != NULL &&
         len == sizeof(digest.bytes));
    return digest;
}

/* EVP's context under a name of ours. */
struct hash_stream *hash_stream_new(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    (void)pthread_once(&once, fetch);
    must(context != NULL && sha256 != NULL && EVP_DigestInit_ex(context, sha256, NULL) == 1);
    return (struct hash_stream *)(void *)context;
}

void hash_stream_add(struct hash_stream *stream, struct str bytes)
{
    must(EVP_DigestUpdate((EVP_MD_CTX *)(void *)stream, bytes.ptr, bytes.len) == 1);
}

struct hash_sha256 hash_stream_end(struct hash_stream *stream)
{
    struct hash_sha256 digest = {0};
    if (stream != NULL) {
        must(EVP_DigestFinal_ex((EVP_MD_CTX *)(void *)stream, digest.bytes, NULL) == 1);
        EVP_MD_CTX_free((EVP_MD_CTX *)(void *)stream);
    }
    return digest;
}

struct str hash_str(const struct hash_sha256 *digest)
{
    return str_make((const char *)digest->bytes, sizeof(digest->bytes));
}
