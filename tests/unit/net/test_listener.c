/* test_listener.c - accepting, sniffing, limits, deadlines, PROXY headers; real sockets. */
#include "base/buf.h"
#include "echo_node.h"

#include <sys/resource.h>

static struct echo_node *plain_node(void)
{
    return node_new(1, usual_limits, (struct net_listener_options){0});
}

static void the_first_bytes_choose_the_protocol_and_reach_it(void **state)
{
    (void)state;
    struct echo_node *node = plain_node();
    static const struct {
        const char *name;
        struct str bytes;
    } cases[] = {{"raw", STR_INIT("\x7f\1\0\0")},
                 {"word", STR_INIT("WORD and more than eight bytes of it")},
                 {"other", STR_INIT("GET / HTTP/1.1\r\n")},
                 {"other", STR_INIT("WORM")},
                 {"other", STR_INIT("x")}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int fd = connect_node(node);
        send_all(fd, cases[i].bytes);
        expect_greeting(fd, cases[i].name, NULL);
        expect_bytes(fd, cases[i].bytes);
        (void)close(fd);
    }
    assert_int_equal(atomic_load(&node->nodelay), COUNT_OF(cases));
    node_free(node);
}

static void undecided_bytes_are_waited_for(void **state)
{
    (void)state;
    struct echo_node *node = plain_node();
    int fd = connect_node(node);
    static const char *const letters[] = {"W", "O", "R"};
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        send_all(fd, str_of(letters[i]));
        assert_true(quiet_for(fd, 20));
    }
    assert_int_equal(atomic_load(&node->taken), 0);
    send_all(fd, STR("D"));
    expect_greeting(fd, "word", NULL);
    expect_bytes(fd, STR("WORD"));
    assert_int_equal(atomic_load(&node->low_water), 1);
    (void)close(fd);
    node_free(node);
}

/* Accepting happens on the worker, when the machine gets to it. */
static void expect_connections(const struct echo_node *node, size_t wanted)
{
    for (int i = 0; i < 5000 && net_connections(node->net) != wanted; i++) {
        (void)usleep(1000);
    }
    assert_int_equal(net_connections(node->net), wanted);
}

static void a_client_that_hangs_up_undecided_is_dropped_at_once(void **state)
{
    (void)state;
    struct echo_node *node = plain_node();
    int fd = connect_node(node);
    send_all(fd, STR("WO"));
    expect_connections(node, 1);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    expect_end(fd); /* waits for less than the time a silent one has */
    (void)close(fd);
    assert_int_equal(atomic_load(&node->taken), 0);
    node_free(node);
}

static void who_says_nothing_or_too_little_is_dropped_in_time(void **state)
{
    (void)state;
    struct net_limits limits = usual_limits;
    limits.first_byte_timeout_ms = 60;
    struct echo_node *node = node_new(1, limits, (struct net_listener_options){0});
    uint64_t before = clock_mono_ms();
    int silent = connect_node(node);
    int slow = connect_node(node);
    send_all(slow, STR("WOR"));
    expect_end(silent);
    expect_end(slow);
    assert_true(clock_mono_ms() - before >= 60);
    (void)close(silent);
    (void)close(slow);
    node_free(node);
}

static void the_total_of_connections_is_bounded(void **state)
{
    (void)state;
    struct net_limits limits = usual_limits;
    limits.connections = 2;
    struct echo_node *node = node_new(1, limits, (struct net_listener_options){0});
    int first = connect_node(node);
    int second = connect_node(node);
    send_all(first, STR("one"));
    send_all(second, STR("two"));
    expect_greeting(first, "other", NULL);
    expect_greeting(second, "other", NULL);
    int third = connect_node(node);
    expect_end(third);
    (void)close(third);
    (void)close(first);
    uint64_t until = clock_mono_ms() + PATIENCE_MS;
    while (net_connections(node->net) > 1 && clock_mono_ms() < until) {
        (void)usleep(1000);
    }
    third = connect_node(node);
    send_all(third, STR("three"));
    expect_greeting(third, "other", NULL);
    (void)close(second);
    (void)close(third);
    node_free(node);
}

static struct net_listener_options proxied(const struct cidr *trusted)
{
    return (struct net_listener_options){
        .proxy_protocol = true, .trusted = trusted, .trusted_count = 1};
}

