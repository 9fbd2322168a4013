/* The emitter token by token, and the elements of a payload. */
#include "base/mem.h"
#include "payload/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUF_MAX = 1 << 16 };

typedef void (*emit_fn)(struct emit *emit);

static void emits(emit_fn fn, struct str json, struct str packed)
{
    for (int serializer = SERIALIZER_JSON; serializer <= SERIALIZER_MSGPACK; serializer++) {
        struct buf out;
        struct emit emit;
        struct str wanted = serializer == SERIALIZER_JSON ? json : packed;
        buf_init(&out, BUF_MAX);
        emit_init(&emit, (enum serializer)serializer, &out);
        fn(&emit);
        if (!str_eq(buf_str(&out), wanted)) {
            print_error("got " PRISTR "\n", STRARG(buf_str(&out)));
        }
        assert_true(str_eq(buf_str(&out), wanted));
        assert_false(emit.failed);
        assert_int_equal(emit.depth, 0);
        buf_done(&out);
    }
}

/* Members kept from before stand where they would have been written, also as the last ones. */
static void members_that_were_kept(struct emit *emit)
{
    struct buf kept;
    struct emit other;
    buf_init(&kept, BUF_MAX);
    emit_init(&other, emit->serializer, &kept);
    emit_map(&other, 2);
    emit_key(&other, STR("a"));
    emit_u64(&other, 1);
    emit_key(&other, STR("b"));
    emit_list(&other, 0);
    struct slice map = {emit->serializer, buf_str(&kept)};
    emit_list(emit, 2);
    emit_map(emit, 3);
    emit_map_members(emit, map, 2);
    emit_key(emit, STR("c"));
    emit_null(emit);
    emit_map(emit, 3);
    emit_key(emit, STR("c"));
    emit_null(emit);
    emit_map_members(emit, map, 2);
    buf_done(&kept);
}

static void kept_members_stand_where_they_would_have_been_written(void **state)
{
    (void)state;
    emits(members_that_were_kept,
          STR("[{\"a\":1,\"b\":[],\"c\":null},{\"c\":null,\"a\":1,\"b\":[]}]"),
          STR("\x92\x83\xa1"
              "a\x01\xa1"
              "b\x90\xa1"
              "c\xc0\x83\xa1"
              "c\xc0\xa1"
              "a\x01\xa1"
              "b\x90"));
}

static void everything(struct emit *emit)
{
    emit_list(emit, 9);
    emit_null(emit);
    emit_bool(emit, true);
    emit_i64(emit, -7);
    emit_u64(emit, 300);
    emit_f64(emit, 0.5);
    emit_str(emit, STR("a\"b"));
    emit_bin(emit, STR("\xff"));
    emit_map(emit, 2);
    emit_key(emit, STR("k"));
    emit_list(emit, 0);
    emit_key(emit, STR("l"));
    emit_map(emit, 1);
    emit_key(emit, STR("\n"));
    emit_map(emit, 0);
    emit_list(emit, 1);
    emit_list(emit, 1);
    emit_list(emit, 0);
}

static void commas_colons_and_ends_are_the_emitters_business(void **state)
{
    (void)state;
    emits(everything,
          STR("[null,true,-7,300,0.5,\"a\\\"b\",\"\\u0000/"
              "w==\",{\"k\":[],\"l\":{\"\\n\":{}}},[[[]]]]"),
          STR("\x99\xc0\xc3\xf9\xcd\x01\x2c\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00\xa3"
              "a\"b\xc4\x01\xff\x82\xa1k\x90\xa1l\x81\xa1\n\x80\x91\x91\x90"));
}

static void slices_of_both_kinds(struct emit *emit)
{
    emit_map(emit, 2);
    emit_key(emit, STR("json"));
    emit_slice(emit, (struct slice){SERIALIZER_JSON, STR("[1,{\"a\":null}]")});
    emit_key(emit, STR("packed"));
    emit_slice(emit, (struct slice){SERIALIZER_MSGPACK, STR("\x92\x01\xc3")});
}

static void slices_stand_where_any_value_may(void **state)
{
    (void)state;
    emits(slices_of_both_kinds, STR("{\"json\":[1,{\"a\":null}],\"packed\":[1,true]}"),
          STR("\x82\xa4json\x92\x01\x81\xa1"
              "a\xc0\xa6packed\x92\x01\xc3"));
}

