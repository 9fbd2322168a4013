#include "rbac/security_file.h"
#include "rbac_helper.h"
#include "token/key.h"

#include <unistd.h>

static const struct realm_options no_options = {0};

struct parsed {
    json_t *object;
    struct arena arena;
    struct realm_writes writes;
    struct realm_mistake mistake;
    bool ok;
};

static struct parsed parse(const char *text, bool allow_anonymous_admin)
{
    struct parsed parsed = {.object = json_of(text)};
    arena_init(&parsed.arena, 1 << 20);
    const struct realm_options options = {.allow_anonymous_admin = allow_anonymous_admin};
    parsed.ok =
        realm_record_parse(parsed.object, &options, &parsed.arena, &parsed.writes, &parsed.mistake);
    return parsed;
}

static void parsed_done(struct parsed *parsed)
{
    arena_done(&parsed->arena);
    json_decref(parsed->object);
}

static const struct store_write *find_write(const struct parsed *parsed, const char *key)
{
    for (size_t i = 0; i < parsed->writes.count; i++) {
        if (str_eq(parsed->writes.writes[i].key, str_of(key))) {
            return &parsed->writes.writes[i];
        }
    }
    return NULL;
}

static void a_realm_becomes_its_own_record_and_a_line_for_each_right(void **state)
{
    (void)state;
    struct parsed p =
        parse("{'uri': 'Com.Example.Shop', 'description': 'D', 'authmethods': ['anonymous'],"
              " 'groups': [{'name': 'Staff'}], 'users': [{'username': 'ann'}],"
              " 'sources': [{'usernames': ['anonymous', 'Ann'], 'authmethod': 'anonymous',"
              "              'cidr': '10.1.1.1/8', 'meta': {'a': 1}}],"
              " 'grants': [{'permissions': ['wamp.publish', 'wamp.call', 'wamp.call'],"
              "             'roles': ['staff', 'all'],"
              "             'resources': [{'uri': 'a.', 'match': 'prefix'}, {'uri': 'any'}]}]}",
              false);
    assert_true(p.ok);
    assert_int_equal(p.writes.count, 9);
    const struct store_write *realm = &p.writes.writes[0];
    assert_true(str_eq(realm->kind, STR("realm")));
    assert_true(str_eq(realm->realm, STR_EMPTY));
    assert_true(str_eq(realm->key, STR("com.example.shop")));
    assert_string_equal(
        realm->value.ptr,
        "{\"authmethods\":[\"anonymous\"],\"description\":\"D\",\"uri\":\"com.example.shop\"}");

    const struct store_write *source = find_write(&p, "anonymous 10.0.0.0/8 ann");
    assert_non_null(source);
    assert_true(str_eq(source->kind, STR("source")));
    assert_true(str_eq(source->realm, STR("com.example.shop")));
    assert_string_equal(source->value.ptr, "{\"authmethod\":\"anonymous\",\"cidr\":\"10.0.0.0/8\","
                                           "\"meta\":{\"a\":1},\"username\":\"ann\"}");

    const struct store_write *grant = find_write(&p, "prefix a. group/staff");
    assert_non_null(grant);
    assert_true(str_eq(grant->kind, STR("grant")));
    assert_string_equal(grant->value.ptr,
                        "{\"match\":\"prefix\",\"permissions\":[\"wamp.call\",\"wamp.publish\"],"
                        "\"role\":\"group/staff\",\"uri\":\"a.\"}");
    assert_non_null(find_write(&p, "prefix * all"));
    parsed_done(&p);
}

static void names_are_looked_up_in_the_object(void **state)
{
    (void)state;
    struct parsed p =
        parse("{'uri': 'com.x', 'users': [{'username': 'Ann', 'password': 'secret'}],"
              " 'groups': [{'name': 'staff'}],"
              " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a',"
              "             'roles': ['ann', 'STAFF', 'user/ann', 'anonymous', 'all']}]}",
              false);
    assert_true(p.ok);
    assert_non_null(find_write(&p, "exact a user/ann"));
    assert_non_null(find_write(&p, "exact a group/staff"));
    assert_non_null(find_write(&p, "exact a anonymous"));
    assert_non_null(find_write(&p, "exact a all"));
    for (size_t i = 0; i < p.writes.count; i++) {
        assert_null(strstr(p.writes.writes[i].value.ptr, "secret"));
    }
    parsed_done(&p);
}