static struct cidr block(const char *text)
{
    struct cidr cidr;
    assert_true(cidr_parse(str_of(text), &cidr));
    return cidr;
}

static void a_proxy_header_names_the_peer_and_is_consumed(void **state)
{
    (void)state;
    struct cidr loopback = block("127.0.0.0/8");
    struct echo_node *node = node_new(1, usual_limits, proxied(&loopback));
    static const struct {
        struct str header;
        const char *peer;
    } cases[] = {
        {STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), "192.0.2.7:56324"},
        {STR_INIT("PROXY TCP6 2001:db8::7 2001:db8::1 80 443\r\n"), "[2001:db8::7]:80"},
        {STR_INIT("PROXY UNKNOWN\r\n"), NULL},
        {STR_INIT("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\xc0\0\2\7\xc6\x33\x64\1\xdc\4\1\xbb\4\0\2hi"),
         "192.0.2.7:56324"},
        {STR_INIT("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"), NULL}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int together = connect_node(node);
        struct buf bytes;
        buf_init(&bytes, 256);
        assert_true(buf_append(&bytes, cases[i].header) && buf_append(&bytes, STR("WORD!")));
        send_all(together, buf_str(&bytes));
        buf_done(&bytes);
        expect_greeting(together, "word", cases[i].peer);
        expect_bytes(together, STR("WORD!"));
        (void)close(together);

        int in_pieces = connect_node(node);
        for (size_t at = 0; at < cases[i].header.len; at++) {
            send_all(in_pieces, str_sub(cases[i].header, at, 1));
            (void)usleep(300);
        }
        assert_true(quiet_for(in_pieces, 10));
        send_all(in_pieces, STR("\x7f"));
        expect_greeting(in_pieces, "raw", cases[i].peer);
        (void)close(in_pieces);
    }
    node_free(node);
}

static void without_a_valid_proxy_header_nobody_comes_in(void **state)
{
    (void)state;
    struct cidr loopback = block("127.0.0.1");
    struct net_limits limits = usual_limits;
    limits.first_byte_timeout_ms = 80;
    struct echo_node *node = node_new(1, limits, proxied(&loopback));
    static const struct str bad[] = {
        STR_INIT("GET / HTTP/1.1\r\n\r\n"),      STR_INIT("\x7f\1\0\0"),
        STR_INIT("PROXY TCP4 nonsense\r\nWORD"), STR_INIT("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"),
        STR_INIT("PROXY TCP4 192.0.2.7 198.51"), STR_INIT("")};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int fd = connect_node(node);
        send_all(fd, bad[i]);
        expect_end(fd);
        (void)close(fd);
    }
    assert_int_equal(atomic_load(&node->taken), 0);
    node_free(node);
}

static void a_proxy_that_is_not_trusted_is_refused(void **state)
{
    (void)state;
    struct cidr elsewhere = block("192.0.2.0/24");
    struct echo_node *node = node_new(1, usual_limits, proxied(&elsewhere));
    int fd = connect_node(node);
    (void)send(fd, "PROXY UNKNOWN\r\nWORD", 19, MSG_NOSIGNAL);
    expect_end(fd);
    (void)close(fd);
    node_free(node);
}

static int connect_as(const struct echo_node *node, struct str header)
{
    int fd = connect_node(node);
    send_all(fd, header);
    send_all(fd, STR("x"));
    return fd;
}

static void one_address_has_its_share_and_loopback_is_exempt(void **state)
{
    (void)state;
    struct cidr loopback = block("127.0.0.1");
    struct net_limits limits = usual_limits;
    limits.connections_per_address = 2;
    struct echo_node *node = node_new(1, limits, proxied(&loopback));
    struct str header = STR("PROXY TCP4 192.0.2.7 198.51.100.1 7 443\r\n");
    int fds[2];
    for (size_t i = 0; i < 2; i++) {
        fds[i] = connect_as(node, header);
        expect_greeting(fds[i], "other", "192.0.2.7:7");
    }
    int refused = connect_as(node, header);
    expect_end(refused);
    int neighbour = connect_as(node, STR("PROXY TCP4 192.0.2.8 198.51.100.1 7 443\r\n"));
    expect_greeting(neighbour, "other", "192.0.2.8:7");
    int local[3];
    for (size_t i = 0; i < COUNT_OF(local); i++) {
        local[i] = connect_as(node, STR("PROXY UNKNOWN\r\n"));
        expect_greeting(local[i], "other", NULL);
        (void)close(local[i]);
    }
    (void)close(refused);
    (void)close(neighbour);
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_true(node_empties(node));
    int again = connect_as(node, header); /* the places came back */
    expect_greeting(again, "other", "192.0.2.7:7");
    (void)close(again);
    node_free(node);
}

