#include "base/clock.h"
#include "store_helper.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { PATIENCE_MS = 60 * 1000, LONG_MS = 30 * 1000, SHORT_MS = 300 };

/* What a store has answered about its nodes, as one text: "a:live,self b:live,pending". */
struct told {
    struct store_request request;
    atomic_bool done;
    bool ok;
    char text[512];
    uint64_t seqs[8];
    size_t count;
    uint64_t took_ms;
    uint64_t began_ms;
};

static void on_told(struct store_request *request)
{
    struct told *told = CONTAINER_OF(request, struct told, request);
    size_t len = 0;
    told->ok = request->ok;
    told->count = request->node_count;
    for (size_t i = 0; i < request->node_count && i < COUNT_OF(told->seqs); i++) {
        const struct store_node *node = &request->nodes[i];
        told->seqs[i] = node->seq;
        len += (size_t)snprintf(told->text + len, sizeof(told->text) - len, "%s" PRISTR ":%s%s%s",
                                i > 0 ? " " : "", STRARG(node->name), node->live ? "live" : "dead",
                                node->self ? ",self" : "", node->pending ? ",pending" : "");
    }
    told->took_ms = clock_mono_ms() - told->began_ms;
    arena_done(&request->arena);
    atomic_store(&told->done, true);
}

static void nodes_ask(struct store *store, uint64_t seq, uint64_t wait_ms, struct told *told)
{
    *told = (struct told){.began_ms = clock_mono_ms()};
    request_init(&told->request, STORE_NODES);
    told->request.version = seq;
    told->request.wait_ms = wait_ms;
    told->request.finish = on_told;
    store_submit(store, &told->request);
}

static void nodes_wait(struct told *told)
{
    uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
    while (!atomic_load(&told->done) && clock_mono_ms() < end_ms) {
        (void)usleep(1000);
    }
    assert_true(atomic_load(&told->done));
    assert_true(told->ok);
}

static void nodes_are(struct store *store, const char *wanted)
{
    struct told told;
    uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
    do {
        nodes_ask(store, 0, 0, &told);
        nodes_wait(&told);
    } while (strcmp(told.text, wanted) != 0 && clock_mono_ms() < end_ms && usleep(5000) == 0);
    assert_string_equal(told.text, wanted);
}

static struct store *open_node(struct place *place, const char *name)
{
    struct store *store = open_other(place);
    store_join(store, &(struct store_self){.name = str_of(name),
                                           .url = STR("http://127.0.0.1:1"),
                                           .version = STR("1")});
    assert_true(store_start(store, NULL));
    return store;
}

static void nodes_of_one_database_see_each_other(void **state)
{
    struct store *a = open_node(*state, "a");
    nodes_are(a, "a:live,self");
    assert_int_equal(store_state(a).live_count, 1);
    struct store *b = open_node(*state, "b");
    nodes_are(a, "a:live,self b:live");
    nodes_are(b, "b:live,self a:live");
    assert_int_equal(store_state(a).live_count, 2);
    assert_true(store_state(a).up);
    store_close(b);
    nodes_are(a, "a:live,self");
    assert_int_equal(store_state(a).live_count, 1);
    store_close(a);
    assert_int_equal(place_ask(*state, "SELECT COUNT(*) FROM nodes"), 0);
}

static void who_is_no_node_has_no_row(void **state)
{
    struct store *a = open_node(*state, "a");
    struct store *tool = open_other(*state);
    assert_true(store_start(tool, NULL));
    nodes_are(tool, ":live,self");
    nodes_are(a, "a:live,self");
    store_close(tool);
    store_close(a);
}

static void what_all_serve_is_answered_at_once_and_what_one_does_not_once_it_does(void **state)
{
    struct told told;
    struct store *a = open_node(*state, "a");
    struct store *b = open_node(*state, "b");
    nodes_are(a, "a:live,self b:live");
    nodes_are(b, "b:live,self a:live");
    for (uint64_t seq = 7; seq < 20; seq++) {
        store_served(a, seq);
        nodes_ask(a, seq, LONG_MS, &told);
        (void)usleep(5000);
        assert_false(atomic_load(&told.done));
        store_served(b, seq);
        nodes_wait(&told);
        assert_string_equal(told.text, "a:live,self b:live");
        assert_int_equal(told.seqs[1], seq);
        assert_true(told.took_ms < LONG_MS);
    }
    nodes_ask(a, 19, LONG_MS, &told);
    nodes_wait(&told);
    assert_string_equal(told.text, "a:live,self b:live");
    store_close(b);
    store_close(a);
}

static void who_does_not_serve_it_by_the_deadline_is_pending(void **state)
{
    struct told told;
    struct store *a = open_node(*state, "a");
    struct store *b = open_node(*state, "b");
    nodes_are(a, "a:live,self b:live");
    store_served(a, 3);
    store_served(b, 2);
    nodes_ask(a, 3, SHORT_MS, &told);
    nodes_wait(&told);
    assert_string_equal(told.text, "a:live,self b:live,pending");
    assert_true(told.took_ms >= SHORT_MS);
    store_close(b);
    store_close(a);
}

static void who_leaves_is_not_waited_for(void **state)
{
    struct told told;
    struct store *a = open_node(*state, "a");
    struct store *b = open_node(*state, "b");
    nodes_are(a, "a:live,self b:live");
    store_served(a, 3);
    nodes_ask(a, 3, LONG_MS, &told);
    store_close(b);
    nodes_wait(&told);
    assert_string_equal(told.text, "a:live,self");
    assert_true(told.took_ms < LONG_MS);
    store_close(a);
}

