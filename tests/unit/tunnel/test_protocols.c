#include "base/mem.h"
#include "tunnel/protocols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct tunnel_protocol *choose(enum tunnel_kind kind, const char *body)
{
    const struct tunnel_protocol *found = NULL;
    struct arena scratch;
    arena_init(&scratch, 1 << 20);
    if (protocol_choose(kind, str_of(body), &scratch, &found) != PROTOCOL_CHOSEN) {
        found = NULL;
    }
    arena_done(&scratch);
    return found;
}

static const struct tunnel_protocol *named(const char *name)
{
    char body[128];
    (void)snprintf(body, sizeof(body), "{\"protocols\":[\"%s\"]}", name);
    const struct tunnel_protocol *found = choose(TUNNEL_LONGPOLL, body);
    assert_non_null(found);
    return found;
}

static void the_first_known_is_chosen(void **state)
{
    (void)state;
    const struct tunnel_protocol *found =
        choose(TUNNEL_LONGPOLL, "{\"x\":[],\"protocols\":[1,\"wamp.3\",\"wamp.2.ms\\u0067pack\"]}");
    assert_non_null(found);
    assert_int_equal(found->serializer, SERIALIZER_MSGPACK);
    assert_null(choose(TUNNEL_SSE, "{\"protocols\":[\"wamp.2.msgpack\"]}"));
    assert_non_null(choose(TUNNEL_SSE, "{\"protocols\":[\"wamp.2.json.sse\"]}"));
    assert_null(choose(TUNNEL_LONGPOLL, "{\"protocols\":[\"wamp.2.json.sse\"]}"));
    assert_null(choose(TUNNEL_LONGPOLL, "{\"protocols\":{\"wamp.2.json\":1}}"));
    assert_null(choose(TUNNEL_LONGPOLL, "[\"wamp.2.json\"]"));
}

static void unreadable_is_not_unsupported(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "1", "[]", "{\"protocols\":[}", "{}x"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const struct tunnel_protocol *found = NULL;
        assert_int_equal(protocol_choose(TUNNEL_LONGPOLL, str_of(texts[i]), NULL, &found),
                         PROTOCOL_UNREADABLE);
    }
}

/* Frames `messages` and reads them back, whole and cut short at every byte. */
static void round_trip(const char *name, const struct str *messages, size_t count)
{
    const struct tunnel_protocol *protocol = named(name);
    struct buf body;
    buf_init(&body, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        char prefix[BATCH_PREFIX_SIZE];
        size_t size = protocol_prefix(protocol, messages[i].len, prefix);
        (void)buf_append(&body, str_make(prefix, size));
        (void)buf_append(&body, messages[i]);
        (void)buf_append(&body, protocol_suffix(protocol));
    }
    for (size_t len = 0; len <= body.len; len++) {
        struct str message = STR_EMPTY;
        bool malformed = false;
        size_t at = 0;
        size_t found = 0;
        while (
            protocol_next(protocol, str_sub(buf_str(&body), 0, len), &at, &message, &malformed)) {
            assert_true(found < count);
            assert_true(str_eq(message, messages[found]));
            found++;
        }
        assert_true(at <= len);
        if (len == body.len) {
            assert_false(malformed);
            assert_int_equal(found, count);
        } else {
            assert_true(malformed || (found > 0 && found < count));
        }
    }
    buf_done(&body);
}

static void batches_are_read_as_they_were_written(void **state)
{
    (void)state;
    static const struct str json[] = {STR_INIT("[1]"), STR_INIT("[2,{}]"), STR_INIT("[]")};
    static const struct str binary[] = {STR_INIT("\x91\x01"), STR_INIT("\x92\x1e\x80"),
                                        STR_INIT("\x90")};
    round_trip("wamp.2.json.batched", json, COUNT_OF(json));
    round_trip("wamp.2.msgpack.batched", binary, COUNT_OF(binary));
}

static void a_plain_body_is_one_message(void **state)
{
    (void)state;
    struct str message = STR_EMPTY;
    bool malformed = false;
    size_t at = 0;
    assert_true(protocol_next(named("wamp.2.json"), STR("[1]\x1e"), &at, &message, &malformed));
    assert_int_equal(message.len, 4);
    assert_false(protocol_next(named("wamp.2.json"), STR("[1]\x1e"), &at, &message, &malformed));
    assert_false(malformed);
    at = 0;
    assert_false(protocol_next(named("wamp.2.json"), STR_EMPTY, &at, &message, &malformed));
    assert_true(malformed);
}

static void a_length_beyond_the_body_is_malformed(void **state)
{
    (void)state;
    struct str message = STR_EMPTY;
    bool malformed = false;
    size_t at = 0;
    assert_false(protocol_next(named("wamp.2.msgpack.batched"), STR("\xff\xff\xff\xff\x90"), &at,
                               &message, &malformed));
    assert_true(malformed);
}

static void events_are_told_from_what_may_not_be_dropped(void **state)
{
    (void)state;
    assert_true(protocol_is_event(SERIALIZER_JSON, STR("[36,1,2,{}]")));
    assert_true(protocol_is_event(SERIALIZER_JSON, STR(" [ 36 , 1]")));
    assert_true(protocol_is_event(SERIALIZER_MSGPACK, STR("\x94\x24\x01\x02\x80")));
    assert_false(protocol_is_event(SERIALIZER_JSON, STR("[360,1]")));
    assert_false(protocol_is_event(SERIALIZER_JSON, STR("[50,36]")));
    assert_false(protocol_is_event(SERIALIZER_MSGPACK, STR("\x94\x32\x24\x02\x80")));
    assert_false(protocol_is_event(SERIALIZER_JSON, STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_known_is_chosen),
        cmocka_unit_test(unreadable_is_not_unsupported),
        cmocka_unit_test(batches_are_read_as_they_were_written),
        cmocka_unit_test(a_plain_body_is_one_message),
        cmocka_unit_test(a_length_beyond_the_body_is_malformed),
        cmocka_unit_test(events_are_told_from_what_may_not_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
