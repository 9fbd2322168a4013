/* test_postgres_resolve.c - names of hosts, and a resolver that takes its time. */
#include "base/clock.h"
#include "store_helper.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { BOUND_MS = 3000, BUSY_MS = 2000, PATIENCE_MS = 20 * 1000 };

static pthread_mutex_t stuck = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint stuck_now;
static atomic_uint stuck_ever;

/* In place of the system's, which asks a name server of whoever runs this. It knows nobody, and
 * `stuck` answers once it is let go. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *node,
                const char *service,
                const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)service;
    (void)out;
    if ((hints->ai_flags & AI_NUMERICHOST) == 0 && strncmp(node, "stuck", 5) == 0) {
        (void)atomic_fetch_add(&stuck_now, 1);
        (void)atomic_fetch_add(&stuck_ever, 1);
        (void)pthread_mutex_lock(&stuck);
        (void)pthread_mutex_unlock(&stuck);
        (void)atomic_fetch_sub(&stuck_now, 1);
    }
    return EAI_NONAME;
}

static void refused(const char *url, const char *says)
{
    struct err err = {0};
    struct store *store = store_open(str_of(url), STR("/nonexistent"), &err);
    assert_null(store);
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    if (strstr(err.text, says) == NULL || strstr(err.text, "hush") != NULL) {
        fail_msg("\"%s\" does not say \"%s\", or too much", err.text, says);
    }
}

static void wait_for_no_resolver(void)
{
    uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(&stuck_now) > 0 && clock_mono_ms() < end_ms) {
        (void)usleep(1000);
    }
    assert_int_equal(atomic_load(&stuck_now), 0);
    (void)usleep(20 * 1000); /* its thread has some memory to give back */
}

static void a_name_that_nobody_knows_is_told(void **state)
{
    (void)state;
    refused("postgresql://me:hush@nobody.test/x", "nobody.test: the name cannot be resolved");
}

static void a_resolver_that_never_answers_is_given_up(void **state)
{
    (void)state;
    (void)pthread_mutex_lock(&stuck);
    uint64_t began_ms = clock_mono_ms();
    refused("postgresql://me:hush@stuck.test/x", "stuck.test: the name cannot be resolved in time");
    assert_in_range(clock_mono_ms() - began_ms, 1000, BOUND_MS + BUSY_MS);
    (void)pthread_mutex_unlock(&stuck);
    wait_for_no_resolver();
}

static void the_next_host_is_used_while_a_name_hangs(void **state)
{
    const struct place *place = *state;
    char url[512];
    struct err err = {0};
    const char *dir = strstr(postgres_url(), "host=") + strlen("host=");
    (void)snprintf(url, sizeof(url),
                   "postgresql:///postgres?user=postgres&host=stuck.test,%.*s"
                   "&options=-csearch_path%%3D%s&application_name=%s",
                   (int)strcspn(dir, "&"), dir, place->schema, place->schema);
    char cut[256];
    (void)snprintf(cut, sizeof(cut),
                   "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                   " WHERE application_name = '%s'",
                   place->schema);
    unsigned before = atomic_load(&stuck_ever);
    (void)pthread_mutex_lock(&stuck);
    struct store *store = store_open(str_of(url), place_dir(place), &err);
    if (store == NULL) {
        (void)pthread_mutex_unlock(&stuck);
        fail_msg("%s", err.text);
    }
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(put(store, STR("a"), STR("1"), i, NULL), ERR_NONE);
        postgres_do(cut);
    }
    store_close(store);
    assert_int_equal(atomic_load(&stuck_ever) - before, 1); /* asked once, and left to itself */
    (void)pthread_mutex_unlock(&stuck);
    wait_for_no_resolver();
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_name_that_nobody_knows_is_told),
        T(a_resolver_that_never_answers_is_given_up),
        T(the_next_host_is_used_while_a_name_hangs),
    };
    return RUN_ON_POSTGRES(tests);
}
