#include "transport_helper.h"

static int start(void **state)
{
    static const struct str origins[] = {STR_INIT("https://app.example")};
    static struct fixture fixture;
    fixture = (struct fixture){.options = {.origins = origins,
                                           .origin_count = 1,
                                           .ping_interval_ms = 1000,
                                           .ping_timeout_ms = 4000}};
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

#define OPENING                                       \
    "GET /ws HTTP/1.1\r\nHost: localhost\r\n"         \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
    "Sec-WebSocket-Version: 13\r\n"

/* Reads up to the empty line. */
static void get_head(int fd, char *out, size_t size)
{
    size_t len = 0;
    while (len < 4 || memcmp(out + len - 4, "\r\n\r\n", 4) != 0) {
        assert_true(len + 1 < size);
        get(fd, out + len, 1);
        len++;
    }
    out[len] = '\0';
}

static int join_as(const struct fixture *fixture, const char *offer)
{
    int fd = dial(fixture);
    char head[2048];
    (void)snprintf(head, sizeof(head), OPENING "Sec-WebSocket-Protocol: %s\r\n\r\n", offer);
    put(fd, head, strlen(head));
    get_head(fd, head, sizeof(head));
    assert_memory_equal(head, "HTTP/1.1 101", 12);
    assert_non_null(strstr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_null(strcasestr(head, "Sec-WebSocket-Extensions"));
    return fd;
}

static int join(const struct fixture *fixture)
{
    return join_as(fixture, "wamp.2.json");
}

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80 };

/* One masked frame; returns its size. */
static size_t frame(unsigned char *out, unsigned first, const void *bytes, size_t size)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t n = 0;
    out[n++] = (unsigned char)first;
    if (size < 126) {
        out[n++] = (unsigned char)(0x80 | size);
    } else if (size < 65536) {
        out[n++] = 0x80 | 126;
        out[n++] = (unsigned char)(size >> 8);
        out[n++] = (unsigned char)size;
    } else {
        out[n++] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) {
            out[n++] = (unsigned char)((uint64_t)size >> shift);
        }
    }
    memcpy(out + n, mask, 4);
    n += 4;
    for (size_t i = 0; i < size; i++) {
        out[n + i] = ((const unsigned char *)bytes)[i] ^ mask[i & 3];
    }
    return n + size;
}

static void put_frame(int fd, unsigned first, const void *bytes, size_t size)
{
    unsigned char *out = malloc(size + 14);
    put(fd, out, frame(out, first, bytes, size));
    free(out);
}

static void put_text(int fd, const char *text)
{
    put_frame(fd, FIN | TEXT, text, strlen(text));
}

/* The next frame's first octet; its payload goes to `out`. */
static unsigned get_frame(int fd, char *out, size_t *size)
{
    unsigned char header[4];
    get(fd, header, 2);
    assert_true((header[1] & 0x80) == 0); /* a server does not mask */
    *size = header[1];
    if (header[1] == 126) {
        get(fd, header + 2, 2);
        *size = (size_t)header[2] << 8 | header[3];
    }
    if (header[1] == 127) {
        unsigned char length[8];
        get(fd, length, sizeof(length));
        *size = 0;
        for (size_t i = 0; i < sizeof(length); i++) {
            *size = *size << 8 | length[i];
        }
    }
    get(fd, out, *size);
    return header[0];
}

static int pongs;

/* A whole message of any number of fragments; pings in between are answered, pongs counted. */
static unsigned get_message(int fd, char *out, size_t *size)
{
    unsigned kind = 0;
    *size = 0;
    for (;;) {
        size_t len;
        unsigned first = get_frame(fd, out + *size, &len);
        if ((first & 0xf) == PING) {
            put_frame(fd, FIN | PONG, out + *size, len);
            continue;
        }
        if ((first & 0xf) == PONG) {
            pongs++;
            continue;
        }
        if ((first & 8) != 0) {
            *size = len;
            memmove(out, out + *size, len);
            return first & 0xf;
        }
        kind = (first & 0xf) != 0 ? first & 0xf : kind;
        *size += len;
        if ((first & FIN) != 0) {
            return kind;
        }
    }
}

