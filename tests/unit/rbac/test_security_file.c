#include "rbac/security_file.h"
#include "rbac_helper.h"

/* What must be refused: a whole file, the error's URI and a part of the sentence. */
struct mistake_case {
    const char *file;
    const char *error;
    const char *says;
};

#define INVALID      "wamp.error.invalid_argument"
#define INCONSISTENT "bondy.error.inconsistency_error"
#define NO_GROUPS    "bondy.error.no_such_groups"
#define NO_REALM     "wamp.error.no_such_realm"
#define PROTO        "{'uri': 'com.p', 'is_prototype': true, 'groups': [{'name': 'base'}]}"
#define SSO          "{'uri': 'com.s', 'is_sso_realm': true}"
#define USERS(list)  "[{'uri': 'com.x', 'groups': [{'name': 'staff'}], 'users': [" list "]}]"

static const struct mistake_case mistake_cases[] = {
    /* names */
    {USERS("{'username': 'al'}"), INVALID, "must be a name of 3 to 254 bytes"},
    {USERS("{'username': 'from'}"), INVALID, "must be a name"},
    {USERS("{'username': 'Anonymous'}"), INVALID, "must be a name"},
    {USERS("{'username': 'a/b'}"), INVALID, "must be a name"},
    {USERS("{'username': 'a,b'}"), INVALID, "must be a name"},
    {USERS("{'username': 'ann lee'}"), INVALID, "no blank"},
    {USERS("{'username': 'ann', 'aliases': ['al']}"), INVALID, "alias 1 must be a name of 3 to"},
    {USERS("{'username': 'ann'}, {'username': 'ANN'}"), INVALID, "twice"},
    {"[{'uri': 'com.x', 'groups': [{'name': 'all'}]}]", INVALID, "must be a name"},
    {"[{'uri': 'com.x', 'groups': [{'name': 'user/ann'}]}]", INVALID, "must be a name"},
    {"[{'uri': 'com.x', 'groups': [{'name': 'a'}, {'name': 'a'}]}]", INVALID, "twice"},
    /* users */
    {USERS("{'username': 'ann', 'groups': ['staff', 'cooks']}"), NO_GROUPS, "\"cooks\""},
    {USERS("{'username': 'ann', 'groups': 'staff'}"), INVALID, "list"},
    {USERS("{'username': 'ann', 'groups': [7]}"), NO_GROUPS, "element 1"},
    {USERS("{'username': 'ann', 'password': 'hush'}"), INVALID, "6 to 254"},
    {USERS("{'username': 'ann', 'password': 7}"), INVALID, "neither"},
    {USERS("{'username': 'ann', 'password': {'hush': 'hush'}}"), INVALID, "neither"},
    {USERS("{'username': 'ann', 'password': 'hushhush', 'password_opts': 1}"), INVALID, "object"},
    {USERS("{'username': 'ann', 'enabled': 'yes'}"), INVALID, "true or false"},
    {USERS("{'username': 'ann', 'meta': []}"), INVALID, "object"},
    {USERS("{'username': 'ann', 'authorized_keys': ['hush']}"), INVALID, "key 1"},
    {USERS("{'username': 'ann', 'authorized_keys': 'hush'}"), INVALID, "list"},
    {USERS("{'username': 'ann', 'aliases': ['a1a','a2a','a3a','a4a','a5a','a6a']}"),
     "bondy.error.property_range_limit", "at most 5"},
    {USERS("{'username': 'ann', 'aliases': ['ben']}, {'username': 'ben'}"),
     "bondy.error.already_exists", "alias 1"},
    {USERS("{'username': 'ann', 'aliases': ['cid']}, {'username': 'ben', 'aliases': ['Cid']}"),
     "bondy.error.already_exists", "alias 1"},
    {USERS("{'username': 'ann', 'aliases': ['ann']}"), "bondy.error.already_exists", "alias 1"},
    {USERS("{'username': 'ann', 'aliases': ['all']}"), INVALID, "none of the reserved ones"},
    /* groups */
    {"[{'uri': 'com.x', 'groups': [{'name': 'a', 'groups': ['b']}]}]", NO_GROUPS, "\"b\""},
    {"[{'uri': 'com.x', 'groups': [{'name': 'a', 'groups': ['a']}]}]", INCONSISTENT, "a -> a"},
    {"[{'uri': 'com.x', 'groups': [{'name': 'a', 'groups': ['b']}, {'name': 'b', 'groups': ['c']},"
     " {'name': 'c', 'groups': ['b']}, {'name': 'd', 'groups': ['a']}]}]",
     INCONSISTENT, "circle: "},
    {"[{'uri': 'com.p', 'is_prototype': true, 'groups': [{'name': 'a', 'groups': ['b']},"
     " {'name': 'b'}]}, {'uri': 'com.x', 'prototype_uri': 'com.p', 'groups': [{'name': 'b',"
     " 'groups': ['a']}]}]",
     INCONSISTENT, "circle: "},
    /* grants and sources */
    {"[{'uri': 'com.x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['b']}]}]",
     "bondy.error.unknown_roles", "\"b\""},
    {"[{'uri': 'com.x', 'groups': [{'name': 'b'}], 'grants': [{'permissions': ['wamp.call'],"
     " 'uri': 'a', 'roles': ['user/b']}]}]",
     "bondy.error.unknown_roles", "\"user/b\""},
    {"[" PROTO ", {'uri': 'com.x', 'prototype_uri': 'com.p', 'users': [{'username': 'base'}],"
     " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['base']}]}]",
     "bondy.error.duplicate_roles", "group/base"},
    {"[{'uri': 'com.x', 'sources': [{'usernames': ['ann'], 'authmethod': 'tls'}]}]",
     "bondy.error.no_such_users", "\"ann\""},
    /* prototypes */
    {"[{'uri': 'com.x', 'prototype_uri': 'com.p'}]", NO_REALM, "com.p"},
    {"[{'uri': 'com.x', 'prototype_uri': 'com.x'}]", INCONSISTENT, "itself"},
    {"[{'uri': 'com.x', 'prototype_uri': 'com.s'}, " SSO "]", INCONSISTENT, "not a prototype"},
    {"[" PROTO ", {'uri': 'com.x', 'is_prototype': true, 'prototype_uri': 'com.p'}]", INCONSISTENT,
     "cannot have a prototype"},
    {"[" PROTO ", {'uri': 'com.p', 'is_prototype': false}]", INCONSISTENT, "taken back"},
    {"[{'uri': 'com.a', 'prototype_uri': 'com.b', 'is_prototype': true},"
     " {'uri': 'com.b', 'prototype_uri': 'com.a', 'is_prototype': true}]",
     NO_REALM, "com."},
    {"[" PROTO ", {'uri': 'com.leapsight.bondy', 'prototype_uri': 'com.p'}]", INCONSISTENT,
     "stands alone"},
    {"[{'uri': 'com.leapsight.bondy', 'is_prototype': true}]", INCONSISTENT, "stands alone"},
    /* same sign-on */
    {"[{'uri': 'com.x', 'sso_realm_uri': 'com.s'}]", NO_REALM, "com.s"},
    {"[" PROTO ", {'uri': 'com.x', 'sso_realm_uri': 'com.p'}]", INCONSISTENT, "not an SSO realm"},
    {"[" SSO ", {'uri': 'com.x', 'is_sso_realm': true, 'sso_realm_uri': 'com.s'}]", INCONSISTENT,
     "cannot itself"},
    {"[" SSO ", {'uri': 'com.s', 'is_sso_realm': false}]", INCONSISTENT, "taken back"},
    {"[" SSO ", {'uri': 'com.x', 'users': [{'username': 'ann', 'sso_realm_uri': 'com.s'}]}]",
     INCONSISTENT, "it has none"},
    {"[" SSO ", {'uri': 'com.t', 'is_sso_realm': true}, {'uri': 'com.x', 'sso_realm_uri': 'com.s',"
     " 'users': [{'username': 'ann', 'sso_realm_uri': 'com.t'}]}]",
     INCONSISTENT, "com.s"},
    {"[{'uri': 'com.x', 'password_opts': {'protocol': 'hush'}}]", INVALID, ""},
};

