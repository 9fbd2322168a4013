/* The scanners: what is accepted, what is refused and where, and what is read. */
#include "base/arena.h"
#include "base/mem.h"
#include "payload/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JSON(text)   ((struct slice){SERIALIZER_JSON, STR(text)})
#define PACKED(text) ((struct slice){SERIALIZER_MSGPACK, STR(text)})

static void accepted(struct slice value)
{
    const char *problem = "";
    size_t offset = 0;
    if (!slice_valid(value, &problem, &offset)) {
        print_error(PRISTR ": %s at %zu\n", STRARG(value.bytes), problem, offset);
    }
    assert_true(slice_valid(value, NULL, NULL));
}

static void refused(struct slice value, size_t where)
{
    /* On the heap, exactly as long as it is, so that a byte read beyond it is noticed. */
    char *copy = malloc(value.bytes.len + 1);
    memcpy(copy, value.bytes.ptr, value.bytes.len);
    copy = realloc(copy, value.bytes.len == 0 ? 1 : value.bytes.len);
    const char *problem = NULL;
    size_t offset = 9999;
    struct slice exact = {value.serializer, str_make(copy, value.bytes.len)};
    bool valid = slice_valid(exact, &problem, &offset);
    if (valid || offset != where) {
        print_error("[" PRISTR "]: %s at %zu\n", STRARG(value.bytes), valid ? "-" : problem,
                    offset);
    }
    free(copy);
    assert_false(valid);
    assert_non_null(problem);
    assert_int_equal(offset, where);
}

static void what_rfc_8259_allows_is_json(void **state)
{
    (void)state;
    accepted(JSON("null"));
    accepted(JSON(" \t\r\n[ 1 , true , false , null , \"\" , { } , [ ] ] \n"));
    accepted(JSON("{\"a\":{\"a\":[{},{\"\":0}]},\"a\":2}"));
    accepted(JSON("[0,-0,0.0,-0.0e-0,1E+2,1e22,1.7976931348623157e308,1e-400,0e999]"));
    accepted(JSON("[18446744073709551615,-9223372036854775808,123456789012345678901234567890]"));
    accepted(
        JSON("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD834\\udd1e \x7f \xc3\xa9 \xf0\x9f\x98\x80\""));
    accepted(JSON("\"a string of more than eight bytes, with \xe2\x82\xac behind sixteen\""));
}

static void what_is_no_json_is_refused_where_it_goes_wrong(void **state)
{
    (void)state;
    refused(JSON(""), 0);
    refused(JSON("  "), 2);
    refused(JSON("\xef\xbb\xbf{}"), 0);
    refused(JSON("[1,]"), 3);
    refused(JSON("[,1]"), 1);
    refused(JSON("[1 2]"), 3);
    refused(JSON("[1"), 2);
    refused(JSON("[1}"), 2);
    refused(JSON("{\"a\":1]"), 6);
    refused(JSON("{\"a\" 1}"), 5);
    refused(JSON("{\"a\":1,}"), 7);
    refused(JSON("{a:1}"), 1);
    refused(JSON("{1:1}"), 1);
    refused(JSON("{} {}"), 3);
    refused(JSON("]"), 0);
    refused(JSON("nul"), 0);
    refused(JSON("True"), 0);
    refused(JSON("// a\n1"), 0);
    refused(JSON("'a'"), 0);
    refused(JSON("[1]\0"), 3);
    refused(JSON("\xff"), 0);
}

static void numbers_follow_the_grammar(void **state)
{
    (void)state;
    refused(JSON("01"), 2);
    refused(JSON("-01"), 3);
    refused(JSON("-"), 1);
    refused(JSON("+1"), 0);
    refused(JSON(".5"), 0);
    refused(JSON("1."), 2);
    refused(JSON("1.e5"), 2);
    refused(JSON("1e"), 2);
    refused(JSON("1e+"), 3);
    refused(JSON("0x10"), 1);
    refused(JSON("NaN"), 0);
    refused(JSON("-Infinity"), 1);
    refused(JSON("1e400"), 5);
    refused(JSON("-1e309"), 6);
    refused(JSON("1e99999999999999999999"), 22);
}

static void an_integer_too_large_for_a_double_is_refused_without_an_exponent_too(void **state)
{
    (void)state;
    char digits[400];
    memset(digits, '9', sizeof digits);
    refused((struct slice){SERIALIZER_JSON, str_make(digits, 400)}, 400);
    accepted((struct slice){SERIALIZER_JSON, str_make(digits, 308)});
}

