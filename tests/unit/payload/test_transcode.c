/* links: msgpack jansson */
/* The transcoder, and the emitter on random documents, judged by msgpack-c and jansson. */
#include "base/mem.h"
#include "payload/payload.h"
#include "random_document.h"

#include <jansson.h>
#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUF_MAX = 1 << 22, ROUNDS = 1000 };

static bool transcoded(struct slice value, enum serializer to, struct buf *out)
{
    struct emit emit;
    buf_init(out, BUF_MAX);
    emit_init(&emit, to, out);
    emit_slice(&emit, value);
    assert_false(out->full);
    return !emit.failed;
}

static void becomes(struct slice from, struct slice to)
{
    struct buf out;
    assert_true(slice_valid(from, NULL, NULL));
    assert_true(transcoded(from, to.serializer, &out));
    if (!str_eq(buf_str(&out), to.bytes)) {
        print_error("got " PRISTR "\n", STRARG(buf_str(&out)));
    }
    assert_true(str_eq(buf_str(&out), to.bytes));
    buf_done(&out);
}

#define JSON(text)   ((struct slice){SERIALIZER_JSON, STR(text)})
#define PACKED(text) ((struct slice){SERIALIZER_MSGPACK, STR(text)})
#define CBOR(text)   ((struct slice){SERIALIZER_CBOR, STR(text)})

static void both_ways(struct slice json, struct slice packed)
{
    becomes(json, packed);
    becomes(packed, json);
}

static void every_kind_of_value_has_its_other_form(void **state)
{
    (void)state;
    both_ways(JSON("null"), PACKED("\xc0"));
    both_ways(JSON("[true,false]"), PACKED("\x92\xc3\xc2"));
    both_ways(JSON("{}"), PACKED("\x80"));
    both_ways(JSON("{\"a\":[],\"b\":{\"c\":1}}"), PACKED("\x82\xa1"
                                                         "a\x90\xa1"
                                                         "b\x81\xa1"
                                                         "c\x01"));
    both_ways(JSON("\"\xc3\xa9\\n\\\"\\\\\\u0001\""), PACKED("\xa6\xc3\xa9\n\"\\\x01"));
    both_ways(JSON("19.99"), PACKED("\xcb\x40\x33\xfd\x70\xa3\xd7\x0a\x3d"));
    both_ways(JSON("3.0"), PACKED("\xcb\x40\x08\x00\x00\x00\x00\x00\x00"));
    both_ways(JSON("-0.0"), PACKED("\xcb\x80\x00\x00\x00\x00\x00\x00\x00"));
}

