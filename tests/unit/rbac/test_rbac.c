#include "rbac_helper.h"
#include "rbac_world.h"

/* In the order in which a row reads. */
struct may_case {       /* NOLINT(clang-analyzer-optin.performance.Padding) */
    const char *grants; /* NULL: as in the row above */
    const char *authid;
    const char *method;
    const char *role;
    enum permission permission;
    const char *uri;
    bool allowed;
};

#define CALL PERMISSION_CALL
#define ANON "anonymous"

static const struct may_case may_cases[] = {
    /* Nothing is allowed that no grant allows. */
    {"[]", "x", ANON, ANON, CALL, "com.a", false},
    /* Exact. */
    {"[{'permissions':['wamp.call'],'uri':'com.a.b','match':'exact','roles':['anonymous']}]", "x",
     ANON, ANON, CALL, "com.a.b", true},
    {NULL, "x", ANON, ANON, CALL, "com.a", false},
    {NULL, "x", ANON, ANON, CALL, "com.a.b.c", false},
    {NULL, "x", ANON, ANON, CALL, "com.a.bc", false},
    {NULL, "x", ANON, ANON, PERMISSION_REGISTER, "com.a.b", false},
    {NULL, "x", "password", "staff", CALL, "com.a.b", false},
    /* A prefix without a dot is the place itself and all below, on component borders. */
    {"[{'permissions':['wamp.call'],'uri':'com.a','match':'prefix','roles':['anonymous']}]", "x",
     ANON, ANON, CALL, "com.a", true},
    {NULL, "x", ANON, ANON, CALL, "com.a.b", true},
    {NULL, "x", ANON, ANON, CALL, "com.a.b.c.d", true},
    {NULL, "x", ANON, ANON, CALL, "com.ab", false},
    {NULL, "x", ANON, ANON, CALL, "com", false},
    {NULL, "x", ANON, ANON, CALL, "xcom.a", false},
    /* A prefix with a dot is all below alone. */
    {"[{'permissions':['wamp.call'],'uri':'com.a.','match':'prefix','roles':['anonymous']}]", "x",
     ANON, ANON, CALL, "com.a", false},
    {NULL, "x", ANON, ANON, CALL, "com.a.b", true},
    {NULL, "x", ANON, ANON, CALL, "com.a.b.c", true},
    {NULL, "x", ANON, ANON, CALL, "com.ab.c", false},
    /* Wildcards: as many components, an empty one is any. */
    {"[{'permissions':['wamp.call'],'uri':'com..get','match':'wildcard','roles':['anonymous']}]",
     "x", ANON, ANON, CALL, "com.a.get", true},
    {NULL, "x", ANON, ANON, CALL, "com.b.get", true},
    {NULL, "x", ANON, ANON, CALL, "com.get", false},
    {NULL, "x", ANON, ANON, CALL, "com.a.b.get", false},
    {NULL, "x", ANON, ANON, CALL, "com.a.got", false},
    {NULL, "x", ANON, ANON, CALL, "com.a.get.x", false},
    {"[{'permissions':['wamp.call'],'uri':'..','match':'wildcard','roles':['anonymous']}]", "x",
     ANON, ANON, CALL, "a.b.c", true},
    {NULL, "x", ANON, ANON, CALL, "a.b", false},
    {"[{'permissions':['wamp.call'],'uri':'a..c','match':'wildcard','roles':['anonymous']},"
     "{'permissions':['wamp.call'],'uri':'.b.d','match':'wildcard','roles':['anonymous']}]",
     "x", ANON, ANON, CALL, "a.b.d", true},
    {NULL, "x", ANON, ANON, CALL, "a.b.c", true},
    {NULL, "x", ANON, ANON, CALL, "a.x.d", false},
    /* Everywhere, in its spellings. */
    {"[{'permissions':['wamp.call'],'uri':'','roles':['anonymous']}]", "x", ANON, ANON, CALL, "q",
     true},
    {"[{'permissions':['wamp.call'],'uri':'*','match':'exact','roles':['anonymous']}]", "x", ANON,
     ANON, CALL, "q.r", true},
    {"[{'permissions':['wamp.call'],'uri':'any','roles':['anonymous']}]", "x", ANON, ANON, CALL,
     "q.r.s", true},
    {"[{'permissions':['wamp.call'],'resources':'any','roles':['anonymous']}]", "x", ANON, ANON,
     CALL, "q", true},
    {NULL, "x", ANON, ANON, PERMISSION_PUBLISH, "q", false},
    /* The match that is missing is derived from the URI. */
    {"[{'permissions':['wamp.call'],'uri':'com.a','roles':['anonymous']}]", "x", ANON, ANON, CALL,
     "com.a", true},
    {NULL, "x", ANON, ANON, CALL, "com.a.b", false},
    {"[{'permissions':['wamp.call'],'uri':'com..c','roles':['anonymous']}]", "x", ANON, ANON, CALL,
     "com.b.c", true},
    {"[{'permissions':['wamp.call'],'uri':'com.','roles':['anonymous']}]", "x", ANON, ANON, CALL,
     "com.b", true},
    {NULL, "x", ANON, ANON, CALL, "com.b.c", false},
    /* Several resources, several roles, several permissions. */
    {"[{'permissions':['wamp.call','wamp.publish'],'roles':['staff','Ops'],"
     "'resources':[{'uri':'a','match':'exact'},{'uri':'b','match':'prefix'}]}]",
     "x", "password", "staff", CALL, "a", true},
    {NULL, "x", "password", "ops", PERMISSION_PUBLISH, "b.c", true},
    {NULL, "x", "password", "ops", PERMISSION_SUBSCRIBE, "b.c", false},
    {NULL, "x", "password", "other", CALL, "a", false},
    {NULL, "x", ANON, ANON, CALL, "a", false},
    /* Two grants of one place add up. */
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':['staff']},"
     "{'permissions':['wamp.publish'],'uri':'a','match':'exact','roles':['staff']}]",
     "x", "password", "staff", CALL, "a", true},
    {NULL, "x", "password", "staff", PERMISSION_PUBLISH, "a", true},
    /* "all" is everybody, in either form. */
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':'all'}]", "x", ANON, ANON,
     CALL, "a", true},
    {NULL, "x", "password", "staff", CALL, "a", true},
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':['all']}]", "x", "password",
     "staff", CALL, "a", true},
    /* A single name is a list of one. */
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':'staff'}]", "x", "password",
     "staff", CALL, "a", true},
    {NULL, "x", "password", "other", CALL, "a", false},
    /* Users and groups. */
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':['user/ann']}]", "ann",
     "password", "staff", CALL, "a", true},
    {NULL, "ben", "password", "staff", CALL, "a", false},
    {NULL, "ben", "password", "ann", CALL, "a", false}, /* a group of that name */
    {NULL, "ann", ANON, ANON, CALL, "a", false},        /* says so, but nobody asked */
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':['group/staff']}]", "ann",
     "password", "staff", CALL, "a", true},
    {NULL, "staff", "password", "other", CALL, "a", false}, /* a user of that name */
    {"[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':['ann']}]", "ann", "password",
     "staff", CALL, "a", true},
    {NULL, "ann", ANON, ANON, CALL, "a", false},
    /* Permissions that this program does not ask about change nothing. */
    {"[{'permissions':['bondy.issue','com.mine'],'uri':'','roles':'all'}]", "x", ANON, ANON, CALL,
     "a", false},
};

