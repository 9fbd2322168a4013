/* test_media.c - media types and what a client accepts. */
#include "base/mem.h"
#include "pipeline/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct str types[] = {STR_INIT("application/json"), STR_INIT("application/msgpack"),
                                   STR_INIT("text/plain")};
static const struct media_list offered = {types, COUNT_OF(types)};
static const struct str tags[] = {STR_INIT("en"), STR_INIT("de-at"), STR_INIT("fr")};
static const struct media_list languages = {tags, COUNT_OF(tags)};

static void the_client_gets_what_it_likes_best(void **state)
{
    static const struct {
        const char *accept;
        const char *type;
    } rows[] = {
        {"", "application/json"},
        {"*/*", "application/json"},
        {"*", "application/json"},
        {"text/plain", "text/plain"},
        {"TEXT/Plain", "text/plain"},
        {"text/*", "text/plain"},
        {"application/*", "application/json"},
        {"application/json;q=0.5, application/msgpack", "application/msgpack"},
        {"application/json;q=0.5, application/msgpack;q=0.4", "application/json"},
        {"application/json;q=0, */*", "application/msgpack"},
        {"text/plain;q=0.1, */*;q=0.001", "text/plain"},
        {"*/*;q=0.9, application/json;q=0.1", "application/msgpack"},
        {"image/png, text/plain;q=0.001", "text/plain"},
        {"image/png", ""},
        {"application/json;q=0", ""},
        {"application/json;q=0.000", ""},
        {",,;,", ""},
        {"application/json;charset=utf-8;q=0.2,text/plain;q=0.1", "application/json"},
        {"a/b;q=9, text/plain;Q=0.3", "text/plain"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str type = media_negotiate(&offered, str_of(rows[i].accept));
        if (!str_eq(type, str_of(rows[i].type))) {
            fail_msg("%s: " PRISTR, rows[i].accept, STRARG(type));
        }
    }
}

static void a_language_is_always_found(void **state)
{
    static const struct {
        const char *accept;
        const char *language;
    } rows[] = {
        {"", "en"},   {"de", "de-at"},           {"de-AT", "de-at"}, {"de-de", "en"},
        {"es", "en"}, {"fr;q=0.3, de", "de-at"}, {"*", "en"},        {"en;q=0, *", "de-at"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str tag = language_negotiate(&languages, str_of(rows[i].accept));
        if (!str_eq(tag, str_of(rows[i].language))) {
            fail_msg("%s: " PRISTR, rows[i].accept, STRARG(tag));
        }
    }
}

static void a_content_type_is_read_without_its_parameters(void **state)
{
    (void)state;
    assert_true(str_eq(media_type(STR("text/plain; charset=utf-8")), STR("text/plain")));
    assert_true(str_eq(media_type(STR(" application/json ")), STR("application/json")));
    assert_int_equal(media_type(STR("")).len, 0);
    assert_int_equal(media_serializer(STR("Application/JSON")), SERIALIZER_JSON);
    assert_int_equal(media_serializer(STR("application/problem+json")), SERIALIZER_JSON);
    assert_int_equal(media_serializer(STR("application/msgpack")), SERIALIZER_MSGPACK);
    assert_int_equal(media_serializer(STR("text/plain")), SERIALIZER_NONE);
    assert_true(media_listed(&offered, STR("TEXT/PLAIN")));
    assert_false(media_listed(&offered, STR("text")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_gets_what_it_likes_best),
        cmocka_unit_test(a_language_is_always_found),
        cmocka_unit_test(a_content_type_is_read_without_its_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
