#include "base/mem.h"
#include "crypto/keyed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 1000 };

static char key[KEYED_KEY_SIZE];
static char text[TEXT_MAX];

static void fill(void)
{
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (char)(7 * i + 1);
    }
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)(13 * i + 5);
    }
}

static struct keyed_digest of(struct str one, struct str two)
{
    const struct str parts[] = {one, two};
    return keyed_digest(key, parts, COUNT_OF(parts));
}

static void the_same_parts_have_the_same_digest(void **state)
{
    (void)state;
    fill();
    for (size_t len = 0; len < TEXT_MAX; len++) {
        char copy[TEXT_MAX];
        memcpy(copy, text, sizeof(copy));
        struct keyed_digest a = of(STR("Bearer"), str_make(text, len));
        struct keyed_digest b = of(STR("Bearer"), str_make(copy, len));
        assert_true(keyed_equal(&a, &b));
    }
}

static void every_bit_of_every_part_counts(void **state)
{
    static const size_t lens[] = {1, 64, 191, 192, 255, 256, 257, 300, 700};
    (void)state;
    fill();
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct keyed_digest whole = of(STR("Bearer"), str_make(text, lens[i]));
        for (size_t bit = 0; bit < 8 * lens[i]; bit++) {
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
            struct keyed_digest other = of(STR("Bearer"), str_make(text, lens[i]));
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
            assert_false(keyed_equal(&whole, &other));
        }
    }
}

static void short_and_long_parts_may_be_mixed(void **state)
{
    static const size_t lens[] = {1, 210, 40, 0, 257, 256, 3, 100, 99, 20};
    struct str parts[COUNT_OF(lens)];
    size_t total = 0;
    (void)state;
    fill();
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        parts[i] = str_make(text + total, lens[i]);
        total += lens[i];
    }
    assert_true(total <= sizeof(text));
    struct keyed_digest whole = keyed_digest(key, parts, COUNT_OF(parts));
    for (size_t bit = 0; bit < 8 * total; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        struct keyed_digest other = keyed_digest(key, parts, COUNT_OF(parts));
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        assert_false(keyed_equal(&whole, &other));
    }
    struct keyed_digest fewer = keyed_digest(key, parts, COUNT_OF(parts) - 1);
    assert_false(keyed_equal(&whole, &fewer));
}

static void every_length_is_another_digest(void **state)
{
    (void)state;
    fill();
    memset(text, 0, sizeof(text));
    struct keyed_digest before = of(STR("Bearer"), STR_EMPTY);
    for (size_t len = 1; len < TEXT_MAX; len++) {
        struct keyed_digest digest = of(STR("Bearer"), str_make(text, len));
        assert_false(keyed_equal(&before, &digest));
        before = digest;
    }
}

static void where_a_part_ends_counts(void **state)
{
    (void)state;
    fill();
    struct keyed_digest before = of(STR_EMPTY, str_make(text, 500));
    for (size_t at = 1; at <= 500; at++) {
        struct keyed_digest digest = of(str_make(text, at), str_make(text + at, 500 - at));
        assert_false(keyed_equal(&before, &digest));
        before = digest;
    }
}

static void both_halves_of_the_key_count(void **state)
{
    (void)state;
    fill();
    struct keyed_digest digest = of(STR("Bearer"), str_make(text, 600));
    for (size_t at = 0; at < KEYED_KEY_SIZE; at += KEYED_KEY_SIZE / 2) {
        key[at] = (char)(key[at] ^ 1);
        struct keyed_digest other = of(STR("Bearer"), str_make(text, 600));
        key[at] = (char)(key[at] ^ 1);
        assert_false(keyed_equal(&digest, &other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_parts_have_the_same_digest),
        cmocka_unit_test(every_bit_of_every_part_counts),
        cmocka_unit_test(short_and_long_parts_may_be_mixed),
        cmocka_unit_test(every_length_is_another_digest),
        cmocka_unit_test(where_a_part_ends_counts),
        cmocka_unit_test(both_halves_of_the_key_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
