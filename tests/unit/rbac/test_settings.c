/* test_settings.c - what the settings say of all realms: nobody anonymous, and how passwords are
 * kept. */
#include "credential/credential.h"
#include "rbac_helper.h"

static struct rbac_builder *builder_with(const struct rbac_settings *settings)
{
    struct rbac_builder *builder = rbac_builder_new();
    rbac_builder_set(builder, settings);
    apply_realm_text(builder,
                     "{'uri': 'com.x', 'authmethods': ['anonymous', 'password', 'trust'],"
                     " 'users': [{'username': 'ann'}],"
                     " 'sources': [{'usernames': ['anonymous'], 'authmethod': 'anonymous'},"
                     "             {'usernames': 'all', 'authmethod': 'anonymous'},"
                     "             {'usernames': 'all', 'authmethod': 'trust'}]}");
    apply_realm_text(builder, "{'uri': 'com.open', 'security_enabled': false}");
    return builder;
}

static void nobody_is_anonymous_where_the_settings_refuse_it(void **state)
{
    (void)state;
    for (unsigned refuse = 0; refuse < 2; refuse++) {
        const struct rbac_settings settings = {.refuse_anonymous = refuse == 1};
        struct rbac_builder *builder = builder_with(&settings);
        struct rbac *rbac = rbac_builder_build(builder, 1);
        const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
        const struct rbac_realm *open = rbac_realm_find(rbac, STR("com.open"));
        struct in6_addr from = address_of("10.0.0.1");
        struct str methods[RBAC_METHODS_MAX];
        struct rbac_account account;
        assert_int_equal(rbac_source_allows(realm, STR("anonymous"), STR("anonymous"), &from),
                         refuse == 0);
        assert_int_equal(rbac_methods(realm, NULL, &from, methods), refuse == 0);
        assert_int_equal(rbac_source_allows(open, STR("anonymous"), STR("anonymous"), &from),
                         refuse == 0);
        assert_int_equal(rbac_methods(open, NULL, &from, methods), refuse == 0);
        assert_true(rbac_account_find(rbac, realm, STR("ann"), &account));
        assert_int_equal(rbac_methods(realm, &account, &from, methods), 1);
        assert_true(str_eq(methods[0], STR("trust")));
        rbac_unref(rbac);
        rbac_builder_free(builder);
    }
}

struct kept {
    enum credential_protocol protocol;
    enum credential_kdf kdf;
    uint32_t iterations;
};

static void read_credential(struct str value, struct kept *out)
{
    json_t *user = json_loadb(value.ptr, value.len, 0, NULL);
    struct str record = str_of(json_string_value(json_object_get(user, "credential")));
    struct credential_cra cra = {0};
    struct credential_scram scram = {0};
    bool is_scram = credential_scram(record, &scram);
    assert_true(is_scram || credential_cra(record, &cra));
    assert_int_equal(credential_protocol_of(record), is_scram);
    out->protocol = is_scram ? CREDENTIAL_SCRAM : CREDENTIAL_CRA;
    out->kdf = scram.kdf;
    out->iterations = is_scram ? scram.iterations : cra.iterations;
    json_decref(user);
}

/* How a new password of ann is kept. False, and the mistake: it may not be. */
static bool kept_as(const struct rbac_settings *settings,
                    const char *realm,
                    struct realm_mistake *mistake,
                    struct kept *out)
{
    struct rbac_builder *builder = rbac_builder_new();
    rbac_builder_set(builder, settings);
    struct rbac *present = rbac_builder_build(builder, 1);
    const struct realm_options options = {.present = present, .quiet = true};
    struct arena arena;
    struct realm_writes writes = {0};
    json_t *object = json_of(realm);
    arena_init(&arena, 1 << 20);
    bool ok = realm_record_parse(object, &options, &arena, &writes, mistake);
    if (ok) {
        assert_true(realm_writes_hash(&writes, present, &arena, NULL));
        read_credential(writes.writes[writes.count - 1].value, out);
    }
    arena_done(&arena);
    json_decref(object);
    rbac_unref(present);
    rbac_builder_free(builder);
    return ok;
}

static void passwords_are_kept_as_the_settings_say_where_nobody_else_does(void **state)
{
    (void)state;
    static const struct rbac_settings settings = {.passwords = {.length_min = 10,
                                                                .length_max = 20,
                                                                .protocol = CREDENTIAL_SCRAM,
                                                                .scram_kdf = CREDENTIAL_ARGON2ID13,
                                                                .pbkdf2_iterations = 5000}};
    static const struct rbac_settings usual = {0};
    static const struct {
        const char *realm;
        const struct rbac_settings *settings;
        enum credential_protocol protocol;
        enum credential_kdf kdf;
        uint32_t iterations;
        const char *mistake;
    } cases[] = {
        {"{'uri':'com.x','users':[{'username':'ann','password':'ten or more'}]}", &settings,
         CREDENTIAL_SCRAM, CREDENTIAL_ARGON2ID13, 2, NULL},
        {"{'uri':'com.x','users':[{'username':'ann','password':'too few'}]}", &settings, 0, 0, 0,
         "must have 10 to 20 bytes"},
        {"{'uri':'com.x','users':[{'username':'ann','password':'many more than twenty'}]}",
         &settings, 0, 0, 0, "must have 10 to 20 bytes"},
        {"{'uri':'com.x','password_opts':{'protocol':'cra'},"
         "'users':[{'username':'ann','password':'ten or more'}]}",
         &settings, CREDENTIAL_CRA, CREDENTIAL_PBKDF2, 5000, NULL},
        {"{'uri':'com.x','users':[{'username':'ann','password':'ten or more',"
         "'password_opts':{'protocol':'scram','params':{'kdf':'pbkdf2'}}}]}",
         &settings, CREDENTIAL_SCRAM, CREDENTIAL_PBKDF2, 5000, NULL},
        {"{'uri':'com.x','users':[{'username':'ann','password':'ten or more',"
         "'password_opts':{'params':{'kdf':'pbkdf2','iterations':4096}}}]}",
         &settings, CREDENTIAL_SCRAM, CREDENTIAL_PBKDF2, 4096, NULL},
        {"{'uri':'com.x','users':[{'username':'ann','password':'ten or more'}]}", &usual,
         CREDENTIAL_CRA, CREDENTIAL_PBKDF2, 600000, NULL},
        {"{'uri':'com.x','authmethods':['wamp-scram'],"
         "'users':[{'username':'ann','password':'ten or more'}]}",
         &usual, CREDENTIAL_SCRAM, CREDENTIAL_PBKDF2, 600000, NULL},
        {"{'uri':'com.x','users':[{'username':'ann','password':'fewer'}]}", &usual, 0, 0, 0,
         "must have 6 to 254 bytes"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct realm_mistake mistake = {0};
        struct kept kept = {0};
        bool fine = kept_as(cases[i].settings, cases[i].realm, &mistake, &kept);
        if (cases[i].mistake != NULL) {
            assert_false(fine);
            assert_string_equal(mistake.text, cases[i].mistake);
            continue;
        }
        if (!fine || kept.protocol != cases[i].protocol || kept.kdf != cases[i].kdf ||
            kept.iterations != cases[i].iterations) {
            fail_msg("case %zu: %s", i, mistake.text);
        }
    }
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_anonymous_where_the_settings_refuse_it),
        cmocka_unit_test(passwords_are_kept_as_the_settings_say_where_nobody_else_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
