/* test_encode.c - RFC 4648's own vectors, strictness, and round trips. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct buf out;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&out);
    return 0;
}

static void the_vectors_of_rfc_4648_hold(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *standard, *url, *hex;
    } rows[] = {
        {"", "", "", ""},
        {"f", "Zg==", "Zg", "66"},
        {"fo", "Zm8=", "Zm8", "666f"},
        {"foo", "Zm9v", "Zm9v", "666f6f"},
        {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
        {"\xfb\xff\xfe", "+//+", "-__-", "fbfffe"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str plain = str_of(rows[i].plain);
        assert_true(base64_encode(BASE64_STANDARD, plain, &out));
        assert_true(str_eq(buf_str(&out), str_of(rows[i].standard)));
        buf_clear(&out);
        assert_true(base64_encode(BASE64_URL, plain, &out));
        assert_true(str_eq(buf_str(&out), str_of(rows[i].url)));
        buf_clear(&out);
        assert_true(hex_encode(plain, &out));
        assert_true(str_eq(buf_str(&out), str_of(rows[i].hex)));
        buf_clear(&out);
        assert_true(base64_decode(BASE64_STANDARD, str_of(rows[i].standard), &out));
        assert_true(base64_decode(BASE64_URL, str_of(rows[i].url), &out));
        assert_true(hex_decode(str_of(rows[i].hex), &out));
        assert_int_equal(out.len, 3 * plain.len);
        for (size_t part = 0; part < 3; part++) {
            assert_true(str_eq(str_sub(buf_str(&out), part * plain.len, plain.len), plain));
        }
        buf_clear(&out);
    }
}

static void base64_in_any_other_form_is_refused(void **state)
{
    (void)state;
    static const char *const standard[] = {
        "Zg",       "Zg=",      "Zg===",    "=",        "====",     "===A",   "Z===",
        "Zm9v====", "Zm9=v===", "Zg==Zg==", "Zh==",     "Zm9=Zm8=", "Zm9\n",  "Zm 9",
        "Zm9v\n",   " Zm9v",    "-__-",     "Zm9v!A==", "Zm=v",     "Zm8=\n",
    };
    for (size_t i = 0; i < COUNT_OF(standard); i++) {
        buf_clear(&out);
        assert_false(base64_decode(BASE64_STANDARD, str_of(standard[i]), &out));
    }
    static const char *const url[] = {"Zg==", "Zm8=", "+//+", "Z", "Zm9vY", "Zh", "Zm9", "Zm9v="};
    for (size_t i = 0; i < COUNT_OF(url); i++) {
        buf_clear(&out);
        assert_false(base64_decode(BASE64_URL, str_of(url[i]), &out));
    }
    assert_false(base64_decode(BASE64_URL, str_make("Zm\09", 4), &out));
}

static void hex_takes_either_case_and_nothing_else(void **state)
{
    (void)state;
    assert_true(hex_decode(STR("DeadBEEF"), &out));
    assert_true(str_eq(buf_str(&out), STR("\xde\xad\xbe\xef")));
    static const char *const bad[] = {"a", "abc", "0x", "g0", "0g", " 0", "-1", "@0", "`0"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(hex_decode(str_of(bad[i]), &out));
    }
}

static void a_full_buffer_is_a_failure(void **state)
{
    (void)state;
    struct buf small;
    buf_init(&small, 3);
    assert_false(base64_encode(BASE64_STANDARD, STR("foo"), &small));
    buf_clear(&small);
    assert_false(hex_encode(STR("fo"), &small));
    buf_clear(&small);
    assert_false(base64_decode(BASE64_STANDARD, STR("Zm9vYg=="), &small));
    buf_clear(&small);
    assert_false(hex_decode(STR("01020304"), &small));
    buf_done(&small);
}

static void random_bytes_survive_the_round_trip(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        char bytes[64];
        struct str plain = str_make(bytes, random_below(sizeof(bytes) + 1));
        random_bytes(bytes, sizeof(bytes));
        struct buf text;
        buf_init(&text, 256);
        enum base64_form form = round % 2 == 0 ? BASE64_STANDARD : BASE64_URL;
        assert_true(base64_encode(form, plain, &text));
        buf_clear(&out);
        assert_true(base64_decode(form, buf_str(&text), &out));
        assert_true(str_eq(buf_str(&out), plain));
        buf_clear(&text);
        assert_true(hex_encode(plain, &text));
        buf_clear(&out);
        assert_true(hex_decode(buf_str(&text), &out));
        assert_true(str_eq(buf_str(&out), plain));
        buf_done(&text);
    }
}

/* Strict means: a text that decodes is the one that encoding gives. */
static void no_two_texts_decode_to_the_same_bytes(void **state)
{
    (void)state;
    static const char letters[] = "ABCDQgwh01+/-_=";
    for (unsigned round = 0; round < 20000; round++) {
        char text[8];
        size_t len = random_below(sizeof(text) + 1);
        for (size_t i = 0; i < len; i++) {
            text[i] = letters[random_below(sizeof(letters) - 1)];
        }
        enum base64_form form = round % 2 == 0 ? BASE64_STANDARD : BASE64_URL;
        buf_clear(&out);
        if (base64_decode(form, str_make(text, len), &out)) {
            struct buf again;
            buf_init(&again, 64);
            assert_true(base64_encode(form, buf_str(&out), &again));
            assert_true(str_eq(buf_str(&again), str_make(text, len)));
            buf_done(&again);
        }
    }
}

static void hex_by_value_is_of_32_bytes_at_most(void **state)
{
    (void)state;
    struct hex hex = hex_of(str_make("\x00\xfa\x1b", 3));
    assert_true(str_eq(str_make(hex.text, hex.len), STR("00fa1b")));
    assert_int_equal(hex_of(STR("")).len, 0);
    assert_int_equal(hex_of(STR("0123456789abcdef0123456789abcdef+")).len, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_by_value_is_of_32_bytes_at_most),
        cmocka_unit_test_setup_teardown(the_vectors_of_rfc_4648_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(base64_in_any_other_form_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hex_takes_either_case_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_bytes_survive_the_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_two_texts_decode_to_the_same_bytes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
