/* test_session.c - a session is no access token, and an access token no session. */
#include "token/bearer.h"
#include "token/session.h"
#include "token_helper.h"

#define ANN STR("ann")

static struct session_grant grant(struct str id)
{
    return (struct session_grant){.realm = REALM,
                                  .authid = ANN,
                                  .id = id,
                                  .began_s = NOW_S - 100,
                                  .now_s = NOW_S,
                                  .expires_s = NOW_S + 60};
}

static struct bearer *shown(const struct tokens *tokens, const char *text, uint64_t now_s, bool as)
{
    const char *why = NULL;
    const struct bearer_door door = {.realm = REALM, .now_s = now_s, .session = as};
    struct bearer *bearer = bearer_read(tokens, str_of(text), &door, &why);
    assert_true(bearer != NULL || why != NULL);
    return bearer;
}

static void a_session_is_its_users_with_all_that_he_is(void **state)
{
    char id[SESSION_ID_SIZE];
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens *tokens = tokens_with(&key, 1);
    const struct session_grant given = grant(session_id(id));
    char *text = session_mint(tokens, &given);
    struct bearer *bearer = shown(tokens, text, NOW_S, true);
    struct str roles[] = {STR("crew"), STR("staff")};
    size_t count = COUNT_OF(roles);
    (void)state;
    assert_non_null(bearer);
    assert_true(str_eq(bearer->authid, ANN));
    assert_true(str_eq(bearer->id, given.id));
    assert_true(bearer->session && bearer->whole);
    assert_int_equal(bearer->client.len, 0);
    assert_int_equal(bearer->began_s, given.began_s);
    assert_int_equal(bearer->expires_s, given.expires_s);
    bearer_narrow(bearer, roles, &count);
    assert_int_equal(count, 2);
    bearer_unref(bearer);
    mem_free(text);
    drop(tokens);
    token_key_unref(key);
}

static void a_session_ends_to_the_second(void **state)
{
    char id[SESSION_ID_SIZE];
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens *tokens = tokens_with(&key, 1);
    const struct session_grant given = grant(session_id(id));
    char *text = session_mint(tokens, &given);
    (void)state;
    bearer_unref(shown(tokens, text, given.expires_s - 1, true));
    assert_null(shown(tokens, text, given.expires_s, true));
    mem_free(text);
    drop(tokens);
    token_key_unref(key);
}

static void neither_is_taken_for_the_other(void **state)
{
    char id[SESSION_ID_SIZE];
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens *tokens = tokens_with(&key, 1);
    const struct session_grant given = grant(session_id(id));
    char *session = session_mint(tokens, &given);
    json_t *claims =
        json_pack("{s:s%, s:s%, s:s, s:s, s:s, s:I, s:I, s:I}", "iss", REALM.ptr, REALM.len, "aud",
                  REALM.ptr, REALM.len, "sub", "ann", "client_id", "app", "jti", "one", "iat",
                  (json_int_t)NOW_S, "exp", (json_int_t)NOW_S + 60, "auth_time", (json_int_t)NOW_S);
    char *access = token_mint(key, BEARER_TYPE, claims);
    (void)state;
    assert_null(shown(tokens, session, NOW_S, false));
    assert_null(shown(tokens, access, NOW_S, true));
    bearer_unref(shown(tokens, access, NOW_S, false));
    json_decref(claims);
    mem_free(access);
    mem_free(session);
    drop(tokens);
    token_key_unref(key);
}

static void without_a_key_there_is_no_session(void **state)
{
    char id[SESSION_ID_SIZE];
    struct tokens *tokens = tokens_with(NULL, 0);
    const struct session_grant given = grant(session_id(id));
    (void)state;
    assert_null(session_mint(tokens, &given));
    drop(tokens);
}

static void no_two_have_one_id(void **state)
{
    char a[SESSION_ID_SIZE];
    char b[SESSION_ID_SIZE];
    (void)state;
    assert_int_equal(session_id(a).len, 22);
    assert_false(str_eq(session_id(a), session_id(b)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_its_users_with_all_that_he_is),
        cmocka_unit_test(a_session_ends_to_the_second),
        cmocka_unit_test(neither_is_taken_for_the_other),
        cmocka_unit_test(without_a_key_there_is_no_session),
        cmocka_unit_test(no_two_have_one_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
