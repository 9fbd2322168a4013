/* test_redirect.c - redirect URIs: what may be registered, and what is the same as what. */
#include "application/redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void only_the_registered_uri_matches(void **state)
{
    static const char *const others[] = {
        "https://a/cb/",
        "https://a/cb?x",
        "https://a/cb#f",
        "https://a%2Fcb",
        "HTTPS://A/cb",
        "https://a/cb/../x",
        "https://u@a/cb",
        "https://a:443/cb",
        "https://a/cb%20",
        "https://a/CB",
        "http://a/cb",
        "https://a.b/cb",
        "",
        "https://a/c",
        "//a/cb",
        "https://a/cb\r\nx: y",
    };
    (void)state;
    assert_true(redirect_matches(STR("https://a/cb"), STR("https://a/cb")));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (redirect_matches(STR("https://a/cb"), str_of(others[i]))) {
            fail_msg("%s is not https://a/cb", others[i]);
        }
    }
}

static void the_port_of_loopback_is_the_applications(void **state)
{
    (void)state;
    assert_true(redirect_matches(STR("http://127.0.0.1/cb"), STR("http://127.0.0.1:5000/cb")));
    assert_true(redirect_matches(STR("http://127.0.0.1:1/cb"), STR("http://127.0.0.1/cb")));
    assert_true(redirect_matches(STR("http://[::1]/cb"), STR("http://[::1]:61000/cb")));
    assert_false(redirect_matches(STR("http://127.0.0.1/cb"), STR("http://127.0.0.1:5000/other")));
    assert_false(redirect_matches(STR("http://127.0.0.1/cb"), STR("http://127.0.0.1.evil.com/cb")));
    assert_false(redirect_matches(STR("http://127.0.0.1/cb"), STR("http://127.0.0.1:1@evil/cb")));
    assert_false(redirect_matches(STR("http://127.0.0.1/cb"), STR("http://localhost/cb")));
    assert_false(redirect_matches(STR("https://127.0.0.1/cb"), STR("https://127.0.0.1:5/cb")));
    assert_false(redirect_matches(STR("http://127.0.0.1/cb"), STR("http://[::1]/cb")));
}

static void what_may_be_registered(void **state)
{
    static const struct {
        const char *uri;
        bool may;
    } rows[] = {
        {"https://app.example/cb", true},
        {"https://app.example/cb?tenant=1", true},
        {"http://127.0.0.1/cb", true},
        {"http://[::1]:8080/cb", true},
        {"com.example.app:/cb", true},
        {"com.example.app://cb", true},
        {"http://app.example/cb", false},
        {"http://localhost/cb", false},
        {"javascript:alert(1)", false},
        {"data:text/html,x", false},
        {"myapp:/cb", false},
        {"https:cb", false},
        {"/cb", false},
        {"//evil.example:443/", false},
        {"a.example/b:c", false},
        {".example:/cb", false},
        {"", false},
        {"https://u:p@app.example/cb", false},
        {"https://app.example/cb#x", false},
        {"https://app.example/a b", false},
        {"https://app.example/\xc3\xa4", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why = NULL;
        if (redirect_may_register(str_of(rows[i].uri), &why) != rows[i].may) {
            fail_msg("%s", rows[i].uri);
        }
    }
}

static void parameters_are_added_escaped(void **state)
{
    struct buf uri;
    (void)state;
    buf_init(&uri, 1000);
    (void)buf_append(&uri, STR("https://a/cb?x=1"));
    assert_true(redirect_add(&uri, STR("state"), STR("a b&c=\xc3\xa4\r\n")));
    assert_true(str_eq(buf_str(&uri), STR("https://a/cb?x=1&state=a%20b%26c%3D%C3%A4%0D%0A")));
    buf_done(&uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_registered_uri_matches),
        cmocka_unit_test(the_port_of_loopback_is_the_applications),
        cmocka_unit_test(what_may_be_registered),
        cmocka_unit_test(parameters_are_added_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
