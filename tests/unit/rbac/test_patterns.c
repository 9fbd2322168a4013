/* test_patterns.c - a pattern of SUBSCRIBE or REGISTER against grants, by the definitions of both.
 */
#include "rbac_helper.h"
#include "rbac_world.h"

/* The pattern language by its definition, on a universe of all URIs of up to three components
 * over an alphabet where components share beginnings. */
static const char *const alphabet[] = {"a", "ab", "abz", "zz"};
enum { ALPHABET = 4, UNIVERSE = 4 + 16 + 64 + 256, URI_SIZE = 24 };

static size_t make_universe(char universe[UNIVERSE][URI_SIZE])
{
    size_t count = 0;
    size_t from = 0;
    for (size_t i = 0; i < ALPHABET; i++) {
        (void)snprintf(universe[count++], URI_SIZE, "%s", alphabet[i]);
    }
    for (unsigned depth = 0; depth < 3; depth++) {
        size_t end = count;
        for (; from < end; from++) {
            for (size_t i = 0; i < ALPHABET; i++) {
                char longer[URI_SIZE];
                (void)snprintf(longer, sizeof(longer), "%.15s.%s", universe[from], alphabet[i]);
                memcpy(universe[count++], longer, URI_SIZE);
            }
        }
    }
    return count;
}

/* "zz" and "abz" are in no pattern: they stand for the components that nobody has thought of. */
static size_t make_patterns(char patterns[][URI_SIZE], enum grant_match match)
{
    static const char *const parts[] = {"a", "ab", ""};
    size_t count = 0;
    for (size_t depth = 1; depth <= 3; depth++) {
        size_t total = depth == 1 ? 3 : depth == 2 ? 9 : 27;
        for (size_t n = 0; n < total; n++) {
            const char *p[3] = {parts[n % 3], parts[n / 3 % 3], parts[n / 9]};
            char text[URI_SIZE];
            (void)snprintf(text, sizeof(text), "%s%s%s%s%s", p[0], depth > 1 ? "." : "",
                           depth > 1 ? p[1] : "", depth > 2 ? "." : "", depth > 2 ? p[2] : "");
            bool inner_empty = (depth > 1 && p[0][0] == '\0') || (depth > 2 && p[1][0] == '\0');
            bool last_empty = p[depth - 1][0] == '\0';
            bool fits = match == GRANT_WILDCARD || (match == GRANT_PREFIX && !inner_empty) ||
                        (!inner_empty && !last_empty);
            if (fits && (text[0] != '\0' || match != GRANT_EXACT)) {
                memcpy(patterns[count++], text, URI_SIZE);
            }
        }
    }
    return count;
}

static bool wildcard_matches(struct str pattern, struct str uri)
{
    struct str p;
    struct str u;
    bool more_p = true;
    bool more_u = true;
    while (more_p && more_u) {
        more_p = str_cut(pattern, '.', &p, &pattern);
        more_u = str_cut(uri, '.', &u, &uri);
        if (p.len > 0 && !str_eq(p, u)) {
            return false;
        }
    }
    return more_p == more_u;
}

/* As the router matches: a prefix is a prefix of the text. */
static bool pattern_matches(struct str pattern, enum grant_match match, struct str uri)
{
    return match == GRANT_EXACT    ? str_eq(pattern, uri)
           : match == GRANT_PREFIX ? str_starts(uri, pattern)
                                   : wildcard_matches(pattern, uri);
}

/* As grants are documented. */
static bool grant_covers(struct str grant, enum grant_match match, struct str uri)
{
    if (grant.len == 0) {
        return true;
    }
    if (match != GRANT_PREFIX) {
        return pattern_matches(grant, match, uri);
    }
    if (str_ends(grant, STR("."))) {
        return str_starts(uri, grant);
    }
    return str_eq(uri, grant) || (str_starts(uri, grant) && uri.ptr[grant.len] == '.');
}

static struct world world_with_grant(const char *uri, enum grant_match match)
{
    static const char *const names[] = {"exact", "prefix", "wildcard"};
    char grant[200];
    (void)snprintf(grant, sizeof(grant),
                   "[{'permissions':['wamp.subscribe'],'uri':'%s','match':'%s','roles':'all'}]",
                   uri, names[match]);
    return world_of(grant);
}

