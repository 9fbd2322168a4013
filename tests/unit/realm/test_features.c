/* test_features.c - what is announced, what docs/wamp.md says of it, and that its proofs exist. */
#include "../../support/realm_world.h"
#include "realm/features.h"

#include <stdio.h>
#include <stdlib.h>

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    size_t cap = 4 << 20;
    char *text = mem_alloc(cap);
    size_t len = fread(text, 1, cap - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    return text;
}

static int read_page(void **state)
{
    *state = read_file("docs/wamp.md");
    return *state == NULL ? -1 : 0;
}

static int free_page(void **state)
{
    mem_free(*state);
    return 0;
}

/* The next row of the table of features, cut off at `*at`, or NULL. */
static char *next_row(char **at)
{
    char *line = *at;
    while (line != NULL) {
        char *end = strchr(line, '\n');
        if (end == NULL || strncmp(line, "## Meta", 7) == 0) {
            return NULL;
        }
        *end = '\0';
        *at = end + 1;
        if (strncmp(line, "| ", 2) == 0 && strncmp(line, "| Feature", 9) != 0) {
            return line;
        }
        line = *at;
    }
    return NULL;
}

/* The next `quoted` word, or NULL; moves on behind it. */
static char *next_word(char **at)
{
    char *begin = strchr(*at, '`');
    char *end = begin == NULL ? NULL : strchr(begin + 1, '`');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return begin + 1;
}

/* "broker.x" or "dealer.x". */
static bool names_feature(const char *word)
{
    return strncmp(word, "broker.", 7) == 0 || strncmp(word, "dealer.", 7) == 0;
}

static bool announced(const char *word)
{
    struct str role = str_make(word, 6);
    for (size_t i = 0; i < features_count(); i++) {
        struct feature feature = features_at(i);
        if (str_eq(feature.role, role) && str_eq(feature.name, str_of(word + 7))) {
            return true;
        }
    }
    return false;
}

/* How many features a row names; each must be announced. */
static size_t features_of(char *row)
{
    size_t count = 0;
    for (char *word = NULL; (word = next_word(&row)) != NULL;) {
        if (names_feature(word)) {
            print_message("%s\n", word);
            assert_true(announced(word));
            count++;
        }
    }
    return count;
}

static void the_page_lists_what_is_announced_and_no_more(void **state)
{
    char *at = *state;
    size_t listed = 0;
    for (char *row = NULL; (row = next_row(&at)) != NULL;) {
        listed += features_of(row);
    }
    assert_int_equal(listed, features_count());
}

/* How many proofs a row names; each must be in the file it names. */
static size_t proofs_of(char *row)
{
    size_t count = 0;
    for (char *word = NULL; (word = next_word(&row)) != NULL;) {
        if (strncmp(word, "tests/", 6) == 0) {
            const char *name = next_word(&row);
            assert_non_null(name);
            print_message("%s in %s\n", name, word);
            char *source = read_file(word);
            assert_non_null(source);
            assert_non_null(strstr(source, name));
            mem_free(source);
            count++;
        }
    }
    return count;
}

static void each_row_of_the_page_names_a_proof_that_exists(void **state)
{
    char *at = *state;
    size_t proofs = 0;
    for (char *row = NULL; (row = next_row(&at)) != NULL;) {
        bool yes = strstr(row, "| yes |") != NULL;
        size_t here = proofs_of(row);
        assert_true((here > 0) == yes);
        proofs += here;
    }
    assert_true(proofs >= features_count());
}

static void welcome_announces_them(void **state)
{
    (void)state;
    struct world world;
    world_start(&world, 1, NULL);
    struct actor *actor = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    const json_t *roles = json_object_get(json_array_get(actor->last, 2), "roles");
    size_t announced = 0;
    for (size_t i = 0; i < features_count(); i++) {
        struct feature feature = features_at(i);
        const json_t *role = json_object_get(roles, feature.role.ptr);
        const json_t *features = json_object_get(role, "features");
        assert_true(json_is_true(json_object_get(features, feature.name.ptr)));
    }
    const char *const names[] = {"broker", "dealer"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        announced +=
            json_object_size(json_object_get(json_object_get(roles, names[i]), "features"));
    }
    assert_int_equal(json_object_size(roles), COUNT_OF(names));
    assert_int_equal(announced, features_count());
    actor_free(actor);
    world_stop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_page_lists_what_is_announced_and_no_more, read_page,
                                        free_page),
        cmocka_unit_test_setup_teardown(each_row_of_the_page_names_a_proof_that_exists, read_page,
                                        free_page),
        cmocka_unit_test(welcome_announces_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