static void a_number_longer_than_any_double_needs_is_refused(void **state)
{
    (void)state;
    static char digits[5000];
    memset(digits, '0', sizeof digits);
    digits[0] = '1';
    digits[1] = '.';
    refused((struct slice){SERIALIZER_JSON, str_make(digits, sizeof digits)}, sizeof digits);
}

static void strings_are_utf8_without_controls(void **state)
{
    (void)state;
    refused(JSON("\"a\nb\""), 2);
    refused(JSON("\"\x1f\""), 1);
    refused(JSON("\"abcdefghi\0\""), 10);
    refused(JSON("\"abc"), 4);
    refused(JSON("\"abcdefghijkl"), 13);
    refused(JSON("\"\xc0\x80\""), 1);         /* overlong NUL */
    refused(JSON("\"\xc1\xbf\""), 1);         /* overlong DEL */
    refused(JSON("\"\xe0\x9f\xbf\""), 1);     /* overlong, three bytes */
    refused(JSON("\"\xf0\x8f\xbf\xbf\""), 1); /* overlong, four bytes */
    refused(JSON("\"\xed\xa0\x80\""), 1);     /* a surrogate */
    refused(JSON("\"\xf4\x90\x80\x80\""), 1); /* beyond U+10FFFF */
    refused(JSON("\"\xf5\x80\x80\x80\""), 1);
    refused(JSON("\"\x80\""), 1);
    refused(JSON("\"\xe2\x82\""), 1);
    refused(JSON("\"\xe2\x82"), 1);
    refused(JSON("\"\xc3"), 1);
}

static void escapes_make_whole_characters(void **state)
{
    (void)state;
    refused(JSON("\"\\x41\""), 1);
    refused(JSON("\"\\"), 1);
    refused(JSON("\"\\u12\""), 1);
    refused(JSON("\"\\u12g4\""), 1);
    refused(JSON("\"\\ud800\""), 1);
    refused(JSON("\"\\udc00\""), 1);
    refused(JSON("\"\\ud800\\ud800\""), 1);
    refused(JSON("\"\\ud800\\u0041\""), 1);
    refused(JSON("\"\\ud800x\\udc00\""), 1);
    refused(JSON("\"\\ud800\\udc0"), 1);
}

/* `levels` times `open`, then as often `close` (not if it is NUL). */
static struct str nested(char *out, size_t levels, char open, char close)
{
    memset(out, open, levels);
    if (close == '\0') {
        return str_make(out, levels);
    }
    memset(out + levels, close, levels);
    return str_make(out, 2 * levels);
}

static void nesting_is_allowed_down_to_the_limit_and_no_further(void **state)
{
    (void)state;
    static char text[1 << 16];
    struct str fits = nested(text, SCAN_DEPTH_MAX, '[', ']');
    accepted((struct slice){SERIALIZER_JSON, fits});
    struct str over = nested(text, SCAN_DEPTH_MAX + 1, '[', ']');
    refused((struct slice){SERIALIZER_JSON, over}, SCAN_DEPTH_MAX);
    struct str bomb = nested(text, sizeof text / 2, '[', ']');
    refused((struct slice){SERIALIZER_JSON, bomb}, SCAN_DEPTH_MAX);

    struct str packed = nested(text, SCAN_DEPTH_MAX - 1, '\x91', '\0');
    text[packed.len++] = '\x90';
    accepted((struct slice){SERIALIZER_MSGPACK, packed});
    packed = nested(text, SCAN_DEPTH_MAX, '\x91', '\0');
    text[packed.len++] = '\x90';
    refused((struct slice){SERIALIZER_MSGPACK, packed}, SCAN_DEPTH_MAX + 1);
}

static void depth_counts_from_the_outermost_container_entered(void **state)
{
    (void)state;
    static char text[256];
    struct scan scan;
    scan_init(&scan, SERIALIZER_JSON, nested(text, SCAN_DEPTH_MAX + 1, '[', ']'), NULL);
    assert_true(scan_enter_list(&scan));
    assert_true(scan_more(&scan));
    assert_false(scan_skip(&scan, NULL));

    scan_init(&scan, SERIALIZER_JSON, nested(text, SCAN_DEPTH_MAX + 1, '[', ']'), NULL);
    for (int i = 0; i < SCAN_DEPTH_MAX; i++) {
        assert_true(scan_enter_list(&scan));
        assert_true(scan_more(&scan));
    }
    assert_false(scan_enter_list(&scan));
    assert_true(scan_failed(&scan));
}

