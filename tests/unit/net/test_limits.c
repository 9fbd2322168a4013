/* test_limits.c - places in the total and per address; and how peers are spelled. */
#include "base/cidr.h"
#include "net/limits.h"
#include "net/peer_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct in6_addr address(const char *text)
{
    struct cidr cidr;
    assert_true(cidr_parse(str_of(text), &cidr));
    return cidr.address;
}

static void the_total_is_bounded(void **state)
{
    (void)state;
    struct limits *limits = limits_new(2, 0);
    assert_true(limits_enter(limits));
    assert_true(limits_enter(limits));
    assert_false(limits_enter(limits));
    assert_int_equal(limits_count(limits), 2);
    limits_leave(limits);
    assert_true(limits_enter(limits));
    limits_free(limits);
}

static void each_address_has_its_own_places(void **state)
{
    (void)state;
    struct limits *limits = limits_new(0, 2);
    struct in6_addr one = address("192.0.2.1");
    struct in6_addr other = address("192.0.2.2");
    assert_true(limits_enter_address(limits, &one));
    assert_true(limits_enter_address(limits, &one));
    assert_false(limits_enter_address(limits, &one));
    assert_true(limits_enter_address(limits, &other));
    limits_leave_address(limits, &one);
    assert_true(limits_enter_address(limits, &one));
    limits_leave_address(limits, &one);
    limits_leave_address(limits, &one);
    limits_leave_address(limits, &one); /* once too often does no harm */
    limits_free(limits);
}

static void an_ipv6_network_counts_as_one(void **state)
{
    (void)state;
    struct limits *limits = limits_new(0, 1);
    struct in6_addr one = address("2001:db8:1:2::1");
    struct in6_addr same = address("2001:db8:1:2:ffff::9");
    struct in6_addr other = address("2001:db8:1:3::1");
    assert_true(limits_enter_address(limits, &one));
    assert_false(limits_enter_address(limits, &same));
    assert_true(limits_enter_address(limits, &other));
    limits_leave_address(limits, &same);
    assert_true(limits_enter_address(limits, &one));
    limits_free(limits);
}

static void expect_text(struct peer_info peer, const char *text, bool loopback)
{
    char out[PEER_TEXT_SIZE];
    assert_true(str_eq(peer_info_text(&peer, out), str_of(text)));
    assert_int_equal(peer_info_loopback(&peer), loopback);
}

static void a_peer_is_spelled_with_its_port(void **state)
{
    (void)state;
    expect_text((struct peer_info){.address = address("127.9.0.1"), .port = 80}, "127.9.0.1:80",
                true);
    expect_text((struct peer_info){.address = address("128.0.0.1"), .port = 1}, "128.0.0.1:1",
                false);
    expect_text((struct peer_info){.address = address("::1"), .port = 5}, "[::1]:5", true);
    expect_text((struct peer_info){.address = address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
                                   .port = 65535},
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535", false);
    expect_text((struct peer_info){.unix_socket = true}, "unix", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_total_is_bounded),
        cmocka_unit_test(each_address_has_its_own_places),
        cmocka_unit_test(an_ipv6_network_counts_as_one),
        cmocka_unit_test(a_peer_is_spelled_with_its_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