/* Prefix patterns reach four components, so that a wildcard of three never seems to cover one. */
static bool covers_all(struct str grant,
                       enum grant_match grant_match,
                       struct str pattern,
                       enum grant_match match,
                       const char (*universe)[URI_SIZE])
{
    for (size_t i = 0; i < UNIVERSE; i++) {
        struct str uri = str_of(universe[i]);
        if (pattern_matches(pattern, match, uri) && !grant_covers(grant, grant_match, uri)) {
            return false;
        }
    }
    return true;
}

static void check_patterns(const char *grant,
                           enum grant_match grant_match,
                           enum grant_match match,
                           const char (*universe)[URI_SIZE])
{
    static char patterns[100][URI_SIZE];
    const struct principal nobody = {0};
    struct world world = world_with_grant(grant, grant_match);
    size_t count = make_patterns(patterns, match);
    for (size_t p = 0; p < count; p++) {
        struct str pattern = str_of(patterns[p]);
        bool allowed = rbac_may_pattern(world.rbac, world.realm, &nobody, PERMISSION_SUBSCRIBE,
                                        pattern, match);
        if (allowed != covers_all(str_of(grant), grant_match, pattern, match, universe)) {
            fail_msg("grant %d \"%s\", pattern %d \"%s\": %d", (int)grant_match, grant, (int)match,
                     patterns[p], allowed);
        }
    }
    world_done(&world);
}

static void a_pattern_is_allowed_exactly_when_one_grant_covers_all_that_it_matches(void **state)
{
    (void)state;
    static char universe[UNIVERSE][URI_SIZE];
    static char grants[100][URI_SIZE];
    assert_int_equal(make_universe(universe), UNIVERSE);
    for (unsigned n = 0; n < 9; n++) {
        size_t count = make_patterns(grants, (enum grant_match)(n / 3));
        for (size_t g = 0; g < count; g++) {
            check_patterns(grants[g], (enum grant_match)(n / 3), (enum grant_match)(n % 3),
                           (const char(*)[URI_SIZE])universe);
        }
    }
}

static void two_grants_do_not_cover_a_pattern_together(void **state)
{
    (void)state;
    struct world world =
        world_of("[{'permissions':['wamp.subscribe'],'uri':'a.b','match':'exact','roles':'all'},"
                 "{'permissions':['wamp.subscribe'],'uri':'a.b.','match':'prefix','roles':'all'}]");
    const struct principal nobody = {0};
    assert_true(rbac_may(world.rbac, world.realm, &nobody, PERMISSION_SUBSCRIBE, STR("a.b")));
    assert_true(rbac_may(world.rbac, world.realm, &nobody, PERMISSION_SUBSCRIBE, STR("a.b.c")));
    assert_false(rbac_may_pattern(world.rbac, world.realm, &nobody, PERMISSION_SUBSCRIBE,
                                  STR("a.b"), GRANT_PREFIX));
    assert_true(rbac_may_pattern(world.rbac, world.realm, &nobody, PERMISSION_SUBSCRIBE,
                                 STR("a.b."), GRANT_PREFIX));
    world_done(&world);
}

/* Several grants at once, of several roles and permissions, in any order. */
enum { GRANTS_MAX = 8, ROUNDS = 150, ASKED = 12 };

struct random_grant {
    const char *uri;
    enum grant_match match;
    unsigned role; /* of role_names */
    bool subscribe;
};

static const char *const role_names[] = {"all", "group/staff", "group/ops", "user/ann"};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static char pattern_table[3][100][URI_SIZE];
static size_t pattern_counts[3];

static const char *random_pattern(uint32_t *state, enum grant_match *out_match)
{
    *out_match = (enum grant_match)(next_random(state) % 3);
    return pattern_table[*out_match][next_random(state) % pattern_counts[*out_match]];
}

