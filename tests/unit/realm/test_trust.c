/* test_trust.c - rules of trust: which one decides. */
#include "base/mem.h"
#include "realm/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t level_of(const struct trust *trust, struct str authid, struct str role)
{
    struct principal principal = {.authid = authid, .roles = &role, .role_count = 1};
    return trust_level(trust, &principal);
}

static void the_first_rule_that_fits_decides(void **state)
{
    (void)state;
    static const struct str rules[] = {STR_INIT("authid:a=b=7"), STR_INIT("admins=9"),
                                       STR_INIT("staff=3"), STR_INIT("admins=1")};
    struct trust trust;
    trust_init(&trust, rules, COUNT_OF(rules));
    assert_true(trust_configured(&trust));
    assert_int_equal(level_of(&trust, STR("a=b"), STR("admins")), 7);
    assert_int_equal(level_of(&trust, STR("x"), STR("admins")), 9);
    assert_int_equal(level_of(&trust, STR("x"), STR("staff")), 3);
    assert_int_equal(level_of(&trust, STR("staff"), STR("guests")), 0);
    trust_done(&trust);
}

static void a_rule_for_all_fits_everybody(void **state)
{
    (void)state;
    static const struct str rules[] = {STR_INIT("staff=3"), STR_INIT("all=1")};
    struct principal nobody = {.authid = STR("x")};
    struct trust trust;
    trust_init(&trust, rules, COUNT_OF(rules));
    assert_int_equal(level_of(&trust, STR("x"), STR("staff")), 3);
    assert_int_equal(trust_level(&trust, &nobody), 1);
    trust_done(&trust);
}

static void what_is_no_rule_is_left_out(void **state)
{
    (void)state;
    static const struct str rules[] = {STR_INIT(""),          STR_INIT("="),      STR_INIT("=1"),
                                       STR_INIT("staff"),     STR_INIT("staff="), STR_INIT("a=-1"),
                                       STR_INIT("authid:=1"), STR_INIT("a=1x")};
    struct trust trust;
    trust_init(&trust, rules, COUNT_OF(rules));
    assert_false(trust_configured(&trust));
    trust_done(&trust);
}

static void without_rules_nothing_is_said(void **state)
{
    (void)state;
    struct trust trust;
    trust_init(&trust, NULL, 0);
    assert_false(trust_configured(&trust));
    trust_done(&trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_fits_decides),
        cmocka_unit_test(a_rule_for_all_fits_everybody),
        cmocka_unit_test(what_is_no_rule_is_left_out),
        cmocka_unit_test(without_rules_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