static void check_may(const struct world *world, const struct may_case *c)
{
    struct str role = str_of(c->role);
    struct principal principal = {.authid = str_of(c->authid),
                                  .roles = &role,
                                  .role_count = 1,
                                  .authmethod = str_of(c->method),
                                  .memo = rbac_memo_new()};
    for (unsigned again = 0; again < 2; again++) {
        bool allowed =
            rbac_may(world->rbac, world->realm, &principal, c->permission, str_of(c->uri));
        if (allowed != c->allowed) {
            fail_msg("case %td, %s", c - may_cases, c->uri);
        }
    }
    rbac_memo_free(principal.memo);
}

static void a_principal_may_what_its_grants_say(void **state)
{
    (void)state;
    struct world world = {0};
    for (size_t i = 0; i < COUNT_OF(may_cases); i++) {
        if (may_cases[i].grants != NULL) {
            if (world.rbac != NULL) {
                world_done(&world);
            }
            world = world_of(may_cases[i].grants);
        }
        check_may(&world, &may_cases[i]);
    }
    world_done(&world);
}

static void a_realm_without_security_allows_everything(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder, "{'uri': 'com.x', 'security_enabled': false}");
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    const struct principal nobody = {0};
    assert_false(rbac_realm_security_enabled(realm));
    assert_true(rbac_may(rbac, realm, &nobody, PERMISSION_REGISTER, STR("a")));
    assert_true(
        rbac_may_pattern(rbac, realm, &nobody, PERMISSION_SUBSCRIBE, STR(""), GRANT_PREFIX));
    struct in6_addr from = address_of("8.8.8.8");
    assert_true(rbac_source_allows(realm, STR("anonymous"), STR("anonymous"), &from));
    assert_false(rbac_source_allows(realm, STR("ann"), STR("password"), &from));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void a_memo_forgets_when_the_snapshot_changes(void **state)
{
    (void)state;
    struct world world =
        world_of("[{'permissions':['wamp.call'],'uri':'a','match':'exact','roles':['anonymous']}]");
    struct str role = RBAC_ROLE_ANONYMOUS;
    struct principal principal = {.roles = &role, .role_count = 1, .memo = rbac_memo_new()};
    assert_true(rbac_may(world.rbac, world.realm, &principal, PERMISSION_CALL, STR("a")));
    assert_false(rbac_may(world.rbac, world.realm, &principal, PERMISSION_CALL, STR("b")));

    assert_true(
        rbac_builder_apply(world.builder, &(struct store_record){.kind = STR("grant"),
                                                                 .realm = STR("com.x"),
                                                                 .key = STR("exact a anonymous"),
                                                                 .deleted = true}));
    struct rbac *next = rbac_builder_build(world.builder, 2);
    const struct rbac_realm *realm = rbac_realm_find(next, STR("com.x"));
    assert_false(rbac_may(next, realm, &principal, PERMISSION_CALL, STR("a")));
    assert_true(rbac_may(world.rbac, world.realm, &principal, PERMISSION_CALL, STR("a")));
    rbac_memo_free(principal.memo);
    rbac_unref(next);
    world_done(&world);
}

