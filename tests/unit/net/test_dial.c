/* test_dial.c - connecting out: plain, unix, TLS; what fails says why. */
#include "certificates.h"
#include "echo_node.h"

/* What came of one attempt; its connection is closed by the test. */
struct attempt {
    struct conn_target target;
    atomic_int done;
    int fd;
    struct tls_stream *tls;
    struct err err;
    bool at_once; /* done was called from inside conn_dial */
    bool dialing;
};

static void on_dialed(void *ctx, int fd, struct tls_stream *tls, const struct err *err)
{
    struct attempt *attempt = ctx;
    attempt->at_once = attempt->dialing;
    attempt->fd = fd;
    attempt->tls = tls;
    if (err != NULL) {
        attempt->err = *err;
    }
    (void)atomic_fetch_add(&attempt->done, 1);
}

static void dial(void *ctx)
{
    struct attempt *attempt = ctx;
    attempt->dialing = true;
    conn_dial(&attempt->target, on_dialed, attempt);
    attempt->dialing = false;
}

static void try(struct worker *worker, struct attempt *attempt)
{
    attempt->fd = -2;
    if (attempt->target.timeout_ms == 0) {
        attempt->target.timeout_ms = PATIENCE_MS;
    }
    on_worker(worker, dial, attempt);
    assert_true(becomes(&attempt->done, 1));
    assert_false(attempt->at_once);
    assert_int_equal(attempt->fd < 0, attempt->err.code != ERR_NONE);
}

static void hang_up_there(void *ctx)
{
    struct attempt *attempt = ctx;
    tls_free(attempt->tls);
    (void)close(attempt->fd);
}

static void hang_up(struct worker *worker, struct attempt *attempt)
{
    on_worker(worker, hang_up_there, attempt);
}

static struct worker *first_worker(struct echo_node *node)
{
    return workers_get(node->workers, 0);
}

static void a_name_is_looked_up_and_its_addresses_tried_in_turn(void **state)
{
    (void)state;
    /* "localhost" is ::1 first on many machines, where nobody listens. */
    struct echo_node *node = node_new(1, usual_limits, (struct net_listener_options){0});
    struct attempt attempt = {.target = {.host = STR("localhost"), .port = node_port(node)}};
    try(first_worker(node), &attempt);
    assert_true(attempt.fd >= 0);
    assert_null(attempt.tls);
    hang_up(first_worker(node), &attempt);
    node_free(node);
}

static void a_unix_socket_is_dialed_by_path(void **state)
{
    (void)state;
    char dir[] = "/tmp/postern-net-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char address[64];
    (void)snprintf(address, sizeof(address), "unix:%s/socket", dir);
    struct net_listener_options options = {.address = str_of(address)};
    struct echo_node *node = node_new(1, usual_limits, options);
    struct attempt attempt = {.target = {.host = str_of(address + 5), .unix_socket = true}};
    try(first_worker(node), &attempt);
    assert_true(attempt.fd >= 0);
    hang_up(first_worker(node), &attempt);
    struct attempt nobody = {.target = {.host = STR("/nonexistent/s"), .unix_socket = true}};
    try(first_worker(node), &nobody);
    assert_int_equal(nobody.err.code, ERR_UNAVAILABLE);
    node_free(node);
    assert_int_equal(rmdir(dir), 0);
}

static void a_closed_port_and_an_unknown_name_are_told_apart(void **state)
{
    (void)state;
    struct echo_node *node = node_new(1, usual_limits, (struct net_listener_options){0});
    int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, not listening */
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(at);
    assert_int_equal(bind(holder, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(holder, (struct sockaddr *)&at, &len), 0);
    struct attempt closed = {.target = {.host = STR("127.0.0.1"), .port = ntohs(at.sin_port)}};
    try(first_worker(node), &closed);
    assert_int_equal(closed.err.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(closed.err.text, "refused"));
    (void)close(holder);
    struct attempt unknown = {.target = {.host = STR("no such name"), .port = 1}};
    try(first_worker(node), &unknown);
    assert_non_null(strstr(unknown.err.text, "look up"));
    node_free(node);
}

static void tls_is_verified_unless_told_otherwise(void **state)
{
    (void)state;
    struct certificates *files = certificates_new();
    struct net_listener_options options = {
        .tls = true, .certificate = files->certificate, .key = files->key};
    struct echo_node *node = node_new(1, usual_limits, options);
    struct conn_target target = {.host = STR("localhost"), .port = node_port(node), .tls = true};
    struct attempt verified = {.target = target};
    verified.target.ca_file = files->certificate;
    try(first_worker(node), &verified);
    assert_non_null(verified.tls);
    hang_up(first_worker(node), &verified);

    struct attempt untrusted = {.target = target};
    try(first_worker(node), &untrusted);
    assert_int_equal(untrusted.err.code, ERR_DENIED);

    struct attempt insecure = {.target = target};
    insecure.target.insecure = true;
    try(first_worker(node), &insecure);
    assert_non_null(insecure.tls);
    hang_up(first_worker(node), &insecure);

    struct attempt no_ca = {.target = target};
    no_ca.target.ca_file = "/nonexistent.pem";
    try(first_worker(node), &no_ca);
    assert_int_equal(no_ca.err.code, ERR_INVALID);
    node_free(node);
    certificates_free(files);
}

static void a_server_that_does_not_shake_hands_is_given_up(void **state)
{
    (void)state;
    struct echo_node *node = node_new(1, usual_limits, (struct net_listener_options){0});
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(at);
    assert_int_equal(bind(silent, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(silent, 1), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *)&at, &len), 0);
    struct attempt attempt = {.target = {.host = STR("127.0.0.1"),
                                         .port = ntohs(at.sin_port),
                                         .tls = true,
                                         .insecure = true,
                                         .timeout_ms = 60}};
    try(first_worker(node), &attempt);
    assert_int_equal(attempt.err.code, ERR_TIMEOUT);
    (void)close(silent);

    struct attempt not_tls = {
        .target = {
            .host = STR("127.0.0.1"), .port = node_port(node), .tls = true, .insecure = true}};
    try(first_worker(node), &not_tls);
    assert_int_equal(not_tls.err.code, ERR_UNAVAILABLE);
    node_free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_looked_up_and_its_addresses_tried_in_turn),
        cmocka_unit_test(a_unix_socket_is_dialed_by_path),
        cmocka_unit_test(a_closed_port_and_an_unknown_name_are_told_apart),
        cmocka_unit_test(tls_is_verified_unless_told_otherwise),
        cmocka_unit_test(a_server_that_does_not_shake_hands_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
