/* test_hash.c - the published vectors. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_digest(struct hash_sha256 digest, const char *hex)
{
    struct buf text;
    buf_init(&text, 100);
    assert_true(hex_encode(hash_str(&digest), &text));
    assert_true(str_eq(buf_str(&text), str_of(hex)));
    buf_done(&text);
}

static void sha_256_gives_the_digests_of_fips_180(void **state)
{
    (void)state;
    assert_digest(hash_sha256(STR("")),
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(hash_sha256(str_make(NULL, 0)),
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(hash_sha256(STR("abc")),
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest(hash_sha256(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    static char million[1000000];
    memset(million, 'a', sizeof(million));
    assert_digest(hash_sha256(str_make(million, sizeof(million))),
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void hmac_gives_the_codes_of_rfc_4231(void **state)
{
    (void)state;
    char key[131];
    memset(key, 0x0b, sizeof(key));
    assert_digest(hash_hmac_sha256(str_make(key, 20), STR("Hi There")),
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_digest(hash_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?")),
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    assert_digest(hash_hmac_sha256(str_make(key, sizeof(key)),
                                   STR("Test Using Larger Than Block-Size Key - Hash Key First")),
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_digest(hash_hmac_sha256(str_make(NULL, 0), STR("")),
                  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_digest(hash_hmac_sha256(STR(""), str_make(NULL, 0)),
                  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void equal_compares_bytes_and_lengths(void **state)
{
    (void)state;
    assert_true(crypto_equal(STR("secret"), STR("secret")));
    assert_false(crypto_equal(STR("secret"), STR("secreT")));
    assert_false(crypto_equal(STR("secret"), STR("Secret")));
    assert_false(crypto_equal(STR("secret"), STR("secret\0")));
    assert_false(crypto_equal(STR(""), STR("\0")));
    assert_true(crypto_equal(STR(""), str_make(NULL, 0)));
}

static void wiping_leaves_zeroes(void **state)
{
    (void)state;
    char secret[16] = "secret";
    crypto_wipe(secret, sizeof(secret));
    static const char zeroes[16];
    assert_memory_equal(secret, zeroes, sizeof(secret));
    crypto_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_256_gives_the_digests_of_fips_180),
        cmocka_unit_test(hmac_gives_the_codes_of_rfc_4231),
        cmocka_unit_test(equal_compares_bytes_and_lengths),
        cmocka_unit_test(wiping_leaves_zeroes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
