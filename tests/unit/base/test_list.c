/* test_list.c - order, removal while walking, and removing twice. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct item {
    int number;
    struct list link;
};

static struct list head;
static struct item items[5];

static int set_up(void **state)
{
    (void)state;
    list_init(&head);
    for (int i = 0; i < 5; i++) {
        items[i].number = i;
        list_push(&head, &items[i].link);
    }
    return 0;
}

static int as_number(void)
{
    int number = 0;
    LIST_FOREACH (node, &head) {
        number = number * 10 + LIST_ENTRY(node, struct item, link)->number + 1;
    }
    return number;
}

static void nodes_keep_the_order_of_pushing(void **state)
{
    (void)state;
    assert_int_equal(as_number(), 12345);
    list_remove(&items[3].link);
    list_push_front(&head, &items[3].link);
    assert_int_equal(as_number(), 41235);
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    list_remove(&items[2].link);
    list_remove(&items[2].link);
    assert_true(list_empty(&items[2].link));
    assert_int_equal(as_number(), 1245);
}

static void the_safe_walk_allows_removing_where_one_stands(void **state)
{
    (void)state;
    LIST_FOREACH_SAFE (node, &head) {
        if (LIST_ENTRY(node, struct item, link)->number % 2 == 0) {
            list_remove(node);
        }
    }
    assert_int_equal(as_number(), 24);
    LIST_FOREACH_SAFE (node, &head) {
        list_remove(node);
    }
    assert_true(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nodes_keep_the_order_of_pushing, set_up),
        cmocka_unit_test_setup(removing_twice_is_harmless, set_up),
        cmocka_unit_test_setup(the_safe_walk_allows_removing_where_one_stands, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
