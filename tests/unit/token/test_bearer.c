/* test_bearer.c - access tokens: which are good at a realm's door, and what ends them. */
#include "base/clock.h"
#include "token/bearer.h"
#include "token/revocation.h"
#include "token_helper.h"

#define ISSUER STR("https://id.example/realms/com.example.app")

struct world {
    struct token_key *key;
    struct tokens_builder *builder;
    struct tokens *tokens;
};

static void rebuild(struct world *world, uint64_t version)
{
    if (world->tokens != NULL) {
        drop(world->tokens);
    }
    world->tokens = tokens_builder_build(world->builder, version);
}

static int setup(void **state)
{
    struct world *world = NEW(struct world);
    world->key = make_key(REALM, SIGN_ES256);
    world->builder = tokens_builder_new();
    apply_key_of(world->builder, world->key);
    rebuild(world, 10);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    drop(world->tokens);
    tokens_builder_free(world->builder);
    token_key_unref(world->key);
    mem_free(world);
    return 0;
}

static json_t *claims(void)
{
    return json_pack("{s:s%, s:s%, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:[s, s], s:I}", "iss",
                     ISSUER.ptr, ISSUER.len, "aud", REALM.ptr, REALM.len, "sub", "ann", "client_id",
                     "app", "jti", "one", "sid", "family", "iat", (json_int_t)NOW_S, "exp",
                     (json_int_t)NOW_S + 900, "scope", "staff ops", "groups", "staff", "ops", "rev",
                     (json_int_t)10);
}

static const char *verdict_at(struct world *world, const char *type, json_t *said, uint64_t now_s)
{
    const struct bearer_door door = {.realm = REALM, .issuer = ISSUER, .now_s = now_s};
    const char *why = NULL;
    char *text = token_mint(world->key, type, said);
    json_decref(said);
    struct bearer *bearer = bearer_read(world->tokens, str_of(text), &door, &why);
    mem_free(text);
    if (bearer == NULL) {
        assert_non_null(why);
        return why;
    }
    bearer_unref(bearer);
    return "good";
}

static const char *verdict(struct world *world, json_t *said)
{
    return verdict_at(world, BEARER_TYPE, said, NOW_S);
}

static json_t *with(const char *key, json_t *value /* stolen; NULL: absent */)
{
    json_t *said = claims();
    if (value == NULL) {
        (void)json_object_del(said, key);
    } else {
        (void)json_object_set_new(said, key, value);
    }
    return said;
}

static void revoke(struct world *world, struct str key, uint64_t seq, uint64_t until_s)
{
    char value[48];
    (void)snprintf(value, sizeof(value), "{\"until\":%llu}", (unsigned long long)until_s);
    assert_true(
        tokens_builder_apply(world->builder, &(struct store_record){.kind = STR("revocation"),
                                                                    .realm = REALM,
                                                                    .key = key,
                                                                    .value = str_of(value),
                                                                    .seq = seq}));
    rebuild(world, seq);
}

static void a_token_says_whose_it_is_and_what_it_gives(void **state)
{
    struct world *world = *state;
    const struct bearer_door door = {.realm = REALM, .issuer = ISSUER, .now_s = NOW_S};
    const char *why = NULL;
    json_t *said = claims();
    char *text = token_mint(world->key, BEARER_TYPE, said);
    struct bearer *bearer = bearer_read(world->tokens, str_of(text), &door, &why);
    assert_non_null(bearer);
    assert_true(str_eq(bearer->authid, STR("ann")));
    assert_true(str_eq(bearer->client, STR("app")));
    assert_true(str_eq(bearer->id, STR("one")));
    assert_true(str_eq(bearer->family, STR("family")));
    assert_true(str_eq(bearer->scope, STR("staff ops")));
    assert_false(bearer->whole);
    struct str roles[] = {STR("x"), STR("ops"), STR("y"), STR("staff")};
    size_t count = COUNT_OF(roles);
    bearer_narrow(bearer, roles, &count);
    assert_int_equal(count, 2);
    assert_true(str_eq(roles[0], STR("ops")));
    assert_true(str_eq(roles[1], STR("staff")));
    bearer_unref(bearer);
    mem_free(text);
    json_decref(said);
}

static void each_claim_that_is_needed_is_needed(void **state)
{
    static const char *const needed[] = {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"};
    assert_string_equal(verdict(*state, claims()), "good");
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        assert_string_not_equal(verdict(*state, with(needed[i], NULL)), "good");
        assert_string_not_equal(verdict(*state, with(needed[i], json_string(""))), "good");
        assert_string_not_equal(verdict(*state, with(needed[i], json_null())), "good");
        assert_string_not_equal(verdict(*state, with(needed[i], json_true())), "good");
    }
}

static void times_are_whole_seconds_of_this_era(void **state)
{
    assert_string_not_equal(verdict(*state, with("exp", json_string("1800000900"))), "good");
    assert_string_not_equal(verdict(*state, with("exp", json_real(1800000900.5))), "good");
    assert_string_not_equal(verdict(*state, with("exp", json_real(1e308))), "good");
    assert_string_not_equal(verdict(*state, with("exp", json_integer(-1))), "good");
    assert_string_not_equal(verdict(*state, with("nbf", json_integer(NOW_S + 100))), "good");
    assert_string_not_equal(verdict(*state, with("iat", json_integer(NOW_S + 100))), "good");
    assert_string_equal(verdict(*state, with("nbf", json_integer(NOW_S + 30))), "good");
}

static void clocks_may_differ_by_half_a_minute(void **state)
{
    const uint64_t end_s = NOW_S + 900;
    assert_string_equal(verdict_at(*state, BEARER_TYPE, claims(), end_s + 29), "good");
    assert_string_not_equal(verdict_at(*state, BEARER_TYPE, claims(), end_s + 30), "good");
}

