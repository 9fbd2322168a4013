/* test_credential.c - records of passwords: made, verified, read, and those that are none. */
#include "base/mem.h"
#include "credential/credential.h"
#include "credential/proof.h"
#include "credential/saslprep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The least that is allowed: a test is no place for hundreds of thousands of rounds. */
static struct credential_options options(const char *text)
{
    struct credential_options out;
    struct err err = {0};
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_true(credential_options_read(json, &out, &err));
    json_decref(json);
    return out;
}

static char *made(const char *opts, const char *password)
{
    struct credential_options how = options(opts);
    struct err err = {0};
    char *record = credential_make(str_of(password), &how, &err);
    assert_non_null(record);
    assert_null(strstr(record, password));
    assert_true(credential_has_password(str_of(record)));
    assert_false(credential_is_outdated(str_of(record)));
    return record;
}

static const char cra_opts[] = "{\"protocol\":\"cra\",\"params\":{\"iterations\":4096}}";
static const char scram_opts[] = "{\"protocol\":\"scram\",\"params\":{\"iterations\":4096}}";
static const char argon_opts[] =
    "{\"protocol\":\"scram\",\"params\":{\"kdf\":\"argon2id13\",\"iterations\":1,\"memory\":64}}";

static void a_record_of_each_protocol_verifies_its_password_alone(void **state)
{
    (void)state;
    const char *const all[] = {cra_opts, scram_opts, argon_opts};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        char *record = made(all[i], "correct horse");
        assert_true(credential_verify(str_of(record), STR("correct horse")));
        assert_false(credential_verify(str_of(record), STR("correct horsE")));
        assert_false(credential_verify(str_of(record), STR("")));
        struct credential_cra cra;
        struct credential_scram scram;
        assert_int_equal(credential_cra(str_of(record), &cra), i == 0);
        assert_int_equal(credential_scram(str_of(record), &scram), i != 0);
        mem_free(record);
    }
}

static void a_challenge_is_signed_by_the_derived_key(void **state)
{
    (void)state;
    char *record = made(cra_opts, "secret2");
    struct credential_cra cra;
    assert_true(credential_cra(str_of(record), &cra));
    assert_int_equal(cra.iterations, 4096);
    assert_int_equal(cra.salt_len, 24);
    char key[CREDENTIAL_KEY_TEXT_SIZE];
    assert_true(cra_derive(STR("secret2"), str_make(cra.salt, cra.salt_len), 4096, key));
    assert_memory_equal(key, cra.key, sizeof(key));
    mem_free(record);
}

/* By hashlib and hmac of Python: a key derived from a salt's text; a shared secret without one. */
static void signatures_are_those_that_clients_compute(void **state)
{
    (void)state;
    char key[CREDENTIAL_KEY_TEXT_SIZE];
    assert_true(cra_derive(STR("L3L1YUE8Txlw"), STR("salt123"), 1000, key));
    assert_memory_equal(key, "qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=", sizeof(key));
    char signature[CREDENTIAL_KEY_TEXT_SIZE];
    cra_sign(STR("L3L1YUE8Txlw"), STR("[\"foobar\",23]"), signature);
    assert_memory_equal(signature,
                        "/X43mx3fRxtKqo6Az+Azr+Arhcjq7Rjvu2cNYvKuaoA=", sizeof(signature));
}

/* RFC 7677, 3: the user "user" with the password "pencil". */
static const char rfc_auth_message[] =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char rfc_record[] =
    "{\"version\":\"1.0\",\"password\":\"\",\"scram\":{\"kdf\":\"pbkdf2\",\"iterations\":4096,"
    "\"salt\":\"W22ZaJ0SNY7soEsUEjb6gQ==\","
    "\"stored_key\":\"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=\","
    "\"server_key\":\"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\"}}";