static void expect_text(int fd, const char *text)
{
    static char got[70000];
    size_t size;
    assert_int_equal(get_message(fd, got, &size), TEXT);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(got, text, size);
}

static void expect_close(int fd, unsigned code)
{
    char got[200];
    size_t size;
    unsigned first = get_frame(fd, got, &size);
    while (first == (FIN | PING)) {
        first = get_frame(fd, got, &size);
    }
    assert_int_equal(first, FIN | CLOSE);
    assert_true(size >= 2);
    assert_int_equal((unsigned char)got[0] << 8 | (unsigned char)got[1], code);
    put_frame(fd, FIN | CLOSE, got, 2);
    assert_closed(fd);
}

static void a_message_comes_back_in_the_kind_of_its_serializer(void **state)
{
    int fd = join(*state);
    put_text(fd, "hello");
    expect_text(fd, "hello");
    (void)close(fd);
    fd = join_as(*state, "wamp.2.cbor, wamp.2.msgpack,wamp.2.json");
    char got[16];
    size_t size;
    put_frame(fd, FIN | BINARY, "\x91\x01", 2);
    assert_int_equal(get_message(fd, got, &size), BINARY);
    assert_int_equal(size, 2);
    (void)close(fd);
}

static void refused_with(const struct fixture *fixture, const char *request, unsigned status)
{
    int fd = dial(fixture);
    char head[2048];
    char expected[32];
    put(fd, request, strlen(request));
    get_head(fd, head, sizeof(head));
    (void)snprintf(expected, sizeof(expected), "HTTP/1.1 %u ", status);
    if (strncmp(head, expected, strlen(expected)) != 0) {
        print_error("%s for %s", head, request);
    }
    assert_memory_equal(head, expected, strlen(expected));
    assert_non_null(strstr(head, "Connection: close"));
    const char *length = strstr(head, "Content-Length: ");
    assert_non_null(length);
    size_t size = strtoul(length + 16, NULL, 10);
    get(fd, head, size);
    assert_closed(fd);
}