struct said {
    struct realm_mistake mistake;
    size_t count;
};

static void keep(void *ctx, const struct realm_mistake *mistake)
{
    struct said *said = ctx;
    if (said->count++ == 0) {
        said->mistake = *mistake;
    }
}

static void a_file_with_a_mistake_is_refused_with_its_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistake_cases); i++) {
        const struct mistake_case *c = &mistake_cases[i];
        struct said said = {0};
        json_t *file = json_of(c->file);
        if (security_file_check(file, keep, &said)) {
            fail_msg("%s was accepted", c->file);
        }
        if (strcmp(said.mistake.error, c->error) != 0 ||
            strstr(said.mistake.text, c->says) == NULL) {
            fail_msg("%s: %s \"%s\"", c->file, said.mistake.error, said.mistake.text);
        }
        assert_non_null(said.mistake.node);
        assert_null(strstr(said.mistake.text, "hush"));
        json_decref(file);
    }
}

static const char *const realms[] = {
    PROTO,
    SSO,
    "{'uri': 'com.q', 'is_prototype': true, 'sso_realm_uri': 'COM.S', 'groups': [{'name': 'q'}]}",
    "{'uri': 'com.x', 'prototype_uri': 'com.q', 'users': [{'username': 'ann', 'groups': ['q'],"
    " 'sso_realm_uri': 'com.s'}]}",
    "{'uri': 'com.y', 'prototype_uri': 'com.p', 'sso_realm_uri': 'com.s', 'groups':"
    " [{'name': 'top', 'groups': ['base']}], 'users': [{'username': 'ann', 'groups': ['top'],"
    " 'sso_realm_uri': 'com.s'}], 'grants': [{'permissions': ['wamp.call'], 'uri': 'any',"
    " 'roles': ['base', 'ann', 'top']}]}",
};
enum { REALMS = 5 };

