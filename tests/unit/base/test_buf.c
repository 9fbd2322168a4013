/* test_buf.c - growth, the maximum, and what a full buffer keeps. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void it_holds_exactly_what_was_appended(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    static char model[200000];
    size_t len = 0;
    while (len < 150000) {
        char piece[700];
        size_t size = random_below(sizeof(piece) + 1);
        random_bytes(piece, sizeof(piece));
        assert_true(buf_append(&buf, str_make(piece, size)));
        memcpy(model + len, piece, size);
        len += size;
    }
    assert_true(str_eq(buf_str(&buf), str_make(model, len)));
    assert_true(buf.cap <= buf.max);
    buf_done(&buf);
}

static void the_maximum_is_reachable_and_not_passed(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(buf_byte(&buf, (char)('a' + i % 26)));
    }
    assert_false(buf.full);
    assert_false(buf_byte(&buf, 'x'));
    assert_true(buf.full);
    assert_int_equal(buf.len, 1000);
    assert_int_equal(buf.cap, 1000);
    buf_done(&buf);
}

static void once_full_everything_later_is_dropped(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    assert_true(buf_append(&buf, STR("12345")));
    assert_false(buf_append(&buf, STR("6789")));
    assert_false(buf_append(&buf, STR("6")));
    assert_false(buf_printf(&buf, "%d", 6));
    assert_null(buf_reserve(&buf, 1));
    assert_true(str_eq(buf_str(&buf), STR("12345")));
    buf_clear(&buf);
    assert_false(buf.full);
    assert_true(buf_append(&buf, STR("12345678")));
    buf_done(&buf);
}

static void sizes_near_the_end_of_the_range_do_not_wrap(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    assert_true(buf_append(&buf, STR("abc")));
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.full);
    buf_clear(&buf);
    assert_null(buf_reserve(&buf, SIZE_MAX - 2));
    buf_done(&buf);
}

static void printing_formats_and_reserving_leaves_room(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4000);
    assert_true(buf_printf(&buf, "%s-%04d", "id", 42));
    char *room = buf_reserve(&buf, 100);
    assert_non_null(room);
    memset(room, '!', 100);
    buf_commit(&buf, 2);
    assert_true(buf_printf(&buf, PRISTR, STRARG(STR("end"))));
    assert_true(str_eq(buf_str(&buf), STR("id-0042!!end")));
    buf_done(&buf);
}

static void what_is_taken_ends_with_nul_and_leaves_it_empty(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_true(buf_append(&buf, STR("0123456789")));
    size_t len = 0;
    char *text = buf_take(&buf, &len);
    assert_int_equal(len, 10);
    assert_string_equal(text, "0123456789");
    mem_free(text);
    assert_int_equal(buf.len, 0);
    text = buf_take(&buf, NULL);
    assert_string_equal(text, "");
    mem_free(text);
    assert_true(str_eq(buf_str(&buf), STR("")));
    assert_true(buf_append(&buf, STR("again")));
    buf_done(&buf);
}

static void nothing_at_all_may_be_appended(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    assert_true(buf_append(&buf, str_make(NULL, 0)));
    assert_false(buf_byte(&buf, 'x'));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_exactly_what_was_appended),
        cmocka_unit_test(the_maximum_is_reachable_and_not_passed),
        cmocka_unit_test(once_full_everything_later_is_dropped),
        cmocka_unit_test(sizes_near_the_end_of_the_range_do_not_wrap),
        cmocka_unit_test(printing_formats_and_reserving_leaves_room),
        cmocka_unit_test(what_is_taken_ends_with_nul_and_leaves_it_empty),
        cmocka_unit_test(nothing_at_all_may_be_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
