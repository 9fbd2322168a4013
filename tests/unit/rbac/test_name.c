/* test_name.c - names: what is folded to what, what is refused, and that look-ups agree. */
#include "rbac/name.h"
#include "rbac_helper.h"

#include <string.h>

struct fold_case {
    const char *name;
    const char *folded; /* NULL: refused */
};

static const struct fold_case fold_cases[] = {
    {"", ""},
    {"ann", "ann"},
    {"ANN.Lee@Example.COM", "ann.lee@example.com"},
    {"Z\xc3\xbc"
     "rich",
     "zu\xcc\x88rich"},                   /* decomposed */
    {"ZU\xcc\x88RICH", "zu\xcc\x88rich"}, /* was so already */
    {"STRASSE", "strasse"},               /* and the same as */
    {"Stra\xc3\x9f"
     "e",
     "strasse"},
    {"\xe1\xba\x9e", "ss"},                                      /* the capital sharp s */
    {"\xef\xbc\xa1\xef\xbc\xae\xef\xbc\xae", "ann"},             /* full width */
    {"\xf0\x9d\x93\xaa\xf0\x9d\x93\xb7\xf0\x9d\x93\xb7", "ann"}, /* mathematical script */
    {"\xef\xac\x81n", "fin"},                                    /* a ligature */
    {"\xce\xa3\xce\x8a\xcf\x83\xcf\x82", "\xcf\x83\xce\xb9\xcc\x81\xcf\x83\xcf\x83"}, /* sigmas */
    {"\xe2\x84\xaa", "k"},     /* the Kelvin sign */
    {"\xc4\xb0", "i\xcc\x87"}, /* I with a dot */
    {"\xe6\x9d\x8e", "\xe6\x9d\x8e"},
    {"a\xcc\xa3\xcc\x88", "a\xcc\xa3\xcc\x88"}, /* marks in one order */
    {"a\xcc\x88\xcc\xa3", "a\xcc\xa3\xcc\x88"},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"user\xef\xbc\x8fx", "user/x"}, /* looked at once it is folded */
    {"a\x01", NULL},
    {"a\x7f", NULL},
    {"a\xc2\x85", NULL},        /* a control beyond ASCII */
    {"a\xff", NULL},            /* no UTF-8 */
    {"a\xc3", NULL},            /* cut short */
    {"\xc0\xaf", NULL},         /* overlong */
    {"\xed\xa0\x80", NULL},     /* a surrogate */
    {"\xf4\x90\x80\x80", NULL}, /* above the last character */
    {"a\xe2\x80\xae"
     "b",
     NULL}, /* right-to-left override */
    {"a\xe2\x81\xa6"
     "b",
     NULL},                  /* an isolate */
    {"a\xd8\x9c", NULL},     /* Arabic letter mark */
    {"a\xe2\x80\x8b", NULL}, /* no width */
    {"a\xe2\x80\x8d", NULL},
    {"a\xef\xbb\xbf", NULL},
    {"a\xc2\xad", NULL},     /* a soft hyphen */
    {"a\xe2\x80\xa8", NULL}, /* line separator */
    {"a\xcd\xb8", NULL},     /* not assigned */
    {"a\xee\x80\x80", NULL}, /* private */
    {"a\xef\xbf\xbf", NULL}, /* no character at all */
};

static void a_name_has_one_spelling_or_is_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fold_cases); i++) {
        const struct fold_case *c = &fold_cases[i];
        char bytes[RBAC_NAME_MAX];
        struct str folded = STR("untouched");
        struct err err = {0};
        bool fine = rbac_name_read(str_of(c->name), bytes, &folded, &err);
        if (fine != (c->folded != NULL) || (fine && !str_eq(folded, str_of(c->folded)))) {
            fail_msg("case %zu \"%s\": %s " PRISTR, i, c->name, err.text, STRARG(folded));
        }
        assert_int_equal(err.code, fine ? ERR_NONE : ERR_INVALID);
        assert_int_equal(rbac_name_fold(str_of(c->name), bytes, &folded), fine);
    }
}