static void what_is_no_upgrade_for_us_is_refused_with_its_status(void **state)
{
    refused_with(*state, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", 426);
    refused_with(*state, OPENING "\r\n", 400);
    refused_with(*state, OPENING "Sec-WebSocket-Protocol: chat\r\n\r\n", 400);
    refused_with(*state, OPENING "Sec-WebSocket-Protocol: wamp.2.ubjson, wamp.2.jsonx\r\n\r\n",
                 400);
    refused_with(*state,
                 OPENING "Origin: https://evil.example\r\n"
                         "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
                 403);
}

static void an_allowed_origin_is_let_in(void **state)
{
    int fd = join_as(*state, "wamp.2.json\r\nOrigin: https://app.example");
    put_text(fd, "x");
    expect_text(fd, "x");
    (void)close(fd);
}

static void what_authenticates_comes_with_the_upgrade_to_the_session(void **state)
{
    int fd = join_as(*state, "wamp.2.json\r\nAuthorization: bearer abc.def\r\nCookie: t=1; u=2");
    put_text(fd, "secrets");
    expect_text(fd, "abc.def");
    expect_text(fd, "t=1; u=2");
    (void)close(fd);
    fd = join_as(*state, "wamp.2.json\r\nAuthorization: Basic Zm9vOmJhcg==");
    put_text(fd, "secrets");
    expect_text(fd, "");
    expect_text(fd, "");
    (void)close(fd);
}

static void pongs_that_nobody_reads_do_not_pile_up(void **state)
{
    enum { PINGS = 20000, EACH = 131 };
    int before = atomic_load(&sessions_opened);
    int fd = join(*state);
    AWAIT(atomic_load(&sessions_opened) == before + 1);
    unsigned char *out = malloc((size_t)PINGS * EACH);
    size_t size = 0;
    char payload[125];
    memset(payload, 'p', sizeof(payload));
    for (int i = 0; i < PINGS; i++) {
        size += frame(out + size, FIN | PING, payload, sizeof(payload));
    }
    put(fd, out, size);
    put_text(fd, "end");
    free(out);
    pongs = 0;
    expect_text(fd, "end");
    assert_true(pongs > 0 && pongs <= PINGS);
    (void)close(fd);
}

static void a_million_fragments_of_an_octet_are_one_message(void **state)
{
    enum { COUNT = 1000000, EACH = 7 };
    int fd = join(*state);
    unsigned char *out = malloc((size_t)COUNT * EACH);
    char *got = malloc(COUNT + 16);
    size_t size = 0;
    for (int i = 0; i < COUNT; i++) {
        unsigned first = (i == 0 ? TEXT : 0) | (i == COUNT - 1 ? FIN : 0);
        size += frame(out + size, first, "x", 1);
    }
    put(fd, out, size);
    assert_int_equal(get_message(fd, got, &size), TEXT);
    assert_int_equal(size, COUNT);
    free(out);
    free(got);
    (void)close(fd);
}

static void a_head_that_is_too_long_is_given_up(void **state)
{
    static char request[9000];
    memcpy(request, OPENING "X: ", sizeof(OPENING "X: ") - 1);
    memset(request + strlen(OPENING "X: "), 'a', sizeof(request) - strlen(OPENING "X: ") - 1);
    refused_with(*state, request, 431);
}

static void an_upgrade_may_come_octet_by_octet_with_a_message_behind_it(void **state)
{
    static const char request[] = OPENING "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";
    unsigned char bytes[sizeof(request) + 32];
    memcpy(bytes, request, sizeof(request) - 1);
    size_t size = sizeof(request) - 1 + frame(bytes + sizeof(request) - 1, FIN | TEXT, "early", 5);
    for (size_t cut = 1; cut < size; cut += 7) {
        int fd = dial(*state);
        char head[2048];
        put(fd, bytes, cut);
        (void)poll(NULL, 0, 1);
        put(fd, bytes + cut, size - cut);
        get_head(fd, head, sizeof(head));
        assert_memory_equal(head, "HTTP/1.1 101", 12);
        expect_text(fd, "early");
        (void)close(fd);
    }
}

/* Many at once, the last in pieces: what was read ends anywhere. */
static void messages_that_a_front_has_read_come_first(void **state)
{
    static const char request[] = OPENING "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";
    enum { MANY = 300, EACH = 100 };
    static unsigned char bytes[sizeof(request) + (size_t)MANY * (EACH + 14)];
    char text[EACH] = {0};
    size_t size = sizeof(request) - 1;
    memcpy(bytes, request, size);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(text, sizeof(text), "message %d of %d", i, MANY);
        size += frame(bytes + size, FIN | TEXT, text, EACH);
    }
    for (size_t cut = sizeof(request) - 1; cut < size; cut += size / 9) {
        int fd = dial(*state);
        char got[2048];
        size_t len = 0;
        put(fd, bytes, cut);
        (void)poll(NULL, 0, 1);
        put(fd, bytes + cut, size - cut);
        get_head(fd, got, sizeof(got));
        assert_memory_equal(got, "HTTP/1.1 101", 12);
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(text, sizeof(text), "message %d of %d", i, MANY);
            assert_int_equal(get_message(fd, got, &len), TEXT);
            assert_int_equal(len, EACH);
            assert_string_equal(got, text);
        }
        (void)close(fd);
    }
}

