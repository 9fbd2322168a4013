/* test_tls.c - TLS end to end: handshakes, names, reload, a slow reader, the pump. */
#include "certificates.h"
#include "echo_node.h"

#include <fcntl.h>

enum { BIG = 2 << 20 };

static struct certificates *files;

static int make_files(void **state)
{
    (void)state;
    files = certificates_new();
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    certificates_free(files);
    return 0;
}

static struct net_listener_options with_tls(void)
{
    return (struct net_listener_options){
        .tls = true, .certificate = files->certificate, .key = files->key, .sni_dir = files->sni};
}

static struct echo_node *tls_node(struct net_limits limits)
{
    return node_new(1, limits, with_tls());
}

/* A blocking client that verifies. */
struct client {
    int fd;
    struct tls_stream *tls;
};

static bool connect_tls(struct client *client, uint16_t port, const char *host, const char *ca)
{
    struct err err = {0};
    client->fd = connect_port(port);
    client->tls = tls_client_new(client->fd, host, ca, false, &err);
    assert_non_null(client->tls);
    unsigned want;
    return tls_handshake(client->tls, &want);
}

static struct client connect_tls_to(const struct echo_node *node)
{
    struct client client;
    assert_true(connect_tls(&client, node_port(node), "localhost", files->certificate));
    return client;
}

static void disconnect(struct client *client)
{
    tls_free(client->tls);
    (void)close(client->fd);
}

static void tls_send(struct client *client, struct str bytes)
{
    while (bytes.len > 0) {
        unsigned want;
        ssize_t sent = tls_write(client->tls, bytes, &want);
        assert_true(sent > 0);
        bytes = str_from(bytes, (size_t)sent);
    }
}

static void tls_expect(struct client *client, struct str bytes)
{
    char *seen = mem_alloc(bytes.len + 1);
    size_t have = 0;
    while (have < bytes.len) {
        unsigned want;
        ssize_t got = tls_read(client->tls, seen + have, bytes.len - have, &want);
        assert_true(got > 0);
        have += (size_t)got;
    }
    assert_memory_equal(seen, bytes.ptr, bytes.len);
    mem_free(seen);
}

static void tls_expect_greeting(struct client *client, const char *name)
{
    struct sockaddr_in from = {0};
    socklen_t len = sizeof(from);
    assert_int_equal(getsockname(client->fd, (struct sockaddr *)&from, &len), 0);
    char text[64];
    (void)snprintf(text, sizeof(text), "%s 127.0.0.1:%u\n", name, ntohs(from.sin_port));
    tls_expect(client, str_of(text));
}

static void expect_close_notify(struct client *client)
{
    char byte;
    unsigned want;
    assert_int_equal(tls_read(client->tls, &byte, 1, &want), 0);
}

static void a_round_trip_is_encrypted_and_verified(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    struct client client = connect_tls_to(node);
    tls_send(&client, STR("\x7f\1\0\0"));
    tls_expect_greeting(&client, "raw");
    tls_expect(&client, STR("\x7f\1\0\0"));
    tls_send(&client, STR("more"));
    tls_expect(&client, STR("more"));
    disconnect(&client);
    struct client by_address;
    assert_true(connect_tls(&by_address, node_port(node), "127.0.0.1", files->certificate));
    disconnect(&by_address);
    node_free(node);
}

static void first_bytes_in_records_of_one_byte_are_put_together(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    struct client client = connect_tls_to(node);
    static const char word[] = "WORDS";
    for (size_t i = 0; i < 5; i++) {
        tls_send(&client, str_make(word + i, 1));
        (void)usleep(1000);
    }
    tls_expect_greeting(&client, "word");
    tls_expect(&client, STR("WORDS"));
    disconnect(&client);
    node_free(node);
}

static void a_certificate_for_another_name_is_refused_by_the_client(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    struct client wrong_name;
    assert_false(connect_tls(&wrong_name, node_port(node), "elsewhere.test", files->certificate));
    struct err err;
    (void)tls_explain(wrong_name.tls, &err);
    assert_int_equal(err.code, ERR_DENIED);
    disconnect(&wrong_name);
    struct client wrong_ca;
    assert_false(connect_tls(&wrong_ca, node_port(node), "localhost", files->one));
    disconnect(&wrong_ca);
    node_free(node);
}