static size_t put_utf8(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(first[len] | code);
    return len;
}

/* Each character there is, alone and between letters that may compose with it. */
static void folding_again_changes_nothing(void **state)
{
    (void)state;
    size_t accepted = 0;
    for (uint32_t code = 0; code < 0x110000; code++) {
        char name[8];
        char once[RBAC_NAME_MAX];
        char twice[RBAC_NAME_MAX];
        struct str folded;
        struct str again = STR_EMPTY;
        name[0] = 'A';
        size_t len = 1 + put_utf8(code, name + 1);
        name[len++] = 'O';
        if (!rbac_name_fold(str_make(name, len), once, &folded)) {
            continue;
        }
        accepted++;
        if (!rbac_name_fold(folded, twice, &again) || !str_eq(folded, again) ||
            !rbac_name_is_folded(folded)) {
            fail_msg("U+%04X", code);
        }
    }
    assert_in_range(accepted, 100000, 0x110000);
}

/* `text` so many times. */
static void repeat(char *out, const char *text, size_t times)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < times * len; i++) {
        out[i] = text[i % len];
    }
}

static void lengths_are_those_of_the_folded_name(void **state)
{
    (void)state;
    char raw[RBAC_NAME_RAW_MAX + 8];
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    memset(raw, 'A', sizeof(raw));
    assert_true(rbac_name_fold(str_make(raw, 254), bytes, &folded));
    assert_false(rbac_name_fold(str_make(raw, 255), bytes, &folded));
    assert_false(rbac_name_fold(str_make(raw, sizeof(raw)), bytes, &folded));
    repeat(raw, "\xf0\x9d\x93\xaa", 254); /* becomes one byte */
    assert_true(rbac_name_fold(str_make(raw, 1016), bytes, &folded));
    assert_int_equal(folded.len, 254);
    repeat(raw, "\xef\xb7\xba", 8); /* becomes eighteen characters */
    struct err err = {0};
    assert_false(rbac_name_read(str_make(raw, 24), bytes, &folded, &err));
    assert_string_equal(err.text, "has more than 254 bytes");
}

