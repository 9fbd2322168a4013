/* test_postgres_cut.c - a connection that is cut anywhere within a write, in either direction, that
 * is slow, or over which comes what nobody has asked for. */
#include "base/clock.h"
#include "store_helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Whole messages, of which some are sent at any time, some at no time, and some are none. */
static const struct {
    struct str bytes;
    bool harmless;
} odd[] = {
    {STR_INIT("N\0\0\0\x18SNOTICE\0C00000\0Mhi\0\0"), true},
    {STR_INIT("A\0\0\0\x0f\0\0\0\x01other\0\0"), true},
    {STR_INIT("S\0\0\0\x0fTimeZone\0U\0"), true},
    {STR_INIT("G\0\0\0\x07\0\0\0"), false}, /* send a file */
    {STR_INIT("H\0\0\0\x07\0\0\0"), false}, /* here is one */
    {STR_INIT("W\0\0\0\x07\0\0\0"), false}, /* both */
    {STR_INIT("I\0\0\0\x04"), false},
    {STR_INIT("Z\0\0\0\x05T"), false},
    {STR_INIT("E\0\0\0\x05\0"), false},
    {STR_INIT("R\0\0\0\x08\0\0\0\x03"), false}, /* your password */
    {STR_INIT("?\xff\xff\xff\xff\xff\xff\xff"), false},
    {STR_INIT("D\x7f\xff\xff\xff\0\1"), false},
};

/* TCP before the server's socket, one connection at a time. */
struct relay {
    int listener;
    uint16_t port;
    pthread_t thread;
    atomic_bool stop;
    atomic_long
        budgets[2];       /* bytes until the cut, of the client and of the server; below 0: none */
    atomic_uint pause_us; /* after each piece of the client's */
    atomic_int answers;   /* of the server, until `odd` comes before the next one; below 0: never */
    atomic_size_t odd;    /* which */
};

enum { PIECE = 1 << 16, NEVER = -1 };