static size_t random_grants(uint32_t *state, struct random_grant grants[GRANTS_MAX])
{
    size_t count = 1 + next_random(state) % GRANTS_MAX;
    for (size_t i = 0; i < count; i++) {
        grants[i].uri = random_pattern(state, &grants[i].match);
        grants[i].role = next_random(state) % COUNT_OF(role_names);
        grants[i].subscribe = next_random(state) % 4 != 0;
    }
    return count;
}

static struct world world_with(const struct random_grant *grants, size_t count)
{
    static const char *const names[] = {"exact", "prefix", "wildcard"};
    struct buf text;
    buf_init(&text, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        (void)buf_printf(
            &text, "%c{'permissions':['wamp.call','%s'],'uri':'%s','match':'%s','roles':['%s']}",
            i == 0 ? '[' : ',', grants[i].subscribe ? "wamp.subscribe" : "com.read", grants[i].uri,
            names[grants[i].match], role_names[grants[i].role]);
    }
    (void)buf_byte(&text, ']');
    (void)buf_byte(&text, '\0');
    struct world world = world_of(text.ptr);
    buf_done(&text);
    return world;
}

/* ann, who is in staff: of the grants those for ops are not hers. */
static bool one_covers(const struct random_grant *grants,
                       size_t count,
                       struct str pattern,
                       enum grant_match match,
                       const char (*universe)[URI_SIZE])
{
    for (size_t i = 0; i < count; i++) {
        bool hers = strcmp(role_names[grants[i].role], "group/ops") != 0 && grants[i].subscribe;
        if (hers && covers_all(str_of(grants[i].uri), grants[i].match, pattern, match, universe)) {
            return true;
        }
    }
    return false;
}

/* What may be subscribed to may be received: each of the URIs by itself. */
static void check_each(const struct world *world,
                       const struct principal *ann,
                       struct str pattern,
                       enum grant_match match,
                       const char (*universe)[URI_SIZE])
{
    for (size_t i = 0; i < UNIVERSE; i++) {
        if (pattern_matches(pattern, match, str_of(universe[i]))) {
            assert_true(rbac_may(world->rbac, world->realm, ann, PERMISSION_SUBSCRIBE,
                                 str_of(universe[i])));
        }
    }
}

static void
check_round(uint32_t *state, const struct principal *ann, const char (*universe)[URI_SIZE])
{
    struct random_grant grants[GRANTS_MAX];
    size_t count = random_grants(state, grants);
    struct world world = world_with(grants, count);
    for (unsigned i = 0; i < ASKED; i++) {
        enum grant_match match;
        struct str pattern = str_of(random_pattern(state, &match));
        struct rbac_explanation why;
        bool allowed =
            rbac_may_pattern(world.rbac, world.realm, ann, PERMISSION_SUBSCRIBE, pattern, match);
        rbac_explain(world.realm, ann, PERMISSION_SUBSCRIBE, pattern, match, &why);
        if (allowed != one_covers(grants, count, pattern, match, universe) ||
            allowed != why.allowed) {
            fail_msg("pattern %d \"%s\": %d; %s", (int)match, pattern.ptr, allowed, why.text);
        }
        if (allowed) {
            check_each(&world, ann, pattern, match, universe);
        }
    }
    world_done(&world);
}

static void of_many_grants_one_must_cover_all_that_a_pattern_matches(void **state)
{
    (void)state;
    static char universe[UNIVERSE][URI_SIZE];
    const struct str staff = STR("staff");
    const struct principal ann = {
        .authid = STR("ann"), .roles = &staff, .role_count = 1, .authmethod = STR("password")};
    uint32_t seed = 20240607;
    assert_int_equal(make_universe(universe), UNIVERSE);
    for (unsigned m = 0; m < 3; m++) {
        pattern_counts[m] = make_patterns(pattern_table[m], (enum grant_match)m);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        check_round(&seed, &ann, (const char(*)[URI_SIZE])universe);
    }
}

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_allowed_exactly_when_one_grant_covers_all_that_it_matches),
        cmocka_unit_test(two_grants_do_not_cover_a_pattern_together),
        cmocka_unit_test(of_many_grants_one_must_cover_all_that_a_pattern_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
