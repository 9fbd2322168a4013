#include "transport/ws_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ws_head head;

static enum ws_head_state read_head(const char *octets, size_t size)
{
    return ws_head_read(str_make(octets, size), &head);
}

#define READ(octets) read_head(octets, sizeof(octets) - 1)

static void a_header_says_what_comes(void **state)
{
    (void)state;
    assert_int_equal(READ("\x81\x85mask"), WS_HEAD_WHOLE);
    assert_int_equal(head.opcode, OPCODE_TEXT);
    assert_true(head.final);
    assert_int_equal(head.length, 5);
    assert_int_equal(head.size, 6);
    assert_memory_equal(head.mask, "mask", 4);
    assert_int_equal(READ("\x02\xfe\x01\x02mask"), WS_HEAD_WHOLE);
    assert_false(head.final);
    assert_int_equal(head.length, 0x102);
    assert_int_equal(head.size, 8);
    assert_int_equal(READ("\x80\xff\0\0\0\x01\0\0\0\0mask"), WS_HEAD_WHOLE);
    assert_true(head.length == (uint64_t)1 << 32);
    assert_int_equal(head.size, WS_HEAD_MAX);
    assert_int_equal(READ("\x8a\xfdmask"), WS_HEAD_WHOLE);
    assert_int_equal(head.length, WS_CONTROL_MAX);
}

static void what_is_cut_short_waits_for_more(void **state)
{
    static const char whole[] = "\x80\xff\0\0\0\x01\0\0\0\0mask";
    (void)state;
    for (size_t size = 0; size + 1 < sizeof(whole); size++) {
        assert_int_equal(read_head(whole, size), WS_HEAD_MORE);
    }
}

static void what_is_wrong_is_known_at_its_octet(void **state)
{
    (void)state;
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        char octet = (char)(0x80 | opcode);
        bool known = opcode < 3 || (opcode > 7 && opcode < 11);
        assert_int_equal(read_head(&octet, 1), known ? WS_HEAD_MORE : WS_HEAD_WRONG);
        octet = (char)opcode; /* in pieces */
        assert_int_equal(read_head(&octet, 1), opcode < 3 ? WS_HEAD_MORE : WS_HEAD_WRONG);
    }
    for (unsigned reserved = 0x10; reserved < 0x80; reserved += 0x10) {
        char octet = (char)(0x81 | reserved);
        assert_int_equal(read_head(&octet, 1), WS_HEAD_WRONG);
    }
    assert_int_equal(READ("\x81\x05"), WS_HEAD_WRONG); /* not masked */
    assert_int_equal(READ("\x89\xfe"), WS_HEAD_WRONG); /* too long for a control frame */
    assert_int_equal(READ("\x88\xff"), WS_HEAD_WRONG);
    assert_int_equal(READ("\x81\xfe\0\x7dmask"), WS_HEAD_WRONG); /* in more octets than it needs */
    assert_int_equal(READ("\x81\xff\0\0\0\0\0\0\xff\xffmask"), WS_HEAD_WRONG);
    assert_int_equal(READ("\x81\xff\x80\0\0\0\0\0\0\0mask"), WS_HEAD_WRONG); /* 64 bits */
}

static void a_mask_is_taken_off_from_anywhere(void **state)
{
    static const unsigned char mask[4] = {1, 2, 4, 8};
    char plain[40];
    char masked[40];
    char out[40];
    (void)state;
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (char)(i * 7);
        masked[i] = (char)(plain[i] ^ mask[i & 3]);
    }
    for (size_t from = 0; from < sizeof(plain); from++) {
        for (size_t to = from; to <= sizeof(plain); to++) {
            ws_unmask(mask, from, str_make(masked + from, to - from), out);
            assert_memory_equal(out, plain + from, to - from);
        }
    }
}

static void a_header_of_ours_takes_as_few_octets_as_it_can(void **state)
{
    static const struct {
        size_t length, size;
        const char *octets;
    } rows[] = {{0, 2, "\x82\0"},
                {125, 2, "\x82\x7d"},
                {126, 4, "\x82\x7e\0\x7e"},
                {65535, 4, "\x82\x7e\xff\xff"},
                {65536, 10, "\x82\x7f\0\0\0\0\0\x01\0\0"}};
    unsigned char out[WS_REPLY_HEAD_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ws_head_write(OPCODE_BINARY, rows[i].length, out), rows[i].size);
        assert_memory_equal(out, rows[i].octets, rows[i].size);
    }
}

static void close_codes_are_those_of_the_registry_and_of_programs(void **state)
{
    static const unsigned edges[] = {1000, 1003, 1007, 1014, 3000, 4999};
    static const unsigned beyond[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};
    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        assert_true(ws_close_code_valid(edges[i]));
    }
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        assert_false(ws_close_code_valid(beyond[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_says_what_comes),
        cmocka_unit_test(what_is_cut_short_waits_for_more),
        cmocka_unit_test(what_is_wrong_is_known_at_its_octet),
        cmocka_unit_test(a_mask_is_taken_off_from_anywhere),
        cmocka_unit_test(a_header_of_ours_takes_as_few_octets_as_it_can),
        cmocka_unit_test(close_codes_are_those_of_the_registry_and_of_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
