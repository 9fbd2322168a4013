/* links: rbac */
/* test_directory_rbac.c - bondy.rbac.*: questions about somebody, and those that are none. */
#include "../rbac/rbac_helper.h"
#include "directory/directory.h"

static struct rbac_builder *builder;
static struct rbac *rbac;

static int set_up(void **state)
{
    (void)state;
    builder = rbac_builder_new();
    apply_realm_text(
        builder,
        "{'uri': 'com.x', 'groups': [{'name': 'chiefs', 'groups': ['staff']}, {'name': 'staff'}],"
        " 'users': [{'username': 'ann', 'groups': ['chiefs'], 'aliases': ['annie']},"
        "           {'username': 'ben', 'enabled': false}],"
        " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a.', 'match': 'prefix',"
        "             'roles': ['staff']},"
        "            {'permissions': ['com.approve'], 'uri': 'b', 'roles': ['user/ben']},"
        "            {'permissions': ['wamp.call'], 'uri': 'c', 'roles': ['anonymous']},"
        "            {'permissions': ['wamp.subscribe'], 'uri': 'any', 'roles': 'all'}]}");
    apply_realm_text(builder, "{'uri': 'com.open', 'security_enabled': false,"
                              " 'users': [{'username': 'ann'}]}");
    rbac = rbac_builder_build(builder, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rbac_unref(rbac);
    rbac_builder_free(builder);
    return 0;
}

static const struct directory_operation *find(const char *procedure)
{
    for (size_t i = 0; directory_operations[i] != NULL; i++) {
        for (const struct directory_operation *o = directory_operations[i]; o->run != NULL; o++) {
            if (str_eq(o->procedure, str_of(procedure))) {
                return o;
            }
        }
    }
    fail_msg("no %s", procedure);
    return NULL;
}

/* One call; its answer is "true", "false", JSON, or the URI of its error. */
struct asked {
    struct directory_call call;
    struct arena arena;
    json_t *args;
    json_t *kwargs;
    bool ok;
};

static struct asked *
ask(const char *procedure, const char *realm, const char *args, const char *kwargs)
{
    const struct directory_operation *operation = find(procedure);
    struct asked *asked = NEW(struct asked);
    assert_non_null(operation);
    arena_init(&asked->arena, 1 << 20);
    asked->args = json_of(args);
    asked->kwargs = kwargs == NULL ? NULL : json_of(kwargs);
    asked->call = (struct directory_call){.operation = operation,
                                          .realm = str_of(realm),
                                          .args = asked->args,
                                          .kwargs = asked->kwargs,
                                          .present = rbac,
                                          .arena = &asked->arena};
    asked->ok = operation->run(&asked->call);
    return asked;
}

static void asked_free(struct asked *asked)
{
    arena_done(&asked->arena);
    json_decref(asked->args);
    json_decref(asked->kwargs);
    mem_free(asked);
}

static void a_question_is_answered_as_a_call_of_that_user_would_be(void **state)
{
    (void)state;
    static const struct {
        const char *realm;
        const char *args;
        const char *kwargs;
        const char *answer; /* NULL: allowed; "": denied; else the error */
    } cases[] = {
        {"com.x", "['ann','wamp.call','a.b']", NULL, NULL},
        {"com.x", "['ANNIE','wamp.call','a.b.c']", NULL, NULL},
        {"com.x", "['ann','wamp.call','a']", NULL, ""},
        {"com.x", "['ann','wamp.register','a.b']", NULL, ""},
        {"com.x", "['ann','com.approve','b']", NULL, ""},
        {"com.x", "['ben','com.approve','b']", NULL, NULL},
        {"com.x", "['ben','com.approve','bb']", NULL, ""},
        {"com.x", "['anonymous','wamp.call','c']", NULL, NULL},
        {"com.x", "['ann','wamp.call','c']", NULL, ""},
        {"com.x", "['ann','wamp.call','a.']", "{'match':'prefix'}", NULL},
        {"com.x", "['ann','wamp.call','a']", "{'match':'prefix'}", ""},
        {"com.x", "['ann','wamp.subscribe','..']", "{'match':'wildcard'}", NULL},
        {"com.x", "['ann','wamp.call','a.b']", "{'match':null}", NULL},
        {"com.open", "['ann','com.never','a.b']", NULL, NULL},
        {"com.x", "['nobody','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['staff','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['all','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['group/staff','wamp.call','a.b']", NULL, NULL},
        {"com.x", "['group/CHIEFS','wamp.call','a.b']", NULL, NULL},
        {"com.x", "['group/staff','wamp.subscribe','b']", NULL, NULL},
        {"com.x", "['group/staff','wamp.call','c']", NULL, ""},
        {"com.x", "['group/nobody','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['group/','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['group/ann','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.open", "['group/staff','wamp.call','a']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['a\\u0001','wamp.call','a.b']", NULL, "wamp.error.no_such_principal"},
        {"com.x", "['ann\\'; drop table records; --','wamp.call','a']", NULL,
         "wamp.error.no_such_principal"},
        {"com.none", "['ann','wamp.call','a.b']", NULL, "wamp.error.no_such_realm"},
        {"com.x", "['','wamp.call','a.b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "[1,'wamp.call','a.b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "[null,'wamp.call','a.b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp call','a.b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp.call.','a.b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann',['wamp.call'],'a.b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp.call','a..b']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp.call','a\\nb']", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp.call',{}]", NULL, "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp.call','a']", "{'match':'regex'}", "wamp.error.invalid_argument"},
        {"com.x", "['ann','wamp.call','a']", "{'match':1}", "wamp.error.invalid_argument"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct asked *asked =
            ask("bondy.rbac.authorize", cases[i].realm, cases[i].args, cases[i].kwargs);
        const char *answer = cases[i].answer;
        bool error = answer != NULL && answer[0] != '\0';
        if (asked->ok == error || (error && !str_eq(asked->call.error.uri, str_of(answer))) ||
            (!error && json_is_true(asked->call.result) != (answer == NULL))) {
            fail_msg("case %zu: %s", i, asked->call.error.text);
        }
        asked_free(asked);
        struct asked *why =
            ask("bondy.rbac.explain", cases[i].realm, cases[i].args, cases[i].kwargs);
        assert_int_equal(why->ok, !error);
        assert_true(error ||
                    json_is_true(json_object_get(why->call.result, "allowed")) == (answer == NULL));
        asked_free(why);
    }
}

static void expect_why(const char *realm, const char *args, const char *expected)
{
    struct asked *asked = ask("bondy.rbac.explain", realm, args, NULL);
    json_t *wanted = json_of(expected);
    if (!asked->ok || !json_equal(asked->call.result, wanted)) {
        char *text = json_dumps(asked->call.result, JSON_ENCODE_ANY);
        fail_msg("%s", text);
    }
    json_decref(wanted);
    asked_free(asked);
}

static void an_explanation_says_which_grant_or_what_is_missing(void **state)
{
    (void)state;
    expect_why("com.x", "['ann','wamp.call','a.b']",
               "{'allowed':true,'realm':'com.x','role':'group/staff','match':'prefix','uri':'a.',"
               "'text':'allowed: group staff has wamp.call on prefix \\'a.\\', granted in com.x'}");
    expect_why("com.x", "['ben','com.approve','b']",
               "{'allowed':true,'realm':'com.x','role':'user/ben','match':'exact','uri':'b',"
               "'text':'allowed: user ben has com.approve on exact \\'b\\', granted in com.x'}");
    expect_why("com.x", "['ben','wamp.subscribe','b']",
               "{'allowed':true,'realm':'com.x','role':'all','match':'prefix','uri':'',"
               "'text':'allowed: all has wamp.subscribe everywhere, granted in com.x'}");
    expect_why(
        "com.x", "['ben','wamp.call','b']",
        "{'allowed':false,'realm':'com.x','role':null,'match':null,'uri':null,"
        "'text':'not allowed: no grant of wamp.call covers exact \\'b\\' for all, user ben in"
        " com.x'}");
    expect_why("com.x", "['group/staff','wamp.call','b']",
               "{'allowed':false,'realm':'com.x','role':null,'match':null,'uri':null,"
               "'text':'not allowed: no grant of wamp.call covers exact \\'b\\' for all, group"
               " staff in com.x'}");
    expect_why("com.open", "['ann','wamp.call','b']",
               "{'allowed':true,'realm':'com.open','role':null,'match':null,'uri':null,"
               "'text':'allowed: the security of com.open is switched off'}");
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered_as_a_call_of_that_user_would_be),
        cmocka_unit_test(an_explanation_says_which_grant_or_what_is_missing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