static void what_is_unknown_or_a_secret_is_not_kept(void **state)
{
    (void)state;
    struct parsed p = parse("{'uri': 'com.x', 'userz': [{'password': 'secret'}],"
                            " 'encryption_keys': ['secret'],"
                            " 'description': null, 'info': {'kept': true}}",
                            false);
    assert_true(p.ok);
    assert_int_equal(p.writes.count, 1);
    assert_string_equal(p.writes.writes[0].value.ptr,
                        "{\"info\":{\"kept\":true},\"uri\":\"com.x\"}");
    parsed_done(&p);
}

/* A key that stays where it is, and one that comes with its text. */
static void private_keys_become_records_by_their_thumbprints(void **state)
{
    (void)state;
    static const enum sign_algorithm algorithms[] = {SIGN_ES256, SIGN_EDDSA};
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        char id[KEY_ID_SIZE];
        struct sign_key *key = sign_key_generate(algorithms[i]);
        char *pem = sign_key_pem(key);
        json_t *realm = json_pack("{s:s, s:[s]}", "uri", "com.x", "private_keys", pem);
        const struct realm_options options = {.quiet = true};
        struct realm_mistake mistake = {0};
        struct realm_writes writes = {0};
        struct arena arena;
        struct err err = {0};
        arena_init(&arena, 1 << 20);
        token_key_id(key, id);
        assert_true(realm_record_parse(realm, &options, &arena, &writes, &mistake));
        assert_int_equal(writes.count, 2);
        const struct store_write *write = &writes.writes[1];
        assert_true(str_eq(write->kind, STR("key")) && str_eq(write->key, str_of(id)));
        json_t *value = json_loadb(write->value.ptr, write->value.len, 0, NULL);
        struct token_key *read = token_key_read(STR("com.x"), write->key, value, &err);
        assert_non_null(read);
        /* What is there already is not written again, whatever has become of it. */
        struct store_record present = {.kind = write->kind,
                                       .realm = write->realm,
                                       .key = write->key,
                                       .value = STR("{\"status\":\"retired\"}"),
                                       .version = 3};
        assert_true(realm_writes_merge(&writes, &present, 1, &arena, &err));
        assert_int_equal(writes.count, 1);
        token_key_unref(read);
        json_decref(value);
        json_decref(realm);
        arena_done(&arena);
        mem_free(pem);
        sign_key_unref(key);
    }
}

static void what_is_no_private_key_is_a_mistake_that_does_not_tell_it(void **state)
{
    (void)state;
    static const char *const keys[] = {"'secret'", "1", "''", "null", "{}", "'secret', 'secret'"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "{'uri': 'com.x', 'private_keys': [%s]}", keys[i]);
        struct parsed p = parse(text, false);
        assert_false(p.ok);
        assert_non_null(strstr(p.mistake.text, "key 1"));
        assert_null(strstr(p.mistake.text, "secret"));
        parsed_done(&p);
    }
}

static void the_master_realm_is_not_opened_by_a_file(void **state)
{
    (void)state;
    const char *text =
        "{'uri': 'com.leapsight.bondy',"
        " 'sources': [{'usernames': 'all', 'authmethod': 'password'},"
        "             {'usernames': ['anonymous', 'admin'], 'authmethod': 'password'}],"
        " 'grants': [{'permissions': ['wamp.call'], 'uri': '', 'roles': ['anonymous', "
        "'bondy.administrators']},"
        "            {'permissions': ['wamp.call'], 'uri': '', 'roles': 'all'}]}";
    struct parsed p = parse(text, false);
    assert_true(p.ok);
    assert_int_equal(p.writes.count, 3);
    assert_non_null(find_write(&p, "password 0.0.0.0/0 admin"));
    assert_non_null(find_write(&p, "prefix * group/bondy.administrators"));
    parsed_done(&p);
    p = parse(text, true);
    assert_true(p.ok);
    assert_int_equal(p.writes.count, 7);
    parsed_done(&p);
}

struct mistake_case {
    const char *text;
    const char *key; /* NULL: the node itself */
    const char *says;
};

