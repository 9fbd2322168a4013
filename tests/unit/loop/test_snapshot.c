/* test_snapshot.c - swaps, uses that outlive a replacement, and the last reference. */
#include "base/mem.h"
#include "loop/jobs.h"
#include "loop/mailbox.h"
#include "loop/snapshot.h"
#include "loop/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

enum { WORKERS = 3, VERSIONS = 200 };

struct table {
    struct snapshot snapshot;
    uint64_t check; /* its version again; wrecked when freed */
};

static struct jobs *jobs;
static struct workers *workers;
static struct snapshot_slot *slot;
static struct mailbox *box;
static atomic_uint made;
static atomic_uint freed;
static atomic_uint freed_on_worker;
static atomic_uint wrong;

static void table_free(struct snapshot *snapshot)
{
    struct table *table = CONTAINER_OF(snapshot, struct table, snapshot);
    table->check = 0;
    mem_free(table);
    (void)atomic_fetch_add(&freed, 1);
    if (worker_self() != NULL) {
        (void)atomic_fetch_add(&freed_on_worker, 1);
    }
}

static struct snapshot *table_new(uint64_t version)
{
    struct table *table = NEW(struct table);
    snapshot_init(&table->snapshot, version, table_free);
    table->check = version;
    (void)atomic_fetch_add(&made, 1);
    return &table->snapshot;
}

static void check_table(const struct snapshot *snapshot, uint64_t version)
{
    const struct table *table =
        (const struct table *)((const char *)snapshot - offsetof(struct table, snapshot));
    if (snapshot->version != version || table->check != version) {
        (void)atomic_fetch_add(&wrong, 1);
    }
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&made, 0);
    atomic_store(&freed, 0);
    atomic_store(&freed_on_worker, 0);
    atomic_store(&wrong, 0);
    jobs = jobs_new(1, 10, NULL);
    workers = workers_new(WORKERS, 1024, NULL);
    slot = snapshot_slot_new(workers, jobs);
    box = mailbox_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jobs_stop(jobs);
    workers_stop(workers);
    snapshot_slot_free(slot);
    workers_free(workers);
    jobs_free(jobs);
    mailbox_free(box);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(atomic_load(&freed), atomic_load(&made));
    return 0;
}

/* Runs `fn` on a worker and waits until it has. */
struct visit {
    struct post post;
    struct post back;
    void (*fn)(void);
    bool done;
};

static void on_back(struct post *post)
{
    CONTAINER_OF(post, struct visit, back)->done = true;
}

static void on_visit(struct post *post)
{
    struct visit *visit = CONTAINER_OF(post, struct visit, post);
    visit->fn();
    visit->back.fn = on_back;
    mailbox_post(box, &visit->back);
}

static void visit_worker(unsigned index, void (*fn)(void))
{
    struct visit visit = {.post = {.fn = on_visit}, .fn = fn};
    worker_post(workers_get(workers, index), &visit.post);
    while (!visit.done) {
        (void)mailbox_run_some(box, -1);
    }
}

static unsigned acknowledged;

static void on_acknowledged(struct post *post)
{
    mem_free(post);
    acknowledged++;
}

static void on_done(void *ctx)
{
    if (ctx != &acknowledged) {
        (void)atomic_fetch_add(&wrong, 1);
    }
    struct post *post = NEW(struct post);
    post->fn = on_acknowledged;
    mailbox_post(box, post);
}

static void publish_and_wait(uint64_t version)
{
    unsigned before = acknowledged;
    snapshot_publish(slot, table_new(version), on_done, &acknowledged);
    while (acknowledged == before) {
        (void)mailbox_run_some(box, -1);
    }
}

static void find_nothing(void)
{
    if (snapshot_peek(slot) != NULL || snapshot_use(slot) != NULL) {
        (void)atomic_fetch_add(&wrong, 1);
    }
}

static void before_the_first_publication_there_is_nothing(void **state)
{
    (void)state;
    assert_true(workers_start(workers, NULL));
    visit_worker(1, find_nothing);
}

static void find_first(void)
{
    check_table(snapshot_peek(slot), 1);
}

static void what_is_published_before_the_start_is_there_from_the_first_turn(void **state)
{
    (void)state;
    publish_and_wait(0);
    publish_and_wait(1);
    assert_int_equal(atomic_load(&made), 2);
    assert_true(workers_start(workers, NULL));
    for (unsigned i = 0; i < WORKERS; i++) {
        visit_worker(i, find_first);
    }
}

static uint64_t present;

static void find_present(void)
{
    check_table(snapshot_peek(slot), present);
}

static void once_acknowledged_every_worker_has_swapped(void **state)
{
    (void)state;
    assert_true(workers_start(workers, NULL));
    for (present = 1; present <= VERSIONS; present++) {
        publish_and_wait(present);
        visit_worker((unsigned)present % WORKERS, find_present);
    }
    assert_int_equal(atomic_load(&freed_on_worker), 0);
}

/* Worker 0 keeps two uses of version 1 over two replacements. */
static struct snapshot_use *kept[2];
static struct snapshot *carried;

static void keep_first(void)
{
    kept[0] = snapshot_use(slot);
    kept[1] = snapshot_use(slot);
}

static void drop_one_use(void)
{
    check_table(snapshot_of(kept[0]), 1);
    check_table(snapshot_peek(slot), 3);
    snapshot_drop(kept[0]);
    check_table(snapshot_of(kept[1]), 1);
    carried = snapshot_ref(snapshot_of(kept[1]));
}

static void drop_last_use(void)
{
    snapshot_drop(kept[1]);
}

static void a_use_outlives_replacement_until_it_is_dropped(void **state)
{
    (void)state;
    assert_true(workers_start(workers, NULL));
    publish_and_wait(1);
    visit_worker(0, keep_first);
    publish_and_wait(2);
    publish_and_wait(3);
    visit_worker(0, drop_one_use);
    visit_worker(0, drop_last_use);
    check_table(carried, 1); /* a counted reference holds it still */
    snapshot_unref(carried);
}

static void use_and_drop(void)
{
    kept[0] = snapshot_use(slot);
    snapshot_drop(kept[0]);
    check_table(snapshot_peek(slot), 1);
}

static void dropping_the_present_use_keeps_the_snapshot(void **state)
{
    (void)state;
    publish_and_wait(1);
    assert_true(workers_start(workers, NULL));
    visit_worker(2, use_and_drop);
    visit_worker(2, use_and_drop);
}

static void one_that_was_never_published_is_freed_by_its_last_reference(void **state)
{
    (void)state;
    struct snapshot *snapshot = table_new(7);
    assert_ptr_equal(snapshot_ref(snapshot), snapshot);
    snapshot_unref(snapshot);
    assert_int_equal(atomic_load(&freed), 0);
    snapshot_unref(snapshot);
    assert_int_equal(atomic_load(&freed), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_the_first_publication_there_is_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_published_before_the_start_is_there_from_the_first_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(once_acknowledged_every_worker_has_swapped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_use_outlives_replacement_until_it_is_dropped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(dropping_the_present_use_keeps_the_snapshot, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_never_published_is_freed_by_its_last_reference,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