static void another_issuer_audience_or_type_is_refused(void **state)
{
    static const char *const types[] = {"JWT", "logout+jwt", "dpop+jwt", "secevent+jwt", "at"};
    assert_string_not_equal(
        verdict(*state, with("iss", json_string("https://id.example/realms/com.example.apps"))),
        "good");
    assert_string_not_equal(
        verdict(*state, with("iss", json_string("https://id.example/realms/com.example.app/"))),
        "good");
    assert_string_not_equal(verdict(*state, with("aud", json_string("com.example.apps"))), "good");
    assert_string_equal(verdict(*state, with("aud", json_pack("[s, s]", "x", "com.example.app"))),
                        "good");
    assert_string_equal(verdict_at(*state, "application/at+jwt", claims(), NOW_S), "good");
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        assert_string_not_equal(verdict_at(*state, types[i], claims(), NOW_S), "good");
    }
}

static void a_token_dies_with_its_id_and_with_its_family(void **state)
{
    struct world *world = *state;
    uint64_t until_s = clock_wall_ms() / 1000 + 900;
    revoke(world, STR("another"), 11, until_s);
    assert_string_equal(verdict(world, claims()), "good");
    revoke(world, STR("one"), 12, until_s);
    assert_string_equal(verdict(world, claims()), "the token has been revoked");
    assert_string_equal(verdict(world, with("jti", json_string("two"))), "good");
    revoke(world, STR("family"), 13, until_s);
    assert_string_equal(verdict(world, with("jti", json_string("two"))),
                        "the token has been revoked");
    /* What is issued later under the same name is not of another family. */
    assert_string_equal(verdict(world, with("rev", json_integer(99))),
                        "the token has been revoked");
}

static void what_a_user_has_dies_and_what_he_gets_afterwards_does_not(void **state)
{
    char room[REVOCATION_KEY_MAX];
    struct world *world = *state;
    uint64_t until_s = clock_wall_ms() / 1000 + 900;
    revoke(world, revocation_of_user(STR("ann"), STR_EMPTY, room), 11, until_s);
    assert_string_not_equal(verdict(world, claims()), "good");
    assert_string_not_equal(verdict(world, with("rev", NULL)), "good");
    assert_string_equal(verdict(world, with("rev", json_integer(11))), "good");
    assert_string_equal(verdict(world, with("sub", json_string("bob"))), "good");
}

static void of_one_client_the_others_keep_theirs(void **state)
{
    char room[REVOCATION_KEY_MAX];
    struct world *world = *state;
    uint64_t until_s = clock_wall_ms() / 1000 + 900;
    revoke(world, revocation_of_user(STR("ann"), STR("app"), room), 11, until_s);
    assert_string_not_equal(verdict(world, claims()), "good");
    assert_string_equal(verdict(world, with("client_id", json_string("other"))), "good");
    assert_string_equal(verdict(world, with("rev", json_integer(11))), "good");
}

static void names_with_slashes_are_not_each_other(void **state)
{
    char one[REVOCATION_KEY_MAX];
    char other[REVOCATION_KEY_MAX];
    (void)state;
    assert_false(str_eq(revocation_of_user(STR("b/c"), STR("a"), one),
                        revocation_of_user(STR("c"), STR("a/b"), other)));
    assert_false(str_eq(revocation_of_user(STR("a/b"), STR_EMPTY, one),
                        revocation_of_user(STR("b"), STR("a"), other)));
}

static void a_revocation_that_is_over_is_left_out(void **state)
{
    struct world *world = *state;
    uint64_t now_s = clock_wall_ms() / 1000;
    revoke(world, STR("one"), 11, now_s - 1);
    assert_int_equal(tokens_revoked(world->tokens, REALM, STR("one")), 0);
    revoke(world, STR("one"), 12, now_s + 900);
    assert_int_equal(tokens_revoked(world->tokens, REALM, STR("one")), 12);
    apply(world->builder, STR("revocation"), REALM, STR("one"), NULL);
    rebuild(world, 13);
    assert_int_equal(tokens_revoked(world->tokens, REALM, STR("one")), 0);
}

static void a_revocation_that_cannot_be_read_counts(void **state)
{
    struct world *world = *state;
    apply(world->builder, STR("revocation"), REALM, STR("one"), json_pack("{s:s}", "until", "x"));
    rebuild(world, 11);
    assert_string_not_equal(verdict(world, claims()), "good");
}

static void a_token_dies_with_its_key(void **state)
{
    struct world *world = *state;
    struct token_key *next = make_key(REALM, SIGN_ES256);
    apply_key_of(world->builder, next);
    rebuild(world, 11);
    assert_string_equal(verdict(world, claims()), "good");
    apply(world->builder, STR("key"), REALM, str_of(world->key->id), NULL);
    rebuild(world, 12);
    assert_string_not_equal(verdict(world, claims()), "good");
    token_key_unref(next);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_token_says_whose_it_is_and_what_it_gives),
        T(each_claim_that_is_needed_is_needed),
        T(times_are_whole_seconds_of_this_era),
        T(clocks_may_differ_by_half_a_minute),
        T(another_issuer_audience_or_type_is_refused),
        T(a_token_dies_with_its_id_and_with_its_family),
        T(what_a_user_has_dies_and_what_he_gets_afterwards_does_not),
        T(of_one_client_the_others_keep_theirs),
        T(names_with_slashes_are_not_each_other),
        T(a_revocation_that_is_over_is_left_out),
        T(a_revocation_that_cannot_be_read_counts),
        T(a_token_dies_with_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