static const struct mistake_case mistake_cases[] = {
    {"[]", NULL, "an object"},
    {"{}", NULL, "\"uri\""},
    {"{'uri': 7}", "uri", "\"uri\""},
    {"{'uri': ''}", "uri", "\"uri\""},
    {"{'uri': 'a..b'}", "uri", "\"uri\""},
    {"{'uri': 'a b'}", "uri", "\"uri\""},
    {"{'uri': 'com.leapsight.bondy.internal'}", "uri", "reserved"},
    {"{'uri': 'COM.leapsight.bondyx'}", "uri", "reserved"},
    {"{'uri': 'com.leapsight.bondy', 'security_enabled': false}", "security_enabled", "master"},
    {"{'uri': 'x', 'description': 1}", "description", "string"},
    {"{'uri': 'x', 'is_prototype': 'yes'}", "is_prototype", "true or false"},
    {"{'uri': 'x', 'allow_connections': 1}", "allow_connections", "true or false"},
    {"{'uri': 'x', 'security_enabled': 'off'}", "security_enabled", "true or false"},
    {"{'uri': 'x', 'prototype_uri': 'a b'}", "prototype_uri", "URI"},
    {"{'uri': 'x', 'password_opts': []}", "password_opts", "object"},
    {"{'uri': 'x', 'info': 1}", "info", "object"},
    {"{'uri': 'x', 'authmethods': 'anonymous'}", "authmethods", "list"},
    {"{'uri': 'x', 'authmethods': ['pasword']}", NULL, "\"password\""},
    {"{'uri': 'x', 'users': {}}", "users", "list"},
    {"{'uri': 'x', 'users': [1]}", NULL, "element 1"},
    {"{'uri': 'x', 'users': [{'name': 'a'}]}", NULL, "\"username\""},
    {"{'uri': 'x', 'users': [{'username': 'all'}]}", "username", "reserved"},
    {"{'uri': 'x', 'groups': [{'name': ''}]}", "name", "\"name\""},
    {"{'uri': 'x', 'sources': {}}", "sources", "list"},
    {"{'uri': 'x', 'sources': [1]}", NULL, "source 1"},
    {"{'uri': 'x', 'sources': [{'usernames': 'all'}]}", NULL, "authmethod"},
    {"{'uri': 'x', 'sources': [{'usernames': 'all', 'authmethod': 'anonymus'}]}", "authmethod",
     "\"anonymous\""},
    {"{'uri': 'x', 'sources': [{'authmethod': 'anonymous'}]}", NULL, "usernames"},
    {"{'uri': 'x', 'sources': [{'usernames': [1], 'authmethod': 'anonymous'}]}", NULL, "usernames"},
    {"{'uri': 'x', 'sources': [{'usernames': 'all', 'authmethod': 'tls', 'cidr': '1.2.3'}]}",
     "cidr", "10.0.0.0/8"},
    {"{'uri': 'x', 'sources': [{'usernames': 'all', 'authmethod': 'tls', 'meta': 1}]}", "meta",
     "object"},
    {"{'uri': 'x', 'grants': 'all'}", "grants", "list"},
    {"{'uri': 'x', 'grants': ['all']}", NULL, "grant 1"},
    {"{'uri': 'x', 'grants': [{'uri': 'a', 'roles': 'all'}]}", NULL, "permissions"},
    {"{'uri': 'x', 'grants': [{'permissions': [], 'uri': 'a', 'roles': 'all'}]}", "permissions",
     "permissions"},
    {"{'uri': 'x', 'grants': [{'permissions': ['a b'], 'uri': 'a', 'roles': 'all'}]}", NULL,
     "permission 1"},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'roles': 'all'}]}", NULL, "\"uri\""},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a'}]}", NULL, "\"roles\""},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': [3]}]}", NULL,
     "a role must be"},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': 'any'}]}", NULL,
     "\"any\""},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': 'user/all'}]}",
     NULL, "\"user/all\""},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a.', 'match': 'exact',"
     " 'roles': 'all'}]}",
     "uri", "prefix"},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a..b', 'match': 'prefix',"
     " 'roles': 'all'}]}",
     "uri", "prefix"},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a b', 'roles': 'all'}]}",
     "uri", "no URI"},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'match': 'regex',"
     " 'roles': 'all'}]}",
     "match", "\"wildcard\""},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'resources': 'some',"
     " 'roles': 'all'}]}",
     "resources", "\"any\""},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'resources': [1], 'roles': 'all'}]}",
     NULL, "resource 1"},
    {"{'uri': 'x', 'grants': [{'permissions': ['wamp.call'], 'resources': [], 'uri': 'a',"
     " 'roles': 'all'}]}",
     "uri", "one of them"},
    {"{'uri': 'x', 'users': [{'username': 'bob'}], 'groups': [{'name': 'Bob'}],"
     " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['bob']}]}",
     NULL, "user/bob"},
};