static void every_form_of_msgpack_is_accepted(void **state)
{
    (void)state;
    accepted(PACKED("\x00"));
    accepted(PACKED("\xe0"));
    accepted(PACKED("\xc0"));
    accepted(
        PACKED("\x99\xcc\xff\xcd\xff\xff\xce\xff\xff\xff\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
               "\xd0\x80\xd1\x80\x00\xd2\x80\x00\x00\x00\xd3\x80\x00\x00\x00\x00\x00\x00\x00"
               "\xca\x7f\xc0\x00\x00"));
    accepted(PACKED("\x92\xcb\x40\x33\xfd\x70\xa3\xd7\x0a\x3d\xc2"));
    accepted(PACKED("\x94\xa3\x61\x62\x63\xd9\x01\x61\xda\x00\x01\x61\xdb\x00\x00\x00\x01\x61"));
    accepted(PACKED("\x93\xc4\x01\xff\xc5\x00\x01\xff\xc6\x00\x00\x00\x01\xff"));
    accepted(PACKED(
        "\x94\xdc\x00\x01\x00\xdd\x00\x00\x00\x00\xde\x00\x01\xa1k\x00\xdf\x00\x00\x00\x00"));
    accepted(
        PACKED("\x82\x01\x02\xc0\x90")); /* keys of any kind, as long as nobody asks for them */
}

static void a_truncated_msgpack_value_is_refused_at_any_length(void **state)
{
    (void)state;
    struct slice whole = PACKED("\x87\xa1"
                                "a\xcd\x01\x02\xa1"
                                "b\xcb\x40\x33\xfd\x70\xa3\xd7\x0a\x3d\xa1"
                                "c\x92\xd9\x03xyz\xc4\x02\x01\x02\xa1"
                                "d\xde\x00\x01\xa1k\xc3\xa1"
                                "e\xdc\x00\x01\x00\xa1"
                                "f\xa3\xe2\x82\xac\xa1"
                                "g\xd3\xff\xff\xff\xff\xff\xff\xff\x00");
    accepted(whole);
    for (size_t len = 0; len < whole.bytes.len; len++) {
        char *copy = malloc(len == 0 ? 1 : len);
        memcpy(copy, whole.bytes.ptr, len);
        assert_false(
            slice_valid((struct slice){SERIALIZER_MSGPACK, str_make(copy, len)}, NULL, NULL));
        free(copy);
    }
}

static void a_header_that_claims_gigabytes_is_refused_at_once(void **state)
{
    (void)state;
    refused(PACKED("\xdb\xff\xff\xff\xff"), 5);
    refused(PACKED("\xc6\xff\xff\xff\xff"), 5);
    refused(PACKED("\xdd\xff\xff\xff\xff"), 5);
    refused(PACKED("\xdf\xff\xff\xff\xff"), 5);
    refused(PACKED("\xdf\x80\x00\x00\x00"), 5); /* twice as many values wrap in 32 bits */
    refused(PACKED("\xdd\x00\x00\x00\x02\x00"), 5);
    refused(PACKED("\x81\xa1k"), 3);
    refused(PACKED("\x82\xa1k\x00"), 1);
}

