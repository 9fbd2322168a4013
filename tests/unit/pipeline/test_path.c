/* test_path.c - the one canonical path. */
#include "base/mem.h"
#include "base/percent.h"
#include "base/random.h"
#include "pipeline/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_MAX = 1 << 20, TRIES = 20000 };

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_MAX);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void escapes_have_one_spelling(void **state)
{
    static const struct {
        const char *given;
        const char *canonical;
    } rows[] = {
        {"/", "/"},
        {"/a/b/", "/a/b/"},
        {"//a", "/a"},
        {"/a///b//", "/a/b/"},
        {"/%41%7e%2D", "/A~-"},
        {"/%c3%a4", "/%C3%A4"},
        {"/a%20b;c=d", "/a%20b;c=d"},
        {"/%25", "/%25"},
        {"/%2541", "/%2541"},
        {"/...", "/..."},
        {"/.a/a./..a", "/.a/a./..a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str out;
        const char *why = NULL;
        assert_true(path_canonical(str_of(rows[i].given), &arena, &out, &why));
        assert_true(str_eq(out, str_of(rows[i].canonical)));
    }
}

static void what_is_ambiguous_is_refused_with_a_reason(void **state)
{
    static const char *const paths[] = {"/..",     "/.",    "/a/../b", "/a/./b", "/a/..",
                                        "/%2e%2E", "/%2e",  "/.%2e/a", "/a%2fb", "/a%2Fb",
                                        "/a%5cb",  "/a\\b", "/a%00",   "/a%1f",  "/a%7f",
                                        "/%",      "/%4",   "/%g0",    "/%0g",   "/a%"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct str out = STR("untouched");
        const char *why = NULL;
        assert_false(path_canonical(str_of(paths[i]), &arena, &out, &why));
        assert_non_null(why);
    }
}

/* Whatever comes: a canonical path is its own canonical path, and hides nothing. */
static void the_canonical_path_is_a_fixed_point(void **state)
{
    static const char alphabet[] = "/.%2eE5cCfF04~a";
    unsigned accepted = 0;
    (void)state;
    for (unsigned i = 0; i < TRIES; i++) {
        char text[16] = "/";
        struct str once;
        struct str twice;
        const char *why = NULL;
        uint64_t bits = random_u64();
        for (size_t j = 1; j < 14; j++, bits /= sizeof(alphabet) - 1) {
            text[j] = alphabet[bits % (sizeof(alphabet) - 1)];
        }
        if (path_canonical(str_of(text), &arena, &once, &why)) {
            accepted++;
            assert_true(path_canonical(once, &arena, &twice, &why));
            assert_true(str_eq(once, twice));
            char *copy = arena_cstr(&arena, once);
            assert_null(strstr(copy, "%2F"));
            assert_null(strstr(copy, "%5C"));
            assert_null(strstr(copy, "/../"));
            assert_null(strstr(copy, "/./"));
        }
        arena_reset(&arena);
    }
    assert_true(accepted > TRIES / 100);
}

static void a_part_is_decoded_to_text(void **state)
{
    struct str out;
    (void)state;
    assert_true(percent_decode(STR("a%20b+c"), false, &arena, &out));
    assert_true(str_eq(out, STR("a b+c")));
    assert_true(percent_decode(STR("a%20b+c"), true, &arena, &out));
    assert_true(str_eq(out, STR("a b c")));
    assert_true(percent_decode(STR("%C3%a4"), false, &arena, &out));
    assert_true(str_eq(out, STR("\xc3\xa4")));
    assert_true(percent_decode(STR(""), false, &arena, &out));
    assert_int_equal(out.len, 0);
}

static void what_decodes_to_no_text_is_refused(void **state)
{
    static const char *const texts[] = {"%00", "%",   "%4",        "%zz",
                                        "%ff", "%c3", "%ed%a0%80", "%c0%af"};
    struct str out;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_false(percent_decode(str_of(texts[i]), true, &arena, &out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(escapes_have_one_spelling, start, stop),
        cmocka_unit_test_setup_teardown(what_is_ambiguous_is_refused_with_a_reason, start, stop),
        cmocka_unit_test_setup_teardown(the_canonical_path_is_a_fixed_point, start, stop),
        cmocka_unit_test_setup_teardown(a_part_is_decoded_to_text, start, stop),
        cmocka_unit_test_setup_teardown(what_decodes_to_no_text_is_refused, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
