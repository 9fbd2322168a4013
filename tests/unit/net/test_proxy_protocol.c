/* test_proxy_protocol.c - PROXY headers of haproxy's specification, and hostile ones. */
#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define V2 "\r\n\r\n\0\r\nQUIT\n"

static struct str text_of(const struct proxy_header *header, char out[INET6_ADDRSTRLEN])
{
    assert_non_null(inet_ntop(AF_INET6, &header->address, out, INET6_ADDRSTRLEN));
    return str_of(out);
}

static void expect(struct str bytes, size_t len, const char *address, uint16_t port)
{
    struct proxy_header header;
    char text[INET6_ADDRSTRLEN];
    assert_int_equal(proxy_parse(bytes, &header), PROXY_OK);
    assert_int_equal(header.len, len);
    assert_int_equal(header.has_address, address != NULL);
    if (address != NULL) {
        assert_true(str_eq(text_of(&header, text), str_of(address)));
        assert_int_equal(header.port, port);
    }
    for (size_t i = 0; i < len; i++) { /* no prefix is taken for the whole */
        assert_int_equal(proxy_parse(str_sub(bytes, 0, i), &header), PROXY_MORE);
    }
}

static void version_1_gives_the_source(void **state)
{
    (void)state;
    struct str v4 = STR("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n");
    expect(v4, v4.len - 16, "::ffff:192.0.2.7", 56324);
    struct str v6 = STR("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n");
    expect(v6, v6.len, "2001:db8::7", 1);
    struct str longest = STR("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
    expect(longest, longest.len, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
}

static void unknown_keeps_the_address_of_the_socket(void **state)
{
    (void)state;
    expect(STR("PROXY UNKNOWN\r\nrest"), 15, NULL, 0);
    struct str longest = STR("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
    assert_int_equal(longest.len, PROXY_V1_MAX);
    expect(longest, longest.len, NULL, 0);
}

static void a_malformed_version_1_header_is_refused(void **state)
{
    (void)state;
    static const struct str bad[] = {
        STR_INIT("GET / HTTP/1.1\r\n"),
        STR_INIT("PROXX"),
        STR_INIT("proxy tcp4 1.2.3.4 1.2.3.4 1 2\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"),
        STR_INIT("PROXY \n"),
        STR_INIT("PROXY \r\n"),
        STR_INIT("PROXY TCP4\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"),
        STR_INIT("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4 1.2.3.4  2\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n"),
        STR_INIT("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"),
        STR_INIT("PROXY TCP4 ::1 ::1 1 2\r\n"),
        STR_INIT("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"),
        STR_INIT("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"),
        STR_INIT("PROXY UNKNOWNX\r\n"),
    };
    struct proxy_header header;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(proxy_parse(bad[i], &header), PROXY_BAD);
    }
}

/* "PROXY UNKNOWN xxx...", `len` bytes, the last two of them CR LF. */
static enum proxy_result parse_long_line(size_t len, bool ended)
{
    char line[200];
    int head = snprintf(line, sizeof(line), "PROXY UNKNOWN ");
    memset(line + head, 'x', sizeof(line) - (size_t)head);
    if (ended) {
        line[len - 2] = '\r';
        line[len - 1] = '\n';
    }
    struct proxy_header header;
    return proxy_parse(str_make(line, len), &header);
}

static void a_version_1_line_ends_within_107_bytes(void **state)
{
    (void)state;
    assert_int_equal(parse_long_line(106, false), PROXY_MORE);
    assert_int_equal(parse_long_line(107, false), PROXY_BAD);
    assert_int_equal(parse_long_line(108, true), PROXY_BAD);
    assert_int_equal(parse_long_line(107, true), PROXY_OK);
}

static void version_2_gives_the_source(void **state)
{
    (void)state;
    struct str v4 = STR(V2 "\x21\x11\0\x0c\xc0\0\2\7\xc6\x33\x64\1\xdc\4\1\xbb");
    expect(v4, 28, "::ffff:192.0.2.7", 56324);
    struct str v6 = STR(V2 "\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
                           "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50\1\xbb");
    expect(v6, 52, "2001:db8::7", 80);
}

static void version_2_extras_are_consumed(void **state)
{
    (void)state;
    struct str v4 = STR(V2 "\x21\x11\0\x11\xc0\0\2\7\xc6\x33\x64\1\xdc\4\1\xbb\4\0\2hi");
    expect(v4, 33, "::ffff:192.0.2.7", 56324);
}

static void local_and_other_families_keep_the_address_of_the_socket(void **state)
{
    (void)state;
    expect(STR(V2 "\x20\0\0\0"), 16, NULL, 0);
    expect(STR(V2 "\x20\x11\0\x0c\xc0\0\2\7\xc6\x33\x64\1\xdc\4\1\xbb"), 28, NULL, 0);
    expect(STR(V2 "\x21\0\0\0"), 16, NULL, 0);
    char local[16 + 216] = V2 "\x21\x31\0\xd8";
    expect(str_make(local, sizeof(local)), sizeof(local), NULL, 0);
    expect(STR(V2 "\x21\x12\0\x0c\xc0\0\2\7\xc6\x33\x64\1\xdc\4\1\xbb"), 28, NULL, 0);
}

static void a_malformed_version_2_header_is_refused(void **state)
{
    (void)state;
    static const struct str bad[] = {
        STR_INIT(V2 "\x11\x11\0\x0c"),                 /* version 1 in binary */
        STR_INIT(V2 "\x31\x11\0\x0c"),                 /* version 3 */
        STR_INIT(V2 "\x22\x11\0\x0c"),                 /* command 2 */
        STR_INIT(V2 "\x21\x11\xff\xff"),               /* 64 KiB of extras */
        STR_INIT(V2 "\x21\x11\x02\x09"),               /* one byte over the limit */
        STR_INIT(V2 "\x21\x11\0\0"),                   /* no room for the addresses */
        STR_INIT(V2 "\x21\x11\0\x0b...........  "),    /* one byte short */
        STR_INIT(V2 "\x21\x21\0\x0c............    "), /* IPv4's length for IPv6 */
        STR_INIT("\r\n\r\n\0\r\nQUIT\r"),
    };
    struct proxy_header header;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(proxy_parse(bad[i], &header), PROXY_BAD);
    }
    struct str most = STR(V2 "\x21\x11\x02\x08");
    assert_int_equal(proxy_parse(most, &header), PROXY_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_gives_the_source),
        cmocka_unit_test(unknown_keeps_the_address_of_the_socket),
        cmocka_unit_test(a_malformed_version_1_header_is_refused),
        cmocka_unit_test(a_version_1_line_ends_within_107_bytes),
        cmocka_unit_test(version_2_gives_the_source),
        cmocka_unit_test(version_2_extras_are_consumed),
        cmocka_unit_test(local_and_other_families_keep_the_address_of_the_socket),
        cmocka_unit_test(a_malformed_version_2_header_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
