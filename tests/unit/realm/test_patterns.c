/* test_patterns.c - the pattern tables against a list that is searched by hand. */
#include "base/mem.h"
#include "realm/patterns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ENTRIES = 200, STEPS = 6000, PARTS = 4 };

struct entry {
    char uri[64];
    enum match_policy match;
    bool present;
};

static struct entry entries[ENTRIES];
static uint64_t seed;

static unsigned roll(unsigned bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % bound;
}

/* Few names, so that much overlaps. */
static void random_uri(char out[64], bool empty_parts)
{
    static const char *const names[] = {"a", "b", "ab", "abc", "b2"};
    size_t len = 0;
    unsigned count = 1 + roll(PARTS);
    for (unsigned i = 0; i < count; i++) {
        bool empty = empty_parts && roll(3) == 0;
        len += (size_t)snprintf(out + len, 64 - len, "%s%s", i == 0 ? "" : ".",
                                empty ? "" : names[roll(COUNT_OF(names))]);
    }
}

static void entry_make(struct entry *entry)
{
    entry->present = false;
    entry->match = (enum match_policy)roll(MATCH_POLICIES);
    random_uri(entry->uri, entry->match == MATCH_WILDCARD);
    if (entry->match == MATCH_PREFIX) { /* also in the middle of a name, also empty */
        entry->uri[roll((unsigned)strlen(entry->uri) + 1)] = '\0';
    }
}

static bool taken(const struct entry *wanted)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (&entries[i] != wanted && entries[i].present && entries[i].match == wanted->match &&
            strcmp(entries[i].uri, wanted->uri) == 0) {
            return true;
        }
    }
    return false;
}

/* Of two wildcards that fit: the one that names the first component where they differ. */
static bool names_earlier(struct str a, struct str b)
{
    for (;;) {
        struct str head_a = STR_EMPTY;
        struct str head_b = STR_EMPTY;
        struct str tail_a = STR_EMPTY;
        struct str tail_b = STR_EMPTY;
        bool more = str_cut(a, '.', &head_a, &tail_a);
        (void)str_cut(b, '.', &head_b, &tail_b);
        if ((head_a.len == 0) != (head_b.len == 0)) {
            return head_a.len > 0;
        }
        if (!more) {
            return false;
        }
        a = tail_a;
        b = tail_b;
    }
}

static bool better(const struct entry *a, const struct entry *b)
{
    if (a->match != b->match) {
        return a->match < b->match;
    }
    if (a->match == MATCH_PREFIX) {
        return strlen(a->uri) > strlen(b->uri);
    }
    return names_earlier(str_of(a->uri), str_of(b->uri));
}

struct found {
    unsigned count;
    unsigned times[ENTRIES];
};

static void note(void *ctx, void *value)
{
    struct found *found = ctx;
    found->count++;
    found->times[(struct entry *)value - entries]++;
}

static void check(const struct patterns *patterns, struct str uri)
{
    const struct entry *best = NULL;
    struct found found = {0};
    unsigned expected = 0;
    patterns_each(patterns, uri, note, &found);
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        bool fits = entry->present && uri_match(str_of(entry->uri), entry->match, uri);
        assert_int_equal(found.times[i], fits);
        expected += fits;
        if (fits && (best == NULL || better(entry, best))) {
            best = entry;
        }
    }
    assert_int_equal(found.count, expected);
    assert_ptr_equal(patterns_best(patterns, uri), best);
}

static void toggle(struct patterns *patterns, struct entry *entry)
{
    struct str uri = str_of(entry->uri);
    if (entry->present) {
        assert_ptr_equal(patterns_get(patterns, uri, entry->match), entry);
        patterns_remove(patterns, uri, entry->match);
        entry_make(entry);
    } else if (!taken(entry)) {
        assert_null(patterns_get(patterns, uri, entry->match));
        patterns_put(patterns, uri, entry->match, entry);
        entry->present = true;
    } else {
        entry_make(entry);
    }
}

static void the_tables_agree_with_a_list(void **state)
{
    (void)state;
    struct patterns patterns;
    for (seed = 1; seed < 5; seed++) {
        uint64_t start = seed;
        patterns_init(&patterns);
        for (size_t i = 0; i < ENTRIES; i++) {
            entry_make(&entries[i]);
        }
        for (unsigned step = 0; step < STEPS; step++) {
            char uri[64];
            toggle(&patterns, &entries[roll(ENTRIES)]);
            random_uri(uri, false);
            check(&patterns, str_of(uri));
        }
        for (size_t i = 0; i < ENTRIES; i++) {
            if (entries[i].present) {
                patterns_remove(&patterns, str_of(entries[i].uri), entries[i].match);
                entries[i].present = false;
            }
        }
        check(&patterns, STR("a.b.c"));
        patterns_done(&patterns);
        seed = start;
    }
}

static void a_full_table_is_freed_whole(void **state)
{
    (void)state;
    struct patterns patterns;
    seed = 9;
    patterns_init(&patterns);
    for (size_t i = 0; i < ENTRIES; i++) {
        entry_make(&entries[i]);
        toggle(&patterns, &entries[i]);
    }
    patterns_done(&patterns);
}

static void long_uris_stay_within_bounds(void **state)
{
    (void)state;
    struct patterns patterns;
    char uri[URI_LEN_MAX];
    memset(uri, '.', sizeof(uri));
    for (size_t i = 0; i < sizeof(uri); i += 2) {
        uri[i] = 'a';
    }
    patterns_init(&patterns);
    struct str many =
        str_make(uri, sizeof(uri) - 1); /* far more components than a pattern may have */
    patterns_put(&patterns, STR("a."), MATCH_PREFIX, &patterns);
    assert_ptr_equal(patterns_best(&patterns, many), &patterns);
    assert_null(wildcards_best(&patterns.wildcard, many));
    patterns_put(&patterns, many, MATCH_PREFIX, uri);
    assert_ptr_equal(patterns_best(&patterns, many), uri);
    patterns_done(&patterns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_agree_with_a_list),
        cmocka_unit_test(a_full_table_is_freed_whole),
        cmocka_unit_test(long_uris_stay_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
