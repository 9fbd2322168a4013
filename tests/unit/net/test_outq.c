/* test_outq.c - the output queue against a plain byte array that does the same. */
#include "base/mem.h"
#include "net/outq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MODEL_MAX = 1 << 20 };

static unsigned step_seed;

static unsigned pick(unsigned bound)
{
    step_seed = step_seed * 1103515245U + 12345U;
    return (step_seed >> 8) % bound;
}

static void an_empty_queue_holds_nothing(void **state)
{
    (void)state;
    struct outq queue;
    outq_init(&queue);
    struct iovec pieces[2];
    assert_int_equal(outq_peek(&queue, pieces, 2), 0);
    outq_copy(&queue, STR_EMPTY);
    assert_null(queue.head);
    outq_copy(&queue, STR("abc"));
    outq_drop(&queue, 3);
    assert_null(queue.head);
    assert_null(queue.tail);
    assert_int_equal(queue.bytes, 0);
}

static void small_copies_become_one_piece(void **state)
{
    (void)state;
    struct outq queue;
    outq_init(&queue);
    for (int i = 0; i < 100; i++) {
        outq_copy(&queue, STR("0123456789"));
    }
    struct iovec pieces[4];
    assert_int_equal(outq_peek(&queue, pieces, 4), 1);
    assert_int_equal(pieces[0].iov_len, 1000);
    outq_clear(&queue);
    assert_int_equal(queue.bytes, 0);
}

static void a_big_shared_piece_is_not_copied_and_is_released_when_written(void **state)
{
    (void)state;
    struct outq queue;
    outq_init(&queue);
    struct block *block = block_new(8000);
    memset(block->data, 'x', 8000);
    block->len = 8000;
    outq_share(&queue, STR("head"), block, block_str(block));
    outq_copy(&queue, STR("tail"));
    assert_int_equal(atomic_load(&block->refs), 2);
    struct iovec pieces[4];
    assert_int_equal(outq_peek(&queue, pieces, 4), 3);
    assert_ptr_equal(pieces[1].iov_base, block->data);
    outq_drop(&queue, 4 + 7999);
    assert_int_equal(atomic_load(&block->refs), 2);
    outq_drop(&queue, 1);
    assert_int_equal(atomic_load(&block->refs), 1);
    char left[8];
    assert_int_equal(outq_read(&queue, left, sizeof(left)), 4);
    assert_memory_equal(left, "tail", 4);
    outq_clear(&queue);
    block_unref(block);
}

static void nothing_is_appended_to_a_block_that_is_shared(void **state)
{
    (void)state;
    struct outq queue;
    outq_init(&queue);
    struct block *block = block_new(4000);
    memset(block->data, 'x', 2000);
    block->len = 2000;
    outq_share(&queue, STR_EMPTY, block, block_str(block));
    outq_copy(&queue, STR("mine"));
    assert_int_equal(block->len, 2000);
    outq_clear(&queue);
    block_unref(block);
}

static void compare(const struct outq *queue, const char *model, size_t len)
{
    assert_int_equal(queue->bytes, len);
    char *seen = mem_alloc(len + 1);
    assert_int_equal(outq_read(queue, seen, len + 1), len);
    assert_memory_equal(seen, model, len);
    struct iovec pieces[64];
    int count = outq_peek(queue, pieces, 64);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        assert_true(pieces[i].iov_len > 0);
        assert_memory_equal(pieces[i].iov_base, model + at, pieces[i].iov_len);
        at += pieces[i].iov_len;
    }
    mem_free(seen);
}

/* One write or drop, on both; the model's length after it. */
static size_t any_step(struct outq *queue, char *model, size_t len)
{
    static const unsigned sizes[] = {1, 40, 300, 1100, 5000, 40000};
    size_t size = pick(sizes[pick(6)]) + 1;
    if (pick(3) == 0 || len + size > MODEL_MAX) {
        size_t gone = len == 0 ? 0 : pick((unsigned)len + 1);
        outq_drop(queue, gone);
        memmove(model, model + gone, len - gone);
        return len - gone;
    }
    struct block *block = block_new(size);
    memset(block->data, 'a' + (int)pick(26), size);
    block->len = size;
    memcpy(model + len, block->data, size);
    if (pick(2) == 0) {
        outq_copy(queue, block_str(block));
    } else {
        size_t head = (size_t)pick(2) * pick((unsigned)(size < 500 ? size : 500));
        outq_share(queue, str_sub(block_str(block), 0, head), block,
                   str_from(block_str(block), head));
    }
    block_unref(block);
    return len + size;
}

static void any_sequence_of_writes_and_drops_keeps_the_bytes_in_order(void **state)
{
    (void)state;
    char *model = mem_alloc(MODEL_MAX);
    struct outq queue;
    for (unsigned round = 0; round < 20; round++) {
        step_seed = round + 1;
        outq_init(&queue);
        size_t len = 0;
        for (int step = 0; step < 300; step++) {
            len = any_step(&queue, model, len);
            compare(&queue, model, len);
        }
        outq_clear(&queue);
    }
    mem_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_queue_holds_nothing),
        cmocka_unit_test(small_copies_become_one_piece),
        cmocka_unit_test(a_big_shared_piece_is_not_copied_and_is_released_when_written),
        cmocka_unit_test(nothing_is_appended_to_a_block_that_is_shared),
        cmocka_unit_test(any_sequence_of_writes_and_drops_keeps_the_bytes_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