static void a_second_node_on_the_port_is_refused_and_told_by_whom(void **state)
{
    (void)state;
    struct echo_node *node = plain_node();
    struct workers *workers = start_workers(1);
    struct net *net = net_new(workers, &usual_limits);
    struct net_protocol protocol = {"other", NULL, take_other, node, STR_EMPTY};
    struct net_listener_options options = {.name = STR("second"),
                                           .address = net_listener_address(node->listener),
                                           .protocols = &protocol,
                                           .protocol_count = 1};
    struct err err = {0};
    assert_null(net_listen(net, &options, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    char expected[64];
    (void)snprintf(expected, sizeof(expected), "port %u is in use by pid %ld (", node_port(node),
                   (long)getpid());
    assert_true(str_starts(str_of(err.text), str_of(expected)));
    net_free(net);
    workers_free(workers);
    node_free(node);
}

static void nonsense_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",        "localhost",       "127.0.0.1:", "127.0.0.1:65536", "::1:80",
        "[::1:80", "no.such.host.:1", "unix:",      "1.2.3.4:-1"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct workers *workers = start_workers(1);
        struct net *net = net_new(workers, &usual_limits);
        struct net_protocol protocol = {"other", NULL, take_other, NULL, STR_EMPTY};
        struct net_listener_options options = {.name = STR("bad"),
                                               .address = str_of(bad[i]),
                                               .protocols = &protocol,
                                               .protocol_count = 1};
        struct err err = {0};
        assert_null(net_listen(net, &options, &err));
        assert_int_equal(err.code, ERR_INVALID);
        net_free(net);
        workers_free(workers);
    }
}

static void stopping_closes_the_port_and_keeps_the_connections(void **state)
{
    (void)state;
    struct echo_node *node = node_new(2, usual_limits, (struct net_listener_options){0});
    int kept = connect_node(node);
    send_all(kept, STR("one"));
    expect_greeting(kept, "other", NULL);
    expect_bytes(kept, STR("one"));
    uint16_t port = node_port(node);
    net_stop_accepting(node->net);
    net_stop_accepting(node->net);
    uint64_t until = clock_mono_ms() + PATIENCE_MS;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int result;
    do {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (struct sockaddr *)&to, sizeof(to));
        (void)close(fd);
    } while (result == 0 && clock_mono_ms() < until);
    assert_int_equal(result, -1);
    send_all(kept, STR("two"));
    expect_bytes(kept, STR("two"));
    (void)close(kept);
    node_free(node);
}

static void a_stop_drops_those_still_negotiating(void **state)
{
    (void)state;
    struct echo_node *node = node_new(2, usual_limits, (struct net_listener_options){0});
    int fds[8];
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = connect_node(node);
        send_all(fds[i], STR("WO"));
    }
    expect_connections(node, COUNT_OF(fds));
    workers_stop(node->workers);
    assert_int_equal(net_connections(node->net), 0);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        expect_end(fds[i]);
        (void)close(fds[i]);
    }
    net_free(node->net);
    workers_free(node->workers);
    mem_free(node);
}

static void ipv6_is_spoken(void **state)
{
    (void)state;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 probe = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (fd < 0 || bind(fd, (struct sockaddr *)&probe, sizeof(probe)) != 0) {
        (void)close(fd);
        skip();
    }
    struct echo_node *node =
        node_new(1, usual_limits, (struct net_listener_options){.address = STR("[::1]:0")});
    struct str address = net_listener_address(node->listener);
    assert_true(str_starts(address, STR("[::1]:")));
    uint64_t port = 0;
    assert_true(str_to_u64(str_from(address, 6), &port));
    (void)close(fd);
    fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    probe.sin6_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&probe, sizeof(probe)), 0);
    set_patience(fd);
    send_all(fd, STR("x"));
    expect_bytes(fd, STR("other [::1]:"));
    (void)close(fd);
    node_free(node);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    set_patience(fd);
    return fd;
}