static void what_a_front_has_read_may_be_refused(void **state)
{
    static char request[9000];
    size_t size = sizeof(OPENING "X: ") - 1;
    refused_with(*state, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", 426);
    refused_with(*state, "GET /ws HTTP/1.0\r\nHost: x\r\n\r\n", 505);
    memcpy(request, OPENING "X: ", size);
    memset(request + size, 'a', sizeof(request) - size);
    memcpy(request + sizeof(request) - 5, "\r\n\r\n", 5);
    refused_with(*state, request, 431);
}

static void a_head_that_is_too_slow_is_given_up(void **state)
{
    refused_with(*state, OPENING, 408);
}

static int start_hasty(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.options.handshake_timeout_ms = 500};
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int start_behind_a_front(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.front = true};
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static void fragments_are_put_together_and_pings_between_them_answered(void **state)
{
    int fd = join(*state);
    pongs = 0;
    put_frame(fd, TEXT, "one ", 4);
    put_frame(fd, FIN | PING, "now?", 4);
    put_frame(fd, 0, "two ", 4);
    put_frame(fd, 0, "", 0);
    put_frame(fd, FIN, "three", 5);
    expect_text(fd, "one two three");
    put_text(fd, "more");
    expect_text(fd, "more");
    assert_int_equal(pongs, 1);
    (void)close(fd);
}

static void a_big_message_passes_both_ways(void **state)
{
    int fd = join(*state);
    char *big = malloc(MESSAGE_MAX);
    char *got = malloc(MESSAGE_MAX + 65536);
    for (size_t i = 0; i < MESSAGE_MAX; i++) {
        big[i] = (char)('a' + i * 31 % 23);
    }
    size_t size;
    put_frame(fd, FIN | TEXT, big, MESSAGE_MAX);
    assert_int_equal(get_message(fd, got, &size), TEXT);
    assert_int_equal(size, MESSAGE_MAX);
    assert_memory_equal(got, big, size);
    for (size_t at = 0; at < MESSAGE_MAX; at += 65536) {
        bool last = at + 65536 == MESSAGE_MAX;
        put_frame(fd, (at == 0 ? TEXT : 0) | (last ? FIN : 0), big + at, 65536);
    }
    assert_int_equal(get_message(fd, got, &size), TEXT);
    assert_int_equal(size, MESSAGE_MAX);
    assert_memory_equal(got, big, size);
    free(big);
    free(got);
    (void)close(fd);
}

static void a_message_above_the_maximum_is_closed_with_1009_before_it_has_come(void **state)
{
    int fd = join(*state);
    /* The header claims 2^40 bytes, and a few of them follow. */
    put(fd, "\x81\xff\0\0\1\0\0\0\0\0\1\2\3\4abcdefgh", 22);
    char *piece = calloc(1, 65536);
    (void)send(fd, piece, 65536, MSG_NOSIGNAL);
    free(piece);
    expect_close(fd, 1009);
}

static void the_wrong_kind_of_message_is_closed_with_1003(void **state)
{
    int fd = join(*state);
    put_frame(fd, FIN | BINARY, "x", 1);
    expect_close(fd, 1003);
    fd = join_as(*state, "wamp.2.msgpack");
    put_text(fd, "x");
    expect_close(fd, 1003);
}

static void what_breaks_the_protocol_ends_the_connection(void **state)
{
    static const unsigned char firsts[] = {FIN | 3, FIN | 0xb, FIN | 0x40 | TEXT, PING, FIN};
    for (size_t i = 0; i < sizeof(firsts); i++) {
        int fd = join(*state);
        put_frame(fd, firsts[i], "x", 1);
        (void)shutdown(fd, SHUT_WR);
        char byte[256];
        while (recv(fd, byte, sizeof(byte), 0) > 0) {
        }
        (void)close(fd);
    }
}

static void a_finished_session_sends_what_it_had_and_then_closes_with_1000(void **state)
{
    int fd = join(*state);
    put_text(fd, "finish");
    expect_text(fd, "bye");
    char got[16];
    size_t size;
    assert_int_equal(get_frame(fd, got, &size), FIN | CLOSE);
    assert_memory_equal(got, "\x03\xe8", 2);
    put_text(fd, "ignored");
    put_frame(fd, FIN | CLOSE, "\x03\xe8", 2);
    assert_closed(fd);
}

static void a_peer_that_does_not_answer_the_close_is_dropped(void **state)
{
    int fd = join(*state);
    put_text(fd, "finish");
    expect_text(fd, "bye");
    char got[16];
    size_t size;
    assert_int_equal(get_frame(fd, got, &size), FIN | CLOSE);
    assert_closed(fd);
}

static void a_close_of_the_peer_is_answered(void **state)
{
    int fd = join(*state);
    put_frame(fd, FIN | CLOSE, "\x03\xe8", 2);
    expect_close(fd, 1000);
}

static void messages_behind_a_pause_wait_for_the_resume(void **state)
{
    int fd = join(*state);
    unsigned char out[64];
    size_t size = frame(out, FIN | TEXT, "pause", 5);
    size += frame(out + size, FIN | TEXT, "later", 5);
    put(fd, out, size);
    expect_text(fd, "later");
    put_text(fd, "again");
    expect_text(fd, "again");
    (void)close(fd);
}

static void many_messages_in_one_turn_come_back_in_order(void **state)
{
    enum { COUNT = 5000 };
    int fd = join(*state);
    static unsigned char out[COUNT * 16];
    size_t size = 0;
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%08d", i);
        size += frame(out + size, FIN | TEXT, text, 8);
    }
    put(fd, out, size);
    for (int i = 0; i < COUNT; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%08d", i);
        expect_text(fd, text);
    }
    (void)close(fd);
}

