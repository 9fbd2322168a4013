/* links: store credential */
#include "credential/credential.h"
#include "rbac/security_file.h"
#include "rbac_helper.h"

#include <unistd.h>

/* The security file and the table of cases.json, through a store and back. */
struct world {
    char dir[40];
    struct store *store;
    struct rbac_builder *builder;
    struct rbac *rbac;
    json_t *table;
    struct arena arena;
};

static struct world world = {.dir = "/tmp/postern-cases-XXXXXX"};

static bool apply_file(bool *out_changed)
{
    struct realm_mistake mistake = {0};
    struct err err = {0};
    if (!security_file_apply(world.store, json_object_get(world.table, "file"), NULL, STR("test"),
                             out_changed, &mistake, &err)) {
        fail_msg("%s", err.text);
    }
    return true;
}

static void on_record(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    (void)ctx;
    (void)seq;
    for (size_t i = 0; i < count; i++) {
        assert_null(strstr(records[i].value.ptr, "correct horse"));
        assert_null(strstr(records[i].value.ptr, "battery staple"));
        (void)rbac_builder_apply(world.builder, &records[i]);
    }
}

static int set_up(void **state)
{
    (void)state;
    json_error_t error;
    struct err err = {0};
    world.table = json_load_file("tests/unit/rbac/cases.json", 0, &error);
    if (world.table == NULL) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    assert_non_null(mkdtemp(world.dir));
    world.store = store_open(STR("sqlite:"), str_of(world.dir), &err);
    assert_non_null(world.store);
    arena_init(&world.arena, SIZE_MAX / 2);
    assert_true(apply_file(NULL));
    world.builder = rbac_builder_new();
    assert_true(store_load(world.store, on_record, NULL, &err));
    world.rbac = rbac_builder_build(world.builder, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char path[64];
    rbac_unref(world.rbac);
    rbac_builder_free(world.builder);
    store_close(world.store);
    json_decref(world.table);
    arena_done(&world.arena);
    (void)snprintf(path, sizeof(path), "%s/postern.db", world.dir);
    (void)unlink(path);
    (void)rmdir(world.dir);
    return 0;
}

static struct str member(const json_t *object, const char *key, const char *absent)
{
    const char *text = json_string_value(json_object_get(object, key));
    return str_of(text == NULL ? absent : text);
}

static const struct rbac_realm *realm_of(const json_t *row)
{
    const struct rbac_realm *realm =
        rbac_realm_find(world.rbac, member(row, "realm", "com.example.app"));
    assert_non_null(realm);
    return realm;
}

static size_t names_of(const json_t *list, struct str *out)
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        out[i] = str_of(json_string_value(json_array_get(list, i)));
    }
    return count;
}

static struct principal principal_of(const json_t *row)
{
    struct str who = member(row, "who", "");
    if (str_eq(who, RBAC_ROLE_ANONYMOUS)) {
        return (struct principal){.authid = who,
                                  .roles = &RBAC_ROLE_ANONYMOUS,
                                  .role_count = 1,
                                  .authmethod = RBAC_METHOD_ANONYMOUS};
    }
    struct rbac_account account;
    struct rbac_roles roles;
    struct str wanted[8];
    size_t count = names_of(json_object_get(row, "roles"), wanted);
    assert_true(rbac_account_find(world.rbac, realm_of(row), who, &account));
    assert_true(
        rbac_roles_select(realm_of(row), account.user, wanted, count, &world.arena, &roles));
    return (struct principal){.authid = account.user->username,
                              .roles = roles.names,
                              .role_count = roles.count,
                              .authmethod = STR("wampcra")};
}

static enum grant_match match_of(const json_t *row)
{
    struct str match = member(row, "match", "exact");
    if (str_eq(match, STR("prefix"))) {
        return GRANT_PREFIX;
    }
    return str_eq(match, STR("wildcard")) ? GRANT_WILDCARD : GRANT_EXACT;
}

static bool
may(const json_t *row, const struct principal *principal, struct str permission, struct str uri)
{
    enum permission known;
    enum grant_match match = match_of(row);
    if (match == GRANT_EXACT) {
        bool allowed = rbac_may_named(world.rbac, realm_of(row), principal, permission, uri);
        assert_true(!permission_find(permission, &known) ||
                    allowed == rbac_may(world.rbac, realm_of(row), principal, known, uri));
        return allowed;
    }
    struct rbac_explanation why;
    rbac_explain_named(realm_of(row), principal, permission, uri, match, &why);
    assert_true(!permission_find(permission, &known) ||
                why.allowed ==
                    rbac_may_pattern(world.rbac, realm_of(row), principal, known, uri, match));
    return why.allowed;
}

