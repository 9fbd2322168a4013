/* links: payload */
/* The CBOR scanner: what of RFC 8949 is accepted, what is refused and where, and what is read. */
#include "base/arena.h"
#include "base/mem.h"
#include "loose_cbor.h"
#include "payload/payload.h"
#include "random_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUF_MAX = 1 << 22, ROUNDS = 500 };

#define CBOR(text) ((struct slice){SERIALIZER_CBOR, STR(text)})

static bool transcoded(struct slice value, enum serializer to, struct buf *out)
{
    struct emit emit;
    buf_init(out, BUF_MAX);
    emit_init(&emit, to, out);
    emit_slice(&emit, value);
    assert_false(out->full);
    return !emit.failed;
}

/* In JSON; and the same by way of MsgPack. */
static void reads(struct slice cbor, const char *json)
{
    struct buf out;
    struct buf packed;
    const char *problem = "";
    size_t offset = 0;
    if (!slice_valid(cbor, &problem, &offset)) {
        fail_msg("%s: %s at %zu", json, problem, offset);
    }
    assert_true(transcoded(cbor, SERIALIZER_JSON, &out));
    if (!str_eq(buf_str(&out), str_of(json))) {
        print_error("%s, got " PRISTR "\n", json, STRARG(buf_str(&out)));
    }
    assert_true(str_eq(buf_str(&out), str_of(json)));
    buf_done(&out);
    assert_true(transcoded(cbor, SERIALIZER_MSGPACK, &packed));
    struct slice between = {SERIALIZER_MSGPACK, buf_str(&packed)};
    assert_true(slice_valid(between, NULL, NULL));
    assert_true(transcoded(between, SERIALIZER_JSON, &out));
    assert_true(str_eq(buf_str(&out), str_of(json)));
    buf_done(&out);
    buf_done(&packed);
}

static void refused(struct slice value, size_t where)
{
    /* On the heap, exactly as long as it is, so that a byte read beyond it is noticed. */
    char *copy = malloc(value.bytes.len == 0 ? 1 : value.bytes.len);
    memcpy(copy, value.bytes.ptr, value.bytes.len);
    const char *problem = NULL;
    size_t offset = 9999;
    struct slice exact = {SERIALIZER_CBOR, str_make(copy, value.bytes.len)};
    bool valid = slice_valid(exact, &problem, &offset);
    if (valid || offset != where) {
        for (size_t i = 0; i < value.bytes.len; i++) {
            print_error("%02x ", (unsigned char)value.bytes.ptr[i]);
        }
        print_error(": %s at %zu\n", valid ? "-" : problem, offset);
    }
    free(copy);
    assert_false(valid);
    assert_non_null(problem);
    assert_int_equal(offset, where);
}

static void refused_for(struct slice value, const char *why)
{
    const char *problem = "";
    assert_false(slice_valid(value, &problem, NULL));
    assert_string_equal(problem, why);
}

