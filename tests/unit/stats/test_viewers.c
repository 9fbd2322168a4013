/* test_viewers.c - who watches the numbers: let in by another's answer, given one event a second,
 * broken off when he does not read, sent home when the node ends. */
#include "../../support/realm_world.h"
#include "base/clock.h"
#include "metrics/metrics.h"
#include "pipeline/traffic.h"
#include "stats/stats.h"

#include <stdio.h>
#include <time.h>

/* A front's stream whose answer is kept. Touched on its worker alone, but for the atomics. */
struct screen {
    struct stream stream;
    struct header last_event_id;
    unsigned begun; /* the status */
    char type[64];
    char kept[16]; /* another header of the answer */
    struct buf out;
    atomic_uint events;
    atomic_bool full; /* what write says */
    atomic_bool ended;
    atomic_bool aborted;
    atomic_bool unwanted; /* whoever decides has taken it back */
    unsigned worker;
    unsigned status; /* that whoever decides answers with */
};

static struct world world;
static struct stats *stats;
static struct traffic *traffic;

static struct screen *screen_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct screen, stream);
}

static void
begin(struct stream *stream, unsigned status, const struct header *h, size_t count, int64_t length)
{
    struct screen *screen = screen_of(stream);
    assert_int_equal(screen->begun, 0);
    screen->begun = status;
    assert_true(status != 200 || length == LENGTH_STREAM);
    for (size_t i = 0; i < count; i++) {
        if (str_eq(h[i].name, STR("content-type"))) {
            assert_int_equal(screen->type[0], '\0');
            (void)snprintf(screen->type, sizeof(screen->type), PRISTR, STRARG(h[i].value));
        } else if (str_eq(h[i].name, STR("x-kept"))) {
            (void)snprintf(screen->kept, sizeof(screen->kept), PRISTR, STRARG(h[i].value));
        }
    }
}

static bool write_bytes(struct stream *stream, struct str bytes)
{
    struct screen *screen = screen_of(stream);
    assert_false(screen->ended || screen->aborted);
    assert_true(buf_append(&screen->out, bytes));
    if (str_starts(bytes, STR("id: "))) {
        (void)atomic_fetch_add(&screen->events, 1);
    }
    return screen->full;
}

static void end(struct stream *stream)
{
    assert_false(screen_of(stream)->ended);
    screen_of(stream)->ended = true;
}

static void abort_stream(struct stream *stream)
{
    screen_of(stream)->aborted = true;
}

static void pause_body(struct stream *stream, bool paused)
{
    (void)stream;
    (void)paused;
}

static const struct stream_ops front_ops = {begin, write_bytes, end, abort_stream, pause_body};

static struct screen *screen_new(unsigned worker, const char *query)
{
    struct screen *screen = NEW(struct screen);
    screen->stream.ops = &front_ops;
    screen->stream.head.query = str_of(query);
    screen->worker = worker;
    screen->status = 200;
    arena_init(&screen->stream.arena, 1 << 20);
    buf_init(&screen->out, 4 << 20);
    return screen;
}

static bool stays(void *ctx, const struct stream *stream)
{
    const struct screen *screen = ctx;
    assert_ptr_equal(stream, &screen->stream);
    return !screen->unwanted;
}

/* As the pipeline does it. */
static void ask_here(void *ctx)
{
    struct screen *screen = ctx;
    const struct header headers[] = {{STR("content-type"), STR("application/json")},
                                     {STR("x-kept"), STR("yes")}};
    stats_watch(stats, &screen->stream, stays, screen);
    stream_begin(&screen->stream, screen->status, headers, COUNT_OF(headers), 2);
    (void)stream_write(&screen->stream, STR("{}"));
    stream_end(&screen->stream);
}

static void gone_here(void *ctx)
{
    stats_gone(&((struct screen *)ctx)->stream);
}

static void writable_here(void *ctx)
{
    stats_writable(&((struct screen *)ctx)->stream);
}