/* Asked twice, so that the memo answers too; and an explanation says the same. */
static void check_uri(const json_t *row,
                      const struct principal *principal,
                      struct str permission,
                      struct str uri,
                      bool expected)
{
    struct rbac_explanation why;
    rbac_explain_named(realm_of(row), principal, permission, uri, match_of(row), &why);
    for (unsigned again = 0; again < 2; again++) {
        bool allowed = may(row, principal, permission, uri);
        if (allowed != expected || why.allowed != expected) {
            fail_msg("%s %s \"%s\" %s: %d; %s", member(row, "who", "").ptr, permission.ptr, uri.ptr,
                     member(row, "match", "exact").ptr, allowed, why.text);
        }
    }
}

static size_t check_row(const json_t *row, const char *key, bool expected)
{
    const json_t *uris = json_object_get(row, key);
    struct principal principal = principal_of(row);
    struct str permission = member(row, "permission", "");
    principal.memo = rbac_memo_new();
    for (size_t i = 0; i < json_array_size(uris); i++) {
        check_uri(row, &principal, permission, str_of(json_string_value(json_array_get(uris, i))),
                  expected);
    }
    rbac_memo_free(principal.memo);
    return json_array_size(uris);
}

static void every_case_is_decided_as_the_table_says(void **state)
{
    (void)state;
    size_t count = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(world.table, "may"), i, row)
    {
        count += check_row(row, "allowed", true) + check_row(row, "denied", false);
    }
    assert_true(count >= 150);
}

/* Somebody who is not here is judged as if he were. */
static void who_is_not_here_has_the_roles_that_he_would_have(void **state)
{
    (void)state;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(world.table, "accounts"), i, row)
    {
        struct principal principal;
        struct str expected[8];
        struct str who = member(row, "who", "");
        bool found = rbac_principal_of(realm_of(row), who, &world.arena, &principal);
        assert_int_equal(found,
                         json_object_get(row, "is") != NULL || str_eq(who, STR("anonymous")));
        if (!found || json_object_get(row, "is") == NULL) {
            continue;
        }
        size_t count = names_of(json_object_get(row, "roles"), expected);
        assert_true(str_eq(principal.authid, member(row, "is", "")));
        assert_int_equal(principal.role_count, count);
        for (size_t r = 0; r < count; r++) {
            assert_true(str_eq(principal.roles[r], expected[r]));
        }
    }
    struct principal nobody;
    const struct rbac_realm *app = rbac_realm_find(world.rbac, STR("com.example.app"));
    assert_true(rbac_principal_of(app, STR("Anonymous"), &world.arena, &nobody));
    assert_true(rbac_may(world.rbac, app, &nobody, PERMISSION_CALL, STR("com.example.app.login")));
    assert_false(rbac_may(world.rbac, app, &nobody, PERMISSION_CALL, STR("com.example.app.x")));
}

static size_t offered(const json_t *row, struct str methods[RBAC_METHODS_MAX])
{
    struct str who = member(row, "who", "");
    struct in6_addr from = address_of(member(row, "from", "").ptr);
    struct rbac_account account;
    if (str_eq(who, STR("nobody"))) {
        return rbac_methods_of_nobody(realm_of(row), who, &from, methods);
    }
    bool known = rbac_account_find(world.rbac, realm_of(row), who, &account);
    return rbac_methods(realm_of(row), known ? &account : NULL, &from, methods);
}

static void methods_are_those_that_a_source_opens_and_the_user_can_prove(void **state)
{
    (void)state;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(world.table, "methods"), i, row)
    {
        struct str methods[RBAC_METHODS_MAX];
        struct str expected[RBAC_METHODS_MAX];
        size_t count = offered(row, methods);
        size_t wanted = names_of(json_object_get(row, "are"), expected);
        bool same = count == wanted;
        for (size_t m = 0; same && m < count; m++) {
            same = str_eq(methods[m], expected[m]);
        }
        if (!same) {
            fail_msg("row %zu: %s has %zu methods", i, member(row, "who", "").ptr, count);
        }
    }
}

static void check_account(const json_t *row, const struct rbac_account *account)
{
    struct str expected[8];
    struct rbac_roles roles = rbac_roles_of(realm_of(row), account->user, &world.arena);
    size_t count = names_of(json_object_get(row, "roles"), expected);
    assert_true(str_eq(account->user->username, member(row, "is", "")));
    assert_int_equal(account->enabled, json_is_true(json_object_get(row, "enabled")));
    assert_int_equal(account->holder->credential.len > 0,
                     json_is_true(json_object_get(row, "password")));
    assert_int_equal(account->holder->authorized_key_count,
                     json_integer_value(json_object_get(row, "keys")));
    assert_int_equal(roles.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(str_eq(roles.names[i], expected[i]));
    }
}

