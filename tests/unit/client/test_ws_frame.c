#include "client/ws_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_accept_of_a_key_is_that_of_the_rfc(void **state)
{
    (void)state;
    char accept[WS_ACCEPT_SIZE];
    ws_accept_of("dGhlIHNhbXBsZSBub25jZQ==", accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    char one[WS_KEY_SIZE];
    char two[WS_KEY_SIZE];
    ws_key_new(one);
    ws_key_new(two);
    assert_int_equal(strlen(one), 24);
    assert_string_not_equal(one, two);
}

static void a_frame_is_whole_at_its_last_byte_and_no_earlier(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 100000};
    unsigned char *bytes = calloc(1, 100100);
    static const unsigned char mask[4];
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct ws_frame frame;
        size_t length = lengths[i];
        /* A client's header without its mask is a server's. */
        size_t header = ws_frame_header(WS_BINARY, length, mask, bytes) - 4;
        bytes[1] = (unsigned char)(bytes[1] & 0x7f);
        struct str whole = str_make((const char *)bytes, header + length);
        for (size_t cut = 0; cut < header + (length > 0); cut++) {
            assert_int_equal(ws_frame_read(str_sub(whole, 0, cut), 1 << 20, &frame), WS_FRAME_MORE);
        }
        assert_int_equal(ws_frame_read(whole, 1 << 20, &frame), WS_FRAME_WHOLE);
        assert_true(frame.final && frame.opcode == WS_BINARY);
        assert_int_equal(frame.payload.len, length);
        assert_int_equal(frame.size, header + length);
        if (length > 0) {
            assert_int_equal(ws_frame_read(str_sub(whole, 0, header), length - 1, &frame),
                             WS_FRAME_TOO_LONG);
        }
    }
    free(bytes);
}

static void what_a_server_must_not_send_is_malformed(void **state)
{
    (void)state;
    struct ws_frame frame;
    static const char *const wrong[] = {
        "\x81\x80", /* masked */
        "\xc1\x01", /* a reserved bit */
        "\x83\x01", /* a reserved opcode */
        "\x8b\x01", /* likewise, control */
        "\x09\x01", /* a ping in fragments */
        "\x89\x7e", /* a long ping */
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(ws_frame_read(str_make(wrong[i], 2), 100, &frame), WS_FRAME_MALFORMED);
    }
    static const char huge[] = "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_int_equal(ws_frame_read(str_make(huge, 10), SIZE_MAX / 2, &frame), WS_FRAME_TOO_LONG);
}

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define YES                                                      \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n" \
    "Connection: Upgrade\r\n"
#define ACCEPT "sec-websocket-accept:  s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define OFFER  "Sec-WebSocket-Protocol: wamp.2.json\r\n"

static void check(const char *head, enum err_code code)
{
    struct err err = {0};
    bool fine = ws_head_accepts(str_of(head), KEY, STR("wamp.2.json"), &err);
    assert_int_equal(fine, code == ERR_NONE);
    assert_int_equal(err.code, code);
}

static void only_a_yes_to_our_own_request_opens_the_socket(void **state)
{
    (void)state;
    check(YES ACCEPT OFFER "\r\n", ERR_NONE);
    check(YES OFFER "\r\n", ERR_INVALID);
    check(YES "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n" OFFER "\r\n", ERR_INVALID);
    check(YES ACCEPT "\r\n", ERR_INVALID);
    check(YES ACCEPT "Sec-WebSocket-Protocol: wamp.2.msgpack\r\n\r\n", ERR_INVALID);
    check(YES ACCEPT OFFER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", ERR_INVALID);
    check("HTTP/1.1 101 \r\n" ACCEPT OFFER "\r\n", ERR_INVALID);
    check("HTTP/1.1 403 Forbidden\r\n\r\n", ERR_DENIED);
    check("HTTP/1.1 503 No\r\n\r\n", ERR_UNAVAILABLE);
    check("HTTP/1.1 x\r\n\r\n", ERR_INVALID);
    check("SSH-2.0\r\n\r\n", ERR_INVALID);
    check("\r\n\r\n", ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_accept_of_a_key_is_that_of_the_rfc),
        cmocka_unit_test(a_frame_is_whole_at_its_last_byte_and_no_earlier),
        cmocka_unit_test(what_a_server_must_not_send_is_malformed),
        cmocka_unit_test(only_a_yes_to_our_own_request_opens_the_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