static void names_beyond_ascii_are_found_however_they_are_written(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(
        builder,
        "{'uri': 'com.x', 'authmethods': ['password'],"
        " 'groups': [{'name': 'Gr\\u00f6\\u00dfen'}],"
        " 'users': [{'username': 'J\\u00f6rg', 'groups': ['GRO\\u0308SSEN'],"
        "            'aliases': ['\\uff2a\\uff4f\\uff45']}],"
        " 'sources': [{'usernames': ['JO\\u0308RG'], 'authmethod': 'password'}],"
        " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a', 'roles': ['Gr\\u00f6\\u00dfen']},"
        "            {'permissions': ['wamp.call'], 'uri': 'b', 'roles': ['User/J\\u00d6RG']}]}");
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    const struct rbac_user *user = rbac_user_find(realm, STR("j\xc3\xb6rg"));
    assert_non_null(user);
    assert_ptr_equal(rbac_user_find(realm, STR("JO\xcc\x88RG")), user);
    assert_ptr_equal(rbac_user_find(realm, STR("joe")), user);
    assert_ptr_equal(rbac_user_find(realm, STR("\xef\xbc\xaaOE")), user);
    assert_null(rbac_user_find(realm, STR("jorg")));
    assert_null(rbac_user_find(realm, STR("j\xf6rg")));
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct rbac_roles roles;
    const struct str wanted = STR("gr\xc3\xb6SSen");
    assert_true(rbac_roles_select(realm, user, &wanted, 1, &arena, &roles));
    assert_int_equal(roles.count, 1);
    const struct principal principal = {.authid = user->username,
                                        .roles = roles.names,
                                        .role_count = roles.count,
                                        .authmethod = STR("password")};
    assert_true(rbac_may(rbac, realm, &principal, PERMISSION_CALL, STR("a")));
    assert_true(rbac_may(rbac, realm, &principal, PERMISSION_CALL, STR("b")));
    assert_false(rbac_may(rbac, realm, &principal, PERMISSION_CALL, STR("c")));
    struct in6_addr from = address_of("10.1.1.1");
    assert_true(rbac_source_allows(realm, user->username, STR("password"), &from));
    arena_done(&arena);
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

/* What a mistake says of a name, and that it is text whatever was cut. */
static void names_that_nobody_can_have_are_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *realm;
        const char *text;
    } cases[] = {
        {"{'uri':'com.x','users':[{'username':'ann\\u202e'}]}", "changes the direction"},
        {"{'uri':'com.x','users':[{'username':'ann\\u0000x'}]}", "control character"},
        {"{'uri':'com.x','users':[{'username':'\\uff41\\uff4c\\uff4c'}]}", "reserved"},
        {"{'uri':'com.x','users':[{'username':'ann\\uff0fx'}]}", "reserved"},
        {"{'uri':'com.x','groups':[{'name':'\\ue000'}]}", "does not assign"},
        {"{'uri':'com.x','groups':[{'name':'stra\\u00dfe'},{'name':'STRASSE'}]}", "twice"},
        {"{'uri':'com.x','users':[{'username':'ann','aliases':['b\\u200bc']}]}", "invisible"},
        {"{'uri':'com.x','users':[{'username':'ann','groups':['\\u00e9\\u0378']}]}",
         "does not assign"},
        {"{'uri':'com.x','grants':[{'permissions':['wamp.call'],'uri':'a','roles':['x\\u00ad']}]}",
         "invisible"},
        {"{'uri':'com.x','sources':[{'usernames':['x\\u00ad'],'authmethod':'trust'}]}",
         "invisible"},
        {"{'uri':'com.x','users':[{'username':'ann','groups':['"
         "\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e"
         "\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e"
         "\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e\\u674e']}]"
         "}",
         "there is no group"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *object = json_of(cases[i].realm);
        const struct realm_options options = {.quiet = true};
        struct arena arena;
        struct realm_writes writes = {0};
        struct realm_mistake mistake = {0};
        arena_init(&arena, 1 << 20);
        assert_false(realm_record_parse(object, &options, &arena, &writes, &mistake));
        if (strstr(mistake.text, cases[i].text) == NULL) {
            fail_msg("case %zu: %s", i, mistake.text);
        }
        json_t *text = json_string(mistake.text); /* NULL for what is no UTF-8 */
        assert_non_null(text);
        json_decref(text);
        arena_done(&arena);
        json_decref(object);
    }
}

static void a_stored_name_that_is_not_folded_grants_nothing(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    apply_realm_text(builder, "{'uri': 'com.x'}");
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    (void)rbac_builder_apply(builder,
                             &(struct store_record){.kind = STR("user"),
                                                    .realm = STR("com.x"),
                                                    .key = STR("j\xc3\xb6rg"),
                                                    .value = STR("{\"username\":\"j\xc3\xb6rg\"}"),
                                                    .version = 1});
    struct rbac *rbac = rbac_builder_build(builder, 1);
    assert_int_equal(rbac_user_count(rbac_realm_find(rbac, STR("com.x"))), 0);
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_one_spelling_or_is_refused_with_a_reason),
        cmocka_unit_test(folding_again_changes_nothing),
        cmocka_unit_test(lengths_are_those_of_the_folded_name),
        cmocka_unit_test(names_beyond_ascii_are_found_however_they_are_written),
        cmocka_unit_test(names_that_nobody_can_have_are_mistakes),
        cmocka_unit_test(a_stored_name_that_is_not_folded_grants_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
