/* The message codec: every type both ways, and what is refused with which words. */
#include "base/mem.h"
#include "wamp/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUF_MAX = 1 << 16, SCRATCH_MAX = 1 << 16 };

static void same_message(const struct message *a, const struct message *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->request_type, b->request_type);
    assert_int_equal(a->request, b->request);
    assert_int_equal(a->id, b->id);
    assert_true(str_eq(a->uri, b->uri));
}

/* Through every serializer and back: the text must come out as it went in. */
static void travels(const char *text)
{
    struct arena arena;
    struct err err = {0};
    struct message from_json;
    arena_init(&arena, SCRATCH_MAX);
    if (!message_decode(SERIALIZER_JSON, str_of(text), &arena, &from_json, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
    for (enum serializer by = SERIALIZER_JSON; by < SERIALIZERS; by++) {
        struct message there;
        struct buf bytes;
        struct buf json;
        buf_init(&bytes, BUF_MAX);
        buf_init(&json, BUF_MAX);
        assert_true(message_encode(&from_json, by, &bytes));
        assert_true(message_decode(by, buf_str(&bytes), &arena, &there, &err));
        same_message(&from_json, &there);
        assert_true(message_encode(&there, SERIALIZER_JSON, &json));
        assert_true(str_eq(buf_str(&json), str_of(text)));
        buf_done(&bytes);
        buf_done(&json);
    }
    arena_done(&arena);
}

static void every_message_travels_in_every_serializer(void **state)
{
    (void)state;
    travels("[1,\"com.x\",{\"roles\":{\"caller\":{}}}]");
    travels("[2,9007199254740992,{\"roles\":{}}]");
    travels("[3,{\"message\":\"no\"},\"wamp.error.no_such_realm\"]");
    travels("[4,\"ticket\",{}]");
    travels("[5,\"s3cret\",{}]");
    travels("[6,{},\"wamp.close.normal\"]");
    travels("[8,48,7,{},\"com.x.error\",[1],{\"a\":null}]");
    travels("[16,1,{\"acknowledge\":true},\"com.x\",[],{\"b\":1.5}]");
    travels("[17,1,2]");
    travels("[32,1,{},\"com.x\"]");
    travels("[33,1,2]");
    travels("[34,1,2]");
    travels("[35,1]");
    travels("[36,5512315355,4429313566,{},[\"hello\"]]");
    travels("[48,1,{},\"com.x\"]");
    travels("[48,1,{},\"com.x\",[1,[2,{\"c\":\"\\u0000AQID\"}]]]");
    travels("[49,1,{\"mode\":\"kill\"}]");
    travels("[50,1,{},[3]]");
    travels("[64,1,{\"invoke\":\"roundrobin\"},\"com.x\"]");
    travels("[65,1,2]");
    travels("[66,1,2]");
    travels("[67,1]");
    travels("[68,1,2,{},[1]]");
    travels("[69,1,{}]");
    travels("[70,1,{\"progress\":true},[18446744073709551615]]");
}

static struct message decoded(struct str text, struct arena *arena)
{
    struct message message = {0};
    struct err err = {0};
    if (!message_decode(SERIALIZER_JSON, text, arena, &message, &err)) {
        fail_msg(PRISTR ": %s", STRARG(text), err.text);
    }
    return message;
}

static void each_field_is_where_the_table_says(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SCRATCH_MAX);
    struct message m = decoded(STR("[36,11,22,{\"topic\":\"t\"},[1],{\"k\":2}]"), &arena);
    assert_int_equal(m.id, 11);
    assert_int_equal(m.request, 22);
    assert_true(str_eq(m.details, STR("{\"topic\":\"t\"}")));
    assert_true(str_eq(m.payload.args, STR("[1]")));
    assert_true(str_eq(m.payload.kwargs, STR("{\"k\":2}")));
    m = decoded(STR("[2,33,{}]"), &arena);
    assert_int_equal(m.id, 33);
    m = decoded(STR("[68,5,6,{}]"), &arena);
    assert_int_equal(m.request, 5);
    assert_int_equal(m.id, 6);
    assert_int_equal(payload_elements(&m.payload), 0);
    m = decoded(STR("[8,64,5,{},\"a.b\"]"), &arena);
    assert_int_equal(m.request_type, MESSAGE_REGISTER);
    assert_true(str_eq(m.uri, STR("a.b")));
    m = decoded(STR("[5,\"\\u0073ig\",{}]"), &arena);
    assert_true(str_eq(m.uri, STR("sig")));
    arena_done(&arena);
}

static void refused(enum serializer serializer, struct str bytes, const char *words)
{
    struct arena arena;
    struct err err = {0};
    struct message message = {.request = 99};
    arena_init(&arena, SCRATCH_MAX);
    char *copy = malloc(bytes.len == 0 ? 1 : bytes.len);
    memcpy(copy, bytes.ptr, bytes.len);
    assert_false(message_decode(serializer, str_make(copy, bytes.len), &arena, &message, &err));
    if (strstr(err.text, words) == NULL) {
        print_error(PRISTR ": %s\n", STRARG(bytes), err.text);
    }
    assert_non_null(strstr(err.text, words));
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(message.request, 99);
    free(copy);
    arena_done(&arena);
}

#define REFUSED(text, words) refused(SERIALIZER_JSON, STR(text), words)

static void the_router_may_take_away_a_subscription_or_a_registration(void **state)
{
    (void)state;
    travels("[35,0,{\"subscription\":3}]");
    travels("[67,0,{\"registration\":3,\"reason\":\"x\"}]");
    REFUSED("[35,0]", "UNSUBSCRIBED: request must be an id");
    REFUSED("[67,0]", "UNREGISTERED: request must be an id");
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    REFUSED("", "must be a list");
    REFUSED("{}", "must be a list");
    REFUSED("[]", "begin with its type");
    REFUSED("[\"CALL\"]", "begin with its type");
    REFUSED("[-1]", "begin with its type");
    REFUSED("[48.5]", "begin with its type");
    REFUSED("[99,1,{}]", "unknown message type 99");
    REFUSED("[0]", "unknown message type 0");
    REFUSED("[7]", "unknown message type 7");
    REFUSED("[18446744073709551615]", "unknown message type 18446744073709551615");
}

static void arity_is_exact(void **state)
{
    (void)state;
    REFUSED("[48,1,{}]", "CALL: too few elements");
    REFUSED("[1]", "HELLO: too few elements");
    REFUSED("[1,\"a\",{},1]", "HELLO: too many elements");
    REFUSED("[33,1,2,{}]", "SUBSCRIBED: too many elements");
    REFUSED("[6,{},\"a\",[]]", "GOODBYE: too many elements");
    REFUSED("[35,1,{},{}]", "UNSUBSCRIBED: too many elements");
    REFUSED("[48,1,{},\"a\",[],{},{}]", "CALL: kwargs must be the last element");
}

static void elements_of_a_wrong_type_are_named(void **state)
{
    (void)state;
    REFUSED("[1,5,{}]", "HELLO: realm must be a string");
    REFUSED("[1,\"a\",[]]", "HELLO: details must be a map");
    REFUSED("[48,\"1\",{},\"a\"]", "CALL: request must be an id");
    REFUSED("[48,1,[],\"a\"]", "CALL: options must be a map");
    REFUSED("[48,1,{},null]", "CALL: procedure must be a string");
    REFUSED("[48,1,{},\"a\",{}]", "CALL: args must be a list");
    REFUSED("[48,1,{},\"a\",[],[]]", "CALL: kwargs must be a map");
    REFUSED("[34,1,{}]", "UNSUBSCRIBE: subscription must be an id");
    REFUSED("[8,50,1,{},\"a\"]", "ERROR: request type must be");
    REFUSED("[8,999,1,{},\"a\"]", "ERROR: request type must be");
}

static void ids_are_from_1_to_2_to_the_53(void **state)
{
    (void)state;
    REFUSED("[48,0,{},\"a\"]", "CALL: request must be an id");
    REFUSED("[48,9007199254740993,{},\"a\"]", "CALL: request must be an id");
    REFUSED("[48,-1,{},\"a\"]", "CALL: request must be an id");
    REFUSED("[48,1.5,{},\"a\"]", "CALL: request must be an id");
    REFUSED("[34,1,0]", "UNSUBSCRIBE: subscription must be an id");
    REFUSED("[34,0,1]", "UNSUBSCRIBE: request must be an id");
    travels("[48,9007199254740992,{},\"a\"]");
}

static void an_id_sent_as_a_float_is_an_id(void **state)
{
    (void)state;
    struct arena arena;
    struct message message;
    arena_init(&arena, SCRATCH_MAX);
    assert_true(message_decode(SERIALIZER_MSGPACK,
                               STR("\x94\x30\xcb\x40\x14\x00\x00\x00\x00\x00\x00\x80\xa1"
                                   "a"),
                               &arena, &message, NULL));
    assert_int_equal(message.request, 5);
    arena_done(&arena);
}

static void a_malformed_payload_is_refused_at_the_door(void **state)
{
    (void)state;
    REFUSED("[48,1,{},\"a\",[1,]]", "at byte 16");
    REFUSED("[48,1,{},\"a\",[{]", "CALL: ");
    REFUSED("[48,1,{\"a\":tru},\"a\"]", "CALL: ");
    REFUSED("[48,1,{},\"a\"] []", "something follows");
    REFUSED("[48,1,{},\"a\"", "CALL: ");
    REFUSED("[48,1,{},\"a\xff\"]", "CALL: procedure");
    refused(SERIALIZER_MSGPACK, STR("\x95\x30\x01\x80\xa1z\xdd\xff\xff\xff\xff"), "CALL: ");
    refused(SERIALIZER_MSGPACK, STR("\x95\x30\x01\x80\xa1z\x91\xd4\x01\x01"), "CALL: ");
    refused(SERIALIZER_MSGPACK, STR("\x94\x30\x01\x80\xa1z\x90"), "something follows");
    refused(SERIALIZER_MSGPACK, STR("\xdd\xff\xff\xff\xff"), "must be a list");
    refused(SERIALIZER_CBOR, STR("\x85\x18\x30\x01\xa0\x61z\x9a\xff\xff\xff\xff"), "CALL: ");
    refused(SERIALIZER_CBOR, STR("\x85\x18\x30\x01\xa0\x61z\x81\xd8\x1d\x01"), "a tag that is not");
    refused(SERIALIZER_CBOR, STR("\x9f\x18\x30\x01\xa0\x61z\x80"), "CALL: ");
    refused(SERIALIZER_CBOR, STR("\xbf\xff"), "must be a list");
}

static void a_secret_is_not_repeated_in_the_error(void **state)
{
    (void)state;
    struct arena arena;
    struct err err = {0};
    struct message message;
    arena_init(&arena, SCRATCH_MAX);
    assert_false(message_decode(SERIALIZER_JSON, STR("[5,\"hunter2\",[\"hunter2\"]]"), &arena,
                                &message, &err));
    assert_null(strstr(err.text, "hunter2"));
    arena_done(&arena);
}

static void absent_details_are_an_empty_map(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BUF_MAX);
    struct message message = {
        .type = MESSAGE_CALL, .request = 1, .uri = STR("a"), .payload = payload_none()};
    assert_true(message_encode(&message, SERIALIZER_JSON, &out));
    assert_true(str_eq(buf_str(&out), STR("[48,1,{},\"a\"]")));
    buf_done(&out);
}