static struct screen *watch(unsigned worker, const char *query)
{
    struct screen *screen = screen_new(worker, query);
    on_worker(&world, worker, ask_here, screen);
    return screen;
}

static void screen_free(struct screen *screen)
{
    on_worker(&world, screen->worker, gone_here, screen);
    arena_done(&screen->stream.arena);
    buf_done(&screen->out);
    mem_free(screen);
}

static bool is_ended(struct screen *screen)
{
    return screen->ended;
}

static bool is_aborted(struct screen *screen)
{
    return screen->aborted;
}

static void wait_for(bool (*holds)(struct screen *screen), struct screen *screen)
{
    for (unsigned ms = 0; ms < 30000 && !holds(screen); ms += 5) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_true(holds(screen));
}

static void make_stats(void)
{
    traffic = traffic_new(workers_count(world.workers));
    stats = stats_new(&(struct stats_options){
        .workers = world.workers, .traffic = traffic, .node_name = STR("a \"node\"")});
}

static int start(void **state)
{
    struct err err = {0};
    (void)state;
    world.workers = workers_new(2, 1 << 20, &err);
    make_stats();
    return workers_start(world.workers, &err) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    workers_stop(world.workers);
    stats_free(stats);
    traffic_free(traffic);
    workers_free(world.workers);
    metrics_free();
    return 0;
}

static void an_answer_of_200_becomes_a_stream_of_events(void **state)
{
    (void)state;
    struct screen *screen = watch(1, "count=2");
    wait_for(is_ended, screen);
    char *text = buf_take(&screen->out, NULL);
    assert_int_equal(screen->begun, 200);
    assert_string_equal(screen->type, "text/event-stream");
    assert_string_equal(screen->kept, "yes");
    assert_int_equal(screen->events, 2);
    assert_int_equal(strncmp(text, "retry: 2000\n\nid: ", 17), 0);
    assert_null(strstr(text, "{}"));
    mem_free(text);
    screen_free(screen);
}

static void any_other_answer_goes_out_as_it_is(void **state)
{
    (void)state;
    static const unsigned statuses[] = {204, 401, 403, 404, 500, 503};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct screen *screen = screen_new(0, "");
        screen->status = statuses[i];
        on_worker(&world, 0, ask_here, screen);
        assert_int_equal(screen->begun, statuses[i]);
        assert_true(str_eq(buf_str(&screen->out), STR("{}")));
        assert_true(screen->ended);
        screen_free(screen);
    }
}

static void who_does_not_read_is_broken_off(void **state)
{
    (void)state;
    struct screen *slow = screen_new(1, "");
    struct screen *other = watch(1, "count=4");
    slow->full = true;
    on_worker(&world, 1, ask_here, slow);
    wait_for(is_aborted, slow);
    assert_int_equal(slow->events, 1);
    assert_false(slow->ended);
    wait_for(is_ended, other); /* nobody else minds */
    assert_int_equal(other->events, 4);
    screen_free(slow);
    screen_free(other);
}

static void who_reads_in_time_stays(void **state)
{
    (void)state;
    struct screen *screen = screen_new(0, "count=3");
    screen->full = true;
    on_worker(&world, 0, ask_here, screen);
    for (unsigned ms = 0; ms < 30000 && !screen->ended; ms += 20) {
        on_worker(&world, 0, writable_here, screen);
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_true(screen->ended);
    assert_false(screen->aborted);
    screen_free(screen);
}

static void who_may_not_any_more_sees_no_other_event(void **state)
{
    (void)state;
    struct screen *screen = watch(1, "");
    struct screen *other = watch(1, "count=3");
    screen->unwanted = true;
    unsigned seen = screen->events;
    wait_for(is_ended, screen);
    assert_false(screen->aborted);
    assert_true(screen->events <= seen + 1); /* one was on its way */
    wait_for(is_ended, other);
    assert_int_equal(other->events, 3);
    screen_free(screen);
    screen_free(other);
}

static void only_so_many_may_watch_and_room_is_given_back(void **state)
{
    (void)state;
    struct screen *screens[STATS_VIEWERS_MAX];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < STATS_VIEWERS_MAX; i++) {
            screens[i] = watch(i % 2, "");
            assert_int_equal(screens[i]->begun, 200);
        }
        struct screen *late = watch(1, "");
        assert_int_equal(late->begun, 503);
        assert_true(late->ended);
        assert_string_equal(late->type, "application/problem+json");
        screen_free(late);
        for (unsigned i = 0; i < STATS_VIEWERS_MAX; i++) {
            screen_free(screens[i]);
        }
    }
}