/* The realms in the order of the digits; false: one of them comes twice. */
static bool try_order(unsigned code)
{
    unsigned digits = code;
    unsigned seen = 0;
    struct said said = {0};
    json_t *file = json_array();
    for (unsigned i = 0; i < REALMS; i++, digits /= REALMS) {
        seen |= 1U << digits % REALMS;
        (void)json_array_append_new(file, json_of(realms[digits % REALMS]));
    }
    bool each_once = seen == (1U << REALMS) - 1;
    if (each_once && !security_file_check(file, keep, &said)) {
        fail_msg("order %u: %s", code, said.mistake.text);
    }
    json_decref(file);
    return each_once;
}

static void any_order_of_a_file_will_do(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (unsigned code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
        tried += try_order(code) ? 1 : 0;
    }
    assert_int_equal(tried, 120);
}

static void a_changed_prototype_is_felt_at_once(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder, "{'uri': 'com.p', 'is_prototype': true, 'authmethods': ['ticket']}");
    apply_realm_text(builder, "{'uri': 'com.x', 'prototype_uri': 'com.p'}");
    struct rbac *before = rbac_builder_build(builder, 1);
    apply_realm_text(builder, "{'uri': 'com.p', 'is_prototype': true, 'authmethods': ['tls'],"
                              " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a',"
                              "             'roles': 'all'}]}");
    struct rbac *after = rbac_builder_build(builder, 2);
    const struct principal nobody = {0};
    for (unsigned i = 0; i < 2; i++) {
        const struct rbac *rbac = i == 0 ? before : after;
        const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
        assert_int_equal(rbac_realm_has_method(realm, STR("ticket")), i == 0);
        assert_int_equal(rbac_may(rbac, realm, &nobody, PERMISSION_CALL, STR("a")), i == 1);
        assert_true(rbac_realm_allows_connections(realm));
        assert_false(rbac_realm_allows_connections(rbac_realm_find(rbac, STR("com.p"))));
    }
    rbac_unref(before);
    rbac_unref(after);
    rbac_builder_free(builder);
}

static void a_realm_that_has_lost_its_prototype_takes_no_connections(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder, PROTO);
    apply_realm_text(builder, "{'uri': 'com.x', 'prototype_uri': 'com.p'}");
    (void)rbac_builder_apply(builder, &(struct store_record){.kind = STR("realm"),
                                                             .realm = STR_EMPTY,
                                                             .key = STR("com.p"),
                                                             .deleted = true});
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    assert_false(rbac_realm_allows_connections(realm));
    assert_false(rbac_group_exists(realm, STR("base")));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void a_circle_in_the_store_ends(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder, "{'uri': 'com.x', 'groups': [{'name': 'a', 'groups': ['b']},"
                              " {'name': 'b'}], 'users': [{'username': 'ann', 'groups': ['a']}]}");
    (void)rbac_builder_apply(builder,
                             &(struct store_record){.kind = STR("group"),
                                                    .realm = STR("com.x"),
                                                    .key = STR("b"),
                                                    .value = STR("{\"name\":\"b\",\"groups\":"
                                                                 "[\"a\",\"gone\"]}")});
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct rbac_roles roles = rbac_roles_of(realm, rbac_user_find(realm, STR("ann")), &arena);
    assert_int_equal(roles.count, 2);
    arena_done(&arena);
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void a_user_changes_alone(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder, "{'uri': 'com.x', 'users': [{'username': 'ann', 'aliases':"
                              " ['annie']}, {'username': 'ben'}]}");
    struct rbac *before = rbac_builder_build(builder, 1);
    (void)rbac_builder_apply(builder, &(struct store_record){.kind = STR("user"),
                                                             .realm = STR("com.x"),
                                                             .key = STR("ann"),
                                                             .deleted = true});
    struct rbac *after = rbac_builder_build(builder, 2);
    const struct rbac_realm *old = rbac_realm_find(before, STR("com.x"));
    const struct rbac_realm *new = rbac_realm_find(after, STR("com.x"));
    assert_non_null(rbac_user_find(old, STR("ANNIE")));
    assert_null(rbac_user_find(new, STR("annie")));
    assert_null(rbac_user_find(new, STR("ann")));
    assert_ptr_equal(rbac_user_find(old, STR("ben")), rbac_user_find(new, STR("ben")));
    assert_int_equal(rbac_user_count(old), 2);
    assert_int_equal(rbac_user_count(new), 1);
    rbac_unref(before);
    rbac_unref(after);
    rbac_builder_free(builder);
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_with_a_mistake_is_refused_with_its_error),
        cmocka_unit_test(any_order_of_a_file_will_do),
        cmocka_unit_test(a_changed_prototype_is_felt_at_once),
        cmocka_unit_test(a_realm_that_has_lost_its_prototype_takes_no_connections),
        cmocka_unit_test(a_circle_in_the_store_ends),
        cmocka_unit_test(a_user_changes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