static void the_integers_of_appendix_a_are_read(void **state)
{
    (void)state;
    reads(CBOR("\x00"), "0");
    reads(CBOR("\x17"), "23");
    reads(CBOR("\x18\x18"), "24");
    reads(CBOR("\x18\x64"), "100");
    reads(CBOR("\x19\x03\xe8"), "1000");
    reads(CBOR("\x1a\x00\x0f\x42\x40"), "1000000");
    reads(CBOR("\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00"), "1000000000000");
    reads(CBOR("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
    reads(CBOR("\x20"), "-1");
    reads(CBOR("\x29"), "-10");
    reads(CBOR("\x38\x63"), "-100");
    reads(CBOR("\x39\x03\xe7"), "-1000");
    reads(CBOR("\x1b\x00\x20\x00\x00\x00\x00\x00\x01"), "9007199254740993");
    reads(CBOR("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), "-9223372036854775808");
    /* Not the shortest form, but a form. */
    reads(CBOR("\x1b\x00\x00\x00\x00\x00\x00\x00\x05"), "5");
    reads(CBOR("\x38\x00"), "-1");
}

static void the_floats_of_appendix_a_are_read(void **state)
{
    (void)state;
    reads(CBOR("\xf9\x00\x00"), "0.0");
    reads(CBOR("\xf9\x80\x00"), "-0.0");
    reads(CBOR("\xf9\x3c\x00"), "1.0");
    reads(CBOR("\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"), "1.1");
    reads(CBOR("\xf9\x3e\x00"), "1.5");
    reads(CBOR("\xf9\x7b\xff"), "65504.0");
    reads(CBOR("\xfa\x47\xc3\x50\x00"), "100000.0");
    reads(CBOR("\xf9\x04\x00"), "0.00006103515625");
    reads(CBOR("\xf9\xc4\x00"), "-4.0");
    reads(CBOR("\xfb\xc0\x10\x66\x66\x66\x66\x66\x66"), "-4.1");
    reads(CBOR("\xfb\x7e\x37\xe4\x3c\x88\x00\x75\x9c"), "1e+300");
    reads(CBOR("\xf9\x00\x01"), "5.9604644775390625e-08");
    /* What JSON lacks. */
    reads(CBOR("\xf9\x7c\x00"), "null");
    reads(CBOR("\xf9\x7e\x00"), "null");
    reads(CBOR("\xfa\xff\x80\x00\x00"), "null");
    reads(CBOR("\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00"), "null");
}

static void the_other_values_of_appendix_a_are_read(void **state)
{
    (void)state;
    reads(CBOR("\xf4"), "false");
    reads(CBOR("\xf5"), "true");
    reads(CBOR("\xf6"), "null");
    reads(CBOR("\xf7"), "null");
    reads(CBOR("\x40"), "\"\\u0000\"");
    reads(CBOR("\x44\x01\x02\x03\x04"), "\"\\u0000AQIDBA==\"");
    reads(CBOR("\x60"), "\"\"");
    reads(CBOR("\x64IETF"), "\"IETF\"");
    reads(CBOR("\x62\"\\"), "\"\\\"\\\\\"");
    reads(CBOR("\x62\xc3\xbc"), "\"\xc3\xbc\"");
    reads(CBOR("\x64\xf0\x90\x85\x91"), "\"\xf0\x90\x85\x91\"");
    reads(CBOR("\x80"), "[]");
    reads(CBOR("\x83\x01\x82\x02\x03\x82\x04\x05"), "[1,[2,3],[4,5]]");
    reads(CBOR("\x98\x19\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11"
               "\x12\x13\x14\x15\x16\x17\x18\x18\x18\x19"),
          "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]");
    reads(CBOR("\xa0"), "{}");
    reads(CBOR("\xa2\x61\x61\x01\x61\x62\x82\x02\x03"), "{\"a\":1,\"b\":[2,3]}");
}

static void indefinite_lengths_are_read(void **state)
{
    (void)state;
    reads(CBOR("\x5f\x42\x01\x02\x43\x03\x04\x05\xff"), "\"\\u0000AQIDBAU=\"");
    reads(CBOR("\x7f\x65strea\x64ming\xff"), "\"streaming\"");
    reads(CBOR("\x7f\xff"), "\"\"");
    reads(CBOR("\x5f\xff"), "\"\\u0000\"");
    reads(CBOR("\x9f\xff"), "[]");
    reads(CBOR("\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff"), "[1,[2,3],[4,5]]");
    reads(CBOR("\x83\x01\x9f\x02\x03\xff\x82\x04\x05"), "[1,[2,3],[4,5]]");
    reads(CBOR("\xbf\xff"), "{}");
    reads(CBOR("\xbf\x61\x61\x01\x61\x62\x9f\x02\x03\xff\xff"), "{\"a\":1,\"b\":[2,3]}");
    reads(CBOR("\xbf\x7f\x61"
               "F\x62un\xff\xf5\x63"
               "Amt\x21\xff"),
          "{\"Fun\":true,\"Amt\":-2}");
    reads(CBOR("\x9f\x9f\xbf\xff\xff\xbf\x61k\x9f\xff\xff\xff"), "[[{}],{\"k\":[]}]");
}

static void a_map_of_indefinite_length_holds_pairs(void **state)
{
    (void)state;
    refused(CBOR("\xbf\x61\x61\xff"), 4);
    refused_for(CBOR("\xbf\x61\x61\xff"), "a map ends between a key and its value");
    refused(CBOR("\x9f\xbf\x61\x61\x01\x61\x62\xff\xff"), 8);
    refused(CBOR("\xbf\x81\x01\xff"), 4);
}

static void a_break_stands_only_at_the_end_of_what_is_open(void **state)
{
    (void)state;
    refused(CBOR("\xff"), 1);
    refused(CBOR("\x81\xff"), 2);
    refused(CBOR("\x9f\x81\xff\xff"), 3);
    refused(CBOR("\xa1\x61\x61\xff"), 4);
    refused(CBOR("\x9f\x01"), 2);
    refused(CBOR("\xbf\x61\x61\x01"), 4);
    refused(CBOR("\xc1\xff"), 2);
    refused(CBOR("\x9f\xff\xff"), 2);
}

static void a_chunk_is_a_definite_string_of_the_same_kind(void **state)
{
    (void)state;
    refused_for(CBOR("\x7f\x41x\xff"), "a chunk must be a string of the same kind");
    refused_for(CBOR("\x5f\x61x\xff"), "a chunk must be a string of the same kind");
    refused_for(CBOR("\x7f\x7f\x61x\xff\xff"), "a chunk must be a string of the same kind");
    refused_for(CBOR("\x7f\x01\xff"), "a chunk must be a string of the same kind");
    refused_for(CBOR("\x7f\xc0\x61x\xff"), "a chunk must be a string of the same kind");
    refused_for(CBOR("\x7f\x61x"), "the value ends early");
    refused_for(CBOR("\x7f\x65x\xff"), "a length is beyond the end");
    /* A character may not be cut in two. */
    refused_for(CBOR("\x7f\x61\xc3\x61\xbc\xff"), "a string is not UTF-8");
    refused_for(CBOR("\x7f\x62\xc3\xbc\x61\xff\xff"), "a string is not UTF-8");
}

static void tags_that_change_nothing_are_stepped_over(void **state)
{
    (void)state;
    reads(CBOR("\xc0\x74"
               "2013-03-21T20:04:00Z"),
          "\"2013-03-21T20:04:00Z\"");
    reads(CBOR("\xc1\x1a\x51\x4b\x67\xb0"), "1363896240");
    reads(CBOR("\xc1\xfb\x41\xd4\x52\xd9\xec\x20\x00\x00"), "1363896240.5");
    reads(CBOR("\xd7\x44\x01\x02\x03\x04"), "\"\\u0000AQIDBA==\"");
    reads(CBOR("\xd8\x18\x45\x64IETF"), "\"\\u0000ZElFVEY=\"");
    reads(CBOR("\xd8\x20\x63"
               "a:b"),
          "\"a:b\"");
    reads(CBOR("\xd8\x40\x43\x01\x02\x03"), "\"\\u0000AQID\"");
    reads(CBOR("\xd9\xd9\xf7\x82\xc1\x01\xd9\x01\x02\x81\x02"), "[1,[2]]");
    reads(CBOR("\xd9\xd9\xf7\xd9\xd9\xf7\xa1\xd8\x20\x61k\xc1\xf6"), "{\"k\":null}");
}

static void other_tags_and_simple_values_are_refused(void **state)
{
    (void)state;
    refused_for(CBOR("\xc4\x82\x21\x19\x6a\xb3"), "a tag that is not accepted"); /* 273.15 */
    refused_for(CBOR("\xd8\x1d\x00"), "a tag that is not accepted");             /* a reference */
    refused_for(CBOR("\xdb\xff\xff\xff\xff\xff\xff\xff\xff\x00"), "a tag that is not accepted");
    refused_for(CBOR("\xdf\x00"), "a tag that is not accepted");
    refused_for(CBOR("\xf0"), "simple values are not accepted");
    refused_for(CBOR("\xf8\x18"), "simple values are not accepted");
    refused_for(CBOR("\xf8\xff"), "simple values are not accepted");
    refused(CBOR("\xc1"), 1);
    refused(CBOR("\xd9\xd9"), 0);
}

static void a_big_number_is_an_integer_while_it_fits_64_bits(void **state)
{
    (void)state;
    reads(CBOR("\xc2\x40"), "0");
    reads(CBOR("\xc2\x41\x05"), "5");
    reads(CBOR("\xc2\x48\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
    reads(CBOR("\xc2\x4a\x00\x00\x00\x20\x00\x00\x00\x00\x00\x01"), "9007199254740993");
    reads(CBOR("\xc3\x41\x00"), "-1");
    reads(CBOR("\xc3\x48\x7f\xff\xff\xff\xff\xff\xff\xff"), "-9223372036854775808");
    static const char beyond[] = "an integer is beyond 64 bits";
    refused_for(CBOR("\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"), beyond);
    refused_for(CBOR("\xc3\x48\x80\x00\x00\x00\x00\x00\x00\x00"), beyond);
    refused_for(CBOR("\x3b\x80\x00\x00\x00\x00\x00\x00\x00"), beyond);
    refused_for(CBOR("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"), beyond);
    refused_for(CBOR("\xc2\x5f\x41\x01\xff"), "a big number must be bytes");
    refused_for(CBOR("\xc2\x01"), "a big number must be bytes");
    refused_for(CBOR("\xc2\x42\x01"), "a length is beyond the end");
    refused(CBOR("\xc2"), 1);
}

static void reserved_forms_are_refused(void **state)
{
    (void)state;
    static const unsigned char majors[] = {0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0};
    for (size_t i = 0; i < COUNT_OF(majors); i++) {
        for (unsigned info = 28; info <= 30; info++) {
            char bytes[2] = {(char)(majors[i] | info), 0};
            refused((struct slice){SERIALIZER_CBOR, str_make(bytes, 2)}, 0);
        }
    }
    refused_for(CBOR("\x1f"), "a reserved byte begins no value");
    refused_for(CBOR("\x3f"), "a reserved byte begins no value");
}

static void what_is_not_there_is_not_believed(void **state)
{
    (void)state;
    refused(CBOR(""), 0);
    refused(CBOR("\x18"), 0);
    refused(CBOR("\x1b\x00\x00\x00\x00\x00\x00\x00"), 0);
    refused(CBOR("\x61"), 1);
    refused_for(CBOR("\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), "a length is beyond the end");
    refused_for(CBOR("\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"), "a length is beyond the end");
    refused_for(CBOR("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), "a count is beyond the end");
    refused_for(CBOR("\x9a\xff\xff\xff\xff"), "a count is beyond the end");
    refused_for(CBOR("\xbb\x80\x00\x00\x00\x00\x00\x00\x00"), "a count is beyond the end");
    refused_for(CBOR("\x82\x01"), "a count is beyond the end");
    refused_for(CBOR("\xa1\x61\x61"), "the value ends early");
    refused_for(CBOR("\x01\x02"), "something follows the value");
}

static void text_must_be_utf_8(void **state)
{
    (void)state;
    refused_for(CBOR("\x61\xff"), "a string is not UTF-8");
    refused_for(CBOR("\x62\xc0\x80"), "a string is not UTF-8");
    refused_for(CBOR("\x63\xed\xa0\x80"), "a string is not UTF-8");
    refused_for(CBOR("\xa1\x61\xff\x01"), "a string is not UTF-8");
}

static bool nests(char opening, unsigned depth)
{
    char bytes[400];
    size_t len = 0;
    for (unsigned level = 0; level < depth; level++) {
        bytes[len++] = opening;
        if (opening == '\xbf') {
            bytes[len++] = '\x60';
        }
    }
    bytes[len++] = '\x00';
    for (unsigned level = 0; level < depth && opening != '\x81'; level++) {
        bytes[len++] = '\xff';
    }
    return slice_valid((struct slice){SERIALIZER_CBOR, str_make(bytes, len)}, NULL, NULL);
}

static void nesting_ends_at_the_depth_that_all_serializers_share(void **state)
{
    (void)state;
    static const char openings[] = {'\x81', '\x9f', '\xbf'};
    for (size_t i = 0; i < COUNT_OF(openings); i++) {
        assert_true(nests(openings[i], SCAN_DEPTH_MAX));
        assert_false(nests(openings[i], SCAN_DEPTH_MAX + 1));
    }
}

static void the_pull_interface_reads_each_form(void **state)
{
    (void)state;
    struct arena arena;
    struct scan scan;
    struct str text = STR_EMPTY;
    bool flag = false;
    uint64_t whole = 0;
    int64_t number = 0;
    double real = 0;
    arena_init(&arena, 4096);
    scan_init(&scan, SERIALIZER_CBOR,
              STR("\xd9\xd9\xf7\x9f\xc1\x05\x38\x63\xf9\x3e\x00\xf5\xf7\x7f\x62"
                  "ab\x61"
                  "c\xff\x5f\x41\x01\x41\x02\xff\xbf\x7f\x61k\xff\xf9\x44\x00\x61m\xa0\xff\xff"),
              &arena);
    assert_int_equal(scan_peek(&scan), SCAN_LIST);
    assert_true(scan_enter_list(&scan));
    assert_true(scan_more(&scan) && scan_peek(&scan) == SCAN_INT && scan_u64(&scan, &whole));
    assert_int_equal(whole, 5);
    assert_true(scan_more(&scan) && scan_i64(&scan, &number));
    assert_int_equal(number, -100);
    assert_true(scan_more(&scan) && scan_peek(&scan) == SCAN_FLOAT && scan_f64(&scan, &real));
    assert_true(real == 1.5);
    assert_true(scan_more(&scan) && scan_peek(&scan) == SCAN_BOOL && scan_bool(&scan, &flag));
    assert_true(flag);
    assert_true(scan_more(&scan) && scan_peek(&scan) == SCAN_NULL && scan_null(&scan));
    assert_true(scan_more(&scan) && scan_peek(&scan) == SCAN_STRING && scan_str(&scan, &text));
    assert_true(str_eq(text, STR("abc")));
    assert_true(scan_more(&scan) && scan_peek(&scan) == SCAN_BINARY && scan_bin(&scan, &text));
    assert_true(str_eq(text, STR("\x01\x02")));
    assert_true(scan_more(&scan) && scan_enter_map(&scan));
    assert_true(scan_key(&scan, &text) && str_eq(text, STR("k")) && scan_u64(&scan, &whole));
    assert_int_equal(whole, 4);
    assert_true(scan_key(&scan, &text) && scan_skip(&scan, &text));
    assert_true(str_eq(text, STR("\xa0")));
    assert_false(scan_key(&scan, &text));
    assert_false(scan_more(&scan));
    assert_true(scan_end(&scan));
    arena_done(&arena);
}

static void chunks_without_room_to_join_them_are_too_long(void **state)
{
    (void)state;
    struct scan scan;
    struct str text;
    scan_init(&scan, SERIALIZER_CBOR, STR("\x7f\x61x\xff"), NULL);
    assert_false(scan_str(&scan, &text));
    assert_string_equal(scan.problem, "a string is too long");
    assert_true(slice_is_empty_text(CBOR("\x7f\xff")));
    assert_false(slice_is_empty_text(CBOR("\x7f\x61x\xff")));
}

static void look_ups_find_keys_in_every_form(void **state)
{
    (void)state;
    struct slice map = CBOR("\xbf\x7f\x61"
                            "a\x60\x61"
                            "b\xff\x01\xc1\x61"
                            "c\x02\x05\x03\x61"
                            "d\x04\x61"
                            "d\x9f\x05\x06\xff\xff");
    assert_int_equal(slice_count(map), 5);
    assert_true(str_eq(slice_get(map, STR("ab")).bytes, STR("\x01")));
    assert_true(str_eq(slice_get(map, STR("c")).bytes, STR("\x02")));
    assert_int_equal(slice_get(map, STR("a")).serializer, SERIALIZER_NONE);
    assert_int_equal(slice_get(map, STR("abc")).serializer, SERIALIZER_NONE);
    /* Of keys that occur twice the last counts. */
    struct slice list = slice_get(map, STR("d"));
    assert_int_equal(slice_kind(list), SCAN_LIST);
    assert_int_equal(slice_count(list), 2);
    assert_true(str_eq(slice_nth(list, 1).bytes, STR("\x06")));
    assert_int_equal(slice_nth(list, 2).serializer, SERIALIZER_NONE);
}

static void a_key_that_is_no_string_goes_to_msgpack_alone(void **state)
{
    (void)state;
    struct buf out;
    assert_true(transcoded(CBOR("\xa1\x01\x02"), SERIALIZER_MSGPACK, &out));
    assert_true(str_eq(buf_str(&out), STR("\x81\x01\x02")));
    buf_done(&out);
    assert_false(transcoded(CBOR("\xa1\x01\x02"), SERIALIZER_JSON, &out));
    buf_done(&out);
    assert_false(transcoded(CBOR("\xbf\x41k\x02\xff"), SERIALIZER_JSON, &out));
    buf_done(&out);
}

static void floats_keep_their_width_where_both_sides_have_it(void **state)
{
    (void)state;
    struct buf out;
    assert_true(transcoded(CBOR("\x82\xfa\x47\xc3\x50\x00\xf9\x3e\x00"), SERIALIZER_MSGPACK, &out));
    assert_true(str_eq(buf_str(&out), STR("\x92\xca\x47\xc3\x50\x00\xca\x3f\xc0\x00\x00")));
    struct buf back;
    assert_true(
        transcoded((struct slice){SERIALIZER_MSGPACK, buf_str(&out)}, SERIALIZER_CBOR, &back));
    assert_true(str_eq(buf_str(&back), STR("\x82\xfa\x47\xc3\x50\x00\xfa\x3f\xc0\x00\x00")));
    buf_done(&out);
    buf_done(&back);
}

/* Each document, written with lengths left open, strings in chunks, tags and heads longer than
 * need be, is the same to everybody. */
static void a_document_reads_the_same_however_loosely_it_is_written(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct buf strict;
        struct buf loose;
        struct emit emit;
        uint64_t draws = seed;
        buf_init(&strict, BUF_MAX);
        buf_init(&loose, BUF_MAX);
        emit_init(&emit, SERIALIZER_CBOR, &strict);
        random_document(&emit, &draws, 5);
        loose_cbor(buf_str(&strict), &draws, &loose);
        struct slice a = {SERIALIZER_CBOR, buf_str(&strict)};
        struct slice b = {SERIALIZER_CBOR, buf_str(&loose)};
        assert_true(slice_valid(a, NULL, NULL) && slice_valid(b, NULL, NULL));
        for (enum serializer to = SERIALIZER_JSON; to <= SERIALIZER_MSGPACK; to++) {
            struct buf from_strict;
            struct buf from_loose;
            assert_true(transcoded(a, to, &from_strict));
            assert_true(transcoded(b, to, &from_loose));
            assert_true(str_eq(buf_str(&from_strict), buf_str(&from_loose)));
            buf_done(&from_strict);
            buf_done(&from_loose);
        }
        buf_done(&strict);
        buf_done(&loose);
    }
}

static void a_truncated_document_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    struct slice whole = CBOR("\xbf\x7f\x61"
                              "a\xff\x9f\x18\x64\x38\x63\xf9\x3e\x00\xff\x61"
                              "b\xd9\xd9\xf7\x82\x5f\x41\x01\xff\xfb\x40\x33\xfd\x70\xa3\xd7\x0a"
                              "\x3d\xff");
    assert_true(slice_valid(whole, NULL, NULL));
    for (size_t len = 0; len < whole.bytes.len; len++) {
        char *copy = malloc(len == 0 ? 1 : len);
        memcpy(copy, whole.bytes.ptr, len);
        struct slice cut = {SERIALIZER_CBOR, str_make(copy, len)};
        struct buf out;
        assert_false(slice_valid(cut, NULL, NULL));
        assert_false(transcoded(cut, SERIALIZER_JSON, &out));
        buf_done(&out);
        assert_false(transcoded(cut, SERIALIZER_MSGPACK, &out));
        buf_done(&out);
        assert_int_equal(slice_get(cut, STR("b")).serializer, SERIALIZER_NONE);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_integers_of_appendix_a_are_read),
        cmocka_unit_test(the_floats_of_appendix_a_are_read),
        cmocka_unit_test(the_other_values_of_appendix_a_are_read),
        cmocka_unit_test(indefinite_lengths_are_read),
        cmocka_unit_test(a_map_of_indefinite_length_holds_pairs),
        cmocka_unit_test(a_break_stands_only_at_the_end_of_what_is_open),
        cmocka_unit_test(a_chunk_is_a_definite_string_of_the_same_kind),
        cmocka_unit_test(tags_that_change_nothing_are_stepped_over),
        cmocka_unit_test(other_tags_and_simple_values_are_refused),
        cmocka_unit_test(a_big_number_is_an_integer_while_it_fits_64_bits),
        cmocka_unit_test(reserved_forms_are_refused),
        cmocka_unit_test(what_is_not_there_is_not_believed),
        cmocka_unit_test(text_must_be_utf_8),
        cmocka_unit_test(nesting_ends_at_the_depth_that_all_serializers_share),
        cmocka_unit_test(the_pull_interface_reads_each_form),
        cmocka_unit_test(chunks_without_room_to_join_them_are_too_long),
        cmocka_unit_test(look_ups_find_keys_in_every_form),
        cmocka_unit_test(a_key_that_is_no_string_goes_to_msgpack_alone),
        cmocka_unit_test(floats_keep_their_width_where_both_sides_have_it),
        cmocka_unit_test(a_document_reads_the_same_however_loosely_it_is_written),
        cmocka_unit_test(a_truncated_document_is_refused_wherever_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