static void a_mistake_is_named_and_nothing_comes_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistake_cases); i++) {
        const struct mistake_case *c = &mistake_cases[i];
        struct parsed p = parse(c->text, false);
        if (p.ok) {
            fail_msg("%s was accepted", c->text);
        }
        assert_non_null(p.mistake.node);
        if (strstr(p.mistake.text, c->says) == NULL) {
            fail_msg("%s: \"%s\" does not say %s", c->text, p.mistake.text, c->says);
        }
        if (c->key == NULL ? p.mistake.key != NULL
                           : p.mistake.key == NULL || strcmp(p.mistake.key, c->key) != 0) {
            fail_msg("%s: key %s", c->text, p.mistake.key == NULL ? "none" : p.mistake.key);
        }
        assert_null(p.writes.writes);
        parsed_done(&p);
    }
}

static void a_realm_that_does_not_fit_its_arena_is_refused(void **state)
{
    (void)state;
    json_t *roles = json_array();
    json_t *groups = json_array();
    for (unsigned i = 0; i < 2000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "role%u", i);
        (void)json_array_append_new(roles, json_string(name));
        (void)json_array_append_new(groups, json_pack("{s:s}", "name", name));
    }
    json_t *realm = json_pack("{s:s, s:o, s:[{s:[s], s:s, s:o}]}", "uri", "com.x", "groups", groups,
                              "grants", "permissions", "wamp.call", "uri", "a", "roles", roles);
    for (size_t max = 1024; max < (4 << 20); max *= 2) {
        struct arena arena;
        arena_init(&arena, max);
        struct realm_writes writes = {0};
        struct realm_mistake mistake;
        if (realm_record_parse(realm, &no_options, &arena, &writes, &mistake)) {
            assert_int_equal(writes.count, 4001);
        } else {
            assert_non_null(strstr(mistake.text, "too large"));
        }
        arena_done(&arena);
    }
    json_decref(realm);
}

static void resources_times_roles_are_bounded(void **state)
{
    (void)state;
    json_t *roles = json_array();
    json_t *groups = json_array();
    json_t *resources = json_array();
    for (unsigned i = 0; i < 400; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%u", i);
        (void)json_array_append_new(roles, json_string(name));
        (void)json_array_append_new(groups, json_pack("{s:s}", "name", name));
        (void)json_array_append_new(resources, json_pack("{s:s}", "uri", name));
    }
    json_t *realm =
        json_pack("{s:s, s:o, s:[{s:[s], s:o, s:o}]}", "uri", "com.x", "groups", groups, "grants",
                  "permissions", "wamp.call", "resources", resources, "roles", roles);
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    struct realm_writes writes = {0};
    struct realm_mistake mistake;
    assert_false(realm_record_parse(realm, &no_options, &arena, &writes, &mistake));
    assert_non_null(strstr(mistake.text, "more than 100000"));
    arena_done(&arena);
    json_decref(realm);
}

static void the_open_realm_and_the_example_file_are_valid(void **state)
{
    (void)state;
    json_t *open = realm_record_open(STR("com.example.demo"));
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_json(builder, open);
    json_decref(open);
    json_error_t error;
    json_t *file = json_load_file("specs/security.example.json", 0, &error);
    assert_non_null(file);
    assert_int_equal(json_array_size(file), 2);
    apply_realm_json(builder, json_array_get(file, 0));
    json_decref(file);

    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *demo = rbac_realm_find(rbac, STR("com.example.demo"));
    const struct rbac_realm *shop = rbac_realm_find(rbac, STR("com.example.shop"));
    struct str role = RBAC_ROLE_ANONYMOUS;
    const struct principal anybody = {
        .roles = &role, .role_count = 1, .authmethod = RBAC_METHOD_ANONYMOUS};
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        assert_true(rbac_may(rbac, demo, &anybody, (enum permission)i, STR("com.any.thing")));
    }
    struct in6_addr from = address_of("8.8.8.8");
    assert_true(rbac_source_allows(demo, STR("anonymous"), STR("anonymous"), &from));
    from = address_of("2001:db8::1");
    assert_true(rbac_source_allows(demo, STR("anonymous"), STR("anonymous"), &from));

    assert_true(
        rbac_may(rbac, shop, &anybody, PERMISSION_CALL, STR("com.example.shop.catalogue.list")));
    assert_false(rbac_may(rbac, shop, &anybody, PERMISSION_CALL, STR("com.example.shop.orders")));
    assert_true(rbac_may(rbac, shop, &anybody, PERMISSION_SUBSCRIBE,
                         STR("com.example.shop.price.changed")));
    role = STR("back_end");
    assert_true(rbac_may(rbac, shop, &anybody, PERMISSION_REGISTER, STR("com.example.shop.x")));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

