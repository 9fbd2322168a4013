#include "store_helper.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PATIENCE_MS = 60 * 1000 };

struct told {
    struct store_request request;
    atomic_bool done;
    size_t count;
    struct store_node node;
};

static void on_told(struct store_request *request)
{
    struct told *told = CONTAINER_OF(request, struct told, request);
    assert_true(request->ok);
    told->count = request->node_count;
    told->node = request->nodes[0];
    atomic_store(&told->done, true);
}

static void a_node_alone_answers_at_once_with_itself(void **state)
{
    struct told told = {.count = 0};
    struct store *store = open_store(*state);
    store_join(store, &(struct store_self){STR("one"), STR("http://127.0.0.1:1"), STR("1")});
    assert_true(store_start(store, NULL));
    uint64_t seq = 41;
    store_served(store, seq);
    request_init(&told.request, STORE_NODES);
    told.request.version = seq;
    told.request.wait_ms = PATIENCE_MS;
    told.request.finish = on_told;
    store_submit(store, &told.request);
    while (!atomic_load(&told.done)) {
        (void)usleep(1000);
    }
    assert_int_equal(told.count, 1);
    assert_true(str_eq(told.node.name, STR("one")));
    assert_true(told.node.self && told.node.live && !told.node.pending);
    assert_int_equal(told.node.seq, seq);
    assert_int_equal(store_state(store).live_count, 1);
    assert_true(store_state(store).up);
    arena_done(&told.request.arena);
    store_close(store);
    assert_int_equal(place_ask(*state, "SELECT COUNT(*) FROM nodes"), 0);
}

static void the_state_tells_how_far_the_change_log_is_known(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(store_state(store).seq, 0);
    assert_int_equal(put(store, STR("k"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    store = open_store(*state);
    struct store_state now = store_state(store);
    assert_int_equal(now.seq, 1);
    assert_int_equal(now.served, 0);
    assert_true(now.up && now.since_ms > 0 && now.age_ms < PATIENCE_MS);
    store_close(store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_node_alone_answers_at_once_with_itself),
        T(the_state_tells_how_far_the_change_log_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
