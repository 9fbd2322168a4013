/* test_map.c - both maps against plain arrays, over long runs of random operations. */
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { KEYS = 400, STEPS = 40000 };

static char names[KEYS][16];
static int values[KEYS * 2]; /* only their addresses matter */
static void *model[KEYS];
static size_t model_count;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "key-%zu", i);
        model[i] = NULL;
    }
    model_count = 0;
    return 0;
}

static void *any_value(size_t key)
{
    return &values[key * 2 + random_below(2)];
}

/* What the model says the operation must return. */
static void *model_put(size_t key, void *value)
{
    void *old = model[key];
    model_count += old == NULL;
    model[key] = value;
    return old;
}

static void *model_remove(size_t key)
{
    void *old = model[key];
    model_count -= old != NULL;
    model[key] = NULL;
    return old;
}

static void check_walk(const struct map *map)
{
    size_t seen = 0;
    const struct map_slot *slot = NULL;
    for (size_t i = 0; (slot = map_next(map, &i)) != NULL; seen++) {
        assert_ptr_equal(map_get(map, map_slot_key(slot)), slot->value);
    }
    assert_int_equal(seen, model_count);
}

static void a_map_does_what_an_array_does(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    for (unsigned step = 0; step < STEPS; step++) {
        /* Mostly puts, then mostly removes: it grows, shrinks and fills with tombstones. */
        bool growing = step / 4000 % 2 == 0;
        size_t key = random_below(KEYS);
        struct str name = str_of(names[key]);
        unsigned dice = (unsigned)random_below(10);
        if (dice < (growing ? 6u : 2u)) {
            void *value = any_value(key);
            void *old = map_put(&map, name, value);
            assert_ptr_equal(old, model_put(key, value));
        } else if (dice < 8) {
            assert_ptr_equal(map_remove(&map, name), model_remove(key));
        } else {
            assert_ptr_equal(map_get(&map, name), model[key]);
        }
        assert_int_equal(map.count, model_count);
        assert_true(map.filled <= map.cap && map.count <= map.filled);
        if (step % 1000 == 0) {
            check_walk(&map);
        }
    }
    map_done(&map);
    assert_null(map_get(&map, str_of(names[0])));
}

/* Keys that an attacker of an unseeded table would like, and ends of the range. */
static uint64_t id_of(size_t key)
{
    switch (key % 4) {
    case 0:
        return key;
    case 1:
        return UINT64_MAX - key;
    case 2:
        return (uint64_t)key << 40;
    default:
        return (uint64_t)key << 20;
    }
}

static void an_idmap_does_what_an_array_does(void **state)
{
    (void)state;
    struct idmap map;
    idmap_init(&map);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t key = random_below(KEYS);
        unsigned dice = (unsigned)random_below(9);
        if (dice < 3) {
            void *value = any_value(key);
            void *old = idmap_put(&map, id_of(key), value);
            assert_ptr_equal(old, model_put(key, value));
        } else if (dice < 6) {
            assert_ptr_equal(idmap_remove(&map, id_of(key)), model_remove(key));
        } else {
            assert_ptr_equal(idmap_get(&map, id_of(key)), model[key]);
        }
        assert_int_equal(map.count, model_count);
    }
    size_t seen = 0;
    const struct idmap_slot *slot = NULL;
    for (size_t i = 0; (slot = idmap_next(&map, &i)) != NULL; seen++) {
        assert_ptr_equal(idmap_get(&map, slot->key), slot->value);
    }
    assert_int_equal(seen, model_count);
    idmap_done(&map);
}

static void putting_and_removing_for_ever_does_not_grow_it(void **state)
{
    (void)state;
    struct map map;
    struct idmap ids;
    map_init(&map);
    idmap_init(&ids);
    for (size_t i = 0; i < 20000; i++) {
        struct str name = str_of(names[i % KEYS]);
        (void)map_put(&map, name, &values[0]);
        assert_ptr_equal(map_remove(&map, name), &values[0]);
        (void)idmap_put(&ids, i, &values[0]);
        assert_ptr_equal(idmap_remove(&ids, i), &values[0]);
    }
    assert_int_equal(map.cap, 16);
    assert_int_equal(ids.cap, 16);
    map_done(&map);
    idmap_done(&ids);
}

static void an_empty_map_finds_and_removes_nothing(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    size_t cursor = 0;
    assert_null(map_get(&map, STR("a")));
    assert_null(map_remove(&map, STR("a")));
    assert_null(map_next(&map, &cursor));
    map_done(&map);
}

static void keys_may_be_empty_and_contain_nul(void **state)
{
    (void)state;
    struct map map;
    map_init(&map);
    assert_null(map_put(&map, STR_EMPTY, &values[0]));
    assert_null(map_put(&map, STR("\0"), &values[1]));
    assert_null(map_put(&map, STR("\0\0"), &values[2]));
    assert_ptr_equal(map_get(&map, str_make(NULL, 0)), &values[0]);
    assert_ptr_equal(map_get(&map, STR("\0")), &values[1]);
    assert_ptr_equal(map_get(&map, STR("\0\0")), &values[2]);
    map_done(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_map_does_what_an_array_does, set_up),
        cmocka_unit_test_setup(an_idmap_does_what_an_array_does, set_up),
        cmocka_unit_test_setup(putting_and_removing_for_ever_does_not_grow_it, set_up),
        cmocka_unit_test(an_empty_map_finds_and_removes_nothing),
        cmocka_unit_test(keys_may_be_empty_and_contain_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