static void every_size_of_message_is_framed_right(void **state)
{
    static const size_t sizes[] = {1,     125,   126,   127,   255,   256,
                                   32767, 32768, 32769, 65535, 65536, 200000};
    int fd = join(*state);
    static char got[300000];
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (int copied = 0; copied < 2; copied++) {
            char order[32];
            size_t size;
            (void)snprintf(order, sizeof(order), "%s:%zu ", copied ? "fend" : "send", sizes[i]);
            put_text(fd, order);
            assert_int_equal(get_message(fd, got, &size), TEXT);
            assert_int_equal(size, sizes[i]);
        }
    }
    (void)close(fd);
}

static void what_a_slow_reader_left_is_delivered_before_the_end(void **state)
{
    int fd = join(*state);
    put_text(fd, "flood");
    static char got[1200000];
    for (int i = 0; i < 64; i++) {
        size_t size;
        if (i == 20) {
            (void)poll(NULL, 0, 300); /* and pings in the middle of it do no harm */
            put_frame(fd, FIN | PING, "p", 1);
        }
        assert_int_equal(get_message(fd, got, &size), TEXT);
        assert_int_equal(size, 1000000);
    }
    size_t size;
    assert_int_equal(get_message(fd, got, &size), CLOSE);
    (void)close(fd);
}

static void a_slow_reader_is_waited_for_as_long_as_it_reads(void **state)
{
    int fd = join(*state);
    put_text(fd, "flood");
    static char got[1200000];
    for (int i = 0; i < 64; i++) {
        size_t size;
        if (i % 4 == 0) {
            (void)poll(NULL, 0, 200); /* 3.2 s in all: longer than a closing handshake may take */
        }
        assert_int_equal(get_message(fd, got, &size), TEXT);
        assert_int_equal(size, 1000000);
    }
    size_t size;
    assert_int_equal(get_message(fd, got, &size), CLOSE);
    (void)close(fd);
}

static void a_reader_that_stopped_is_dropped_however_much_waits(void **state)
{
    int before = atomic_load(&sessions_opened);
    int fd = join(*state);
    AWAIT(atomic_load(&sessions_opened) == before + 1);
    put_text(fd, "flood");
    AWAIT(atomic_load(&sessions_open) == 0);
    (void)close(fd);
}

static void a_silent_peer_is_pinged_and_dropped_when_it_does_not_answer(void **state)
{
    int fd = join(*state);
    char got[200];
    size_t size;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get_frame(fd, got, &size), FIN | PING);
        put_frame(fd, FIN | PONG, got, size);
    }
    assert_int_equal(get_frame(fd, got, &size), FIN | PING);
    assert_closed(fd);
}

static void a_client_that_vanishes_loses_its_session_and_its_place(void **state)
{
    const struct fixture *fixture = *state;
    int before = atomic_load(&sessions_opened);
    int fd = join(fixture);
    AWAIT(atomic_load(&sessions_opened) == before + 1);
    (void)close(fd);
    AWAIT(atomic_load(&sessions_open) == 0);
    AWAIT(net_connections(fixture->net) == 0);
}