/* Somebody comes with the id of an event that was so many seconds ago. */
static unsigned events_since(uint64_t seconds)
{
    char id[32];
    struct buf now;
    buf_init(&now, 1 << 20);
    stats_write(stats, 0, &now);
    char *text = buf_take(&now, NULL);
    uint64_t time = strtoull(strstr(text, "\"time\":") + 7, NULL, 10);
    mem_free(text);
    struct screen *screen = screen_new(0, "");
    (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)(time - seconds));
    screen->last_event_id = (struct header){STR("last-event-id"), str_of(id)};
    screen->stream.head.headers = &screen->last_event_id;
    screen->stream.head.header_count = 1;
    on_worker(&world, 0, ask_here, screen);
    unsigned events = screen->events;
    screen_free(screen);
    return events;
}

static void what_was_missed_is_given_but_nothing_from_before_the_start(void **state)
{
    (void)state;
    (void)nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    unsigned one = events_since(1); /* a second may begin in between */
    unsigned all = events_since(20);
    assert_true(one == 1 || one == 2);
    assert_true(all >= 3 && all < 20);
    assert_int_equal(events_since(UINT64_C(1) << 40), 1); /* no id that was ever given */
}

static void at_the_end_all_are_sent_home_and_nobody_is_let_in(void **state)
{
    (void)state;
    struct screen *screens[] = {watch(0, ""), watch(1, "")};
    stats_shutdown(stats);
    settle(&world);
    assert_true(screens[0]->ended && screens[1]->ended);
    assert_false(screens[0]->aborted || screens[1]->aborted);
    struct screen *late = watch(1, "");
    assert_int_equal(late->begun, 503);
    screen_free(late);
    screen_free(screens[0]);
    screen_free(screens[1]);
}

static void the_numbers_are_json_whatever_the_node_is_called(void **state)
{
    (void)state;
    struct buf out;
    json_error_t error;
    buf_init(&out, 1 << 20);
    traffic_count(traffic, 0, 200, clock_mono_ns(), clock_mono_ns());
    stats_write(stats, STATS_HISTORY_MAX, &out);
    json_t *told = json_loadb(out.ptr, out.len, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(told);
    assert_string_equal(json_string_value(json_object_get(told, "node")), "a \"node\"");
    assert_true(json_is_null(json_object_get(told, "store"))); /* nobody says */
    json_decref(told);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_of_200_becomes_a_stream_of_events, start, stop),
        cmocka_unit_test_setup_teardown(any_other_answer_goes_out_as_it_is, start, stop),
        cmocka_unit_test_setup_teardown(who_does_not_read_is_broken_off, start, stop),
        cmocka_unit_test_setup_teardown(who_reads_in_time_stays, start, stop),
        cmocka_unit_test_setup_teardown(who_may_not_any_more_sees_no_other_event, start, stop),
        cmocka_unit_test_setup_teardown(only_so_many_may_watch_and_room_is_given_back, start, stop),
        cmocka_unit_test_setup_teardown(what_was_missed_is_given_but_nothing_from_before_the_start,
                                        start, stop),
        cmocka_unit_test_setup_teardown(at_the_end_all_are_sent_home_and_nobody_is_let_in, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_numbers_are_json_whatever_the_node_is_called, start,
                                        stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