static void extensions_and_the_unused_byte_are_refused(void **state)
{
    (void)state;
    refused(PACKED("\xc1"), 0);
    refused(PACKED("\xd4\x01\x00"), 0);
    refused(PACKED("\x91\xc7\x01\x05\x00"), 1);
    refused(PACKED("\xd8\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0);
}

static void msgpack_strings_are_utf8(void **state)
{
    (void)state;
    refused(PACKED("\xa2\xc0\x80"), 1);
    refused(PACKED("\xa3\xed\xa0\x80"), 1);
    refused(PACKED("\xaa"
                   "abcdefghi\xff"),
            1);
    refused(PACKED("\xd9\x02\xe2\x82"), 2);
    refused(PACKED("\x81\xa1\xff\x00"), 2);
    assert_false(utf8_valid(STR("caf\xe9")));
    assert_true(utf8_valid(STR("caf\xc3\xa9 and some more of it")));
    assert_true(utf8_valid(STR_EMPTY));
}

static void something_behind_the_value_is_refused(void **state)
{
    (void)state;
    refused(PACKED("\x00\x00"), 1);
    refused(PACKED("\x90\xc0"), 1);
    refused(JSON("1 1"), 2);
    refused(JSON("{}}"), 2);
}

static void an_unknown_serializer_is_refused(void **state)
{
    (void)state;
    assert_false(slice_valid((struct slice){SERIALIZER_NONE, STR("1")}, NULL, NULL));
    assert_false(slice_valid((struct slice){(enum serializer)9, STR("1")}, NULL, NULL));
}

static void pull_reads_a_document_of_either_serializer(void **state)
{
    (void)state;
    const struct slice documents[] = {
        JSON(" { \"n\" : [ 1 , -2 , 2.5 ] , \"s\" : \"x\" , \"z\" : null , \"t\" : true , \"m\" : "
             "{} } "),
        PACKED(
            "\x85\xa1n\x93\x01\xfe\xcb\x40\x04\x00\x00\x00\x00\x00\x00\xa1s\xa1x\xa1z\xc0\xa1t\xc3"
            "\xa1m\x80"),
    };
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        struct scan scan;
        struct str text;
        uint64_t one;
        int64_t minus_two;
        double half;
        bool truth = false;
        scan_init(&scan, documents[i].serializer, documents[i].bytes, NULL);
        assert_int_equal(scan_peek(&scan), SCAN_MAP);
        assert_true(scan_enter_map(&scan));
        assert_true(scan_key(&scan, &text) && str_eq(text, STR("n")));
        assert_true(scan_enter_list(&scan) && scan_more(&scan));
        assert_int_equal(scan_peek(&scan), SCAN_INT);
        assert_true(scan_u64(&scan, &one) && one == 1 && scan_more(&scan));
        assert_true(scan_i64(&scan, &minus_two) && minus_two == -2 && scan_more(&scan));
        assert_int_equal(scan_peek(&scan), SCAN_FLOAT);
        assert_true(scan_f64(&scan, &half) && half == 2.5);
        assert_false(scan_more(&scan));
        assert_true(scan_key(&scan, &text) && scan_str(&scan, &text) && str_eq(text, STR("x")));
        assert_true(scan_key(&scan, &text) && scan_null(&scan));
        assert_true(scan_key(&scan, &text) && scan_bool(&scan, &truth) && truth);
        assert_true(scan_key(&scan, &text) && str_eq(text, STR("m")) && scan_enter_map(&scan));
        assert_false(scan_key(&scan, &text));
        assert_false(scan_key(&scan, &text));
        assert_true(scan_end(&scan));
        assert_int_equal(scan_offset(&scan), documents[i].bytes.len);
    }
}

static void a_value_of_another_type_fails_the_scan_for_good(void **state)
{
    (void)state;
    const struct slice lists[] = {JSON("[\"a\",1]"), PACKED("\x92\xa1"
                                                            "a\x01")};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct scan scan;
        uint64_t number;
        struct str text = STR("untouched");
        scan_init(&scan, lists[i].serializer, lists[i].bytes, NULL);
        assert_true(scan_enter_list(&scan) && scan_more(&scan));
        assert_false(scan_u64(&scan, &number));
        assert_int_equal(scan_offset(&scan), 1);
        assert_non_null(scan.problem);
        assert_false(scan_str(&scan, &text));
        assert_false(scan_more(&scan));
        assert_false(scan_skip(&scan, NULL));
        assert_false(scan_end(&scan));
        assert_int_equal(scan_peek(&scan), SCAN_NONE);
        assert_true(str_eq(text, STR("untouched")));
    }
}

static bool u64_of(struct slice value, uint64_t *out)
{
    struct scan scan;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    return scan_u64(&scan, out) && scan_end(&scan);
}

static bool i64_of(struct slice value, int64_t *out)
{
    struct scan scan;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    return scan_i64(&scan, out) && scan_end(&scan);
}

static double f64_of(struct slice value)
{
    struct scan scan;
    double number = -1;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    assert_true(scan_f64(&scan, &number) && scan_end(&scan));
    return number;
}

