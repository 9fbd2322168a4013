#include "rbac_helper.h"

static const struct in6_addr *from_v4(void)
{
    static struct in6_addr address;
    address = address_of("192.0.2.1");
    return &address;
}

static void apply_record(struct rbac_builder *builder,
                         struct str kind,
                         struct str realm,
                         struct str key,
                         const char *value)
{
    char text[512] = "";
    if (value != NULL) {
        (void)snprintf(text, sizeof(text), "%s", value);
        for (char *at = text; *at != '\0'; at++) {
            *at = *at == '\'' ? '"' : *at;
        }
    }
    assert_true(rbac_builder_apply(builder, &(struct store_record){.kind = kind,
                                                                   .realm = realm,
                                                                   .key = key,
                                                                   .value = str_of(text),
                                                                   .deleted = value == NULL}));
}

static void the_master_realm_is_always_there_and_closed(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    for (unsigned round = 0; round < 3; round++) {
        struct rbac *rbac = rbac_builder_build(builder, 1);
        assert_int_equal(rbac_realm_count(rbac), 1);
        const struct rbac_realm *master = rbac_realm_find(rbac, MASTER_REALM);
        assert_non_null(master);
        assert_true(rbac_realm_allows_connections(master));
        assert_true(rbac_realm_security_enabled(master));
        assert_true(rbac_realm_has_method(master, STR("password")));
        assert_false(rbac_source_allows(master, STR("anonymous"), STR("anonymous"), from_v4()));
        /* From where is for the sources to say, once there is a record. */
        assert_int_equal(rbac_source_allows(master, STR("admin"), STR("password"), from_v4()),
                         round != 1);
        struct str role = RBAC_ROLE_ANONYMOUS;
        struct principal principal = {.roles = &role, .role_count = 1};
        assert_false(rbac_may(rbac, master, &principal, PERMISSION_CALL, STR("bondy.realm.list")));
        role = RBAC_ROLE_ADMINISTRATORS;
        assert_true(rbac_may(rbac, master, &principal, PERMISSION_CALL, STR("bondy.realm.list")));
        assert_false(rbac_may(rbac, master, &principal, PERMISSION_REGISTER, STR("bondy.x")));
        rbac_unref(rbac);
        /* Neither a record that would close it nor its deletion makes a difference. */
        apply_record(builder, STR("realm"), STR_EMPTY, MASTER_REALM,
                     round == 0 ? "{'allow_connections': false, 'security_enabled': false,"
                                  " 'is_prototype': true, 'authmethods': []}"
                                : NULL);
    }
    rbac_builder_free(builder);
}

static void a_source_for_all_in_the_master_realm_counts_where_users_prove_themselves(void **state)
{
    static const char *const methods[] = {"password", "trust", "anonymous"};
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_record(builder, STR("realm"), STR_EMPTY, MASTER_REALM,
                 "{'authmethods': ['password', 'trust', 'anonymous']}");
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        char key[64];
        char value[128];
        (void)snprintf(key, sizeof(key), "%s 0.0.0.0/0 all", methods[i]);
        (void)snprintf(value, sizeof(value),
                       "{'username': 'all', 'authmethod': '%s', 'cidr': '0.0.0.0/0'}", methods[i]);
        apply_record(builder, STR("source"), MASTER_REALM, str_of(key), value);
    }
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *master = rbac_realm_find(rbac, MASTER_REALM);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        assert_int_equal(rbac_source_allows(master, STR("ann"), str_of(methods[i]), from_v4()),
                         i == 0);
    }
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void stored_rights_of_anybody_in_the_master_realm_need_the_switch(void **state)
{
    (void)state;
    for (unsigned allow = 0; allow < 2; allow++) {
        struct rbac_builder *builder = rbac_builder_new();
        rbac_builder_allow_anonymous_admin(builder, allow == 1);
        apply_record(builder, STR("realm"), STR_EMPTY, MASTER_REALM,
                     "{'authmethods': ['anonymous']}");
        apply_record(builder, STR("grant"), MASTER_REALM, STR("prefix * anonymous"),
                     "{'uri': '', 'match': 'prefix', 'role': 'anonymous',"
                     " 'permissions': ['wamp.call']}");
        apply_record(builder, STR("source"), MASTER_REALM, STR("anonymous 0.0.0.0/0 anonymous"),
                     "{'username': 'anonymous', 'authmethod': 'anonymous', 'cidr': '0.0.0.0/0'}");
        struct rbac *rbac = rbac_builder_build(builder, 1);
        const struct rbac_realm *master = rbac_realm_find(rbac, MASTER_REALM);
        struct str role = RBAC_ROLE_ANONYMOUS;
        struct principal principal = {.roles = &role, .role_count = 1};
        assert_int_equal(rbac_may(rbac, master, &principal, PERMISSION_CALL, STR("x")), allow);
        assert_int_equal(rbac_source_allows(master, STR("anonymous"), STR("anonymous"), from_v4()),
                         allow);
        rbac_unref(rbac);
        rbac_builder_free(builder);
    }
}

static void records_of_other_kinds_are_not_ours(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    assert_false(rbac_builder_apply(
        builder, &(struct store_record){.kind = STR("api_spec"), .value = STR("{}")}));
    rbac_builder_free(builder);
}