static void accounts_are_found_by_name_and_alias_with_all_their_groups(void **state)
{
    (void)state;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(world.table, "accounts"), i, row)
    {
        struct rbac_account account;
        bool found = rbac_account_find(world.rbac, realm_of(row), member(row, "who", ""), &account);
        if (found != (json_object_get(row, "is") != NULL)) {
            fail_msg("row %zu", i);
        }
        if (found) {
            check_account(row, &account);
        }
    }
}

static void a_role_that_is_none_of_the_users_is_refused(void **state)
{
    (void)state;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(world.table, "no_such_role"), i, row)
    {
        struct rbac_roles roles;
        struct str wanted[8];
        size_t count = names_of(json_object_get(row, "roles"), wanted);
        const struct rbac_user *user = rbac_user_find(realm_of(row), member(row, "who", ""));
        assert_false(rbac_roles_select(realm_of(row), user, wanted, count, &world.arena, &roles));
    }
}

static void credentials_are_where_they_belong(void **state)
{
    (void)state;
    const struct rbac_realm *app = rbac_realm_find(world.rbac, STR("com.example.app"));
    struct rbac_account account;
    assert_true(rbac_account_find(world.rbac, app, STR("sam"), &account));
    assert_int_equal(account.user->credential.len, 0);
    assert_int_equal(account.user->authorized_key_count, 0);
    assert_true(str_eq(rbac_realm_uri(account.holder_realm), STR("com.example.sso")));
    assert_true(credential_verify(account.holder->credential, STR("battery staple")));
    assert_true(rbac_account_find(world.rbac, app, STR("ann"), &account));
    assert_ptr_equal(account.user, account.holder);
    assert_true(credential_verify(account.holder->credential, STR("correct horse")));
    assert_true(str_eq(rbac_user_find(app, STR("wes"))->meta, STR("{\"floor\":3}")));
}

static void the_same_file_again_changes_nothing(void **state)
{
    (void)state;
    bool changed = true;
    assert_true(apply_file(&changed));
    assert_false(changed);
}

static void an_explanation_names_the_grant(void **state)
{
    (void)state;
    const struct rbac_realm *app = rbac_realm_find(world.rbac, STR("com.example.app"));
    json_t *row = json_pack("{s:s}", "who", "ben");
    struct principal ben = principal_of(row);
    struct rbac_explanation why;
    rbac_explain(app, &ben, PERMISSION_CALL, STR("com.example.audit"), GRANT_EXACT, &why);
    assert_string_equal(why.text, "allowed: group auditors has wamp.call on exact"
                                  " \"com.example.audit\", granted in com.example.proto");
    rbac_explain(app, &ben, PERMISSION_CALL, STR("com.example.ops.x"), GRANT_EXACT, &why);
    assert_string_equal(why.uri, "com.example.ops");
    assert_int_equal(why.match, GRANT_PREFIX);
    rbac_explain(app, &ben, PERMISSION_CALL, STR("com.example.app.x"), GRANT_EXACT, &why);
    assert_string_equal(why.uri, "com.example.app.");
    rbac_explain(app, &ben, PERMISSION_SUBSCRIBE, STR("org.a.events"), GRANT_EXACT, &why);
    assert_string_equal(why.uri, "org..events");
    assert_int_equal(why.match, GRANT_WILDCARD);
    rbac_explain(app, &ben, PERMISSION_CANCEL, STR("x"), GRANT_EXACT, &why);
    assert_string_equal(why.text, "allowed: group ops has wamp.cancel everywhere, granted in"
                                  " com.example.app");
    rbac_explain(app, &ben, PERMISSION_CALL, STR("x"), GRANT_EXACT, &why);
    assert_string_equal(why.text,
                        "not allowed: no grant of wamp.call covers exact \"x\" for all, group ops,"
                        " group staff, group auditors, group editors, group base, user ben in"
                        " com.example.app or its prototype com.example.proto");
    rbac_explain_named(app, &ben, STR("com.example.sign"), STR("org.doc.x"), GRANT_EXACT, &why);
    assert_string_equal(why.text, "allowed: group staff has com.example.sign on prefix \"org.doc\","
                                  " granted in com.example.app");
    json_decref(row);
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_decided_as_the_table_says),
        cmocka_unit_test(who_is_not_here_has_the_roles_that_he_would_have),
        cmocka_unit_test(methods_are_those_that_a_source_opens_and_the_user_can_prove),
        cmocka_unit_test(accounts_are_found_by_name_and_alias_with_all_their_groups),
        cmocka_unit_test(a_role_that_is_none_of_the_users_is_refused),
        cmocka_unit_test(credentials_are_where_they_belong),
        cmocka_unit_test(the_same_file_again_changes_nothing),
        cmocka_unit_test(an_explanation_names_the_grant),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
