/* links: rbac store */
/* test_directory_grant.c - grants given and taken back: what is written, and what is then allowed.
 */
#include "seed.h"

#define INVALID      "wamp.error.invalid_argument"
#define UNKNOWN      "bondy.error.unknown_roles"
#define INCONSISTENT "bondy.error.inconsistency_error"

static int set_up(void **state)
{
    (void)world_setup(state);
    seed(*state, "{'uri': '" REALM "', 'groups': [{'name': 'crew', 'groups': ['core']},"
                 "                                {'name': 'core'}, {'name': 'both'}],"
                 " 'users': [{'username': 'ann', 'groups': ['crew']}, {'username': 'ben'},"
                 "           {'username': 'both'}]}");
    return 0;
}

/* The permissions of a line, or "" without one. */
static void assert_line(struct world *world, const char *key, const char *permissions)
{
    json_t *line = stored(world, "grant", REALM, key);
    char text[500] = "";
    const json_t *list = json_object_get(line, "permissions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : " ",
                       json_string_value(json_array_get(list, i)));
    }
    json_decref(line);
    if (strcmp(text, permissions) != 0) {
        fail_msg("%s: \"%s\" instead of \"%s\"", key, text, permissions);
    }
}

static void both_forms_of_a_grant_become_lines(void **state)
{
    struct world *world = *state;
    assert_null(done(world, "bondy.grant.create",
                     "[{'permissions': ['wamp.call'], 'uri': 'a.b', 'roles': ['ann', 'crew']}]"));
    assert_line(world, "exact a.b user/ann", "wamp.call");
    assert_line(world, "exact a.b group/crew", "wamp.call");
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.call', 'com.own'], 'roles': 'all', 'resources': ["
               "  {'uri': 'c.', 'match': 'prefix'}, {'uri': 'd..e'}, {'uri': '*'}]}]");
    assert_line(world, "prefix c. all", "com.own wamp.call");
    assert_line(world, "wildcard d..e all", "com.own wamp.call");
    assert_line(world, "prefix * all", "com.own wamp.call");
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.publish'], 'roles': ['anonymous'], 'resources': 'any'}]");
    assert_line(world, "prefix * anonymous", "wamp.publish");
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.call'], 'roles': ['user/both', 'GROUP/both'],"
               "  'resource': {'uri': 'a.', 'match': 'wildcard'}}]");
    assert_line(world, "wildcard a. user/both", "wamp.call");
    assert_line(world, "wildcard a. group/both", "wamp.call");
}

static void what_is_given_adds_to_what_is_there(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['ann']}]");
    assert_int_equal(world->written, 1);
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.publish', 'wamp.call', 'wamp.call'], 'uri': 'a',"
               "  'roles': ['ann', 'Ann', 'user/ann']}]");
    assert_int_equal(world->written, 1);
    assert_line(world, "exact a user/ann", "wamp.call wamp.publish");
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['ann']}]");
    assert_int_equal(world->written, 0);
}

static void what_is_revoked_leaves_the_rest(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.call', 'wamp.publish', 'wamp.subscribe'], 'uri': 'a',"
               "  'roles': ['ann', 'ben']}]");
    assert_null(done(world, "bondy.grant.revoke",
                     "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['ann']}]"));
    assert_line(world, "exact a user/ann", "wamp.publish wamp.subscribe");
    assert_line(world, "exact a user/ben", "wamp.call wamp.publish wamp.subscribe");
    /* What is not there cannot be taken away, and that is no mistake. */
    (void)done(world, "bondy.grant.revoke",
               "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['ann', 'crew']}]");
    (void)done(world, "bondy.grant.revoke",
               "[{'permissions': ['wamp.call'], 'uri': 'any', 'roles': ['ann']}]");
    assert_int_equal(world->written, 0);
    (void)done(world, "bondy.grant.revoke",
               "[{'permissions': ['wamp.publish', 'wamp.subscribe', 'wamp.register'], 'uri': 'a',"
               "  'roles': ['ann']}]");
    assert_false(is_stored(world, "grant", REALM, "exact a user/ann"));
}