static void upgrades_come_to_all_workers_at_once(void **state)
{
    enum { ROUNDS = 4, CLIENTS = 50 };
    for (int round = 0; round < ROUNDS; round++) {
        int fds[CLIENTS];
        for (size_t i = 0; i < CLIENTS; i++) {
            fds[i] = dial(*state);
        }
        for (size_t i = 0; i < CLIENTS; i++) {
            put(fds[i], OPENING "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
                strlen(OPENING "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n"));
        }
        for (size_t i = 0; i < CLIENTS; i++) {
            char head[2048];
            get_head(fds[i], head, sizeof(head));
            assert_memory_equal(head, "HTTP/1.1 101", 12);
            (void)close(fds[i]);
        }
    }
    AWAIT(atomic_load(&sessions_open) == 0);
}

static void connections_open_at_the_stop_are_freed(void **state)
{
    int fd = join(*state);
    put_text(fd, "flood");
    fd = join(*state);
    put_frame(fd, TEXT, "half of", 7);
    fd = dial(*state);
    put(fd, OPENING, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back_in_the_kind_of_its_serializer),
        cmocka_unit_test(what_is_no_upgrade_for_us_is_refused_with_its_status),
        cmocka_unit_test(an_allowed_origin_is_let_in),
        cmocka_unit_test(what_authenticates_comes_with_the_upgrade_to_the_session),
        cmocka_unit_test(pongs_that_nobody_reads_do_not_pile_up),
        cmocka_unit_test(a_million_fragments_of_an_octet_are_one_message),
        cmocka_unit_test(a_head_that_is_too_long_is_given_up),
        cmocka_unit_test(an_upgrade_may_come_octet_by_octet_with_a_message_behind_it),
        cmocka_unit_test(fragments_are_put_together_and_pings_between_them_answered),
        cmocka_unit_test(a_big_message_passes_both_ways),
        cmocka_unit_test(a_message_above_the_maximum_is_closed_with_1009_before_it_has_come),
        cmocka_unit_test(the_wrong_kind_of_message_is_closed_with_1003),
        cmocka_unit_test(what_breaks_the_protocol_ends_the_connection),
        cmocka_unit_test(a_finished_session_sends_what_it_had_and_then_closes_with_1000),
        cmocka_unit_test(a_peer_that_does_not_answer_the_close_is_dropped),
        cmocka_unit_test(a_close_of_the_peer_is_answered),
        cmocka_unit_test(messages_behind_a_pause_wait_for_the_resume),
        cmocka_unit_test(many_messages_in_one_turn_come_back_in_order),
        cmocka_unit_test(every_size_of_message_is_framed_right),
        cmocka_unit_test(what_a_slow_reader_left_is_delivered_before_the_end),
        cmocka_unit_test(a_slow_reader_is_waited_for_as_long_as_it_reads),
        cmocka_unit_test(a_reader_that_stopped_is_dropped_however_much_waits),
        cmocka_unit_test(a_silent_peer_is_pinged_and_dropped_when_it_does_not_answer),
        cmocka_unit_test(a_client_that_vanishes_loses_its_session_and_its_place),
        cmocka_unit_test(upgrades_come_to_all_workers_at_once),
        cmocka_unit_test(connections_open_at_the_stop_are_freed),
    };
    const struct CMUnitTest behind_a_front[] = {
        cmocka_unit_test(messages_that_a_front_has_read_come_first),
        cmocka_unit_test(what_a_front_has_read_may_be_refused),
        cmocka_unit_test(connections_open_at_the_stop_are_freed),
    };
    const struct CMUnitTest hasty[] = {
        cmocka_unit_test(a_head_that_is_too_slow_is_given_up),
    };
    int failed = cmocka_run_group_tests(tests, start, stop);
    failed += cmocka_run_group_tests(hasty, start_hasty, stop);
    return failed + cmocka_run_group_tests(behind_a_front, start_behind_a_front, stop);
}