static void a_unix_socket_is_dealt_to_all_workers(void **state)
{
    (void)state;
    char dir[] = "/tmp/postern-net-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char address[64];
    (void)snprintf(address, sizeof(address), "unix:%s/socket", dir);
    const char *path = address + 5;
    struct net_listener_options options = {.address = str_of(address)};
    struct echo_node *node = node_new(3, usual_limits, options);
    assert_true(str_eq(net_listener_address(node->listener), str_of(address)));
    int fds[6];
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = connect_unix(path);
        send_all(fds[i], STR("W")); /* and no low-water mark to help */
        (void)usleep(3000);
        send_all(fds[i], STR("ORD"));
        expect_bytes(fds[i], STR("word 0\nWORD"));
        (void)close(fds[i]);
    }
    assert_int_equal(atomic_load(&node->worker_mask), 7);
    node_free(node);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(dir), 0);
}

static void a_stale_socket_file_is_replaced_and_a_live_one_is_not(void **state)
{
    (void)state;
    char dir[] = "/tmp/postern-net-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct sockaddr_un stale = {.sun_family = AF_UNIX};
    (void)snprintf(stale.sun_path, sizeof(stale.sun_path), "%s/socket", dir);
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(left, (struct sockaddr *)&stale, sizeof(stale)), 0);
    (void)close(left);

    char address[128];
    (void)snprintf(address, sizeof(address), "unix:%s", stale.sun_path);
    struct net_listener_options options = {.address = str_of(address)};
    struct echo_node *node = node_new(1, usual_limits, options);
    struct net_protocol protocol = {"other", NULL, take_other, node, STR_EMPTY};
    options.name = STR("second");
    options.protocols = &protocol;
    options.protocol_count = 1;
    struct workers *workers = start_workers(1);
    struct net *net = net_new(workers, &usual_limits);
    struct err err = {0};
    assert_null(net_listen(net, &options, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    net_free(net);
    workers_free(workers);
    int fd = connect_unix(stale.sun_path);
    send_all(fd, STR("x"));
    expect_bytes(fd, STR("other 0\nx"));
    (void)close(fd);
    node_free(node);
    assert_int_equal(rmdir(dir), 0);
}

static void a_node_out_of_descriptors_accepts_again_later(void **state)
{
    (void)state;
    struct echo_node *node = plain_node();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = (rlim_t)fd + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(node_port(node))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    set_patience(fd);
    send_all(fd, STR("x"));
    bool quiet = quiet_for(fd, 250);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(quiet);
    expect_greeting(fd, "other", NULL);
    (void)close(fd);
    node_free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_bytes_choose_the_protocol_and_reach_it),
        cmocka_unit_test(undecided_bytes_are_waited_for),
        cmocka_unit_test(a_client_that_hangs_up_undecided_is_dropped_at_once),
        cmocka_unit_test(who_says_nothing_or_too_little_is_dropped_in_time),
        cmocka_unit_test(the_total_of_connections_is_bounded),
        cmocka_unit_test(a_proxy_header_names_the_peer_and_is_consumed),
        cmocka_unit_test(without_a_valid_proxy_header_nobody_comes_in),
        cmocka_unit_test(a_proxy_that_is_not_trusted_is_refused),
        cmocka_unit_test(one_address_has_its_share_and_loopback_is_exempt),
        cmocka_unit_test(a_second_node_on_the_port_is_refused_and_told_by_whom),
        cmocka_unit_test(nonsense_addresses_are_refused),
        cmocka_unit_test(stopping_closes_the_port_and_keeps_the_connections),
        cmocka_unit_test(a_stop_drops_those_still_negotiating),
        cmocka_unit_test(a_node_out_of_descriptors_accepts_again_later),
        cmocka_unit_test(ipv6_is_spoken),
        cmocka_unit_test(a_unix_socket_is_dealt_to_all_workers),
        cmocka_unit_test(a_stale_socket_file_is_replaced_and_a_live_one_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
