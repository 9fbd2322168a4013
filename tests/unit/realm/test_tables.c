/* test_tables.c - slots with generations, and tables of numbered objects. */
#include "base/mem.h"
#include "realm/idtable.h"
#include "realm/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct item {
    struct slot slot;
    unsigned mark;
};

static void a_handle_finds_its_object_and_no_later_one(void **state)
{
    (void)state;
    struct slots slots;
    slots_init(&slots, sizeof(struct item));
    struct item *first = slots_take(&slots);
    uint32_t index = first->slot.index;
    uint32_t generation = first->slot.generation;
    assert_int_not_equal(generation, 0);
    assert_ptr_equal(slots_find(&slots, index, generation), first);
    slots_release(&slots, first);
    assert_null(slots_find(&slots, index, generation));
    struct item *second = slots_take(&slots);
    assert_ptr_equal(second, first); /* the slot is used again */
    assert_null(slots_find(&slots, index, generation));
    assert_ptr_equal(slots_find(&slots, index, second->slot.generation), second);
    assert_null(slots_find(&slots, 1000000, 1));
    assert_null(slots_find(&slots, index + 1, 0));
    slots_done(&slots);
}

static void generations_skip_zero_when_they_wrap(void **state)
{
    (void)state;
    struct slots slots;
    slots_init(&slots, sizeof(struct item));
    struct item *item = slots_take(&slots);
    item->slot.generation = UINT32_MAX;
    slots_release(&slots, item);
    item = slots_take(&slots);
    assert_int_equal(item->slot.generation, 1);
    slots_done(&slots);
}

static void objects_stay_where_they_are_while_the_table_grows(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static struct item *items[MANY];
    struct slots slots;
    slots_init(&slots, sizeof(struct item));
    for (unsigned i = 0; i < MANY; i++) {
        items[i] = slots_take(&slots);
        assert_int_equal(items[i]->mark, 0);
        items[i]->mark = i + 1;
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(items[i]->mark, i + 1);
        assert_ptr_equal(slots_find(&slots, items[i]->slot.index, items[i]->slot.generation),
                         items[i]);
        assert_ptr_equal(slots_at(&slots, items[i]->slot.index), items[i]);
    }
    slots_done(&slots);
}

static void numbered_objects_are_found_added_and_removed(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static struct idlink links[MANY];
    struct idtable table;
    idtable_init(&table);
    assert_null(idtable_find(&table, 1));
    assert_null(idtable_any(&table));
    for (unsigned i = 0; i < MANY; i++) {
        links[i].id = i % 2 == 0 ? i + 1 : (uint64_t)i << 40;
        idtable_add(&table, &links[i]);
    }
    for (unsigned i = 0; i < MANY; i += 3) {
        idtable_remove(&table, &links[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_ptr_equal(idtable_find(&table, links[i].id), i % 3 == 0 ? NULL : &links[i]);
    }
    idtable_add(&table, &links[0]);
    unsigned left = 0;
    for (struct idlink *link; (link = idtable_any(&table)) != NULL; left++) {
        idtable_remove(&table, link);
    }
    assert_int_equal(left, MANY - MANY / 3 + 1);
    idtable_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_finds_its_object_and_no_later_one),
        cmocka_unit_test(generations_skip_zero_when_they_wrap),
        cmocka_unit_test(objects_stay_where_they_are_while_the_table_grows),
        cmocka_unit_test(numbered_objects_are_found_added_and_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