static void what_is_no_grant_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    static const struct bad rows[] = {
        {"[null]", INVALID},
        {"[[]]", INVALID},
        {"['x']", INVALID},
        {"[{}]", INVALID},
        {"[{'uri': 'a', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': 'wamp.call', 'uri': 'a', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': [], 'uri': 'a', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': [7], 'uri': 'a', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['not a uri'], 'uri': 'a', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 7, 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a b', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a\\u0007', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a..b', 'match': 'exact', 'roles': ['ann']}]",
         INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'match': 'regex', 'roles': ['ann']}]",
         INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'match': 1, 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a'}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': []}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': 7}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': [7]}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['on']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['group/all']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['a\\u0001']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['ann', 'nobody']}]", UNKNOWN},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['user/crew']}]", UNKNOWN},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['group/ann']}]", UNKNOWN},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['%']}]", UNKNOWN},
        {"[{'permissions': ['wamp.call'], 'uri': 'a',"
         "  'roles': ['x\\u0027; DROP TABLE records; --']}]",
         UNKNOWN},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['both']}]",
         "bondy.error.duplicate_roles"},
        {"[{'permissions': ['wamp.call'], 'uri': 'a', 'role': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'resources': [], 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'resources': 'some', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'resources': ['a'], 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'resources': [{}], 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'resource': 'a', 'roles': ['ann']}]", INVALID},
        {"[{'permissions': ['wamp.call'], 'resources': [{'uri': 'a'}], 'uri': 'a',"
         "  'roles': ['ann']}]",
         INVALID},
        {"[{'permissions': ['wamp.call'], 'resource': {'uri': 'a'}, 'uri': 'a',"
         "  'roles': ['ann']}]",
         INVALID},
        {"[{'permissions': ['wamp.call'], 'resource': {'uri': 'a'}, 'resources': 'any',"
         "  'roles': ['ann']}]",
         INVALID},
    };
    assert_bad(world, "bondy.grant.create", rows, COUNT_OF(rows));
    (void)done(world, "bondy.grant.create",
               "[{'permissions': ['wamp.call'], 'resources': 'any', 'roles': ['ann', 'crew']}]");
    assert_bad(world, "bondy.grant.revoke", rows, COUNT_OF(rows));
}

static json_t *many(const char *format, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char text[40];
        (void)snprintf(text, sizeof(text), "%s%zu", format, i);
        (void)json_array_append_new(list, json_string(text));
    }
    return list;
}

static void too_much_at_once_is_refused(void **state)
{
    struct world *world = *state;
    char *then = before(world);
    json_t *resources = json_array();
    for (size_t i = 0; i < 10001; i++) {
        char uri[40];
        (void)snprintf(uri, sizeof(uri), "a.b%zu", i);
        (void)json_array_append_new(resources, json_pack("{s:s}", "uri", uri));
    }
    json_t *args = json_pack("[{s:[s], s:o, s:s}]", "permissions", "wamp.call", "resources",
                             resources, "roles", "all");
    assert_false(world_run(world, "bondy.grant.create", REALM, args, NULL));
    assert_true(str_eq(world->error, STR(INVALID)));
    args = json_pack("[{s:o, s:s, s:s}]", "permissions", many("com.p", 257), "uri", "a", "roles",
                     "all");
    assert_false(world_run(world, "bondy.grant.create", REALM, args, NULL));
    assert_true(str_eq(world->error, STR(INVALID)));
    char uri[1100];
    memset(uri, 'u', sizeof(uri));
    args = json_pack("[{s:[s], s:s#, s:s}]", "permissions", "wamp.call", "uri", uri, 1025, "roles",
                     "all");
    assert_false(world_run(world, "bondy.grant.create", REALM, args, NULL));
    assert_true(str_eq(world->error, STR(INVALID)));
    assert_unchanged(world, then, "too much");
    mem_free(then);
}

static void the_master_realm_opens_to_nobody_in_particular(void **state)
{
    struct world *world = *state;
    static const char master[] = "com.leapsight.bondy";
    static const char *const grants[] = {
        "[{'permissions': ['wamp.call'], 'uri': 'any', 'roles': 'all'}]",
        "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['anonymous']}]",
        "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['bondy.administrators', 'ALL']}]",
    };
    seed(world, "{'uri': 'com.leapsight.bondy', 'users': [{'username': 'root'}]}");
    char *then = before(world);
    for (size_t i = 0; i < COUNT_OF(grants); i++) {
        assert_false(world_call(world, "bondy.grant.create", master, grants[i], NULL));
        assert_true(str_eq(world->error, STR(INCONSISTENT)));
        assert_unchanged(world, then, grants[i]);
        /* Those from when it was open can be taken away. */
        assert_true(world_call(world, "bondy.grant.revoke", master, grants[i], NULL));
    }
    mem_free(then);
    /* Whatever is taken from administrators, they may administrate. */
    assert_true(world_call(world, "bondy.grant.revoke", master,
                           "[{'permissions': ['wamp.call'], 'uri': 'any',"
                           "  'roles': ['bondy.administrators']}]",
                           NULL));
    world_refresh(world);
    const struct rbac_realm *realm = rbac_realm_find(world->present, STR("com.leapsight.bondy"));
    const struct principal root = {
        .authid = STR("root"), .roles = &RBAC_ROLE_ADMINISTRATORS, .role_count = 1};
    assert_true(rbac_may(world->present, realm, &root, PERMISSION_CALL, STR("bondy.user.add")));
}