static void the_name_asked_for_chooses_the_certificate(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    static const char *const one[] = {"one.test", "ONE.test"};
    for (size_t i = 0; i < COUNT_OF(one); i++) {
        struct client client;
        assert_true(connect_tls(&client, node_port(node), one[i], files->one));
        tls_send(&client, STR("x"));
        tls_expect_greeting(&client, "other");
        disconnect(&client);
    }
    struct client wild;
    assert_true(connect_tls(&wild, node_port(node), "any.two.test", files->two));
    disconnect(&wild);
    struct client unknown;
    assert_false(connect_tls(&unknown, node_port(node), "a.b.two.test", files->two));
    disconnect(&unknown);
    node_free(node);
}

static int s_client(const struct echo_node *node, const char *options)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "openssl s_client -connect 127.0.0.1:%u %s </dev/null >/dev/null 2>&1",
                   node_port(node), options);
    return system(command);
}

static void only_http_1_1_and_tls_1_2_or_later_are_spoken(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    assert_int_equal(s_client(node, "-alpn h2,http/1.1"), 0);
    assert_int_not_equal(s_client(node, "-alpn h2"), 0);
    assert_int_equal(s_client(node, "-tls1_2"), 0);
    assert_int_equal(s_client(node, "-tls1_3"), 0);
    assert_int_not_equal(s_client(node, "-tls1_1 -cipher DEFAULT@SECLEVEL=0"), 0);
    node_free(node);
}

static void a_client_certificate_is_asked_for_and_may_be_absent(void **state)
{
    (void)state;
    struct net_listener_options options = with_tls();
    options.client_ca = files->one;
    struct echo_node *node = node_new(1, usual_limits, options);
    struct client without = connect_tls_to(node);
    tls_send(&without, STR("x"));
    tls_expect_greeting(&without, "other");
    disconnect(&without);
    char command[256];
    (void)snprintf(command, sizeof(command), "-tls1_2 -cert '%s' -key '%s/One.test.key'",
                   files->one, files->sni);
    assert_int_equal(s_client(node, command), 0);
    (void)snprintf(command, sizeof(command), "-tls1_2 -cert '%s' -key '%s'", files->certificate,
                   files->key); /* not of that CA */
    assert_int_not_equal(s_client(node, command), 0);
    node_free(node);
}

