#include "transport/upgrade_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINE "GET /ws HTTP/1.1\r\n"
#define HOST "Host: gw.example:8080\r\n"
#define UPGRADE \
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
#define KEY   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define OFFER "Sec-WebSocket-Protocol: wamp.2.json\r\n"
#define END   "\r\n"

static unsigned judge(const char *head, const struct upgrade_rules *rules)
{
    static const struct upgrade_rules any = {0};
    size_t size = strlen(head);
    assert_int_equal(upgrade_head_end(str_make(head, size), 0), size);
    struct upgrade_verdict verdict =
        upgrade_judge(str_make(head, size), rules == NULL ? &any : rules);
    if (verdict.status != UPGRADE_ACCEPTED) {
        assert_non_null(verdict.detail);
    }
    return verdict.status;
}

static void check(const char *head, unsigned status)
{
    unsigned got = judge(head, NULL);
    if (got != status) {
        fail_msg("%u, not %u, for\n%s", got, status, head);
    }
}

static void an_opening_handshake_is_accepted(void **state)
{
    (void)state;
    check(LINE HOST UPGRADE KEY OFFER END, 101);
    check("GET /ws?x=1&y=%20 HTTP/1.1\r\n" HOST UPGRADE KEY OFFER END, 101);
    check(LINE
          "hOST: x\r\nupgrade:WebSocket\r\nconnection:upgrade\r\nSEC-WEBSOCKET-VERSION:13\r\n" KEY
              OFFER END,
          101);
    check(LINE HOST UPGRADE KEY "Sec-WebSocket-Protocol: chat , wamp.2.msgpack\r\n" END, 101);
    check(LINE HOST UPGRADE KEY "Sec-WebSocket-Protocol: wamp.2.cbor\r\n" END, 101);
    check(LINE HOST UPGRADE KEY OFFER "X-Other: \xc3\xa9\tok\r\nContent-Length: 0\r\n" END, 101);
    check(LINE HOST UPGRADE KEY OFFER "Origin: https://anything.example\r\n" END, 101);
}

