/* test_oauth.c - the OAuth2 endpoints that come with a version whose paths want oauth2. */
#include "spec_help.h"

#define SPEC(security, more)                                                                    \
    "{\"id\":\"t\",\"name\":\"t\",\"host\":\"_\",\"realm_uri\":\"com.t\",\"variables\":{},"     \
    "\"versions\":{\"1\":{\"base_path\":\"/v1/\",\"paths\":{\"/a\":{\"security\":" security "," \
    "\"get\":{\"action\":{\"type\":\"static\"},\"response\":{\"on_result\":{},"                 \
    "\"on_error\":{}}}}" more "}}}}"

static struct spec *compile(const char *text)
{
    struct problems problems;
    problems_init(&problems);
    struct spec *spec = spec_compile(str_of(text), NULL, &problems);
    if (spec == NULL) {
        print_problems(&problems);
    }
    assert_non_null(spec);
    problems_done(&problems);
    return spec;
}

static const struct route *at(const struct route_table *table, const char *path)
{
    struct route_match match;
    return route_find(table, STR("x"), SCHEME_HTTP, str_of(path), &match) ? match.route : NULL;
}

static void an_oauth2_path_brings_the_endpoints_of_its_version(void **state)
{
    static const char *const names[] = {"token",    "revoke", "introspect", "authorize",
                                        "userinfo", "jwks",   "logout",     "verify"};
    (void)state;
    struct spec *spec = compile(SPEC("{\"type\":\"oauth2\",\"flow\":\"client_credentials\"}", ""));
    struct route_table *table = table_of(spec);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "/v1/oauth/%s", names[i]);
        const struct route *route = at(table, path);
        assert_non_null(route);
        assert_true(str_eq(route->oauth, str_of(names[i])));
        assert_true(str_eq(route->oauth_base, STR("/v1/oauth")));
        assert_true(str_eq(route->realm, STR("com.t")));
        assert_false(route->oauth_password);
    }
    assert_true(at(table, "/v1/a")->oauth.len == 0);
    assert_null(at(table, "/oauth/token"));
    table_drop(table);
    spec_unref(spec);
}

static void the_specification_chooses_where_they_are(void **state)
{
    (void)state;
    struct spec *spec = compile(
        SPEC("{\"type\":\"oauth2\",\"flow\":\"resource_owner_password_credentials\","
             "\"token_path\":\"/auth/t\",\"revoke_token_path\":\"/bye\"}",
             ",\"/b\":{\"security\":{\"type\":\"oauth2\",\"flow\":\"client_credentials\","
             "\"token_path\":\"/auth/t\",\"revoke_token_path\":\"/bye\"},\"get\":{\"action\":"
             "{\"type\":\"static\"},\"response\":{\"on_result\":{},\"on_error\":{}}}}"));
    struct route_table *table = table_of(spec);
    assert_true(str_eq(at(table, "/v1/auth/t")->oauth, STR("token")));
    assert_true(at(table, "/v1/auth/t")->oauth_password); /* the other path takes nothing back */
    assert_true(str_eq(at(table, "/v1/bye")->oauth, STR("revoke")));
    assert_true(str_eq(at(table, "/v1/auth/jwks")->oauth, STR("jwks")));
    assert_null(at(table, "/v1/oauth/token"));
    table_drop(table);
    spec_unref(spec);
}

static void other_security_brings_none(void **state)
{
    (void)state;
    struct spec *spec = compile(SPEC("{\"type\":\"basic\"}", ""));
    struct route_table *table = table_of(spec);
    assert_null(at(table, "/v1/oauth/token"));
    table_drop(table);
    spec_unref(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_oauth2_path_brings_the_endpoints_of_its_version),
        cmocka_unit_test(the_specification_chooses_where_they_are),
        cmocka_unit_test(other_security_brings_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
