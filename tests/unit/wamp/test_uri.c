/* URIs: what is one, what matches, what is not for clients. */
#include "base/mem.h"
#include "wamp/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_uri_has_components_without_space_and_hash(void **state)
{
    (void)state;
    static const char *const fine[] = {"a", "com.example.topic1", "com.\xc3\xa9t\xc3\xa9",
                                       "a-b.C_d.9"};
    static const char *const wrong[] = {"",    ".",   "a.",   ".a",   "a..b",
                                        "a b", "a.#", "a\tb", "a\nb", "a\x7f"};
    for (size_t i = 0; i < COUNT_OF(fine); i++) {
        assert_true(uri_valid(str_of(fine[i]), MATCH_EXACT));
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(uri_valid(str_of(wrong[i]), MATCH_EXACT));
    }
    assert_false(uri_valid(STR("a\0b"), MATCH_EXACT));
}

static void a_prefix_may_end_in_a_dot_and_may_be_empty(void **state)
{
    (void)state;
    assert_true(uri_valid(STR_EMPTY, MATCH_PREFIX));
    assert_true(uri_valid(STR("com."), MATCH_PREFIX));
    assert_true(uri_valid(STR("com.ex"), MATCH_PREFIX));
    assert_false(uri_valid(STR("com.."), MATCH_PREFIX));
    assert_false(uri_valid(STR(".com"), MATCH_PREFIX));
    assert_false(uri_valid(STR("com.#"), MATCH_PREFIX));
}

static void a_wildcard_pattern_may_have_empty_components(void **state)
{
    (void)state;
    assert_true(uri_valid(STR("com..topic"), MATCH_WILDCARD));
    assert_true(uri_valid(STR(".."), MATCH_WILDCARD));
    assert_true(uri_valid(STR(".a."), MATCH_WILDCARD));
    assert_false(uri_valid(STR("com.. topic"), MATCH_WILDCARD));
}

static void length_and_components_are_bounded(void **state)
{
    (void)state;
    char text[URI_LEN_MAX + 1];
    memset(text, 'a', sizeof text);
    assert_true(uri_valid(str_make(text, URI_LEN_MAX), MATCH_EXACT));
    assert_false(uri_valid(str_make(text, URI_LEN_MAX + 1), MATCH_EXACT));
    memset(text, '.', sizeof text);
    assert_true(uri_valid(str_make(text, URI_COMPONENTS_MAX - 1), MATCH_WILDCARD));
    assert_false(uri_valid(str_make(text, URI_COMPONENTS_MAX), MATCH_WILDCARD));
}

static void prefixes_match_by_string(void **state)
{
    (void)state;
    assert_true(uri_match(STR("com.ex"), MATCH_PREFIX, STR("com.example")));
    assert_true(uri_match(STR_EMPTY, MATCH_PREFIX, STR("com")));
    assert_false(uri_match(STR("com.example."), MATCH_PREFIX, STR("com.example")));
}

static void an_empty_component_matches_any_one_component(void **state)
{
    (void)state;
    assert_true(uri_match(STR("a..c"), MATCH_WILDCARD, STR("a.b.c")));
    assert_true(uri_match(STR("..c"), MATCH_WILDCARD, STR("a.b.c")));
    assert_true(uri_match(STR("a.b."), MATCH_WILDCARD, STR("a.b.c")));
    assert_true(uri_match(STR("a.b.c"), MATCH_WILDCARD, STR("a.b.c")));
    assert_false(uri_match(STR("a..c"), MATCH_WILDCARD, STR("a.b.d")));
    assert_false(uri_match(STR("a..c"), MATCH_WILDCARD, STR("a.b.c.d")));
    assert_false(uri_match(STR("a..c"), MATCH_WILDCARD, STR("a.c")));
    assert_false(uri_match(STR("a..c.d"), MATCH_WILDCARD, STR("a.b.c")));
}

static void exact_is_exact(void **state)
{
    (void)state;
    assert_true(uri_match(STR("a.b"), MATCH_EXACT, STR("a.b")));
    assert_false(uri_match(STR("a."), MATCH_EXACT, STR("a.b")));
}

/* What the next bytes are does not matter to how they are looked at. */
static void each_byte_is_judged_at_each_place(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char uri[21] = "abcdefghijklmnopqrst";
            uri[at] = (char)byte;
            bool border = byte == '.' && (at == 0 || at == 19);
            bool good = byte > 0x20 && byte != 0x7f && byte != '#' && !border;
            assert_int_equal(uri_valid(str_make(uri, 20), MATCH_EXACT), good);
        }
    }
}

static void what_the_router_owns_is_reserved_on_component_borders(void **state)
{
    (void)state;
    assert_true(uri_reserved(STR("wamp.session.count")));
    assert_true(uri_reserved(STR("bondy.")));
    assert_true(uri_reserved(STR("wamp")));
    assert_true(uri_reserved(STR("com.bondy.user.add")));
    assert_false(uri_reserved(STR("com.bondysson")));
    assert_false(uri_reserved(STR("wampum.x")));
    assert_false(uri_reserved(STR("com.wamp.x")));
    assert_false(uri_reserved(STR_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_has_components_without_space_and_hash),
        cmocka_unit_test(a_prefix_may_end_in_a_dot_and_may_be_empty),
        cmocka_unit_test(a_wildcard_pattern_may_have_empty_components),
        cmocka_unit_test(each_byte_is_judged_at_each_place),
        cmocka_unit_test(length_and_components_are_bounded),
        cmocka_unit_test(prefixes_match_by_string),
        cmocka_unit_test(an_empty_component_matches_any_one_component),
        cmocka_unit_test(exact_is_exact),
        cmocka_unit_test(what_the_router_owns_is_reserved_on_component_borders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