static void integers_are_exact_to_the_last_bit(void **state)
{
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(u64_of(JSON("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_true(u64_of(PACKED("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), &u) && u == UINT64_MAX);
    assert_true(i64_of(JSON("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(i64_of(JSON("9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(i64_of(PACKED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), &i) && i == INT64_MIN);
    assert_true(u64_of(JSON("9007199254740993"), &u) && u == 9007199254740993u);
    assert_true(u64_of(JSON("-0"), &u) && u == 0);
    assert_true(u64_of(PACKED("\xd0\x05"), &u) && u == 5);
}

static void integers_out_of_range_are_refused(void **state)
{
    (void)state;
    uint64_t u;
    int64_t i;
    assert_false(u64_of(JSON("18446744073709551616"), &u));
    assert_false(u64_of(JSON("-1"), &u));
    assert_false(u64_of(PACKED("\xff"), &u));
    assert_false(i64_of(JSON("9223372036854775808"), &i));
    assert_false(i64_of(JSON("-9223372036854775809"), &i));
    assert_false(i64_of(PACKED("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), &i));
}

static void a_float_that_is_an_integer_reads_as_one(void **state)
{
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(u64_of(JSON("3.0"), &u) && u == 3);
    assert_true(u64_of(JSON("1e3"), &u) && u == 1000);
    assert_true(i64_of(JSON("-25e-1e"), &i) == false);
    assert_true(i64_of(JSON("-250e-1"), &i) && i == -25);
    assert_true(u64_of(PACKED("\xcb\x40\x08\x00\x00\x00\x00\x00\x00"), &u) && u == 3);
    assert_false(u64_of(JSON("2.5"), &u));
    assert_false(u64_of(JSON("1e20"), &u));
    assert_false(i64_of(JSON("1e19"), &i));
    assert_false(u64_of(PACKED("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), &u)); /* not a number */
    assert_false(i64_of(PACKED("\xca\x7f\x80\x00\x00"), &i));                 /* infinity */
}

static void any_number_reads_as_a_double(void **state)
{
    (void)state;
    assert_true(f64_of(JSON("19.99")) == 19.99);
    assert_true(f64_of(JSON("-0.1e-2")) == -0.001);
    assert_true(f64_of(JSON("123456789012345678")) == 123456789012345678.0);
    assert_true(f64_of(JSON("18446744073709551616")) == 18446744073709551616.0);
    assert_true(f64_of(JSON("0.1234567890123456789012345")) == 0.1234567890123456789012345);
    assert_true(f64_of(JSON("5e-324")) == 5e-324);
    assert_true(f64_of(JSON("1e-400")) == 0.0);
    assert_true(f64_of(JSON("2.2250738585072011e-308")) == 2.2250738585072011e-308);
    assert_true(f64_of(JSON("9007199254740993")) == 9007199254740992.0);
    assert_true(f64_of(PACKED("\xca\x3f\x00\x00\x00")) == 0.5);
    assert_true(f64_of(PACKED("\xd0\x9c")) == -100.0);
    assert_true(f64_of(PACKED("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")) == 18446744073709551615.0);
}

static void escaped_strings_are_decoded_into_the_scratch(void **state)
{
    (void)state;
    struct arena arena;
    struct scan scan;
    struct str text;
    arena_init(&arena, 4096);
    scan_init(&scan, SERIALIZER_JSON, STR("\"a\\n\\u00e9\\u20ac\\ud83d\\ude00\\\\\\/\\u0000z\""),
              &arena);
    assert_true(scan_str(&scan, &text));
    assert_true(str_eq(text, STR("a\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\/\0z")));
    arena_done(&arena);
}

static void a_plain_string_is_borrowed_from_the_input(void **state)
{
    (void)state;
    struct str input = STR("\"plain \xe2\x82\xac\"");
    struct scan scan;
    struct str text;
    scan_init(&scan, SERIALIZER_JSON, input, NULL);
    assert_true(scan_str(&scan, &text));
    assert_ptr_equal(text.ptr, input.ptr + 1);
}

static void an_escaped_string_beyond_the_scratch_fails(void **state)
{
    (void)state;
    struct scan scan;
    struct str text;
    scan_init(&scan, SERIALIZER_JSON, STR("\"\\n\""), NULL);
    assert_false(scan_str(&scan, &text));

    static char long_text[8192];
    memset(long_text, 'x', sizeof long_text);
    long_text[0] = '"';
    long_text[1] = '\\';
    long_text[2] = 'n';
    long_text[sizeof long_text - 1] = '"';
    struct arena arena;
    arena_init(&arena, 4096);
    scan_init(&scan, SERIALIZER_JSON, str_make(long_text, sizeof long_text), &arena);
    assert_false(scan_str(&scan, &text));
    arena_done(&arena);
}

static void binary_is_not_a_string(void **state)
{
    (void)state;
    struct scan scan;
    struct str bytes;
    scan_init(&scan, SERIALIZER_MSGPACK, STR("\xc4\x02\xff\x00"), NULL);
    assert_int_equal(scan_peek(&scan), SCAN_BINARY);
    assert_true(scan_bin(&scan, &bytes) && str_eq(bytes, STR("\xff\0")));
    scan_init(&scan, SERIALIZER_MSGPACK, STR("\xc4\x02\xff\x00"), NULL);
    assert_false(scan_str(&scan, &bytes));
    scan_init(&scan, SERIALIZER_JSON, STR("\"\\u0000AQ==\""), NULL);
    assert_int_equal(scan_peek(&scan), SCAN_STRING);
    assert_false(scan_bin(&scan, &bytes));
}

static void a_key_that_is_no_string_is_refused_when_asked_for(void **state)
{
    (void)state;
    struct scan scan;
    struct str key;
    scan_init(&scan, SERIALIZER_MSGPACK, STR("\x81\x01\x02"), NULL);
    assert_true(scan_enter_map(&scan));
    assert_false(scan_key(&scan, &key));
    assert_true(scan_failed(&scan));
}

static void members_are_asked_for_in_the_kind_of_container_that_is_open(void **state)
{
    (void)state;
    struct scan scan;
    struct str key;
    scan_init(&scan, SERIALIZER_JSON, STR("[1]"), NULL);
    assert_true(scan_enter_list(&scan));
    assert_false(scan_key(&scan, &key));
    assert_true(scan_failed(&scan));
    scan_init(&scan, SERIALIZER_JSON, STR("1"), NULL);
    assert_false(scan_more(&scan));
    assert_true(scan_failed(&scan));
}

static void a_skipped_value_is_its_bytes_without_white_space(void **state)
{
    (void)state;
    struct scan scan;
    struct str bytes = STR_EMPTY;
    scan_init(&scan, SERIALIZER_JSON, STR("[ {\"a\": [1]} , 2 ]"), NULL);
    assert_true(scan_enter_list(&scan) && scan_more(&scan) && scan_skip(&scan, &bytes));
    assert_true(str_eq(bytes, STR("{\"a\": [1]}")));
    assert_true(scan_more(&scan) && scan_skip(&scan, &bytes) && str_eq(bytes, STR("2")));
    assert_false(scan_more(&scan));
    assert_true(scan_end(&scan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_rfc_8259_allows_is_json),
        cmocka_unit_test(what_is_no_json_is_refused_where_it_goes_wrong),
        cmocka_unit_test(numbers_follow_the_grammar),
        cmocka_unit_test(an_integer_too_large_for_a_double_is_refused_without_an_exponent_too),
        cmocka_unit_test(a_number_longer_than_any_double_needs_is_refused),
        cmocka_unit_test(strings_are_utf8_without_controls),
        cmocka_unit_test(escapes_make_whole_characters),
        cmocka_unit_test(nesting_is_allowed_down_to_the_limit_and_no_further),
        cmocka_unit_test(depth_counts_from_the_outermost_container_entered),
        cmocka_unit_test(every_form_of_msgpack_is_accepted),
        cmocka_unit_test(a_truncated_msgpack_value_is_refused_at_any_length),
        cmocka_unit_test(a_header_that_claims_gigabytes_is_refused_at_once),
        cmocka_unit_test(extensions_and_the_unused_byte_are_refused),
        cmocka_unit_test(msgpack_strings_are_utf8),
        cmocka_unit_test(something_behind_the_value_is_refused),
        cmocka_unit_test(an_unknown_serializer_is_refused),
        cmocka_unit_test(pull_reads_a_document_of_either_serializer),
        cmocka_unit_test(a_value_of_another_type_fails_the_scan_for_good),
        cmocka_unit_test(integers_are_exact_to_the_last_bit),
        cmocka_unit_test(integers_out_of_range_are_refused),
        cmocka_unit_test(a_float_that_is_an_integer_reads_as_one),
        cmocka_unit_test(any_number_reads_as_a_double),
        cmocka_unit_test(escaped_strings_are_decoded_into_the_scratch),
        cmocka_unit_test(a_plain_string_is_borrowed_from_the_input),
        cmocka_unit_test(an_escaped_string_beyond_the_scratch_fails),
        cmocka_unit_test(binary_is_not_a_string),
        cmocka_unit_test(a_key_that_is_no_string_is_refused_when_asked_for),
        cmocka_unit_test(members_are_asked_for_in_the_kind_of_container_that_is_open),
        cmocka_unit_test(a_skipped_value_is_its_bytes_without_white_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