static void text_of(const struct hash_sha256 *hash, char out[96])
{
    for (size_t i = 0; i < sizeof(hash->bytes); i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

static void the_vector_of_rfc_7677_is_proved_from_both_ends(void **state)
{
    (void)state;
    struct credential_scram scram;
    assert_true(credential_scram(str_of(rfc_record), &scram));
    struct credential_scram client = scram;
    client.stored_key = (struct hash_sha256){0};
    struct hash_sha256 proof;
    struct hash_sha256 expected;
    assert_true(
        scram_client_proof(STR("pencil"), &client, str_of(rfc_auth_message), &proof, &expected));
    assert_memory_equal(&client.stored_key, &scram.stored_key, sizeof(client.stored_key));
    assert_memory_equal(&client.server_key, &scram.server_key, sizeof(client.server_key));
    char text[96];
    text_of(&proof, text); /* dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ= */
    assert_string_equal(text, "747cdb65aa56224e2352137e52d7bdcad6a0f738df30782caa69a2cfb0277554");
    struct hash_sha256 signature;
    assert_true(scram_check(&scram, str_of(rfc_auth_message), &proof, &signature));
    text_of(&signature, text); /* 6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4= */
    assert_string_equal(text, "eabae24d1062db75a9451ff0b6ea7e98c8546549ff741e672d3251b2397de46e");
    assert_memory_equal(&signature, &expected, sizeof(signature));
    proof.bytes[31] ^= 1;
    assert_false(scram_check(&scram, str_of(rfc_auth_message), &proof, &signature));
}

static void argon2id_proofs_come_from_the_password_too(void **state)
{
    (void)state;
    char *record = made(argon_opts, "long enough");
    struct credential_scram scram;
    assert_true(credential_scram(str_of(record), &scram));
    assert_int_equal(scram.memory_kib, 64);
    struct hash_sha256 proof;
    struct hash_sha256 expected;
    struct hash_sha256 signature;
    struct credential_scram client = scram;
    assert_true(scram_client_proof(STR("long enough"), &client, STR("words"), &proof, &expected));
    assert_true(scram_check(&scram, STR("words"), &proof, &signature));
    assert_false(scram_check(&scram, STR("word"), &proof, &signature));
    mem_free(record);
}

/* PBKDF2-HMAC-SHA256("long enough", "c2FsdHNhbHRzYWx0c2FsdA==", 10000, 32), by hashlib. */
static const char bondys[] =
    "{\"version\":\"1.1\",\"protocol\":\"cra\",\"params\":{\"kdf\":\"pbkdf2\","
    "\"iterations\":10000,\"hash_function\":\"sha256\",\"hash_length\":32,\"salt_length\":16},"
    "\"data\":{\"salt\":\"c2FsdHNhbHRzYWx0c2FsdA==\",\"salted_password\":\"Qp/oah/"
    "kEfYlsLJxXTPxgJLlC72Sarq6O06ugLllE9c=\"}}";

static void a_record_of_bondys_serves_both_methods_and_is_due_for_an_upgrade(void **state)
{
    (void)state;
    struct credential_cra cra;
    assert_true(credential_cra(str_of(bondys), &cra));
    assert_int_equal(cra.iterations, 10000);
    assert_true(credential_verify(str_of(bondys), STR("long enough")));
    assert_false(credential_verify(str_of(bondys), STR("long enougH")));
    assert_true(credential_has_password(str_of(bondys)));
    assert_true(credential_is_outdated(str_of(bondys)));
}

static void what_is_no_record_lets_nobody_in(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "null",
        "[]",
        "\"$argon2id$\"",
        "{}",
        "{\"password\":5,\"cra\":[],\"scram\":true}",
        "{\"password\":\"plain text\"}",
        "{\"cra\":{\"salt\":\"\",\"iterations\":4096,\"key\":\"\"}}",
        "{\"cra\":{\"salt\":\"x\",\"iterations\":1,\"key\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}}",
        "{\"cra\":{\"salt\":\"x\",\"iterations\":4294967296,\"key\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}}",
        "{\"scram\":{\"kdf\":\"argon2id13\",\"iterations\":1,\"memory\":4194304,\"salt\":"
        "\"W22ZaJ0SNY7soEsUEjb6gQ==\",\"stored_key\":"
        "\"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=\",\"server_key\":"
        "\"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\"}}",
        "{\"protocol\":\"cra\",\"params\":{\"kdf\":\"md5\",\"iterations\":10000},\"data\":{}}",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct credential_cra cra;
        struct credential_scram scram;
        assert_false(credential_verify(str_of(bad[i]), STR("password")));
        assert_false(credential_verify(str_of(bad[i]), STR("plain text")));
        assert_false(credential_cra(str_of(bad[i]), &cra));
        assert_false(credential_scram(str_of(bad[i]), &scram));
        assert_false(credential_has_password(str_of(bad[i])));
    }
}

static void options_outside_their_bounds_are_refused_with_a_reason(void **state)
{
    (void)state;
    const char *const bad[] = {
        "[]",
        "{\"protocol\":\"md5\"}",
        "{\"protocol\":7}",
        "{\"params\":7}",
        "{\"params\":{\"kdf\":\"bcrypt\"}}",
        "{\"params\":{\"kdf\":\"argon2id13\"}}",
        "{\"params\":{\"iterations\":4095}}",
        "{\"params\":{\"iterations\":2000001}}",
        "{\"params\":{\"iterations\":\"4096\"}}",
        "{\"protocol\":\"scram\",\"params\":{\"kdf\":\"argon2id13\",\"memory\":7}}",
        "{\"protocol\":\"scram\",\"params\":{\"kdf\":\"argon2id13\",\"iterations\":17}}",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct credential_options out;
        struct err err = {0};
        json_t *json = json_loads(bad[i], 0, NULL);
        assert_false(credential_options_read(json, &out, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_true(strlen(err.text) > 0);
        json_decref(json);
    }
}

static void the_defaults_are_of_owasp_strength(void **state)
{
    (void)state;
    struct credential_options out;
    assert_true(credential_options_read(NULL, &out, NULL));
    assert_int_equal(out.protocol, CREDENTIAL_CRA);
    assert_int_equal(out.iterations, 600000);
    out = options("{\"protocol\":\"scram\",\"params\":{\"kdf\":\"argon2id13\"}}");
    assert_int_equal(out.memory_kib, 19456);
    assert_int_equal(out.iterations, 2);
}

static void passwords_have_a_least_and_a_greatest_length(void **state)
{
    (void)state;
    static char text[255];
    memset(text, 'p', sizeof(text));
    struct credential_options how = options(argon_opts);
    struct err err = {0};
    assert_null(credential_make(STR("short"), &how, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_null(credential_make(str_make(text, 255), &how, &err));
    char *record = credential_make(str_make(text, 254), &how, &err);
    assert_non_null(record);
    mem_free(record);
}

static void who_does_not_exist_is_told_the_same_each_time(void **state)
{
    (void)state;
    struct credential_options how = options(cra_opts);
    struct credential_cra one;
    struct credential_cra two;
    credential_cra_pretend(STR("node"), STR("nobody"), &how, &one);
    credential_cra_pretend(STR("node"), STR("nobody"), &how, &two);
    assert_memory_equal(&one, &two, sizeof(one));
    assert_int_equal(one.salt_len, 24); /* as a real one */
    assert_int_equal(one.iterations, 4096);
    credential_cra_pretend(STR("node"), STR("no one"), &how, &two);
    assert_memory_not_equal(one.salt, two.salt, one.salt_len);
    credential_cra_pretend(STR("edon"), STR("nobody"), &how, &two);
    assert_memory_not_equal(one.salt, two.salt, one.salt_len);
    struct credential_scram scram;
    how = options(argon_opts);
    credential_scram_pretend(STR("node"), STR("nobody"), &how, &scram);
    assert_int_equal(scram.memory_kib, 64);
    assert_int_equal(scram.salt_len, 24);
    assert_memory_not_equal(scram.salt, one.salt, one.salt_len);
}

/* RFC 4013, 3, and what is between them. */
static const struct {
    struct str text;
    const char *prepared; /* NULL: refused */
    const char *compared; /* the same where something is only compared */
} sasl_cases[] = {
    {STR_INIT("I\xc2\xadX"), "IX", "IX"},
    {STR_INIT("user"), "user", "user"},
    {STR_INIT("USER"), "USER", "USER"},
    {STR_INIT("\xc2\xaa"), "a", "a"},
    {STR_INIT("\xe2\x85\xa8"), "IX", "IX"},
    {STR_INIT("\x07"), NULL, NULL},
    {STR_INIT("\xd8\xa7\x31"), NULL, NULL},
    {STR_INIT(""), "", ""},
    {STR_INIT("a b"), "a b", "a b"},
    {STR_INIT("a\xc2\xa0"
              "b"),
     "a b", "a b"}, /* a blank that does not break */
    {STR_INIT("Zu\xcc\x88rich"), "Z\xc3\xbcrich", "Z\xc3\xbcrich"},
    {STR_INIT("a\0b"), NULL, NULL},
    {STR_INIT("a\xff"), NULL, NULL},
    {STR_INIT("a\xc3"), NULL, NULL},
    {STR_INIT("a\x7f"), NULL, NULL},
    {STR_INIT("a\xee\x80\x80"), NULL, NULL},                  /* private use */
    {STR_INIT("\xf0\x9f\x98\x80"), NULL, "\xf0\x9f\x98\x80"}, /* younger than 3.2 */
};

static void check_sasl(size_t at, enum saslprep_for purpose, const char *wanted)
{
    char room[SASLPREP_MAX];
    struct str prepared = STR_EMPTY;
    struct err err = {0};
    bool fine = saslprep(sasl_cases[at].text, purpose, room, &prepared, &err);
    if (fine != (wanted != NULL) || (fine && !str_eq(prepared, str_of(wanted)))) {
        fail_msg("case %zu, %d: %s " PRISTR, at, (int)purpose, err.text, STRARG(prepared));
    }
}

static void text_is_prepared_as_sasl_wants_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sasl_cases); i++) {
        check_sasl(i, SASLPREP_KEPT, sasl_cases[i].prepared);
        check_sasl(i, SASLPREP_COMPARED, sasl_cases[i].compared);
    }
}

static void preparing_is_bounded(void **state)
{
    (void)state;
    char room[SASLPREP_MAX];
    char longest[SASLPREP_RAW_MAX + 2];
    for (size_t i = 0; i < sizeof(longest); i++) {
        longest[i] = "\xef\xb7\xba"[i % 3]; /* becomes eleven times as long */
    }
    struct str prepared = STR_EMPTY;
    assert_true(saslprep(str_make(longest, 1023), SASLPREP_KEPT, room, &prepared, NULL));
    assert_int_equal(prepared.len, 1023 * 11);
    assert_false(saslprep(str_make(longest, 1026), SASLPREP_KEPT, room, &prepared, NULL));
}

/* The same characters, written in other bytes: one password to SCRAM, two to the others. */
static void scram_prepares_passwords_and_names_at_both_ends(void **state)
{
    (void)state;
    struct credential_options how = options(scram_opts);
    struct err err = {0};
    char *record = credential_make(STR("Zu\xcc\x88rich am See"), &how, &err);
    struct credential_scram scram;
    assert_non_null(record);
    assert_true(credential_scram(str_of(record), &scram));
    struct credential_scram client = scram;
    struct hash_sha256 proof;
    struct hash_sha256 signature;
    struct buf ours;
    struct buf theirs;
    buf_init(&ours, 4096);
    buf_init(&theirs, 4096);
    assert_true(
        scram_auth_message(&scram, STR("Ju\xcc\x88rg"), STR("a"), STR("ab"), STR("n,,"), &ours));
    assert_true(
        scram_auth_message(&client, STR("J\xc3\xbcrg"), STR("a"), STR("ab"), STR("n,,"), &theirs));
    assert_true(str_eq(buf_str(&ours), buf_str(&theirs)));
    assert_true(scram_client_proof(STR("Z\xc3\xbcrich\xe2\x80\x83"
                                       "am See"),
                                   &client, buf_str(&theirs), &proof, &signature));
    assert_true(scram_check(&scram, buf_str(&ours), &proof, &signature));
    assert_true(credential_verify(str_of(record), STR("Zu\xcc\x88rich am See")));
    assert_false(credential_verify(str_of(record), STR("Z\xc3\xbcrich am See")));
    buf_done(&ours);
    buf_done(&theirs);
    mem_free(record);
}

static void a_password_that_scram_cannot_prepare_is_refused_for_scram_alone(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        const char *why;
    } cases[] = {
        {"a bell \x07 rings", "forbids"},
        {"six is six \xff", "without controls"},
        {"grin \xf0\x9f\x98\x80 grin", "does not know"},
        {"private \xee\x80\x80", "forbids"},
        {"\xd8\xa7 and latin", "directions"},
        {"\xc2\xad\xc2\xad\xc2\xad", "no character that counts"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct credential_options scram = options(scram_opts);
        struct credential_options cra = options(cra_opts);
        struct err err = {0};
        assert_null(credential_make(str_of(cases[i].password), &scram, &err));
        assert_int_equal(err.code, ERR_INVALID);
        if (strstr(err.text, cases[i].why) == NULL) {
            fail_msg("case %zu: %s", i, err.text);
        }
        char *record = credential_make(str_of(cases[i].password), &cra, &err);
        assert_non_null(record);
        assert_true(credential_verify(str_of(record), str_of(cases[i].password)));
        mem_free(record);
    }
}

static char *with_secret(const char *record, uint64_t overlap_s, char out[CREDENTIAL_SECRET_SIZE])
{
    struct err err = {0};
    char *text = credential_secret_add(str_of(record), overlap_s, out, &err);
    assert_non_null(text);
    assert_null(strstr(text, out));
    return text;
}

static void a_generated_secret_proves_itself_as_a_password_and_signs_no_challenge(void **state)
{
    char secret[CREDENTIAL_SECRET_SIZE];
    struct credential_cra cra;
    struct credential_scram scram;
    char *record = with_secret("", 0, secret);
    struct str text = str_of(record);
    (void)state;
    assert_true(credential_verify(text, str_of(secret)));
    assert_false(credential_verify(text, STR("cs_")));
    assert_false(credential_verify(text, STR_EMPTY));
    assert_true(credential_has_password(text) && credential_is_readable(text));
    assert_true(credential_has_secrets(text));
    assert_false(credential_is_outdated(text));
    assert_false(credential_cra(text, &cra) || credential_scram(text, &scram));
    assert_int_equal(credential_ends_s(text), 0);
    mem_free(record);
}

static void generated_secrets_differ_and_have_a_head_that_scanners_find(void **state)
{
    char secrets[4][CREDENTIAL_SECRET_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        mem_free(with_secret("", 0, secrets[i]));
        assert_memory_equal(secrets[i], "cs_", 3);
        assert_int_equal(strlen(secrets[i]), CREDENTIAL_SECRET_SIZE - 1);
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(secrets[i], secrets[other]);
        }
    }
}

static void what_a_record_had_goes_on_for_the_overlap(void **state)
{
    char secret[CREDENTIAL_SECRET_SIZE];
    struct credential_cra cra;
    char *old = made(cra_opts, "correct horse");
    char *both = with_secret(old, 3600, secret);
    char *one = with_secret(both, 0, secret);
    (void)state;
    assert_true(credential_verify(str_of(both), STR("correct horse")));
    assert_true(credential_cra(str_of(both), &cra));
    assert_false(credential_is_outdated(str_of(both))); /* made again it would lose its secret */
    assert_true(credential_ends_s(str_of(both)) > 0);
    assert_false(credential_verify(str_of(one), STR("correct horse")));
    assert_false(credential_cra(str_of(one), &cra));
    mem_free(one);
    mem_free(both);
    mem_free(old);
}

/* Their ends are in 1970 and in 2255. */
static void what_is_over_counts_as_absent(void **state)
{
    static const char old_sha256[] =
        "0fb8e74abfccbc80f1cfbecb3d4ffd6aa3e5b1a3d3b5f4bd5c2e4b3b5f9d6c11";
    struct hash_sha256 hash = hash_sha256(STR("new"));
    char hex[2 * HASH_SHA256_SIZE + 1];
    char text[1024];
    (void)state;
    for (size_t i = 0; i < HASH_SHA256_SIZE; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", hash.bytes[i]);
    }
    (void)snprintf(text, sizeof(text),
                   "{\"secrets\":[{\"id\":\"1\",\"sha256\":\"%s\",\"created\":1,\"expires\":2}]}",
                   hex);
    assert_false(credential_verify(str_of(text), STR("new")));
    assert_false(credential_has_password(str_of(text)));
    json_t *secrets = credential_secrets(str_of(text));
    assert_int_equal(json_array_size(secrets), 0);
    json_decref(secrets);
    (void)snprintf(text, sizeof(text),
                   "{\"secrets\":[{\"id\":\"1\",\"sha256\":\"%s\",\"expires\":2},"
                   "{\"id\":\"2\",\"sha256\":\"%s\",\"expires\":9000000000}]}",
                   old_sha256, hex);
    assert_true(credential_verify(str_of(text), STR("new")));
    assert_int_equal(credential_ends_s(str_of(text)), 9000000000);
    char *old = made(scram_opts, "correct horse");
    struct credential_scram scram;
    json_t *record = json_loads(old, 0, NULL);
    (void)json_object_set_new(record, "password_expires", json_integer(2));
    char *over = json_dumps(record, 0);
    assert_false(credential_verify(str_of(over), STR("correct horse")));
    assert_false(credential_scram(str_of(over), &scram));
    assert_false(credential_has_password(str_of(over)));
    free(over);
    json_decref(record);
    mem_free(old);
}

static void secrets_are_shown_without_what_they_could_be_known_by(void **state)
{
    char secret[CREDENTIAL_SECRET_SIZE];
    char *record = with_secret("", 0, secret);
    json_t *secrets = credential_secrets(str_of(record));
    (void)state;
    assert_int_equal(json_array_size(secrets), 1);
    assert_non_null(json_object_get(json_array_get(secrets, 0), "id"));
    assert_null(json_object_get(json_array_get(secrets, 0), "sha256"));
    json_decref(secrets);
    mem_free(record);
}

static void as_many_secrets_as_fit_a_record_and_no_more(void **state)
{
    char secret[CREDENTIAL_SECRET_SIZE];
    struct err err = {0};
    char *record = made(scram_opts, "correct horse");
    (void)state;
    for (int i = 0; i < CREDENTIAL_SECRETS_MAX; i++) {
        char *next = with_secret(record, 3600, secret);
        mem_free(record);
        record = next;
    }
    assert_true(strlen(record) <= CREDENTIAL_RECORD_MAX);
    assert_null(credential_secret_add(str_of(record), 3600, secret, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    mem_free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_of_each_protocol_verifies_its_password_alone),
        cmocka_unit_test(a_challenge_is_signed_by_the_derived_key),
        cmocka_unit_test(signatures_are_those_that_clients_compute),
        cmocka_unit_test(the_vector_of_rfc_7677_is_proved_from_both_ends),
        cmocka_unit_test(argon2id_proofs_come_from_the_password_too),
        cmocka_unit_test(a_record_of_bondys_serves_both_methods_and_is_due_for_an_upgrade),
        cmocka_unit_test(what_is_no_record_lets_nobody_in),
        cmocka_unit_test(options_outside_their_bounds_are_refused_with_a_reason),
        cmocka_unit_test(the_defaults_are_of_owasp_strength),
        cmocka_unit_test(passwords_have_a_least_and_a_greatest_length),
        cmocka_unit_test(who_does_not_exist_is_told_the_same_each_time),
        cmocka_unit_test(text_is_prepared_as_sasl_wants_it),
        cmocka_unit_test(preparing_is_bounded),
        cmocka_unit_test(scram_prepares_passwords_and_names_at_both_ends),
        cmocka_unit_test(a_password_that_scram_cannot_prepare_is_refused_for_scram_alone),
        cmocka_unit_test(a_generated_secret_proves_itself_as_a_password_and_signs_no_challenge),
        cmocka_unit_test(generated_secrets_differ_and_have_a_head_that_scanners_find),
        cmocka_unit_test(what_a_record_had_goes_on_for_the_overlap),
        cmocka_unit_test(what_is_over_counts_as_absent),
        cmocka_unit_test(secrets_are_shown_without_what_they_could_be_known_by),
        cmocka_unit_test(as_many_secrets_as_fit_a_record_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