static void who_does_not_speak_tls_is_dropped(void **state)
{
    (void)state;
    struct net_limits limits = usual_limits;
    limits.tls_handshake_timeout_ms = 80;
    struct echo_node *node = tls_node(limits);
    int plain = connect_node(node);
    send_all(plain, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct pollfd ended = {.fd = plain, .events = POLLRDHUP};
    assert_int_equal(poll(&ended, 1, PATIENCE_MS), 1);
    (void)close(plain);
    int silent = connect_node(node);
    uint64_t before = clock_mono_ms();
    expect_end(silent);
    assert_true(clock_mono_ms() - before >= 80);
    (void)close(silent);
    assert_int_equal(atomic_load(&node->taken), 0);
    node_free(node);
}

static void who_says_nothing_after_the_handshake_is_dropped(void **state)
{
    (void)state;
    struct net_limits limits = usual_limits;
    limits.first_byte_timeout_ms = 60;
    struct echo_node *node = tls_node(limits);
    struct client silent = connect_tls_to(node);
    char byte;
    unsigned want;
    assert_true(tls_read(silent.tls, &byte, 1, &want) <= 0);
    disconnect(&silent);
    node_free(node);
}

static void *send_big(void *ctx)
{
    char *bytes = mem_alloc(BIG);
    for (size_t i = 0; i < BIG; i++) {
        bytes[i] = (char)(i * 13 >> 2);
    }
    send_all(*(int *)ctx, str_make(bytes, BIG));
    mem_free(bytes);
    return NULL;
}

static void much_data_and_a_reader_slower_than_the_writer(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    struct client client = connect_tls_to(node);
    char *bytes = mem_alloc(BIG);
    for (size_t i = 0; i < BIG; i++) {
        bytes[i] = (char)(i * 13 >> 2);
    }
    tls_send(&client, STR("x"));
    tls_expect_greeting(&client, "other");
    tls_expect(&client, STR("x"));
    tls_send(&client, str_make(bytes, BIG)); /* the echo piles up meanwhile */
    tls_expect(&client, str_make(bytes, BIG));
    mem_free(bytes);
    disconnect(&client);
    node_free(node);
}

static void finishing_sends_close_notify_behind_the_last_bytes(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    struct client client = connect_tls_to(node);
    tls_send(&client, STR("x"));
    tls_expect_greeting(&client, "other");
    tls_expect(&client, STR("x"));
    tls_send(&client, STR("quit"));
    tls_expect(&client, STR("bye"));
    expect_close_notify(&client);
    disconnect(&client);
    node_free(node);
}

static void what_comes_together_with_close_notify_is_still_answered(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    static const char *const last[][2] = {{"only", "only"}, {"quit", "bye"}};
    for (size_t i = 0; i < COUNT_OF(last); i++) {
        struct client client = connect_tls_to(node);
        tls_send(&client, str_of(last[i][0]));
        tls_shutdown(client.tls);
        tls_expect_greeting(&client, "other");
        tls_expect(&client, str_of(last[i][1]));
        expect_close_notify(&client);
        disconnect(&client);
    }
    node_free(node);
}

static void a_proxy_header_stands_before_the_handshake(void **state)
{
    (void)state;
    struct cidr loopback;
    assert_true(cidr_parse(STR("127.0.0.1"), &loopback));
    struct net_listener_options options = with_tls();
    options.proxy_protocol = true;
    options.trusted = &loopback;
    options.trusted_count = 1;
    struct echo_node *node = node_new(1, usual_limits, options);
    struct client client = {.fd = connect_node(node)};
    send_all(client.fd, STR("PROXY TCP4 192.0.2.7 198.51.100.1 7 443\r\n"));
    client.tls = tls_client_new(client.fd, "localhost", files->certificate, false, NULL);
    unsigned want;
    assert_true(tls_handshake(client.tls, &want));
    tls_send(&client, STR("x"));
    tls_expect(&client, STR("other 192.0.2.7:7\nx"));
    disconnect(&client);
    node_free(node);
}

static void a_reload_changes_new_connections_only(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    struct client old = connect_tls_to(node);
    tls_send(&old, STR("x"));
    tls_expect_greeting(&old, "other");
    tls_expect(&old, STR("x"));

    make_certificate(files->certificate, files->key, "DNS:renewed.test,DNS:localhost");
    struct client before; /* not yet reloaded: the file's certificate is not the served one */
    assert_false(connect_tls(&before, node_port(node), "localhost", files->certificate));
    disconnect(&before);
    struct err err = {0};
    assert_true(net_reload_tls(node->net, &err));
    struct client renewed;
    assert_true(connect_tls(&renewed, node_port(node), "renewed.test", files->certificate));
    disconnect(&renewed);
    tls_send(&old, STR("still here"));
    tls_expect(&old, STR("still here"));
    disconnect(&old);
    node_free(node);
}

static void a_reload_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct echo_node *node = tls_node(usual_limits);
    char hidden[160];
    (void)snprintf(hidden, sizeof(hidden), "%s.hidden", files->one);
    char key[160];
    (void)snprintf(key, sizeof(key), "%s/One.test.key", files->sni);
    assert_int_equal(rename(key, hidden), 0);
    struct err err = {0};
    assert_false(net_reload_tls(node->net, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "One.test.key"));
    struct client client = connect_tls_to(node);
    disconnect(&client);
    assert_int_equal(rename(hidden, key), 0);
    assert_true(net_reload_tls(node->net, &err));
    node_free(node);
}

