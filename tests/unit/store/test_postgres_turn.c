/* test_postgres_turn.c - stores that begin with one PostgreSQL, one after another. */
#include "base/clock.h"
#include "loop/thread.h"
#include "store_helper.h"

#include <pthread.h>
#include <stdatomic.h>

enum { BEGINNERS = 4 };

struct beginner {
    pthread_t thread;
    struct store *store;
    atomic_uint *inside;
    atomic_uint *first;
    bool ok;
};

/* As a node's start: what is not there is made, and nobody else may make it meanwhile. */
static void *begin(void *arg)
{
    struct beginner *self = arg;
    struct err err = {0};
    self->ok = store_take_turn(self->store, &err) && atomic_fetch_add(self->inside, 1) == 0;
    enum err_code code = put(self->store, STR("a"), STR("1"), 0, NULL);
    if (code == ERR_NONE) {
        (void)atomic_fetch_add(self->first, 1);
    }
    (void)usleep(20 * 1000);
    (void)atomic_fetch_sub(self->inside, 1);
    store_end_turn(self->store);
    return NULL;
}

static void of_those_who_begin_together_one_at_a_time_has_the_turn(void **state)
{
    struct beginner all[BEGINNERS] = {0};
    atomic_uint inside = 0;
    atomic_uint first = 0;
    for (size_t i = 0; i < BEGINNERS; i++) {
        all[i] = (struct beginner){.store = open_other(*state), .inside = &inside, .first = &first};
    }
    for (size_t i = 0; i < BEGINNERS; i++) {
        assert_true(thread_start(&all[i].thread, "beginner", begin, &all[i], NULL));
    }
    for (size_t i = 0; i < BEGINNERS; i++) {
        (void)pthread_join(all[i].thread, NULL);
        assert_true(all[i].ok);
        store_close(all[i].store);
    }
    assert_int_equal(atomic_load(&first), 1);
}

static void *close_soon(void *arg)
{
    (void)usleep(50 * 1000);
    store_close(arg);
    return NULL;
}

static void the_turn_of_one_that_ends_goes_to_the_next(void **state)
{
    struct store *ours = open_store(*state);
    struct store *theirs = open_other(*state);
    pthread_t closer;
    uint64_t began_ms = clock_mono_ms();
    assert_true(store_take_turn(theirs, NULL));
    assert_true(store_take_turn(theirs, NULL)); /* it is still his */
    assert_true(thread_start(&closer, "closer", close_soon, theirs, NULL));
    assert_true(store_take_turn(ours, NULL));
    assert_true(clock_mono_ms() - began_ms < 25000); /* not because of its patience */
    (void)pthread_join(closer, NULL);
    store_end_turn(ours);
    store_end_turn(ours);
    store_close(ours);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(of_those_who_begin_together_one_at_a_time_has_the_turn),
        T(the_turn_of_one_that_ends_goes_to_the_next),
    };
    return RUN_ON_POSTGRES(tests);
}
