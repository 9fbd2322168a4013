/* test_block.c - counting, pooling, and references dropped by several threads. */
#include "base/block.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_block_has_the_room_that_was_asked_for(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 512, 513, 2048, 8192, 32768, 32769, 1 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct block *block = block_new(sizes[i]);
        assert_true(block->cap >= sizes[i]);
        assert_int_equal(block->len, 0);
        memset(block->data, 0xaa, block->cap);
        block_unref(block);
    }
    block_unref(NULL);
    block_pool_free();
}

static void a_copy_holds_the_bytes(void **state)
{
    (void)state;
    struct block *block = block_of(STR("a\0b"));
    assert_true(str_eq(block_str(block), STR("a\0b")));
    struct block *same = block_ref(block);
    assert_ptr_equal(same, block);
    block_unref(block);
    assert_true(str_eq(block_str(same), STR("a\0b")));
    block_unref(same);
    block = block_of(str_make(NULL, 0));
    assert_int_equal(block->len, 0);
    block_unref(block);
    block_pool_free();
}

static void a_freed_block_serves_the_next_of_its_size(void **state)
{
    (void)state;
    struct block *first = block_new(100);
    block_unref(first);
    struct block *second = block_new(400);
    assert_ptr_equal(first, second);
    assert_int_equal(second->len, 0);
    assert_int_equal(atomic_load(&second->refs), 1);
    block_unref(second);
    block_pool_free();
}

static void *drop_references(void *arg)
{
    struct block *block = arg;
    for (unsigned i = 0; i < 5000; i++) {
        struct block *mine = block_ref(block);
        assert_int_equal(mine->data[0], 'x');
        block_unref(mine);
    }
    block_unref(block);
    block_pool_free();
    return NULL;
}

static void the_last_of_several_threads_returns_it(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    struct block *block = block_of(STR("x"));
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, drop_references, block_ref(block)), 0);
    }
    block_unref(block);
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    block_pool_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_has_the_room_that_was_asked_for),
        cmocka_unit_test(a_copy_holds_the_bytes),
        cmocka_unit_test(a_freed_block_serves_the_next_of_its_size),
        cmocka_unit_test(the_last_of_several_threads_returns_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