static void who_falls_silent_is_pending_for_who_waits_and_then_dead(void **state)
{
    struct told told;
    struct place *place = *state;
    struct store *a = open_node(place, "a");
    (void)place_ask(place, "INSERT INTO nodes VALUES ('x', 'b', '', '', 5, 2)");
    nodes_are(a, "a:live,self b:live");
    store_served(a, 3);
    nodes_ask(a, 3, LONG_MS, &told);
    nodes_wait(&told);
    assert_string_equal(told.text, "a:live,self b:dead,pending");
    assert_true(told.took_ms < LONG_MS);
    nodes_ask(a, 3, LONG_MS, &told);
    nodes_wait(&told);
    assert_string_equal(told.text, "a:live,self b:dead");
    assert_true(told.took_ms < LONG_MS);
    assert_int_equal(store_state(a).live_count, 1);

    (void)place_ask(place, "UPDATE nodes SET beat = 6 WHERE id = 'x'");
    nodes_are(a, "a:live,self b:live");
    store_close(a);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM nodes"), 1);
}

static void the_row_of_an_earlier_start_goes_with_the_first_beat(void **state)
{
    struct told told;
    struct place *place = *state;
    struct store *b = open_node(place, "b");
    (void)place_ask(place, "INSERT INTO nodes VALUES ('x', 'a', '', '', 5, 0)");
    nodes_are(b, "b:live,self a:live");
    store_served(b, 1);
    nodes_ask(b, 1, LONG_MS, &told);
    struct store *a = open_node(place, "a");
    store_served(a, 1);
    nodes_wait(&told);
    assert_string_equal(told.text, "b:live,self a:live");
    nodes_are(a, "a:live,self b:live");
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM nodes WHERE name = 'a'"), 1);
    store_close(a);
    store_close(b);
}

static void two_that_live_with_one_name_are_both_seen(void **state)
{
    struct store *a = open_node(*state, "a");
    struct store *b = open_node(*state, "a");
    nodes_are(a, "a:live,self a:live");
    nodes_are(b, "a:live,self a:live");
    store_close(b);
    store_close(a);
}

static void rows_that_no_node_has_written_do_no_harm(void **state)
{
    struct told told;
    struct place *place = *state;
    struct store *a = open_node(place, "a");
    (void)place_ask(place, "INSERT INTO nodes SELECT 'z' || n, 'm', '', '', n, -1"
                           " FROM generate_series(1, 600) n;"
                           "INSERT INTO nodes VALUES ('y', repeat('n', 100000), '', '', 1, 1)");
    uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
    do {
        nodes_ask(a, 0, 0, &told);
        nodes_wait(&told);
    } while (told.count < 200 && clock_mono_ms() < end_ms);
    assert_true(told.count >= 200 && told.count <= 257);
    store_served(a, 1);
    nodes_ask(a, 1, SHORT_MS, &told);
    nodes_wait(&told);
    store_close(a);
}

static void a_row_that_somebody_deletes_is_written_again(void **state)
{
    struct place *place = *state;
    struct store *a = open_node(place, "a");
    struct store *b = open_node(place, "b");
    nodes_are(b, "b:live,self a:live");
    (void)place_ask(place, "DELETE FROM nodes");
    nodes_are(b, "b:live,self");
    nodes_are(b, "b:live,self a:live");
    store_close(b);
    store_close(a);
}

static void a_table_that_cannot_be_written_does_not_stop_the_store(void **state)
{
    struct told told;
    struct place *place = *state;
    struct store *a = open_node(place, "a");
    nodes_are(a, "a:live,self");
    (void)place_ask(place, "ALTER TABLE nodes RENAME TO nodes_away");
    (void)usleep(1200 * 1000);
    nodes_ask(a, 9, SHORT_MS, &told);
    nodes_wait(&told);
    assert_string_equal(told.text, "a:live,self,pending");
    (void)place_ask(place, "ALTER TABLE nodes_away RENAME TO nodes");
    struct store *b = open_node(place, "b");
    nodes_are(a, "a:live,self b:live");
    store_close(b);
    store_close(a);
}

static void who_waits_when_the_store_is_closed_is_answered(void **state)
{
    struct told told;
    struct store *a = open_node(*state, "a");
    struct store *b = open_node(*state, "b");
    nodes_are(a, "a:live,self b:live");
    nodes_ask(a, 3, LONG_MS, &told);
    store_close(a);
    assert_true(atomic_load(&told.done));
    assert_string_equal(told.text, "a:live,self,pending b:live,pending");
    store_close(b);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nodes_of_one_database_see_each_other),
        T(who_is_no_node_has_no_row),
        T(what_all_serve_is_answered_at_once_and_what_one_does_not_once_it_does),
        T(who_does_not_serve_it_by_the_deadline_is_pending),
        T(who_leaves_is_not_waited_for),
        T(who_falls_silent_is_pending_for_who_waits_and_then_dead),
        T(the_row_of_an_earlier_start_goes_with_the_first_beat),
        T(two_that_live_with_one_name_are_both_seen),
        T(rows_that_no_node_has_written_do_no_harm),
        T(a_row_that_somebody_deletes_is_written_again),
        T(a_table_that_cannot_be_written_does_not_stop_the_store),
        T(who_waits_when_the_store_is_closed_is_answered),
    };
    return RUN_ON_POSTGRES(tests);
}