static void a_listener_without_a_usable_certificate_is_refused(void **state)
{
    (void)state;
    struct workers *workers = start_workers(1);
    struct net *net = net_new(workers, &usual_limits);
    struct net_protocol protocol = {"other", NULL, take_other, NULL, STR_EMPTY};
    struct net_listener_options options = with_tls();
    options.name = STR("bad");
    options.address = STR("127.0.0.1:0");
    options.protocols = &protocol;
    options.protocol_count = 1;
    options.key = files->certificate;
    struct err err = {0};
    assert_null(net_listen(net, &options, &err));
    assert_int_equal(err.code, ERR_INVALID);
    char other_key[160];
    (void)snprintf(other_key, sizeof(other_key), "%s/One.test.key", files->sni);
    options.key = other_key;
    assert_null(net_listen(net, &options, &err));
    options.key = NULL;
    assert_null(net_listen(net, &options, &err));
    net_free(net);
    workers_free(workers);
}

/* The pump: its socket pair's free end is given to the test, which plays the library. */
struct pumped {
    struct echo_node *node;
    struct client client;
    int library;
};

static atomic_int pumped_fd;

static void take_pumped(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    (void)ctx;
    net_release(peer);
    atomic_store(&pumped_fd, tls_pump(fd, tls) + 1);
}

static struct pumped pumped_new(void)
{
    struct pumped pumped = {.node = NEW(struct echo_node)};
    struct echo_node *node = pumped.node;
    atomic_store(&pumped_fd, 0);
    node->workers = start_workers(1);
    node->net = net_new(node->workers, &usual_limits);
    struct net_protocol protocol = {"pumped", NULL, take_pumped, NULL, STR_EMPTY};
    struct net_listener_options options = with_tls();
    options.name = STR("pumped");
    options.address = STR("127.0.0.1:0");
    options.protocols = &protocol;
    options.protocol_count = 1;
    struct err err = {0};
    node->listener = net_listen(node->net, &options, &err);
    assert_non_null(node->listener);
    assert_true(workers_start(node->workers, NULL));
    net_start(node->net);
    pumped.client = connect_tls_to(node);
    tls_send(&pumped.client, STR("!"));
    while (atomic_load(&pumped_fd) == 0) {
        (void)usleep(1000);
    }
    pumped.library = atomic_load(&pumped_fd) - 1;
    assert_true(pumped.library >= 0);
    int off = 0;
    assert_int_equal(ioctl(pumped.library, FIONBIO, &off), 0);
    set_patience(pumped.library);
    expect_bytes(pumped.library, STR("!"));
    return pumped;
}

static void pumped_free(struct pumped *pumped)
{
    (void)close(pumped->library);
    disconnect(&pumped->client);
    node_free(pumped->node);
}

static void the_pump_carries_much_data_both_ways(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    char *bytes = mem_alloc(BIG);
    for (size_t i = 0; i < BIG; i++) {
        bytes[i] = (char)(i * 13 >> 2);
    }
    pthread_t sender;
    assert_int_equal(pthread_create(&sender, NULL, send_big, &pumped.library), 0);
    (void)usleep(50000); /* everything between is full by now */
    tls_send(&pumped.client, STR("inward while outward is full"));
    expect_bytes(pumped.library, STR("inward while outward is full"));
    tls_expect(&pumped.client, str_make(bytes, BIG));
    assert_int_equal(pthread_join(sender, NULL), 0);
    mem_free(bytes);
    pumped_free(&pumped);
}

static void the_pump_passes_the_clients_half_close_on(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    tls_send(&pumped.client, STR("request"));
    tls_shutdown(pumped.client.tls);
    expect_bytes(pumped.library, STR("request"));
    expect_end(pumped.library);
    send_all(pumped.library, STR("answer"));
    tls_expect(&pumped.client, STR("answer"));
    (void)close(pumped.library);
    expect_close_notify(&pumped.client);
    disconnect(&pumped.client);
    node_free(pumped.node);
}

static void the_pump_passes_the_librarys_half_close_on(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    send_all(pumped.library, STR("last words"));
    assert_int_equal(shutdown(pumped.library, SHUT_WR), 0);
    tls_expect(&pumped.client, STR("last words"));
    expect_close_notify(&pumped.client);
    tls_send(&pumped.client, STR("and yet"));
    expect_bytes(pumped.library, STR("and yet"));
    tls_shutdown(pumped.client.tls);
    expect_end(pumped.library);
    pumped_free(&pumped);
}

