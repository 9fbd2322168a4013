/* test_h1_differential.c - our own front against libmicrohttpd, one way: what ours accepts the
 * library accepts too, and both mean the same. Ours may refuse more.
 *
 * Every raw request, and mutations of them from a fixed seed: for some seconds, or as many as
 * POSTERN_MUTATIONS says. */
#include "http_world.h"
#include "raw_requests.h"

#include <stdlib.h>

enum { MUTATED_MAX = 2048, MUTATION_MS = 6000 };

static struct http_world ours;
static struct http_world theirs;
static struct world_reply our_reply;
static struct world_reply their_reply;

static int start(void **state)
{
    (void)state;
    world_start(&ours, h1_front_new, &raw_limits, 1);
    world_start(&theirs, mhd_front_new, &raw_limits, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&ours);
    world_stop(&theirs);
    metrics_free();
    return 0;
}

/* What was answered first is the outcome. Of `all` that there is the end is sent too, so that no
 * front waits for more. */
static void
ask(const struct http_world *world, struct str bytes, bool all, struct world_reply *reply)
{
    int fd = world_dial(world);
    memset(reply, 0, offsetof(struct world_reply, bytes));
    reply->bytes[0] = '\0';
    world_send(fd, bytes);
    if (all) {
        (void)shutdown(fd, SHUT_WR);
    }
    do {
        world_read(fd, reply, str_starts(bytes, STR("HEAD ")));
    } while (reply->status == 100);
    (void)close(fd);
}

static void show(const char *what, struct str bytes)
{
    print_error("%s: ", what);
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        print_error(c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", (unsigned char)c);
    }
    print_error("\n");
}

/* True when ours has accepted it. */
static bool compare(struct str bytes)
{
    ask(&ours, bytes, true, &our_reply);
    if (our_reply.status != 200) {
        return false;
    }
    ask(&theirs, bytes, false, &their_reply);
    if (their_reply.status != 200 || !str_eq(our_reply.body, their_reply.body)) {
        show("request", bytes);
        show("ours", our_reply.body);
        print_error("the library's status: %u\n", their_reply.status);
        show("the library's", their_reply.body);
        fail();
    }
    return true;
}

static void both_mean_the_same_by_each_raw_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(raw_requests); i++) {
        bool accepted = compare(raw_requests[i].bytes);
        assert_int_equal(accepted, raw_requests[i].rule == NULL);
    }
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static size_t below(size_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % bound);
}

static size_t replace(char *bytes, size_t len, size_t at, size_t gone, struct str with)
{
    if (at + gone > len || len - gone + with.len > MUTATED_MAX) {
        return len;
    }
    memmove(bytes + at + with.len, bytes + at + gone, len - at - gone);
    memcpy(bytes + at, with.ptr, with.len);
    return len - gone + with.len;
}

/* A byte or a word that has led parsers astray put in, or some bytes taken out or doubled. */
static size_t mutate(char *bytes, size_t len)
{
    static const struct str words[] = {
        STR_INIT("\r\n"),
        STR_INIT("\n"),
        STR_INIT("\r"),
        STR_INIT(" "),
        STR_INIT("\t"),
        STR_INIT("\0"),
        STR_INIT(":"),
        STR_INIT(","),
        STR_INIT(";"),
        STR_INIT("0"),
        STR_INIT("1"),
        STR_INIT("5"),
        STR_INIT("\r\n\r\n"),
        STR_INIT("chunked"),
        STR_INIT("Content-Length: 5\r\n"),
        STR_INIT("Transfer-Encoding: chunked\r\n"),
        STR_INIT("Connection: close\r\n"),
        STR_INIT("Expect: 100-continue\r\n"),
        STR_INIT("HTTP/1.0"),
        STR_INIT("http://"),
        STR_INIT("?"),
        STR_INIT("%"),
        STR_INIT("\""),
        STR_INIT("\x80"),
        STR_INIT("HEAD "),
    };
    char piece[32];
    size_t at = below(len);
    size_t size = 1 + below(8);
    switch (below(4)) {
    case 0:
        bytes[at] = (char)below(256);
        return len;
    case 1:
        return replace(bytes, len, at, 0, words[below(COUNT_OF(words))]);
    case 2:
        return replace(bytes, len, at, size, below(2) == 0 ? STR_EMPTY : STR("x"));
    default:
        size = at + size > len ? len - at : size;
        memcpy(piece, bytes + at, size);
        return replace(bytes, len, at, 0, str_make(piece, size));
    }
}

/* Mostly one that is right: of the others few mutations are. */
static struct str pick_base(void)
{
    const struct raw_request *row = NULL;
    bool any = below(4) == 0;
    do {
        row = &raw_requests[below(COUNT_OF(raw_requests))];
    } while (!any && row->rule != NULL);
    return row->bytes;
}

static void both_mean_the_same_by_what_ours_accepts_of_mutations(void **state)
{
    char bytes[MUTATED_MAX];
    size_t tried = 0;
    size_t accepted = 0;
    uint64_t wanted = 0;
    uint64_t until = clock_mono_ms() + MUTATION_MS;
    (void)state;
    (void)str_to_u64(str_of(getenv("POSTERN_MUTATIONS")), &wanted);
    while (wanted > 0 ? tried < wanted : clock_mono_ms() < until) {
        struct str base = pick_base();
        size_t len = base.len;
        memcpy(bytes, base.ptr, len);
        for (size_t i = 1 + below(3); i > 0 && len > 1; i--) {
            len = mutate(bytes, len);
        }
        accepted += compare(str_make(bytes, len)) ? 1 : 0;
        tried++;
    }
    print_message("%zu mutations, %zu accepted\n", tried, accepted);
    assert_true(accepted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_mean_the_same_by_each_raw_request, start, stop),
        cmocka_unit_test_setup_teardown(both_mean_the_same_by_what_ours_accepts_of_mutations, start,
                                        stop),
    };
    return cmocka_run_group_tests_name("h1_differential", tests, NULL, NULL);
}
