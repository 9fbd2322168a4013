/* test_ed25519.c - vectors of RFC 8032 and of WAMP's cryptosign. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/ed25519.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static size_t unhex(const char *hex, unsigned char *out, size_t room)
{
    struct buf bytes;
    buf_init(&bytes, room);
    assert_true(hex_decode(str_of(hex), &bytes));
    memcpy(out, bytes.ptr, bytes.len);
    size_t len = bytes.len;
    buf_done(&bytes);
    return len;
}

/* The first 64 bytes of what a client sends for a challenge without channel binding. */
static const struct {
    const char *seed;
    const char *challenge;
    const char *signature;
} vectors[] = {
    {"4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0c"
     "ae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03"},
    {"d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
     "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
     "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372"
     "190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f"},
    {"6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
     "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
     "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1e"
     "c184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b"},
};

static void the_vectors_of_cryptosign_are_signed_and_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        unsigned char seed[32];
        unsigned char challenge[32];
        unsigned char wanted[64];
        unsigned char signature[64];
        unsigned char key[32];
        (void)unhex(vectors[i].seed, seed, sizeof(seed));
        (void)unhex(vectors[i].challenge, challenge, sizeof(challenge));
        (void)unhex(vectors[i].signature, wanted, sizeof(wanted));
        struct str seed_str = str_make((char *)seed, sizeof(seed));
        struct str message = str_make((char *)challenge, sizeof(challenge));
        assert_true(ed25519_sign(seed_str, message, signature));
        assert_memory_equal(signature, wanted, sizeof(wanted));
        assert_true(ed25519_public_key(seed_str, key));
        struct str key_str = str_make((char *)key, sizeof(key));
        assert_true(ed25519_verify(key_str, message, str_make((char *)signature, 64)));
        signature[i] ^= 1;
        assert_false(ed25519_verify(key_str, message, str_make((char *)signature, 64)));
        signature[i] ^= 1;
        challenge[i] ^= 1;
        assert_false(ed25519_verify(key_str, message, str_make((char *)signature, 64)));
    }
}

static void keys_and_signatures_of_other_sizes_are_refused(void **state)
{
    (void)state;
    static const char zeros[96];
    unsigned char out[64];
    for (size_t size = 0; size <= sizeof(zeros); size++) {
        assert_false(ed25519_verify(str_make(zeros, size), STR("x"), str_make(zeros, 64)));
        assert_false(ed25519_verify(str_make(zeros, 32), STR("x"), str_make(zeros, size)));
        assert_int_equal(ed25519_sign(str_make(zeros, size), STR("x"), out), size == 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_cryptosign_are_signed_and_verified),
        cmocka_unit_test(keys_and_signatures_of_other_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
