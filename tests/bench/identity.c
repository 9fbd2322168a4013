/* identity.c - a large realm of users and grants: bench_identity [USERS [GRANTS]].
 *
 * Prints a line of JSON a figure: milliseconds of the first build and of one with one changed
 * user, nanoseconds of a decision, memoised and not. */
#include "base/clock.h"
#include "base/mem.h"
#include "rbac/rbac_builder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 512, GROUPS = 50, LOOKS = 10000, BATCHES = 50, CHANGES = 200 };

#define REALM STR("com.example.large")

static void
apply(struct rbac_builder *builder, const char *kind, const char *key, const char *value)
{
    bool is_realm = strcmp(kind, "realm") == 0;
    bool taken =
        rbac_builder_apply(builder, &(struct store_record){.kind = str_of(kind),
                                                           .realm = is_realm ? STR_EMPTY : REALM,
                                                           .key = str_of(key),
                                                           .value = str_of(value),
                                                           .version = 1});
    assert(taken);
    (void)taken;
}

static void apply_user(struct rbac_builder *builder, unsigned number, unsigned change)
{
    char key[32];
    char value[TEXT_SIZE];
    (void)snprintf(key, sizeof(key), "user%u", number);
    (void)snprintf(
        value, sizeof(value),
        "{\"credential\":\"{\\\"version\\\":\\\"1.0\\\",\\\"password\\\":\\\"$argon2id$v=19"
        "$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
        "Zm9ydHktdGhyZWUtY2hhcmFjdGVycy1vZi1hLWhhc2g\\\"}\",\"groups\":[\"group%u\"],"
        "\"meta\":{\"change\":%u},\"username\":\"%s\"}",
        number % GROUPS, change, key);
    apply(builder, "user", key, value);
}

static void apply_grant(struct rbac_builder *builder, unsigned number)
{
    static const char *const matches[] = {"exact", "exact", "prefix", "wildcard"};
    const char *match = matches[number % COUNT_OF(matches)];
    char key[128];
    char uri[64];
    char value[TEXT_SIZE];
    (void)snprintf(uri, sizeof(uri), "com.example.area%u.%s.n%u", number % 97,
                   strcmp(match, "wildcard") == 0 ? "" : "part", number);
    (void)snprintf(key, sizeof(key), "%s %s group/group%u", match, uri, number % GROUPS);
    (void)snprintf(value, sizeof(value),
                   "{\"match\":\"%s\",\"permissions\":[\"wamp.call\"],\"role\":\"group/group%u\","
                   "\"uri\":\"%s\"}",
                   match, number % GROUPS, uri);
    apply(builder, "grant", key, value);
}

static void unref(struct rbac *rbac)
{
    snapshot_unref((struct snapshot *)(void *)rbac);
}

static double since_ms(uint64_t start)
{
    return (double)(clock_mono_ns() - start) / 1e6;
}

static struct rbac *first_build(struct rbac_builder *builder, unsigned users, unsigned grants)
{
    uint64_t start = clock_mono_ns();
    apply(builder, "realm", "com.example.large", "{\"uri\":\"com.example.large\"}");
    for (unsigned i = 0; i < GROUPS; i++) {
        char key[32];
        char value[TEXT_SIZE];
        (void)snprintf(key, sizeof(key), "group%u", i);
        (void)snprintf(value, sizeof(value), "{\"name\":\"%s\",\"groups\":[\"group%u\"]}", key,
                       i / 2);
        apply(builder, "group", key, value);
    }
    for (unsigned i = 0; i < users; i++) {
        apply_user(builder, i, 0);
    }
    for (unsigned i = 0; i < grants; i++) {
        apply_grant(builder, i);
    }
    struct rbac *rbac = rbac_builder_build(builder, 1);
    (void)printf("{\"name\": \"first build\", \"ms\": %.1f}\n", since_ms(start));
    return rbac;
}

static int by_time(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static struct rbac *
later_builds(struct rbac_builder *builder, struct rbac *rbac, unsigned users, bool grant)
{
    double took[CHANGES];
    for (unsigned i = 0; i < CHANGES; i++) {
        uint64_t start = clock_mono_ns();
        if (grant) {
            apply_grant(builder, i);
        } else {
            apply_user(builder, i * 7919 % users, i + 1);
        }
        struct rbac *next = rbac_builder_build(builder, i + 2);
        took[i] = since_ms(start);
        unref(rbac);
        rbac = next;
    }
    qsort(took, CHANGES, sizeof(took[0]), by_time);
    (void)printf("{\"name\": \"build after one changed %s\", \"ms\": %.3f}\n",
                 grant ? "grant" : "user", took[CHANGES / 2]);
    return rbac;
}

static void
decisions(const struct rbac *rbac, struct rbac_memo *memo, unsigned uris, const char *name)
{
    static char texts[1024][64];
    const struct rbac_realm *realm = rbac_realm_find(rbac, REALM);
    struct arena arena;
    arena_init(&arena, 1 << 20);
    const struct rbac_user *user = rbac_user_find(realm, STR("USER47"));
    struct rbac_roles roles = rbac_roles_of(realm, user, &arena);
    struct principal principal = {.authid = user->username,
                                  .roles = roles.names,
                                  .role_count = roles.count,
                                  .authmethod = STR("wampcra"),
                                  .memo = memo};
    for (unsigned i = 0; i < uris; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "com.example.area%u.part.n%u", i % 97, i);
    }
    unsigned allowed = 0;
    double best = 1e9;
    for (unsigned batch = 0; batch < BATCHES; batch++) { /* others only make one longer */
        uint64_t start = clock_mono_ns();
        for (unsigned i = 0; i < LOOKS; i++) {
            struct str uri = str_of(texts[i % uris]);
            allowed += rbac_may(rbac, realm, &principal, PERMISSION_CALL, uri) ? 1 : 0;
        }
        double took = since_ms(start);
        best = took < best ? took : best;
    }
    (void)printf("{\"name\": \"%s, %zu groups, %u%% allowed\", \"ns\": %.1f}\n", name, roles.count,
                 allowed / (BATCHES * LOOKS / 100), best * 1e6 / LOOKS);
    arena_done(&arena);
}

int main(int argc, char **argv)
{
    unsigned users = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    unsigned grants = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10000;
    if (users < 100) {
        (void)fprintf(stderr, "usage: bench_identity [USERS [GRANTS]]; at least 100 users\n");
        return 64;
    }
    struct rbac_builder *builder = rbac_builder_new();
    struct rbac *rbac = first_build(builder, users, grants);
    rbac = later_builds(builder, rbac, users, false);
    rbac = later_builds(builder, rbac, users, true);
    struct rbac_memo *memo = rbac_memo_new();
    decisions(rbac, memo, 100, "decision, memoised");
    decisions(rbac, NULL, 1024, "decision, cold");
    rbac_memo_free(memo);
    unref(rbac);
    rbac_builder_free(builder);
    return 0;
}
