#include "tunnel/tunnel_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_name_says_its_worker(void **state)
{
    (void)state;
    for (unsigned worker = 0; worker < 256; worker++) {
        struct tunnel_id id;
        struct tunnel_id read;
        tunnel_id_make(worker, &id);
        assert_int_equal(tunnel_id_worker(&id), worker);
        assert_true(tunnel_id_parse(tunnel_id_str(&id), 256, &read));
        assert_memory_equal(&id, &read, sizeof(id));
    }
}

static void no_two_names_are_alike(void **state)
{
    (void)state;
    struct tunnel_id ids[64];
    for (unsigned i = 0; i < 64; i++) {
        tunnel_id_make(0, &ids[i]);
        for (unsigned j = 0; j < i; j++) {
            assert_memory_not_equal(&ids[i], &ids[j], sizeof(ids[i]));
        }
    }
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    struct tunnel_id id;
    char text[TUNNEL_ID_SIZE + 2];
    struct tunnel_id out;
    tunnel_id_make(1, &id);
    memcpy(text, id.text, TUNNEL_ID_SIZE);
    text[TUNNEL_ID_SIZE] = '0';
    assert_false(tunnel_id_parse(str_make(text, TUNNEL_ID_SIZE + 1), 2, &out));
    for (size_t len = 0; len < TUNNEL_ID_SIZE; len++) {
        assert_false(tunnel_id_parse(str_make(text, len), 2, &out));
    }
    assert_true(tunnel_id_parse(str_make(text, TUNNEL_ID_SIZE), 2, &out));
    assert_false(tunnel_id_parse(str_make(text, TUNNEL_ID_SIZE), 1, &out));
    for (size_t at = 0; at < TUNNEL_ID_SIZE; at++) {
        static const char wrong[] = "gGA F-/\\.%\n\x80";
        for (size_t i = 0; i < sizeof(wrong); i++) {
            char kept = text[at];
            text[at] = wrong[i];
            assert_false(tunnel_id_parse(str_make(text, TUNNEL_ID_SIZE), 256, &out));
            text[at] = kept;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_says_its_worker),
        cmocka_unit_test(no_two_names_are_alike),
        cmocka_unit_test(what_is_no_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