static void versions_are_those_of_lines(void **state)
{
    struct world *world = *state;
    static const char grant[] = "[{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['ann']}]";
    assert_true(world_call(world, "bondy.grant.create", REALM, grant, NULL));
    assert_false(world_call(world, "bondy.grant.revoke", REALM, grant, "{'if_match': 2}"));
    assert_true(str_eq(world->error, STR("bondy.error.precondition_failed")));
    assert_true(world_call(world, "bondy.grant.revoke", REALM, grant, "{'if_match': 1}"));
    assert_false(world_call(world, "bondy.grant.create", REALM, grant, "{'if_match': 9}"));
    assert_true(str_eq(world->error, STR("bondy.error.precondition_failed")));
    assert_false(is_stored(world, "grant", REALM, "exact a user/ann"));
}

static const char *const roles[] = {"user/ann",   "user/ben", "group/crew", "group/core",
                                    "group/both", "all",      "anonymous"};
static const struct {
    const char *uri; /* as it is granted */
    const char *match;
    const char *key; /* as the key has it */
} places[] = {{"a.b", "exact", "a.b"},  {"a.c", "exact", "a.c"},      {"a", "prefix", "a"},
              {"a.", "prefix", "a."},   {"b.x", "prefix", "b.x"},     {".b", "wildcard", ".b"},
              {"a.", "wildcard", "a."}, {"b..y", "wildcard", "b..y"}, {"any", "prefix", "*"}};
static const char *const asked[] = {"a", "a.b", "a.c", "a.b.c", "ab", "b.x", "b.x.y", "b.z.y", "q"};
enum { ROLES = COUNT_OF(roles), PLACES = COUNT_OF(places), TRIED = 3 };
static const enum permission tried[TRIED] = {PERMISSION_CALL, PERMISSION_PUBLISH,
                                             PERMISSION_SUBSCRIBE};

struct model {
    unsigned granted[ROLES][PLACES];
    uint64_t seed;
};

static unsigned draw(struct model *model, unsigned below)
{
    model->seed = model->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(model->seed >> 33) % below;
}

/* Without the index, by the words of the documentation. */
static bool covers(unsigned place, const char *uri)
{
    const char *pattern = places[place].uri;
    size_t len = strlen(pattern);
    if (strcmp(pattern, "any") == 0) {
        return true;
    }
    if (strcmp(places[place].match, "exact") == 0) {
        return strcmp(pattern, uri) == 0;
    }
    if (strcmp(places[place].match, "prefix") == 0) {
        return strncmp(pattern, uri, len) == 0 &&
               (pattern[len - 1] == '.' ? uri[len] != '\0' : uri[len] == '\0' || uri[len] == '.');
    }
    for (;;) {
        size_t wanted = strcspn(pattern, ".");
        size_t given = strcspn(uri, ".");
        if (wanted > 0 && (wanted != given || strncmp(pattern, uri, wanted) != 0)) {
            return false;
        }
        if (pattern[wanted] == '\0' || uri[given] == '\0') {
            return pattern[wanted] == uri[given];
        }
        pattern += wanted + 1;
        uri += given + 1;
    }
}

static bool model_allows(const struct model *model, const bool *held, unsigned p, const char *uri)
{
    for (unsigned r = 0; r < ROLES; r++) {
        for (unsigned place = 0; held[r] && place < PLACES; place++) {
            if ((model->granted[r][place] >> p & 1U) != 0 && covers(place, uri)) {
                return true;
            }
        }
    }
    return false;
}

static void assert_may(struct world *world,
                       const struct model *model,
                       const struct principal *principal,
                       const bool *held)
{
    const struct rbac_realm *realm = rbac_realm_find(world->present, STR(REALM));
    for (size_t i = 0; i < COUNT_OF(asked) * TRIED; i++) {
        const char *uri = asked[i / TRIED];
        unsigned p = (unsigned)(i % TRIED);
        bool wanted = model_allows(model, held, p, uri);
        if (rbac_may(world->present, realm, principal, tried[p], str_of(uri)) != wanted) {
            fail_msg("%.*s: %s on %s should be %d", (int)principal->authid.len,
                     principal->authid.ptr, permission_name(tried[p]), uri, wanted);
        }
    }
}