static int to_server(void)
{
    const char *dir = strstr(postgres_url(), "host=") + strlen("host=");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.*s/.s.PGSQL.5432",
                   (int)strcspn(dir, "&"), dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* What the server says in one go begins with a message, and so does what comes before it. */
static void slip_in(struct relay *relay, int to)
{
    int left = atomic_load(&relay->answers);
    if (left >= 0 && atomic_compare_exchange_strong(&relay->answers, &left, left - 1) &&
        left == 0) {
        struct str bytes = odd[atomic_load(&relay->odd)].bytes;
        (void)send(to, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    }
}

/* False: it is over. */
static bool pass(struct relay *relay, int from, int to, size_t side)
{
    static char bytes[PIECE];
    ssize_t got = recv(from, bytes, sizeof(bytes), 0);
    if (got <= 0) {
        return false;
    }
    if (side == 1) {
        slip_in(relay, to);
    }
    long budget = atomic_load(&relay->budgets[side]);
    size_t let = budget >= 0 && budget < got ? (size_t)budget : (size_t)got;
    for (size_t at = 0; at < let;) {
        ssize_t sent = send(to, bytes + at, let - at, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += (size_t)sent;
    }
    if (budget >= 0) {
        atomic_store(&relay->budgets[side], let == (size_t)got ? budget - got : NEVER);
    }
    if (side == 0 && atomic_load(&relay->pause_us) > 0) {
        (void)usleep(atomic_load(&relay->pause_us));
    }
    return let == (size_t)got;
}

static void serve(struct relay *relay, int client, int server)
{
    struct pollfd ends[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    bool open = true;
    while (open && !atomic_load(&relay->stop)) {
        if (poll(ends, 2, 50) > 0) {
            for (size_t side = 0; open && side < 2; side++) {
                open =
                    ends[side].revents == 0 || pass(relay, ends[side].fd, ends[1 - side].fd, side);
            }
        }
    }
}

static void *relay_run(void *ctx)
{
    struct relay *relay = ctx;
    while (!atomic_load(&relay->stop)) {
        struct pollfd ready = {.fd = relay->listener, .events = POLLIN};
        if (poll(&ready, 1, 50) > 0) {
            int client = accept(relay->listener, NULL, NULL);
            int server = to_server();
            serve(relay, client, server);
            (void)close(client);
            (void)close(server);
        }
    }
    return NULL;
}

static void relay_start(struct relay *relay)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(relay->listener, 16), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
    atomic_init(&relay->stop, false);
    atomic_init(&relay->budgets[0], NEVER);
    atomic_init(&relay->budgets[1], NEVER);
    atomic_init(&relay->pause_us, 0);
    atomic_init(&relay->answers, NEVER);
    atomic_init(&relay->odd, 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

static void relay_end(struct relay *relay)
{
    atomic_store(&relay->stop, true);
    assert_int_equal(pthread_join(relay->thread, NULL), 0);
    (void)close(relay->listener);
}

static struct store *open_by(const struct place *place, const struct relay *relay)
{
    char url[256];
    struct err err = {0};
    (void)snprintf(url, sizeof(url),
                   "postgresql://postgres@127.0.0.1:%u/postgres?sslmode=disable"
                   "&options=-csearch_path%%3D%s",
                   relay->port, place->schema);
    struct store *store = store_open(str_of(url), place_dir(place), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    return store;
}

struct heard {
    size_t count;
    uint64_t last;
    bool in_order;
};

static void on_heard(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct heard *heard = ctx;
    (void)records;
    heard->in_order = heard->in_order && seq > heard->last;
    heard->last = seq;
    heard->count += count;
}

static bool is_there(const struct place *place, const char *key)
{
    char sql[160];
    (void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM records WHERE key = '%s'", key);
    return place_ask(place, sql) == 1;
}

/* True: it was not known whether it was written. */
static bool write_and_compare(const struct place *place, struct store *store, const char *key)
{
    struct store_request request;
    const struct store_write write = {.kind = STR("user"),
                                      .realm = STR("com.x"),
                                      .key = str_of(key),
                                      .value = STR("{\"text\": \"of some length\"}")};
    request_init(&request, STORE_COMMIT);
    request.writes = &write;
    request.write_count = 1;
    store_run(store, &request);
    bool unsure = false;
    if (request.ok) {
        assert_true(is_there(place, key));
    } else {
        assert_int_equal(request.err.code, ERR_UNAVAILABLE);
        unsure = strstr(request.err.text, "nobody knows") != NULL;
        if (!unsure) {
            assert_non_null(strstr(request.err.text, "nothing was written"));
            assert_false(is_there(place, key));
        }
    }
    arena_done(&request.arena);
    return unsure;
}

static void nobody_else_writes(const struct place *place)
{
    char sql[160];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT pg_advisory_lock(hashtext('postern store'), hashtext('%s'));"
                   "SELECT 1",
                   place->schema);
    (void)postgres_ask("", sql); /* and lets it go with its connection */
}

/* Over a write, and over what makes a connection anew. */
static void cut_everywhere(const struct place *place, size_t side, long end, long step)
{
    struct relay relay;
    struct heard heard = {.in_order = true};
    size_t unsure = 0;
    size_t cut = 0;
    char key[32];
    relay_start(&relay);
    struct store *store = open_by(place, &relay);
    store_watch(store, on_heard, &heard);
    for (long at = 0; at < end; at += step) {
        (void)snprintf(key, sizeof(key), "k%ld", at);
        atomic_store(&relay.budgets[side], at);
        unsure += write_and_compare(place, store, key);
        nobody_else_writes(place);
        cut += atomic_load(&relay.budgets[side]) == NEVER;
        atomic_store(&relay.budgets[side], NEVER);
        (void)snprintf(key, sizeof(key), "after%ld", at);
        while (write_and_compare(place, store, key) || !is_there(place, key)) {
            (void)usleep(20 * 1000);
        }
    }
    assert_true(cut > 20);
    assert_true(unsure > 0);
    assert_true(heard.in_order);
    assert_int_equal(heard.count, place_ask(place, "SELECT COUNT(*) FROM records"));
    assert_int_equal(heard.last, place_ask(place, "SELECT seq FROM head"));
    store_close(store);
    relay_end(&relay);
}

static long step_of(void)
{
    const char *step = getenv("POSTERN_TEST_STEP"); /* NOLINT(concurrency-mt-unsafe) */
    return step == NULL ? 37 : strtol(step, NULL, 10);
}

static void whoever_is_cut_off_while_he_asks_is_told_the_truth(void **state)
{
    cut_everywhere(*state, 0, 3000, step_of());
}

static void whoever_is_cut_off_while_he_is_answered_is_told_the_truth(void **state)
{
    cut_everywhere(*state, 1, 1200, step_of() / 2 + 1);
}

enum { ANSWERS_MAX = 8 };

static void whoever_is_answered_oddly_is_told_the_truth(void **state)
{
    const struct place *place = *state;
    struct relay relay;
    char key[32];
    relay_start(&relay);
    struct store *store = open_by(place, &relay);
    for (size_t i = 0; i < COUNT_OF(odd) * ANSWERS_MAX; i++) {
        atomic_store(&relay.odd, i / ANSWERS_MAX);
        (void)snprintf(key, sizeof(key), "k%zu", i);
        atomic_store(&relay.answers, (int)(i % ANSWERS_MAX));
        (void)write_and_compare(place, store, key);
        assert_true(!odd[i / ANSWERS_MAX].harmless || is_there(place, key));
        nobody_else_writes(place);
        atomic_store(&relay.answers, NEVER);
        (void)snprintf(key, sizeof(key), "after%zu", i);
        while (write_and_compare(place, store, key) || !is_there(place, key)) {
            (void)usleep(20 * 1000);
        }
    }
    store_close(store);
    relay_end(&relay);
}

enum { LARGE = 24 * 1024 * 1024, SLOW_US = 10 * 1000 };

/* It takes longer than a server that says nothing is waited for. */
static void a_large_value_on_a_slow_way_arrives(void **state)
{
    const struct place *place = *state;
    struct relay relay;
    char *value = mem_alloc(LARGE + 1);
    memset(value, '1', LARGE);
    value[LARGE] = '\0';
    relay_start(&relay);
    struct store *store = open_by(place, &relay);
    atomic_store(&relay.pause_us, SLOW_US);
    uint64_t began_ms = clock_mono_ms();
    assert_int_equal(put(store, STR("a"), str_of(value), 0, NULL), ERR_NONE);
    assert_true(clock_mono_ms() - began_ms > 3000);
    assert_true(is_there(place, "a"));
    store_close(store);
    relay_end(&relay);
    mem_free(value);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(whoever_is_cut_off_while_he_asks_is_told_the_truth),
        T(whoever_is_cut_off_while_he_is_answered_is_told_the_truth),
        T(whoever_is_answered_oddly_is_told_the_truth),
        T(a_large_value_on_a_slow_way_arrives),
    };
    return RUN_ON_POSTGRES(tests);
}
