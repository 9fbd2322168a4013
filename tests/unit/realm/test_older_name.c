/* test_older_name.c - what procedures of the house were called before. */
#include "base/mem.h"
#include "realm/older_name.h"
#include "wamp/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_resolves(const char *name, struct str present)
{
    struct str resolved = older_name_resolve(str_of(name));
    if (!str_eq(resolved, present)) {
        fail_msg("%s is " PRISTR ", not " PRISTR, name, STRARG(resolved), STRARG(present));
    }
}

static void an_older_name_has_one_present_name_under_every_root(void **state)
{
    static const char *const roots[] = {"", "com.", "com.leapsight."};
    (void)state;
    for (const struct older_name *row = older_names; row->old.len > 0; row++) {
        assert_true(row == older_names || str_cmp(row[-1].old, row->old) < 0);
        for (size_t i = 0; i < COUNT_OF(roots); i++) {
            char name[200];
            (void)snprintf(name, sizeof(name), "%s" PRISTR, roots[i], STRARG(row->old));
            assert_true(uri_reserved(str_of(name)));
            assert_resolves(name, row->present);
            if (str_starts(row->present, STR("bondy."))) {
                (void)snprintf(name, sizeof(name), "%s" PRISTR, roots[i], STRARG(row->present));
                assert_resolves(name, row->present);
            }
        }
    }
}

static void other_names_are_their_own(void **state)
{
    (void)state;
    assert_resolves("bondy.user.add", STR("bondy.user.add"));
    assert_resolves("bondy.security.add_users", STR("bondy.security.add_users"));
    assert_resolves("com.bondy", STR("com.bondy"));
    assert_resolves("com.bondy.com.bondy.x", STR("bondy.com.bondy.x"));
    assert_resolves("com.bond.user.add", STR("com.bond.user.add"));
    assert_resolves("", STR(""));
    assert_resolves("bondy.", STR("bondy."));
}

static void the_documentation_has_every_older_name(void **state)
{
    static char text[64 * 1024];
    (void)state;
    FILE *file = fopen("docs/older-names.md", "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    for (const struct older_name *row = older_names; row->old.len > 0; row++) {
        char line[200];
        (void)snprintf(line, sizeof(line), "| `" PRISTR "` | `" PRISTR "` |", STRARG(row->old),
                       STRARG(row->present));
        if (strstr(text, line) == NULL) {
            fail_msg("docs/older-names.md lacks %s", line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_name_has_one_present_name_under_every_root),
        cmocka_unit_test(other_names_are_their_own),
        cmocka_unit_test(the_documentation_has_every_older_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