static void the_shortest_escape_is_written(void **state)
{
    (void)state;
    struct buf out;
    struct emit emit;
    buf_init(&out, BUF_MAX);
    emit_init(&emit, SERIALIZER_JSON, &out);
    emit_str(&emit, STR("\b\f\n\r\t\x01\x1f\x7f\0\"\\/ \xe2\x82\xac"));
    assert_true(str_eq(buf_str(&out),
                       STR("\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000\\\"\\\\/ \xe2\x82\xac\"")));
    buf_done(&out);
}

static void writing_stops_for_good_when_the_buffer_is_full(void **state)
{
    (void)state;
    for (int serializer = SERIALIZER_JSON; serializer <= SERIALIZER_MSGPACK; serializer++) {
        struct buf whole;
        struct emit emit;
        buf_init(&whole, BUF_MAX);
        emit_init(&emit, (enum serializer)serializer, &whole);
        everything(&emit);
        for (size_t max = 0; max <= whole.len; max++) {
            struct buf out;
            buf_init(&out, max);
            emit_init(&emit, (enum serializer)serializer, &out);
            everything(&emit);
            assert_int_equal(out.full, max < whole.len);
            assert_true(out.len <= max);
            assert_memory_equal(buf_str(&out).ptr, whole.ptr, out.len);
            buf_done(&out);
        }
        buf_done(&whole);
    }
}

static void a_value_that_cannot_be_transcoded_fails_the_emitter_for_good(void **state)
{
    (void)state;
    struct buf out;
    struct emit emit;
    buf_init(&out, BUF_MAX);
    emit_init(&emit, SERIALIZER_JSON, &out);
    emit_list(&emit, 2);
    emit_slice(&emit, (struct slice){SERIALIZER_MSGPACK, STR("\x81\x01\x02")});
    assert_true(emit.failed);
    emit_u64(&emit, 1);
    assert_true(emit.failed);
    assert_false(out.full);
    buf_done(&out);
}

static void nesting_beyond_the_limit_fails(void **state)
{
    (void)state;
    struct buf out;
    struct emit emit;
    buf_init(&out, BUF_MAX);
    emit_init(&emit, SERIALIZER_MSGPACK, &out);
    for (int i = 0; i < 1000; i++) {
        emit_list(&emit, 1);
    }
    assert_true(emit.failed);
    buf_done(&out);
}

static void payload_becomes(struct payload payload, unsigned elements, struct str wanted)
{
    struct buf out;
    struct emit emit;
    buf_init(&out, BUF_MAX);
    emit_init(&emit, SERIALIZER_JSON, &out);
    assert_int_equal(payload_elements(&payload), elements);
    emit_list(&emit, 1 + elements);
    emit_u64(&emit, 70);
    payload_emit(&payload, &emit);
    assert_true(str_eq(buf_str(&out), wanted));
    buf_done(&out);
}

static void a_payload_takes_no_more_elements_than_it_needs(void **state)
{
    (void)state;
    struct str list = STR("[1]");
    struct str map = STR("{\"a\":2}");
    payload_becomes(payload_none(), 0, STR("[70]"));
    payload_becomes((struct payload){SERIALIZER_JSON, list, STR_EMPTY}, 1, STR("[70,[1]]"));
    payload_becomes((struct payload){SERIALIZER_JSON, list, map}, 2, STR("[70,[1],{\"a\":2}]"));
    payload_becomes((struct payload){SERIALIZER_JSON, STR_EMPTY, map}, 2, STR("[70,[],{\"a\":2}]"));
    payload_becomes((struct payload){SERIALIZER_MSGPACK, STR("\x91\x01"), STR("\x80")}, 2,
                    STR("[70,[1],{}]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_colons_and_ends_are_the_emitters_business),
        cmocka_unit_test(slices_stand_where_any_value_may),
        cmocka_unit_test(the_shortest_escape_is_written),
        cmocka_unit_test(writing_stops_for_good_when_the_buffer_is_full),
        cmocka_unit_test(a_value_that_cannot_be_transcoded_fails_the_emitter_for_good),
        cmocka_unit_test(nesting_beyond_the_limit_fails),
        cmocka_unit_test(a_payload_takes_no_more_elements_than_it_needs),
        cmocka_unit_test(kept_members_stand_where_they_would_have_been_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
