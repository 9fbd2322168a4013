#include "base/cidr.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct in6_addr address(const char *text)
{
    struct cidr one;
    assert_true(cidr_parse(str_of(text), &one));
    assert_int_equal(one.bits, 128);
    return one.address;
}

static bool holds(const char *block, const char *text)
{
    struct cidr cidr;
    assert_true(cidr_parse(str_of(block), &cidr));
    struct in6_addr one = address(text);
    return cidr_contains(&cidr, &one);
}

static void a_block_holds_what_shares_its_bits(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.0.1"));
    assert_false(holds("10.0.0.0/8", "11.0.0.1"));
    assert_true(holds("192.168.4.0/22", "192.168.7.255"));
    assert_false(holds("192.168.4.0/22", "192.168.8.0"));
    assert_true(holds("127.0.0.1", "127.0.0.1"));
    assert_false(holds("127.0.0.1", "127.0.0.2"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
}

static void all_of_ipv4_is_not_all_of_ipv6(void **state)
{
    (void)state;
    assert_true(holds("0.0.0.0/0", "255.255.255.255"));
    assert_false(holds("0.0.0.0/0", "::1"));
    assert_true(holds("::/0", "::1"));
    assert_true(holds("::/0", "10.0.0.1"));
}

static void the_text_is_the_same_for_the_same_block(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"10.1.2.3/8", "10.0.0.0/8"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"1.2.3.4/0", "0.0.0.0/0"},
        {"1.2.3.4", "1.2.3.4/32"},
        {"::ffff:1.2.3.4", "1.2.3.4/32"},
        {"::ffff:1.2.3.4/120", "1.2.3.0/24"},
        {"2001:DB8:0:0::1/32", "2001:db8::/32"},
        {"2001:db8:ffff::/33", "2001:db8:8000::/33"},
        {"::1/0", "::/0"},
        {"::1", "::1/128"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cidr cidr;
        char text[CIDR_TEXT_SIZE];
        assert_true(cidr_parse(str_of(cases[i][0]), &cidr));
        struct str got = cidr_text(&cidr, text);
        assert_string_equal(got.ptr, cases[i][1]);
        assert_int_equal(got.len, str_of(cases[i][1]).len);
    }
}

static void what_is_no_block_is_refused(void **state)
{
    (void)state;
    static const struct str cases[] = {
        STR_INIT(""),
        STR_INIT("/8"),
        STR_INIT("10.0.0.0/"),
        STR_INIT("10.0.0.0/33"),
        STR_INIT("10.0.0/8"),
        STR_INIT("::/129"),
        STR_INIT("::/-1"),
        STR_INIT("10.0.0.0/8/8"),
        STR_INIT("10.0.0.0/0008"),
        STR_INIT("a"),
        STR_INIT("1.2.3.4\0"),
        STR_INIT("::1 "),
        STR_INIT("1.2.3.4 /8"),
        STR_INIT("fe80::1%eth0"),
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cidr cidr;
        assert_false(cidr_parse(cases[i], &cidr));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_holds_what_shares_its_bits),
        cmocka_unit_test(all_of_ipv4_is_not_all_of_ipv6),
        cmocka_unit_test(the_text_is_the_same_for_the_same_block),
        cmocka_unit_test(what_is_no_block_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
