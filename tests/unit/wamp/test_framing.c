#include "wamp/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_handshake_says_what_was_written_into_it(void **state)
{
    (void)state;
    for (unsigned bits = FRAMING_LENGTH_BITS_MIN; bits <= FRAMING_LENGTH_BITS_MAX; bits++) {
        for (uint8_t serializer = 1; serializer < 16; serializer++) {
            struct handshake in = {.length_max = (size_t)1 << bits, .serializer = serializer};
            struct handshake out;
            char octets[4];
            handshake_write(&in, octets);
            assert_true(handshake_read(octets, &out));
            assert_true(out.length_max == in.length_max && out.serializer == serializer);
            assert_false(out.reserved);
        }
    }
}

static void the_announced_length_is_never_above_what_is_accepted(void **state)
{
    (void)state;
    static const struct {
        size_t accepted;
        size_t announced;
    } rows[] = {
        {0, 512},           {512, 512},         {1023, 512},         {1024, 1024},
        {4000000, 1 << 21}, {1 << 24, 1 << 24}, {SIZE_MAX, 1 << 24}, {(1 << 24) - 1, 1 << 23}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(handshake_length(rows[i].accepted), rows[i].announced);
    }
}

static void a_refusal_says_why(void **state)
{
    (void)state;
    for (unsigned fault = 1; fault <= HANDSHAKE_CONNECTIONS_MAX; fault++) {
        struct handshake out;
        char octets[4];
        handshake_refuse((enum handshake_fault)fault, octets);
        assert_int_equal((unsigned char)octets[1], fault << 4);
        assert_true(handshake_read(octets, &out));
        assert_int_equal(out.serializer, 0);
        assert_int_equal(out.fault, fault);
        assert_true(strlen(handshake_fault_text(fault)) > 5);
    }
    assert_non_null(handshake_fault_text(15));
}

static void a_frame_of_every_length_is_read_as_written_and_not_before_it_is_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 255, 256, 65535, 65536, (1 << 24) - 1, 1 << 24};
    char *bytes = calloc(1, (1 << 24) + 8);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t length = lengths[i];
        struct frame frame;
        frame_header(FRAME_PING, length, bytes);
        assert_int_equal(frame_read(str_make(bytes, length + 4), 1 << 24, &frame), FRAME_WHOLE);
        assert_int_equal(frame.type, FRAME_PING);
        assert_int_equal(frame.payload.len, length);
        assert_ptr_equal(frame.payload.ptr, bytes + 4);
        assert_int_equal(frame_read(str_make(bytes, length + 5), 1 << 24, &frame), FRAME_WHOLE);
        assert_int_equal(frame.payload.len, length);
        assert_int_equal(frame_read(str_make(bytes, length + 3), 1 << 24, &frame), FRAME_MORE);
        if (length > 0) {
            assert_int_equal(frame_read(str_make(bytes, 4), length - 1, &frame), FRAME_TOO_LONG);
        }
    }
    free(bytes);
}

static void every_reserved_bit_and_type_is_refused_at_the_header(void **state)
{
    (void)state;
    struct frame frame;
    for (unsigned first = 0; first < 256; first++) {
        char bytes[5] = {(char)first, 0, 0, 1, 'x'};
        enum frame_state wanted = first <= FRAME_PONG ? FRAME_WHOLE : FRAME_RESERVED;
        assert_int_equal(frame_read(str_make(bytes, 5), 1 << 24, &frame), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_says_what_was_written_into_it),
        cmocka_unit_test(the_announced_length_is_never_above_what_is_accepted),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(a_frame_of_every_length_is_read_as_written_and_not_before_it_is_whole),
        cmocka_unit_test(every_reserved_bit_and_type_is_refused_at_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