static void integers_take_their_shortest_form_and_stay_exact(void **state)
{
    (void)state;
    both_ways(JSON("[127,128,255,256,65535,65536]"),
              PACKED("\x96\x7f\xcc\x80\xcc\xff\xcd\x01\x00\xcd\xff\xff\xce\x00\x01\x00\x00"));
    both_ways(JSON("[4294967295,4294967296]"),
              PACKED("\x92\xce\xff\xff\xff\xff\xcf\x00\x00\x00\x01\x00\x00\x00\x00"));
    both_ways(JSON("18446744073709551615"), PACKED("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
    both_ways(JSON("9007199254740993"), PACKED("\xcf\x00\x20\x00\x00\x00\x00\x00\x01"));
    both_ways(JSON("[-1,-32,-33,-128,-129,-32768,-32769]"),
              PACKED("\x97\xff\xe0\xd0\xdf\xd0\x80\xd1\xff\x7f\xd1\x80\x00\xd2\xff\xff\x7f\xff"));
    both_ways(JSON("[-2147483648,-2147483649]"),
              PACKED("\x92\xd2\x80\x00\x00\x00\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"));
    both_ways(JSON("-9223372036854775808"), PACKED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"));
    becomes(PACKED("\xd3\x00\x00\x00\x00\x00\x00\x00\x05"), JSON("5"));
}

static void an_integer_beyond_64_bits_becomes_a_float(void **state)
{
    (void)state;
    becomes(JSON("18446744073709551616"), PACKED("\xcb\x43\xf0\x00\x00\x00\x00\x00\x00"));
    becomes(JSON("-9223372036854775809"), PACKED("\xcb\xc3\xe0\x00\x00\x00\x00\x00\x00"));
}

static void within_one_serializer_every_byte_is_kept(void **state)
{
    (void)state;
    becomes(JSON("[ 1e2, 18446744073709551616 ,\"\\u0041\" ]"),
            JSON("[ 1e2, 18446744073709551616 ,\"\\u0041\" ]"));
    becomes(PACKED("\xdc\x00\x01\xd9\x01x"), PACKED("\xdc\x00\x01\xd9\x01x"));
}

static void binary_is_nul_and_base64_in_json(void **state)
{
    (void)state;
    both_ways(JSON("\"\\u0000\""), PACKED("\xc4\x00"));
    both_ways(JSON("\"\\u0000AQ==\""), PACKED("\xc4\x01\x01"));
    both_ways(JSON("\"\\u0000AQID\""), PACKED("\xc4\x03\x01\x02\x03"));
    both_ways(JSON("[\"\\u0000//8=\",1]"), PACKED("\x92\xc4\x02\xff\xff\x01"));
    /* The escape of a slash is legal, and what encoders of PHP write. */
    becomes(JSON("\"\\u0000\\/\\/8=\""), PACKED("\xc4\x02\xff\xff"));
}

static void a_string_that_begins_with_nul_and_is_not_base64_stays_a_string(void **state)
{
    (void)state;
    both_ways(JSON("\"\\u0000A\""), PACKED("\xa2\x00\x41"));
    both_ways(JSON("\"\\u0000AQI!\""), PACKED("\xa5\x00\x41QI!"));
    both_ways(JSON("\"a\\u0000AQID\""), PACKED("\xa6\x61\x00\x41QID"));
    becomes(PACKED("\xa5\x00\x41QID"), JSON("\"\\u0000AQID\""));
}

static void a_key_is_never_binary(void **state)
{
    (void)state;
    both_ways(JSON("{\"\\u0000\":1}"), PACKED("\x81\xa1\x00\x01"));
    both_ways(JSON("{\"\\u0000AQ==\":1}"), PACKED("\x81\xa5\x00\x41Q==\x01"));
}

static void what_json_lacks_is_null_or_refused(void **state)
{
    (void)state;
    becomes(PACKED("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), JSON("null"));
    becomes(PACKED("\xca\xff\x80\x00\x00"), JSON("null"));
    struct buf out;
    assert_false(transcoded(PACKED("\x81\x01\x02"), SERIALIZER_JSON, &out));
    buf_done(&out);
    assert_false(transcoded(PACKED("\x91\x82\xa1k\x00\x90\x00"), SERIALIZER_JSON, &out));
    buf_done(&out);
}

static void heads_grow_to(enum serializer to, size_t size)
{
    static char text[70000];
    struct buf json;
    struct buf packed;
    struct buf again;
    struct emit emit;
    buf_init(&json, BUF_MAX);
    memset(text, 'x', size);
    emit_init(&emit, SERIALIZER_JSON, &json);
    emit_list(&emit, 3);
    emit_str(&emit, str_make(text, size));
    emit_bin(&emit, str_make(text, size));
    emit_list(&emit, (uint32_t)size);
    for (size_t i = 0; i < size; i++) {
        emit_u64(&emit, i);
    }
    assert_true(transcoded((struct slice){SERIALIZER_JSON, buf_str(&json)}, to, &packed));
    struct slice list = {to, buf_str(&packed)};
    assert_true(slice_valid(list, NULL, NULL));
    assert_int_equal(slice_count(slice_nth(list, 2)), size);
    assert_true(transcoded(list, SERIALIZER_JSON, &again));
    assert_true(str_eq(buf_str(&json), buf_str(&again)));
    buf_done(&json);
    buf_done(&packed);
    buf_done(&again);
}

static void heads_grow_with_what_they_announce(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 23, 24, 31, 32, 255, 256, 65535, 65536};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        heads_grow_to(SERIALIZER_MSGPACK, sizes[i]);
        heads_grow_to(SERIALIZER_CBOR, sizes[i]);
    }
}

static void a_truncated_document_fails_and_reads_no_further(void **state)
{
    (void)state;
    const struct slice documents[] = {
        JSON("{\"a\":[1,-2.5e1,\"x\\u00e9\",true,null,{}],\"b\":\"y\"}"),
        PACKED("\x82\xa1"
               "a\x93\xcd\x01\x02\xa2xy\xc4\x01\xff\xa1"
               "b\xcb\x40\x33\xfd\x70\xa3\xd7\x0a\x3d"),
        CBOR("\xa2\x61"
             "a\x83\x19\x01\x02\x62xy\x41\xff\x61"
             "b\xfb\x40\x33\xfd\x70\xa3\xd7\x0a\x3d")};
    for (size_t i = 0; i < COUNT_OF(documents) * SERIALIZERS; i++) {
        struct slice document = documents[i / SERIALIZERS];
        enum serializer other = (enum serializer)(i % SERIALIZERS);
        if (other == SERIALIZER_NONE || other == document.serializer) {
            continue;
        }
        for (size_t len = 0; len < document.bytes.len; len++) {
            struct buf out;
            char *copy = malloc(len == 0 ? 1 : len);
            memcpy(copy, document.bytes.ptr, len);
            assert_false(
                transcoded((struct slice){document.serializer, str_make(copy, len)}, other, &out));
            buf_done(&out);
            free(copy);
        }
    }
}

static void full_at_every_size(struct slice document, enum serializer to)
{
    struct buf whole;
    assert_true(transcoded(document, to, &whole));
    for (size_t max = 0; max <= whole.len; max++) {
        struct buf out;
        struct emit emit;
        buf_init(&out, max);
        emit_init(&emit, to, &out);
        emit_slice(&emit, document);
        assert_false(emit.failed);
        assert_int_equal(out.full, max < whole.len);
        assert_true(out.len <= max);
        buf_done(&out);
    }
    buf_done(&whole);
}

static void a_full_buffer_stops_the_transcoder_and_is_told_from_failure(void **state)
{
    (void)state;
    struct slice documents[] = {
        JSON("[{\"key\":\"some text\\n\"},\"\\u0000AQID\",1.25,-700]"),
        PACKED("\x93\x81\xa3key\xa9some text\xc4\x03\x01\x02\x03\xd1\xfd\x44"),
        CBOR("\x83\xa1\x63key\x69some text\x43\x01\x02\x03\x39\x02\xbb"),
        CBOR("\x9f\xbf\x63key\x7f\x64some\x65 text\xff\xff\x5f\x43\x01\x02\x03\xff\x39\x02\xbb"
             "\xff")};
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        for (enum serializer to = SERIALIZER_JSON; to < SERIALIZERS; to++) {
            full_at_every_size(documents[i], to);
        }
    }
}

/* Base64 and NUL are how binary reads in JSON; the length is enough to tell that it arrived. */
static void same_bin(const msgpack_object_bin *bin, const json_t *json)
{
    assert_true(json_is_string(json));
    assert_int_equal(json_string_length(json), 1 + (bin->size + 2) / 3 * 4);
    assert_int_equal(json_string_value(json)[0], 0);
}

static void same_value(const msgpack_object *packed, const json_t *json)
{
    switch (packed->type) {
    case MSGPACK_OBJECT_NIL:
        assert_true(json_is_null(json));
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        assert_true(json_is_boolean(json) && json_is_true(json) == packed->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        assert_true(json_is_integer(json) && json_integer_value(json) == packed->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT64:
        assert_true(json_is_real(json));
        assert_memory_equal(&(double){json_real_value(json)}, &packed->via.f64,
                            sizeof packed->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        assert_int_equal(json_string_length(json), packed->via.str.size);
        assert_memory_equal(json_string_value(json), packed->via.str.ptr, packed->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        same_bin(&packed->via.bin, json);
        break;
    case MSGPACK_OBJECT_ARRAY:
        assert_int_equal(json_array_size(json), packed->via.array.size);
        for (uint32_t i = 0; i < packed->via.array.size; i++) {
            same_value(&packed->via.array.ptr[i], json_array_get(json, i));
        }
        break;
    case MSGPACK_OBJECT_MAP:
        assert_int_equal(json_object_size(json), packed->via.map.size);
        for (uint32_t i = 0; i < packed->via.map.size; i++) {
            const msgpack_object_kv *pair = &packed->via.map.ptr[i];
            char key[512] = {0};
            memcpy(key, pair->key.via.str.ptr, pair->key.via.str.size);
            same_value(&pair->val, json_object_get(json, key));
        }
        break;
    default:
        fail_msg("type %d", (int)packed->type);
    }
}

static void emit_random(uint64_t seed, enum serializer serializer, struct buf *out)
{
    struct emit emit;
    buf_init(out, BUF_MAX);
    emit_init(&emit, serializer, out);
    random_document(&emit, &seed, 5);
    assert_false(emit.failed || out->full);
    assert_int_equal(emit.depth, 0);
}

static void random_documents_read_the_same_to_msgpack_c_and_to_jansson(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct buf json;
        struct buf packed;
        emit_random(seed, SERIALIZER_JSON, &json);
        emit_random(seed, SERIALIZER_MSGPACK, &packed);

        json_error_t error;
        json_t *tree =
            json_loadb(buf_str(&json).ptr, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        assert_non_null(tree);
        msgpack_unpacked unpacked;
        size_t offset = 0;
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, packed.ptr, packed.len, &offset),
                         MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(offset, packed.len);
        same_value(&unpacked.data, tree);
        msgpack_unpacked_destroy(&unpacked);
        json_decref(tree);
        buf_done(&json);
        buf_done(&packed);
    }
}

static void random_documents_survive_each_of_the_six_ways(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct buf forms[SERIALIZERS];
        for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
            emit_random(seed, form, &forms[form]);
        }
        for (enum serializer from = SERIALIZER_JSON; from < SERIALIZERS; from++) {
            for (enum serializer to = SERIALIZER_JSON; to < SERIALIZERS; to++) {
                becomes((struct slice){from, buf_str(&forms[from])},
                        (struct slice){to, buf_str(&forms[to])});
            }
        }
        for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
            buf_done(&forms[form]);
        }
    }
}

static void what_jansson_writes_with_any_white_space_is_understood(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS / 10; seed++) {
        struct buf packed;
        struct buf again;
        struct buf json;
        emit_random(seed, SERIALIZER_JSON, &json);
        json_t *tree =
            json_loadb(buf_str(&json).ptr, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        char *text = json_dumps(tree, JSON_INDENT(3) | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        assert_true(
            transcoded((struct slice){SERIALIZER_JSON, str_of(text)}, SERIALIZER_MSGPACK, &packed));
        emit_random(seed, SERIALIZER_MSGPACK, &again);
        assert_true(str_eq(buf_str(&packed), buf_str(&again)));
        free(text);
        json_decref(tree);
        buf_done(&json);
        buf_done(&packed);
        buf_done(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_has_its_other_form),
        cmocka_unit_test(integers_take_their_shortest_form_and_stay_exact),
        cmocka_unit_test(an_integer_beyond_64_bits_becomes_a_float),
        cmocka_unit_test(within_one_serializer_every_byte_is_kept),
        cmocka_unit_test(binary_is_nul_and_base64_in_json),
        cmocka_unit_test(a_string_that_begins_with_nul_and_is_not_base64_stays_a_string),
        cmocka_unit_test(a_key_is_never_binary),
        cmocka_unit_test(what_json_lacks_is_null_or_refused),
        cmocka_unit_test(heads_grow_with_what_they_announce),
        cmocka_unit_test(a_truncated_document_fails_and_reads_no_further),
        cmocka_unit_test(a_full_buffer_stops_the_transcoder_and_is_told_from_failure),
        cmocka_unit_test(random_documents_read_the_same_to_msgpack_c_and_to_jansson),
        cmocka_unit_test(random_documents_survive_each_of_the_six_ways),
        cmocka_unit_test(what_jansson_writes_with_any_white_space_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