static void the_external_form_shows_no_more_than_it_should(void **state)
{
    (void)state;
    json_t *stored =
        json_of("{'uri': 'com.x', 'security_enabled': false, 'info': {'a': 1}, 'description': 'd',"
                " 'authmethods': ['anonymous']}");
    json_t *external = realm_record_external(stored);
    json_t *expected = json_of("{'uri': 'com.x', 'description': 'd', 'authmethods': ['anonymous'],"
                               " 'security_status': 'disabled', 'public_keys': []}");
    assert_true(json_equal(external, expected));
    json_decref(stored);
    json_decref(external);
    json_decref(expected);
}

static struct store *store_in(char *dir)
{
    struct err err = {0};
    struct store *store = store_open(STR("sqlite:"), str_of(dir), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    return store;
}

static bool apply(struct store *store, const char *text)
{
    json_t *realm = json_of(text);
    bool changed = false;
    struct realm_mistake mistake;
    struct err err = {0};
    if (!security_file_apply(store, realm, NULL, STR("test"), &changed, &mistake, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(realm);
    return changed;
}

static void assert_value(struct store *store, const char *kind, const char *key, const char *value)
{
    bool realm = strcmp(kind, "realm") == 0;
    struct store_request request = {.op = STORE_GET,
                                    .kind = str_of(kind),
                                    .realm = realm ? STR_EMPTY : STR("com.x"),
                                    .key = str_of(key)};
    arena_init(&request.arena, 1 << 20);
    store_run(store, &request);
    assert_true(request.ok);
    assert_string_equal(request.records[0].value.ptr, value);
    arena_done(&request.arena);
}

static void applying_a_file_twice_writes_nothing(void **state)
{
    (void)state;
    char dir[] = "/tmp/postern-realm-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct store *store = store_in(dir);
    const char *file =
        "{'uri': 'com.x', 'description': 'one', 'authmethods': ['anonymous'],"
        " 'sources': [{'usernames': ['anonymous'], 'authmethod': 'anonymous'}],"
        " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['anonymous']}]}";
    assert_true(apply(store, file));
    assert_false(apply(store, file));

    /* What somebody has granted meanwhile stays, what a file leaves out too. */
    assert_true(apply(store, "{'uri': 'com.x', 'allow_connections': false, 'grants':"
                             " [{'permissions': ['wamp.publish'], 'uri': 'a',"
                             " 'roles': ['anonymous']}]}"));
    assert_false(apply(store, file));
    assert_value(store, "realm", "com.x",
                 "{\"allow_connections\":false,\"authmethods\":[\"anonymous\"],"
                 "\"description\":\"one\",\"uri\":\"com.x\"}");
    assert_value(store, "grant", "exact a anonymous",
                 "{\"match\":\"exact\",\"permissions\":[\"wamp.call\",\"wamp.publish\"],"
                 "\"role\":\"anonymous\",\"uri\":\"a\"}");
    assert_true(apply(store, "{'uri': 'com.x', 'description': 'two'}"));

    json_t *wrong = json_of("{'uri': 'a b'}");
    struct realm_mistake mistake;
    struct err err = {0};
    assert_false(security_file_apply(store, wrong, NULL, STR("test"), NULL, &mistake, &err));
    assert_int_equal(err.code, ERR_INVALID);
    json_decref(wrong);
    store_close(store);
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/postern.db", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_realm_becomes_its_own_record_and_a_line_for_each_right),
        cmocka_unit_test(names_are_looked_up_in_the_object),
        cmocka_unit_test(what_is_unknown_or_a_secret_is_not_kept),
        cmocka_unit_test(private_keys_become_records_by_their_thumbprints),
        cmocka_unit_test(what_is_no_private_key_is_a_mistake_that_does_not_tell_it),
        cmocka_unit_test(the_master_realm_is_not_opened_by_a_file),
        cmocka_unit_test(a_mistake_is_named_and_nothing_comes_out),
        cmocka_unit_test(a_realm_that_does_not_fit_its_arena_is_refused),
        cmocka_unit_test(resources_times_roles_are_bounded),
        cmocka_unit_test(the_open_realm_and_the_example_file_are_valid),
        cmocka_unit_test(the_external_form_shows_no_more_than_it_should),
        cmocka_unit_test(applying_a_file_twice_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
