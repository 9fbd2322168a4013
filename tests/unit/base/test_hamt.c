#include "base/hamt.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int living;

struct thing {
    struct hamt_entry entry;
    unsigned value;
    char key[16];
};

static void thing_free(struct hamt_entry *entry)
{
    living--;
    mem_free(CONTAINER_OF(entry, struct thing, entry));
}

static struct str key_of(unsigned number, char out[16])
{
    return str_make(out, (size_t)snprintf(out, 16, "k%u", number));
}

static void put(struct hamt *hamt, unsigned number, unsigned value)
{
    struct thing *thing = NEW(struct thing);
    struct str key = key_of(number, thing->key);
    thing->value = value;
    hamt_entry_init(&thing->entry, key, thing_free);
    living++;
    hamt_put(hamt, &thing->entry);
}

/* 0: not there. */
static unsigned get(const struct hamt *hamt, unsigned number)
{
    char key[16];
    struct hamt_entry *entry = hamt_get(hamt, key_of(number, key));
    return entry == NULL ? 0 : CONTAINER_OF(entry, struct thing, entry)->value;
}

static bool take(struct hamt *hamt, unsigned number)
{
    char key[16];
    return hamt_remove(hamt, key_of(number, key));
}

static void count_one(void *ctx, struct hamt_entry *entry)
{
    (void)entry;
    (*(size_t *)ctx)++;
}

static size_t visited(const struct hamt *hamt)
{
    size_t count = 0;
    hamt_each(hamt, count_one, &count);
    return count;
}

static void an_empty_trie_has_nothing(void **state)
{
    (void)state;
    struct hamt hamt = {0};
    assert_null(hamt_get(&hamt, STR("a")));
    assert_false(hamt_remove(&hamt, STR("a")));
    assert_int_equal(visited(&hamt), 0);
    hamt_done(&hamt);
}

static uint64_t same_hash(struct str key)
{
    (void)key;
    return 42;
}

/* Few bits differ, and those at the end. */
static uint64_t late_hash(struct str key)
{
    return (uint64_t)(key.ptr[key.len - 1] & 3) << 62;
}

enum { NUMBERS = 300, STEPS = 6000, SHARES = 8 };

struct model {
    struct hamt hamt;
    unsigned values[NUMBERS];
};

static void check_model(const struct model *model)
{
    size_t count = 0;
    for (unsigned i = 0; i < NUMBERS; i++) {
        if (get(&model->hamt, i) != model->values[i]) {
            fail_msg("key %u is %u, not %u", i, get(&model->hamt, i), model->values[i]);
        }
        count += model->values[i] == 0 ? 0 : 1;
    }
    assert_int_equal(model->hamt.count, count);
    assert_int_equal(visited(&model->hamt), count);
}

static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(*seed >> 33);
}

static void run_model(uint64_t (*hash)(struct str key), unsigned numbers, uint64_t seed)
{
    struct model now = {.hamt = {.hash = hash}};
    struct model shares[SHARES] = {0};
    for (unsigned step = 1; step <= STEPS; step++) {
        unsigned number = next_random(&seed) % numbers;
        if (next_random(&seed) % 3 == 0) {
            assert_int_equal(take(&now.hamt, number), now.values[number] != 0);
            now.values[number] = 0;
        } else {
            put(&now.hamt, number, step);
            now.values[number] = step;
        }
        if (step % 97 == 0) {
            struct model *share = &shares[next_random(&seed) % SHARES];
            hamt_done(&share->hamt);
            *share = now;
            share->hamt = hamt_share(&now.hamt);
        }
    }
    check_model(&now);
    for (size_t i = 0; i < SHARES; i++) {
        check_model(&shares[i]);
        hamt_done(&shares[i].hamt);
    }
    check_model(&now);
    for (unsigned i = 0; i < numbers; i++) {
        (void)take(&now.hamt, i);
    }
    assert_null(now.hamt.root);
    hamt_done(&now.hamt);
    assert_int_equal(living, 0);
}

static void shared_tries_stay_as_they_were(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        run_model(NULL, NUMBERS, seed);
    }
}

static void keys_of_one_hash_are_kept_apart(void **state)
{
    (void)state;
    run_model(same_hash, 40, 7);
    run_model(late_hash, 40, 8);
}

static void an_entry_lives_as_long_as_one_trie_has_it(void **state)
{
    (void)state;
    struct hamt first = {0};
    put(&first, 1, 10);
    struct hamt second = hamt_share(&first);
    put(&first, 1, 11);
    assert_int_equal(living, 2);
    assert_int_equal(get(&second, 1), 10);
    hamt_done(&second);
    assert_int_equal(living, 1);
    assert_int_equal(get(&first, 1), 11);
    hamt_done(&first);
    assert_int_equal(living, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_trie_has_nothing),
        cmocka_unit_test(shared_tries_stay_as_they_were),
        cmocka_unit_test(keys_of_one_hash_are_kept_apart),
        cmocka_unit_test(an_entry_lives_as_long_as_one_trie_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