static void kwargs_without_args_take_an_empty_list_before_them(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BUF_MAX);
    struct message message = {.type = MESSAGE_RESULT,
                              .request = 1,
                              .payload = {SERIALIZER_MSGPACK, STR_EMPTY, STR("\x81\xa1k\xc3")}};
    assert_true(message_encode(&message, SERIALIZER_JSON, &out));
    assert_true(str_eq(buf_str(&out), STR("[50,1,{},[],{\"k\":true}]")));
    buf_done(&out);
}

static void between_equal_serializers_every_byte_of_the_payload_is_kept(void **state)
{
    (void)state;
    struct arena arena;
    struct buf out;
    struct str text = STR("[68,1,2,{ \"x\" : 1e0 },[ 12345678901234567890123, \"\\u0041\" ]]");
    arena_init(&arena, SCRATCH_MAX);
    buf_init(&out, BUF_MAX);
    struct message message = decoded(text, &arena);
    assert_true(message_encode(&message, SERIALIZER_JSON, &out));
    assert_true(str_eq(buf_str(&out), text));
    buf_done(&out);
    arena_done(&arena);
}

static void a_message_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct buf out;
    struct message message = {.type = MESSAGE_YIELD,
                              .request = 1,
                              .payload = {SERIALIZER_MSGPACK, STR("\x91\x81\x01\x02"), STR_EMPTY}};
    buf_init(&out, BUF_MAX);
    assert_false(message_encode(&message, SERIALIZER_JSON, &out));
    buf_clear(&out);
    assert_true(message_encode(&message, SERIALIZER_MSGPACK, &out));
    buf_done(&out);
    buf_init(&out, 7);
    assert_false(message_encode(&message, SERIALIZER_MSGPACK, &out));
    buf_done(&out);
    buf_init(&out, 8);
    assert_true(message_encode(&message, SERIALIZER_MSGPACK, &out));
    buf_done(&out);
    message.type = (enum message_type)7;
    buf_init(&out, BUF_MAX);
    assert_false(message_encode(&message, SERIALIZER_MSGPACK, &out));
    buf_done(&out);
}