static void what_is_missing_or_wrong_has_its_status(void **state)
{
    (void)state;
    check("POST /ws HTTP/1.1\r\n" HOST UPGRADE KEY OFFER END, 405);
    check("GET /ws HTTP/1.0\r\n" HOST UPGRADE KEY OFFER END, 505);
    check("GET /ws HTTP/2.0\r\n" HOST UPGRADE KEY OFFER END, 400);
    check("GET /ws\r\n" HOST UPGRADE KEY OFFER END, 400);
    check("GET /wsx HTTP/1.1\r\n" HOST UPGRADE KEY OFFER END, 404);
    check("GET /ws?\x80 HTTP/1.1\r\n" HOST UPGRADE KEY OFFER END, 400);
    check("GET  /ws HTTP/1.1\r\n" HOST UPGRADE KEY OFFER END, 400);
    check(LINE UPGRADE KEY OFFER END, 400);
    check(LINE "Host:\r\n" UPGRADE KEY OFFER END, 400);
    check(LINE HOST END, 426);
    check(LINE HOST
          "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" KEY OFFER END,
          400);
    check(LINE HOST "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" KEY OFFER END, 400);
    check(LINE HOST
          "Upgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n" KEY OFFER END,
          400);
    check(LINE HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n" KEY OFFER END, 426);
    check(LINE HOST
          "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n" KEY OFFER END,
          426);
    check(LINE HOST UPGRADE OFFER END, 400);
    check(LINE HOST UPGRADE "Sec-WebSocket-Key: short\r\n" OFFER END, 400);
    check(LINE HOST UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n" OFFER END, 400);
    check(LINE HOST UPGRADE KEY END, 400);
    check(LINE HOST UPGRADE KEY "Sec-WebSocket-Protocol:\r\n" END, 400);
    check(LINE HOST UPGRADE KEY "Sec-WebSocket-Protocol: WAMP.2.JSON\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "Content-Length: 5\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "Transfer-Encoding: chunked\r\n" END, 400);
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
    (void)state;
    check(LINE HOST HOST UPGRADE KEY OFFER END, 400);
    check(LINE HOST UPGRADE KEY KEY OFFER END, 400);
    check(LINE HOST UPGRADE KEY OFFER "sec-websocket-protocol: chat\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "X : y\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER " folded\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "no colon\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER ": nothing\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "X: a\nY: b\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "X: a\rY: b\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "X: \x01\r\n" END, 400);
    check(LINE HOST UPGRADE KEY OFFER "X: \x7f\r\n" END, 400);
    check("\r\n\r\n", 400);
    static const char with_nul[] = LINE HOST UPGRADE KEY OFFER "X: a\0b\r\n\r\n";
    struct upgrade_rules any = {0};
    assert_int_equal(upgrade_judge(str_make(with_nul, sizeof(with_nul) - 1), &any).status, 400);
}

static void only_allowed_origins_come_in(void **state)
{
    (void)state;
    static const struct str list[] = {STR_INIT("https://a.example"), STR_INIT("https://b.example")};
    struct upgrade_rules listed = {.origins = list, .origin_count = 2};
    struct upgrade_rules own = {.own_origin = true};
#define WITH(origin) LINE HOST UPGRADE KEY OFFER "Origin: " origin "\r\n" END
    assert_int_equal(judge(LINE HOST UPGRADE KEY OFFER END, &listed), 101);
    assert_int_equal(judge(WITH("https://b.example"), &listed), 101);
    assert_int_equal(judge(WITH("https://c.example"), &listed), 403);
    assert_int_equal(judge(WITH("https://a.example.evil"), &listed), 403);
    assert_int_equal(judge(WITH("null"), &listed), 403);
    assert_int_equal(judge(LINE HOST UPGRADE KEY OFFER END, &own), 101);
    assert_int_equal(judge(WITH("http://gw.example:8080"), &own), 101);
    assert_int_equal(judge(WITH("https://GW.example:8080"), &own), 101);
    assert_int_equal(judge(WITH("http://gw.example"), &own), 403);
    assert_int_equal(judge(WITH("gw.example:8080"), &own), 403);
    assert_int_equal(judge(WITH("null"), &own), 403);
}

static void what_was_accepted_is_told(void **state)
{
    (void)state;
    static const char head[] = LINE HOST UPGRADE KEY
        "Sec-WebSocket-Protocol: wamp.2.json.batched, wamp.2.cbor ,wamp.2.json\r\n"
        "Authorization: BEARER  tok.en\r\nCookie: a=b; c=d\r\n" END;
    struct upgrade_rules rules = {0};
    struct upgrade_verdict verdict = upgrade_judge(str_of(head), &rules);
    assert_int_equal(verdict.status, 101);
    assert_true(str_eq(verdict.subprotocol, STR("wamp.2.cbor"))); /* the client's order */
    assert_int_equal(verdict.serializer, SERIALIZER_CBOR);
    assert_true(str_eq(verdict.key, STR("dGhlIHNhbXBsZSBub25jZQ==")));
    assert_true(str_eq(verdict.bearer, STR("tok.en")));
    assert_true(str_eq(verdict.cookie, STR("a=b; c=d")));
    verdict = upgrade_judge(str_of(LINE HOST UPGRADE KEY OFFER "Authorization: Basic eA==\r\n" END),
                            &rules);
    assert_int_equal(verdict.bearer.len + verdict.cookie.len, 0);
    check(LINE HOST UPGRADE KEY OFFER "Cookie: a\r\nCookie: b\r\n" END, 400);
    check(LINE HOST UPGRADE KEY "Sec-WebSocket-Protocol: wamp.2.json.batched\r\n" END, 400);
}

static void without_a_subprotocol_only_where_any_kind_is_taken(void **state)
{
    (void)state;
    struct upgrade_rules rules = {.any_kind = true};
    assert_int_equal(judge(LINE HOST UPGRADE KEY END, &rules), 101);
    assert_int_equal(judge(LINE HOST UPGRADE KEY "Sec-WebSocket-Protocol: chat\r\n" END, &rules),
                     400);
    check(LINE HOST UPGRADE KEY END, 400);
}

static void the_end_of_the_head_is_found_only_when_it_is_there(void **state)
{
    (void)state;
    static const char bytes[] = LINE HOST END "body\r\n\r\n";
    size_t head = sizeof(LINE HOST END) - 1;
    for (size_t size = 0; size < head; size++) {
        assert_int_equal(upgrade_head_end(str_make(bytes, size), 0), 0);
    }
    assert_int_equal(upgrade_head_end(str_make(bytes, sizeof(bytes) - 1), 0), head);
    assert_int_equal(upgrade_head_end(str_make(bytes, sizeof(bytes) - 1), head - 4), head);
    assert_int_equal(upgrade_head_end(str_make(bytes, 3), 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_accepted_is_told),
        cmocka_unit_test(without_a_subprotocol_only_where_any_kind_is_taken),
        cmocka_unit_test(an_opening_handshake_is_accepted),
        cmocka_unit_test(what_is_missing_or_wrong_has_its_status),
        cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
        cmocka_unit_test(only_allowed_origins_come_in),
        cmocka_unit_test(the_end_of_the_head_is_found_only_when_it_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