static void grants_may_come_before_their_realm(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_record(builder, STR("grant"), STR("com.x"), STR("k"),
                 "{'uri': 'a', 'match': 'exact', 'role': 'all', 'permissions': ['wamp.call']}");
    struct rbac *rbac = rbac_builder_build(builder, 1);
    assert_null(rbac_realm_find(rbac, STR("com.x")));
    rbac_unref(rbac);
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.x"), "{'uri': 'com.x'}");
    rbac = rbac_builder_build(builder, 2);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    assert_non_null(realm);
    assert_true(str_eq(rbac_realm_uri(realm), STR("com.x")));
    const struct principal nobody = {0};
    assert_true(rbac_may(rbac, realm, &nobody, PERMISSION_CALL, STR("a")));
    rbac_unref(rbac);

    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.x"), NULL);
    rbac = rbac_builder_build(builder, 3);
    assert_null(rbac_realm_find(rbac, STR("com.x")));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void an_unreadable_record_grants_nothing(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "[]",
        "{'uri': 'a'",
        "{'uri': 'a', 'match': 'exact', 'role': 'all'}",
        "{'uri': 'a', 'match': 'exact', 'role': 'all', 'permissions': 'wamp.call'}",
        "{'uri': 'a', 'match': 'exact', 'role': 7, 'permissions': ['wamp.call']}",
        "{'uri': 'a', 'match': 'some', 'role': 'all', 'permissions': ['wamp.call']}",
        "{'uri': 'a b', 'match': 'exact', 'role': 'all', 'permissions': ['wamp.call']}",
        "{'uri': 'a..b', 'match': 'prefix', 'role': 'all', 'permissions': ['wamp.call']}",
        "{'uri': '', 'match': 'exact', 'role': 'all', 'permissions': ['wamp.call']}",
        "{'uri': 'a', 'match': 'exact', 'role': 'user/all', 'permissions': ['wamp.call']}",
    };
    struct rbac_builder *builder = rbac_builder_new();
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.x"), "{'uri': 'com.x'}");
    const struct principal nobody = {0};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        apply_record(builder, STR("grant"), STR("com.x"), STR("k"),
                     "{'uri': '', 'match': 'prefix', 'role': 'all',"
                     " 'permissions': ['wamp.call']}");
        apply_record(builder, STR("grant"), STR("com.x"), STR("k"), values[i]);
        struct rbac *rbac = rbac_builder_build(builder, i + 1);
        const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
        assert_false(rbac_may(rbac, realm, &nobody, PERMISSION_CALL, STR("a")));
        rbac_unref(rbac);
    }
    apply_record(builder, STR("source"), STR("com.x"), STR("k"),
                 "{'username': 'anonymous', 'authmethod': 'anonymous', 'cidr': 'everywhere'}");
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.y"), "not json");
    struct rbac *rbac = rbac_builder_build(builder, 100);
    assert_null(rbac_realm_find(rbac, STR("com.y")));
    assert_false(rbac_source_allows(rbac_realm_find(rbac, STR("com.x")), STR("anonymous"),
                                    STR("anonymous"), from_v4()));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void a_wrong_type_in_a_realm_counts_as_the_safe_side(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.x"),
                 "{'allow_connections': 'yes', 'security_enabled': 0, 'authmethods': 7}");
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.p"), "{'is_prototype': true}");
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    assert_false(rbac_realm_allows_connections(realm));
    assert_true(rbac_realm_security_enabled(realm));
    assert_false(rbac_realm_has_method(realm, STR("anonymous")));
    assert_false(rbac_realm_allows_connections(rbac_realm_find(rbac, STR("com.p"))));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void a_build_shares_the_realms_that_did_not_change(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.a"), "{}");
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.b"), "{}");
    struct rbac *first = rbac_builder_build(builder, 7);
    assert_int_equal(rbac_version(first), 7);
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.b"), "{'allow_connections': false}");
    struct rbac *second = rbac_builder_build(builder, 8);
    assert_ptr_equal(rbac_realm_find(first, STR("com.a")), rbac_realm_find(second, STR("com.a")));
    assert_ptr_not_equal(rbac_realm_find(first, STR("com.b")),
                         rbac_realm_find(second, STR("com.b")));
    assert_true(rbac_realm_allows_connections(rbac_realm_find(first, STR("com.b"))));
    rbac_builder_free(builder);
    rbac_unref(first);
    assert_false(rbac_realm_allows_connections(rbac_realm_find(second, STR("com.b"))));
    rbac_unref(second);
}

static void realms_are_listed_in_order_and_found_in_any_case(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_record(builder, STR("realm"), STR_EMPTY, STR("org.z"), "{}");
    apply_record(builder, STR("realm"), STR_EMPTY, STR("com.a"), "{}");
    struct rbac *rbac = rbac_builder_build(builder, 1);
    size_t count = 0;
    const struct str *uris = rbac_realm_uris(rbac, &count);
    assert_int_equal(count, 3);
    assert_true(str_eq(uris[0], STR("com.a")));
    assert_true(str_eq(uris[1], MASTER_REALM));
    assert_true(str_eq(uris[2], STR("org.z")));
    assert_non_null(rbac_realm_find(rbac, STR("ORG.Z")));
    assert_null(rbac_realm_find(rbac, STR("")));
    assert_null(rbac_realm_find(rbac, STR("org")));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_master_realm_is_always_there_and_closed),
        cmocka_unit_test(a_source_for_all_in_the_master_realm_counts_where_users_prove_themselves),
        cmocka_unit_test(stored_rights_of_anybody_in_the_master_realm_need_the_switch),
        cmocka_unit_test(records_of_other_kinds_are_not_ours),
        cmocka_unit_test(grants_may_come_before_their_realm),
        cmocka_unit_test(an_unreadable_record_grants_nothing),
        cmocka_unit_test(a_wrong_type_in_a_realm_counts_as_the_safe_side),
        cmocka_unit_test(a_build_shares_the_realms_that_did_not_change),
        cmocka_unit_test(realms_are_listed_in_order_and_found_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