static void messages_have_names(void **state)
{
    (void)state;
    assert_string_equal(message_name(MESSAGE_CALL), "CALL");
    assert_string_equal(message_name((enum message_type)99), "message 99");
    assert_string_equal(message_name((enum message_type)0), "message 0");
}

static void random_ids_are_in_range_and_differ(void **state)
{
    (void)state;
    uint64_t last = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t id = wamp_id_random();
        assert_in_range(id, 1, WAMP_ID_MAX);
        assert_true(id != last);
        last = id;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_travels_in_every_serializer),
        cmocka_unit_test(the_router_may_take_away_a_subscription_or_a_registration),
        cmocka_unit_test(each_field_is_where_the_table_says),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(arity_is_exact),
        cmocka_unit_test(elements_of_a_wrong_type_are_named),
        cmocka_unit_test(ids_are_from_1_to_2_to_the_53),
        cmocka_unit_test(an_id_sent_as_a_float_is_an_id),
        cmocka_unit_test(a_malformed_payload_is_refused_at_the_door),
        cmocka_unit_test(a_secret_is_not_repeated_in_the_error),
        cmocka_unit_test(absent_details_are_an_empty_map),
        cmocka_unit_test(kwargs_without_args_take_an_empty_list_before_them),
        cmocka_unit_test(between_equal_serializers_every_byte_of_the_payload_is_kept),
        cmocka_unit_test(a_message_that_cannot_be_written_is_told),
        cmocka_unit_test(messages_have_names),
        cmocka_unit_test(random_ids_are_in_range_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