static void a_memo_is_bounded_and_never_mistakes_a_uri(void **state)
{
    (void)state;
    struct world world = world_of(
        "[{'permissions':['wamp.call'],'uri':'even.','match':'prefix','roles':['anonymous']}]");
    struct str role = RBAC_ROLE_ANONYMOUS;
    struct principal principal = {.roles = &role, .role_count = 1, .memo = rbac_memo_new()};
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 3000; i++) {
            char uri[40];
            (void)snprintf(uri, sizeof(uri), "%s.n%u", i % 2 == 0 ? "even" : "odd", i * 7919);
            assert_int_equal(
                rbac_may(world.rbac, world.realm, &principal, PERMISSION_CALL, str_of(uri)),
                i % 2 == 0);
            assert_false(
                rbac_may(world.rbac, world.realm, &principal, PERMISSION_PUBLISH, str_of(uri)));
        }
    }
    char longest[2000];
    memset(longest, 'x', sizeof(longest));
    longest[4] = '.';
    assert_false(rbac_may(world.rbac, world.realm, &principal, PERMISSION_CALL,
                          str_make(longest, sizeof(longest))));
    rbac_memo_free(principal.memo);
    world_done(&world);
}

static void a_source_holds_for_its_user_method_and_block(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder,
                     "{'uri': 'com.x', 'authmethods': ['anonymous', 'password', 'ticket'],"
                     " 'users': [{'username': 'ann'}, {'username': 'ben'}],"
                     " 'sources': ["
                     "{'usernames':['Anonymous'],'authmethod':'anonymous','cidr':'127.0.0.0/8'},"
                     "{'usernames':['ann','ben'],'authmethod':'password','cidr':'10.1.2.3/8'},"
                     "{'usernames':'all','authmethod':'password','cidr':'2001:db8::/32'},"
                     "{'usernames':'all','authmethod':'wampcra'}]}");
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    static const struct {
        const char *user;
        const char *method;
        const char *address;
        bool allowed;
    } cases[] = {
        {"anonymous", "anonymous", "127.0.0.1", true},
        {"anonymous", "anonymous", "::ffff:127.1.0.1", true},
        {"anonymous", "anonymous", "128.0.0.1", false},
        {"anonymous", "anonymous", "::1", false},
        {"anonymous", "anonymous", "::", true}, /* a unix socket */
        {"ann", "password", "10.9.9.9", true},
        {"ben", "password", "10.0.0.1", true},
        {"cid", "password", "10.0.0.1", false},
        {"cid", "password", "2001:db8::7", true},
        {"ann", "anonymous", "127.0.0.1", false},
        {"ann", "ticket", "10.0.0.1", false},  /* no source */
        {"ann", "wampcra", "10.0.0.1", false}, /* no method of this realm */
        {"ann", "nonsense", "10.0.0.1", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct in6_addr from = address_of(cases[i].address);
        if (rbac_source_allows(realm, str_of(cases[i].user), str_of(cases[i].method), &from) !=
            cases[i].allowed) {
            fail_msg("case %zu", i);
        }
    }
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_principal_may_what_its_grants_say),
        cmocka_unit_test(a_realm_without_security_allows_everything),
        cmocka_unit_test(a_memo_forgets_when_the_snapshot_changes),
        cmocka_unit_test(a_memo_is_bounded_and_never_mistakes_a_uri),
        cmocka_unit_test(a_source_holds_for_its_user_method_and_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