static void the_pump_ends_when_the_library_closes(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    send_all(pumped.library, STR("bye"));
    (void)close(pumped.library);
    tls_expect(&pumped.client, STR("bye"));
    expect_close_notify(&pumped.client);
    expect_end(pumped.client.fd); /* also without the client closing: after a while */
    disconnect(&pumped.client);
    node_free(pumped.node);
}

static void the_pump_ends_when_the_client_vanishes(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(pumped.client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    disconnect(&pumped.client);
    expect_end(pumped.library);
    (void)close(pumped.library);
    node_free(pumped.node);
}

/* What a library does that refuses a request before it has read all of it. */
static void last_words_arrive_though_the_library_left_input_unread(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    char *bytes = mem_calloc(1, BIG);
    tls_send(&pumped.client, str_make(bytes, BIG / 4)); /* more than the socket pair holds */
    send_all(pumped.library, STR("too much"));
    (void)close(pumped.library);
    tls_expect(&pumped.client, STR("too much"));
    expect_close_notify(&pumped.client);
    disconnect(&pumped.client);
    mem_free(bytes);
    node_free(pumped.node);
}

static unsigned open_files(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void who_does_not_read_does_not_keep_a_pump_without_its_library(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    unsigned before = open_files();
    char *bytes = mem_calloc(1, BIG);
    while (send(pumped.library, bytes, BIG, MSG_DONTWAIT) > 0) {
        (void)usleep(50000);
    }
    (void)close(pumped.library);
    uint64_t until = clock_mono_ms() + 2ULL * PATIENCE_MS;
    while (open_files() > before - 3 && clock_mono_ms() < until) {
        (void)usleep(10000);
    }
    assert_int_equal(open_files(), before - 3); /* its two, and the library's */
    disconnect(&pumped.client);
    mem_free(bytes);
    node_free(pumped.node);
}

static void a_stop_ends_the_pumps(void **state)
{
    (void)state;
    struct pumped pumped = pumped_new();
    workers_stop(pumped.node->workers);
    expect_end(pumped.library);
    (void)close(pumped.library);
    disconnect(&pumped.client);
    net_free(pumped.node->net);
    workers_free(pumped.node->workers);
    mem_free(pumped.node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_trip_is_encrypted_and_verified),
        cmocka_unit_test(first_bytes_in_records_of_one_byte_are_put_together),
        cmocka_unit_test(a_certificate_for_another_name_is_refused_by_the_client),
        cmocka_unit_test(the_name_asked_for_chooses_the_certificate),
        cmocka_unit_test(only_http_1_1_and_tls_1_2_or_later_are_spoken),
        cmocka_unit_test(a_client_certificate_is_asked_for_and_may_be_absent),
        cmocka_unit_test(who_does_not_speak_tls_is_dropped),
        cmocka_unit_test(who_says_nothing_after_the_handshake_is_dropped),
        cmocka_unit_test(much_data_and_a_reader_slower_than_the_writer),
        cmocka_unit_test(finishing_sends_close_notify_behind_the_last_bytes),
        cmocka_unit_test(what_comes_together_with_close_notify_is_still_answered),
        cmocka_unit_test(a_proxy_header_stands_before_the_handshake),
        cmocka_unit_test(a_reload_changes_new_connections_only),
        cmocka_unit_test(a_reload_that_fails_changes_nothing),
        cmocka_unit_test(a_listener_without_a_usable_certificate_is_refused),
        cmocka_unit_test(the_pump_carries_much_data_both_ways),
        cmocka_unit_test(the_pump_passes_the_clients_half_close_on),
        cmocka_unit_test(the_pump_passes_the_librarys_half_close_on),
        cmocka_unit_test(the_pump_ends_when_the_library_closes),
        cmocka_unit_test(the_pump_ends_when_the_client_vanishes),
        cmocka_unit_test(last_words_arrive_though_the_library_left_input_unread),
        cmocka_unit_test(who_does_not_read_does_not_keep_a_pump_without_its_library),
        cmocka_unit_test(a_stop_ends_the_pumps),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
