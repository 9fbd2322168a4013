/* test_arena.c - alignment, the bound, and the order in which deferred things go. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { PIECES = 500 };

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4 << 20);
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = random_below(random_below(10) == 0 ? 9000 : 100);
        pieces[i] = arena_alloc(&arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(pieces[i][j], i % 251);
        }
    }
    arena_done(&arena);
    arena_pool_free();
}

static void the_room_shrinks_to_nothing(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    assert_true(arena_room(&arena, 1024));
    assert_false(arena_room(&arena, 1025));
    assert_false(arena_room(&arena, SIZE_MAX));
    (void)arena_alloc(&arena, 1000);
    assert_false(arena_room(&arena, 25));
    (void)arena_alloc(&arena, 10);
    assert_false(arena_room(&arena, 1));
    arena_reset(&arena);
    assert_true(arena_room(&arena, 1024));
    arena_done(&arena);
}

static char order[8];

static void note(void *ptr)
{
    size_t len = strlen(order);
    order[len] = *(const char *)ptr;
}

static void deferred_things_go_in_reverse(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 10000);
    char letters[] = "abc";
    for (size_t i = 0; i < 3; i++) {
        /* Also those that live in the arena itself are still there. */
        char *letter = arena_cstr(&arena, str_make(&letters[i], 1));
        arena_defer(&arena, note, letter);
    }
    arena_reset(&arena);
    assert_string_equal(order, "cba");
    arena_done(&arena);
    assert_string_equal(order, "cba");
}

static void copies_end_with_nul(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    struct str copy = arena_str(&arena, STR("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(arena_cstr(&arena, str_make(NULL, 0)), "");
    struct str text = arena_printf(&arena, "%s/%d", "realm", 7);
    assert_int_equal(text.len, 7);
    assert_string_equal(text.ptr, "realm/7");
    struct str big = arena_printf(&arena, "%*d", 6000, 1);
    assert_int_equal(big.len, 6000);
    arena_done(&arena);
}

static void cleared_memory_is_clear_although_chunks_are_reused(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        struct arena arena;
        arena_init(&arena, 100000);
        for (unsigned i = 0; i < 20; i++) {
            unsigned char *piece = arena_calloc(&arena, 1000);
            for (size_t j = 0; j < 1000; j++) {
                assert_int_equal(piece[j], 0);
            }
            memset(piece, 0xee, 1000);
        }
        int *numbers = ARENA_ARRAY(&arena, int, 10);
        assert_int_equal(numbers[9], 0);
        arena_done(&arena);
    }
    arena_pool_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(the_room_shrinks_to_nothing),
        cmocka_unit_test(deferred_things_go_in_reverse),
        cmocka_unit_test(copies_end_with_nul),
        cmocka_unit_test(cleared_memory_is_clear_although_chunks_are_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
