/* test_keys.c - whose a key is, while users with keys come, change and go. */
#include "rbac_helper.h"

enum { USERS = 5, KEYS = 4, ROUNDS = 400, NOBODY = -1 };

static struct str key_text(unsigned key, char out[64])
{
    memset(out, (int)('a' + key), 64);
    return str_make(out, 64);
}

static void apply_user(struct rbac_builder *builder, unsigned user, unsigned keys, bool deleted)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "user%u", user);
    json_t *value = json_pack("{s:s, s:[]}", "username", name, "authorized_keys");
    for (unsigned key = 0; key < KEYS; key++) {
        char text[64];
        struct str hex = key_text(key, text);
        for (unsigned twice = 0; (keys & (1U << key)) != 0 && twice <= user % 2; twice++) {
            (void)json_array_append_new(json_object_get(value, "authorized_keys"),
                                        json_stringn(hex.ptr, hex.len));
        }
    }
    char *text = json_dumps(value, JSON_COMPACT);
    assert_true(rbac_builder_apply(builder, &(struct store_record){.kind = STR("user"),
                                                                   .realm = STR("com.x"),
                                                                   .key = str_of(name),
                                                                   .value = str_of(text),
                                                                   .deleted = deleted}));
    free(text);
    json_decref(value);
}

static int owner_of(const unsigned held[USERS], unsigned key)
{
    int owner = NOBODY;
    for (int user = 0; user < USERS; user++) {
        if ((held[user] & (1U << key)) != 0) {
            if (owner != NOBODY) {
                return NOBODY;
            }
            owner = user;
        }
    }
    return owner;
}

static void check(const struct rbac *rbac, const unsigned held[USERS])
{
    const struct rbac_realm *realm = rbac_realm_find(rbac, STR("com.x"));
    for (unsigned key = 0; key < KEYS; key++) {
        char text[64];
        const struct rbac_user *user = rbac_user_by_key(rbac, realm, key_text(key, text));
        int owner = owner_of(held, key);
        assert_int_equal(user != NULL, owner != NOBODY);
        assert_true(user == NULL || user->username.ptr[4] == '0' + owner);
    }
}

/* Also that a snapshot stays as it was, whatever comes after it. */
static void a_key_is_the_one_users_who_has_it(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    unsigned held[USERS] = {0};
    unsigned before[USERS] = {0};
    uint32_t random = 7;
    apply_realm_text(builder, "{'uri': 'com.x'}");
    struct rbac *old = rbac_builder_build(builder, 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        random = random * 1664525U + 1013904223U;
        unsigned user = (random >> 8) % USERS;
        unsigned keys = (random >> 12) % (1U << KEYS);
        bool deleted = (random >> 24) % 4 == 0;
        memcpy(before, held, sizeof(held));
        apply_user(builder, user, keys, deleted);
        held[user] = deleted ? 0 : keys;
        struct rbac *rbac = rbac_builder_build(builder, round + 2);
        check(rbac, held);
        check(old, before);
        rbac_unref(old);
        old = rbac;
    }
    rbac_unref(old);
    rbac_builder_free(builder);
}

static void with_same_sign_on_the_key_is_there_and_the_user_here(void **state)
{
    (void)state;
    struct rbac_builder *builder = rbac_builder_new();
    char text[4][64];
    for (unsigned i = 0; i < 4; i++) {
        (void)key_text(i, text[i]);
    }
    char realm[1024];
    apply_realm_text(builder, "{'uri': 'com.sso', 'is_sso_realm': true}");
    (void)snprintf(realm, sizeof(realm),
                   "{'uri': 'com.x', 'sso_realm_uri': 'com.sso', 'users': ["
                   "{'username': 'sam', 'sso_realm_uri': 'com.sso', 'authorized_keys': ['%.64s']},"
                   "{'username': 'ann', 'authorized_keys': ['%.64s']},"
                   "{'username': 'tim'}]}",
                   text[0], text[1]);
    apply_realm_text(builder, realm);
    (void)snprintf(realm, sizeof(realm),
                   "{'uri': 'com.sso', 'is_sso_realm': true, 'users': ["
                   "{'username': 'tim', 'authorized_keys': ['%.64s']},"
                   "{'username': 'kim', 'authorized_keys': ['%.64s']},"
                   "{'username': 'pam', 'authorized_keys': ['%.64s']}]}",
                   text[2], text[3], text[1]);
    apply_realm_text(builder, realm);
    struct rbac *rbac = rbac_builder_build(builder, 1);
    const struct rbac_realm *here = rbac_realm_find(rbac, STR("com.x"));
    const struct rbac_realm *sso = rbac_realm_find(rbac, STR("com.sso"));
    const struct rbac_user *sam = rbac_user_by_key(rbac, here, str_make(text[0], 64));
    assert_non_null(sam);
    assert_true(str_eq(sam->username, STR("sam")));
    assert_ptr_equal(sam, rbac_user_find(here, STR("sam")));
    assert_null(rbac_user_by_key(rbac, here, str_make(text[1], 64))); /* ann's and pam's */
    assert_null(rbac_user_by_key(rbac, here, str_make(text[2], 64))); /* another tim's */
    assert_null(rbac_user_by_key(rbac, here, str_make(text[3], 64)));
    assert_non_null(rbac_user_by_key(rbac, sso, str_make(text[3], 64)));
    assert_null(rbac_user_by_key(rbac, here, str_make(text[0], 63)));
    assert_null(rbac_user_by_key(rbac, here, STR_EMPTY));
    rbac_unref(rbac);
    rbac_builder_free(builder);
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_the_one_users_who_has_it),
        cmocka_unit_test(with_same_sign_on_the_key_is_there_and_the_user_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
