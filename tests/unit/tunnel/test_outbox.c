#include "base/buf.h"
#include "base/mem.h"
#include "tunnel/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool put(struct outbox *box, const char *text, uint64_t now_ms)
{
    struct block *block = block_of(str_of(text));
    return outbox_push(box, block, block_str(block), text[0] == 'e', now_ms);
}

/* Takes `count` and compares them, separated by blanks. */
static void takes(struct outbox *box, size_t count, const char *expected)
{
    struct buf text;
    struct list letters;
    buf_init(&text, 256);
    list_init(&letters);
    outbox_take(box, count, SIZE_MAX, &letters);
    LIST_FOREACH (link, &letters) {
        if (text.len > 0) {
            (void)buf_byte(&text, ' ');
        }
        (void)buf_append(&text, LIST_ENTRY(link, struct letter, link)->bytes);
    }
    letters_free(&letters);
    if (!str_eq(buf_str(&text), str_of(expected))) {
        fail_msg("took " PRISTR " instead of %s", STRARG(buf_str(&text)), expected);
    }
    buf_done(&text);
}

static void expect_empty(struct outbox *box)
{
    assert_int_equal(box->count, 0);
    assert_int_equal(box->bytes, 0);
    assert_int_equal(box->event_count, 0);
    assert_int_equal(box->event_bytes, 0);
    outbox_done(box);
}

static void what_goes_in_comes_out_in_order(void **state)
{
    (void)state;
    struct outbox box;
    outbox_init(&box, 10, 100);
    assert_true(put(&box, "a1", 1) && put(&box, "e2", 2) && put(&box, "a3", 3));
    takes(&box, 1, "a1");
    takes(&box, 10, "e2 a3");
    takes(&box, 10, "");
    expect_empty(&box);
}

static void the_oldest_events_make_room(void **state)
{
    (void)state;
    struct outbox box;
    outbox_init(&box, 3, 100);
    assert_true(put(&box, "e1", 1) && put(&box, "a2", 2) && put(&box, "e3", 3));
    assert_true(put(&box, "a4", 4));
    assert_true(put(&box, "e5", 5));
    assert_int_equal(box.dropped, 2);
    takes(&box, 10, "a2 a4 e5");
    expect_empty(&box);
}

static void an_event_without_room_is_dropped_itself(void **state)
{
    (void)state;
    struct outbox box;
    outbox_init(&box, 2, 100);
    assert_true(put(&box, "a1", 1) && put(&box, "a2", 2));
    assert_true(outbox_crowded(&box));
    assert_true(put(&box, "e3", 3));
    assert_int_equal(box.dropped, 1);
    takes(&box, 10, "a1 a2");
    expect_empty(&box);
}

static void nothing_but_events_is_dropped(void **state)
{
    (void)state;
    struct outbox box;
    outbox_init(&box, 2, 100);
    assert_true(put(&box, "a1", 1) && put(&box, "a2", 2));
    assert_false(put(&box, "a3", 3));
    assert_int_equal(box.dropped, 0);
    takes(&box, 10, "a1 a2 a3");
    expect_empty(&box);
}

static void bytes_count_as_messages_do(void **state)
{
    (void)state;
    struct outbox box;
    outbox_init(&box, 100, 10);
    assert_true(put(&box, "e23456", 1));
    assert_true(put(&box, "e2345678", 2));
    assert_int_equal(box.dropped, 1);
    assert_false(outbox_crowded(&box));
    assert_true(put(&box, "a234567890", 3));
    assert_int_equal(box.dropped, 2);
    assert_true(outbox_crowded(&box));
    assert_false(put(&box, "b", 4));
    takes(&box, 10, "a234567890 b");
    expect_empty(&box);
}

static void a_batch_is_bounded_but_never_empty(void **state)
{
    (void)state;
    struct outbox box;
    struct list letters;
    outbox_init(&box, 100, 100);
    assert_true(put(&box, "a23456", 1) && put(&box, "b2", 1) && put(&box, "c2345", 1));
    list_init(&letters);
    outbox_take(&box, 10, 3, &letters);
    assert_int_equal(box.count, 2);
    letters_free(&letters);
    outbox_take(&box, 10, 6, &letters);
    assert_int_equal(box.count, 1);
    letters_free(&letters);
    takes(&box, 10, "c2345");
    expect_empty(&box);
}

static void what_was_not_delivered_is_the_oldest_again(void **state)
{
    (void)state;
    struct outbox box;
    struct list letters;
    outbox_init(&box, 4, 100);
    list_init(&letters);
    assert_true(put(&box, "e1", 1) && put(&box, "a2", 2));
    outbox_take(&box, 10, 100, &letters);
    assert_true(put(&box, "e3", 3) && put(&box, "a4", 4));
    outbox_put_back(&box, &letters);
    assert_true(list_empty(&letters));
    assert_true(put(&box, "a5", 5)); /* the oldest event goes, which is the returned one */
    assert_int_equal(box.dropped, 1);
    takes(&box, 10, "a2 e3 a4 a5");
    expect_empty(&box);
}

static void events_grow_old_and_nothing_else_may(void **state)
{
    (void)state;
    struct outbox box;
    outbox_init(&box, 10, 100);
    assert_true(put(&box, "e1", 1) && put(&box, "e2", 2) && put(&box, "a3", 3));
    assert_true(outbox_expire(&box, 2));
    assert_int_equal(box.count, 2);
    assert_true(outbox_expire(&box, 3));
    assert_int_equal(box.dropped, 2);
    assert_false(outbox_expire(&box, 4));
    takes(&box, 10, "a3");
    assert_true(outbox_expire(&box, 100));
    expect_empty(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out_in_order),
        cmocka_unit_test(the_oldest_events_make_room),
        cmocka_unit_test(an_event_without_room_is_dropped_itself),
        cmocka_unit_test(nothing_but_events_is_dropped),
        cmocka_unit_test(bytes_count_as_messages_do),
        cmocka_unit_test(a_batch_is_bounded_but_never_empty),
        cmocka_unit_test(what_was_not_delivered_is_the_oldest_again),
        cmocka_unit_test(events_grow_old_and_nothing_else_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