/* One line is written as the model has it. */
static void assert_cell(struct world *world, const struct model *model, unsigned r, unsigned place)
{
    char key[100];
    char wanted[100] = "";
    (void)snprintf(key, sizeof(key), "%s %s %s", places[place].match, places[place].key, roles[r]);
    for (unsigned p = 0; p < TRIED; p++) { /* which are in the order of their names */
        if ((model->granted[r][place] >> p & 1U) != 0) {
            size_t len = strlen(wanted);
            (void)snprintf(wanted + len, sizeof(wanted) - len, "%s%s", len == 0 ? "" : " ",
                           permission_name(tried[p]));
        }
    }
    assert_line(world, key, wanted);
}

static void assert_like_model(struct world *world, const struct model *model)
{
    static const struct str crew[] = {STR_INIT("crew"), STR_INIT("core")};
    static const bool by_ann[ROLES] = {true, false, true, true, false, true, false};
    static const bool by_ben[ROLES] = {false, true, false, false, false, true, false};
    static const bool by_anybody[ROLES] = {false, false, false, false, false, true, true};
    const struct principal ann = {
        .authid = STR("ann"), .roles = crew, .role_count = 2, .authmethod = STR("password")};
    const struct principal ben = {.authid = STR("ben"), .authmethod = STR("password")};
    const struct principal anybody = {.authid = STR("8f1"),
                                      .roles = &RBAC_ROLE_ANONYMOUS,
                                      .role_count = 1,
                                      .authmethod = RBAC_METHOD_ANONYMOUS};
    for (unsigned i = 0; i < ROLES * PLACES; i++) {
        assert_cell(world, model, i / PLACES, i % PLACES);
    }
    world_refresh(world);
    assert_may(world, model, &ann, by_ann);
    assert_may(world, model, &ben, by_ben);
    assert_may(world, model, &anybody, by_anybody);
}

static void step(struct world *world, struct model *model)
{
    bool create = draw(model, 5) < 3;
    unsigned permissions = 1 + draw(model, (1U << TRIED) - 1);
    json_t *names = json_array();
    json_t *resources = json_array();
    json_t *words = json_array();
    bool role_in[ROLES] = {false};
    bool place_in[PLACES] = {false};
    for (unsigned i = 1 + draw(model, 2); i > 0; i--) {
        unsigned role = draw(model, ROLES);
        role_in[role] = true;
        (void)json_array_append_new(names, json_string(roles[role]));
    }
    for (unsigned i = 1 + draw(model, 2); i > 0; i--) {
        unsigned place = draw(model, PLACES);
        place_in[place] = true;
        (void)json_array_append_new(resources, json_pack("{s:s, s:s}", "uri", places[place].uri,
                                                         "match", places[place].match));
    }
    for (unsigned p = 0; p < TRIED; p++) {
        if ((permissions >> p & 1U) != 0) {
            (void)json_array_append_new(words, json_string(permission_name(tried[p])));
        }
    }
    json_t *args = json_pack("[{s:o, s:o, s:o}]", "permissions", words, "roles", names, "resources",
                             resources);
    if (!world_run(world, create ? "bondy.grant.create" : "bondy.grant.revoke", REALM, args,
                   NULL)) {
        fail_msg("%s", world->call.error.text);
    }
    for (unsigned r = 0; r < ROLES; r++) {
        for (unsigned place = 0; place < PLACES; place++) {
            if (role_in[r] && place_in[place]) {
                unsigned *cell = &model->granted[r][place];
                *cell = create ? *cell | permissions : *cell & ~permissions;
            }
        }
    }
}

static void any_sequence_leaves_what_a_simple_model_has(void **state)
{
    struct world *world = *state;
    struct model model = {.seed = 20260529};
    for (unsigned i = 0; i < 120; i++) {
        step(world, &model);
        if (i % 8 == 0) {
            assert_like_model(world, &model);
        }
    }
    assert_like_model(world, &model);
    /* And all that is held can be taken back as it is shown. */
    static const char *const shown[] = {"['crew']", "['both']", "['anonymous']", "['all']"};
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        json_t *lines = json_deep_copy(done(world, "bondy.group.grants", shown[i]));
        for (size_t j = 0; j < json_array_size(lines); j++) {
            json_t *args = json_pack("[O]", json_array_get(lines, j));
            assert_true(world_run(world, "bondy.grant.revoke", REALM, args, NULL));
        }
        json_decref(lines);
        assert_int_equal(json_array_size(done(world, "bondy.group.grants", shown[i])), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)
        TEST(both_forms_of_a_grant_become_lines),
        TEST(what_is_given_adds_to_what_is_there),
        TEST(what_is_revoked_leaves_the_rest),
        TEST(what_is_no_grant_is_refused_and_changes_nothing),
        TEST(too_much_at_once_is_refused),
        TEST(the_master_realm_opens_to_nobody_in_particular),
        TEST(versions_are_those_of_lines),
        TEST(any_sequence_leaves_what_a_simple_model_has),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
