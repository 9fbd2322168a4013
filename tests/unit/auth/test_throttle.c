/* test_throttle.c - failures slow down the next attempts, and are forgotten. */
#include "auth/throttle.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct peer_info from(const char *address)
{
    struct peer_info info = {0};
    assert_int_equal(inet_pton(AF_INET6, address, &info.address), 1);
    return info;
}

static struct throttle_key key_of(const char *account, const char *address)
{
    struct peer_info info = from(address);
    return throttle_key(STR("com.test"), str_of(account), &info);
}

static void fail_times(struct throttle *throttle,
                       const struct throttle_key *key,
                       unsigned times,
                       uint64_t now_ms)
{
    for (unsigned i = 0; i < times; i++) {
        throttle_failed(throttle, key, now_ms);
    }
}

static void it_begins_after_five_failures_and_doubles_up_to_a_cap(void **state)
{
    struct throttle *throttle = *state;
    struct throttle_key key = key_of("joe", "::ffff:192.0.2.1");
    uint64_t now = 1000000;
    fail_times(throttle, &key, 4, now);
    assert_int_equal(throttle_wait_ms(throttle, &key, now), 0);
    fail_times(throttle, &key, 1, now);
    assert_int_equal(throttle_wait_ms(throttle, &key, now), THROTTLE_STEP_MS);
    assert_int_equal(throttle_wait_ms(throttle, &key, now + THROTTLE_STEP_MS), 0);
    now += THROTTLE_STEP_MS;
    fail_times(throttle, &key, 1, now);
    assert_int_equal(throttle_wait_ms(throttle, &key, now), 2 * THROTTLE_STEP_MS);
    fail_times(throttle, &key, 1000, now);
    assert_int_equal(throttle_wait_ms(throttle, &key, now), THROTTLE_ADDRESS_MAX_MS);
    assert_int_equal(throttle_wait_ms(throttle, &key, now + THROTTLE_ADDRESS_MAX_MS), 0);
}

static void the_right_user_elsewhere_waits_half_a_minute_at_most(void **state)
{
    struct throttle *throttle = *state;
    struct throttle_key attacker = key_of("joe", "::ffff:192.0.2.1");
    struct throttle_key joe = key_of("joe", "::ffff:198.51.100.7");
    uint64_t now = 1000000;
    fail_times(throttle, &attacker, 1000, now);
    assert_int_equal(throttle_wait_ms(throttle, &joe, now), THROTTLE_ACCOUNT_MAX_MS);
    now += THROTTLE_ACCOUNT_MAX_MS;
    assert_int_equal(throttle_wait_ms(throttle, &joe, now), 0);
    throttle_passed(throttle, &joe, now);
    fail_times(throttle, &attacker, 1000, now);
    /* He has been here before. */
    assert_int_equal(throttle_wait_ms(throttle, &joe, now), 0);
    assert_true(throttle_wait_ms(throttle, &attacker, now) > 0);
}

static void an_address_is_slowed_for_all_accounts_and_its_whole_network(void **state)
{
    struct throttle *throttle = *state;
    uint64_t now = 1000000;
    for (unsigned i = 0; i < 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%u", i);
        struct throttle_key key = key_of(name, "2001:db8:1:2::1");
        throttle_failed(throttle, &key, now);
    }
    struct throttle_key neighbour = key_of("ann", "2001:db8:1:2:ffff::9");
    struct throttle_key stranger = key_of("ann", "2001:db8:1:3::1");
    assert_true(throttle_wait_ms(throttle, &neighbour, now) > 0);
    assert_int_equal(throttle_wait_ms(throttle, &stranger, now), 0);
    struct throttle_key v4 = key_of("ann", "::ffff:192.0.2.1");
    struct throttle_key v4_next = key_of("ann", "::ffff:192.0.2.2");
    assert_int_not_equal(v4.prefix, v4_next.prefix);
}

static void success_does_not_wash_off_what_an_address_has_failed(void **state)
{
    struct throttle *throttle = *state;
    uint64_t now = 1000000;
    struct throttle_key victim = key_of("joe", "::ffff:192.0.2.1");
    struct throttle_key own = key_of("mallory", "::ffff:192.0.2.1");
    for (unsigned i = 0; i < 5; i++) {
        throttle_failed(throttle, &victim, now);
        throttle_passed(throttle, &own, now);
    }
    assert_true(throttle_wait_ms(throttle, &victim, now) > 0);
}

static void loopback_counts_accounts_alone(void **state)
{
    struct throttle *throttle = *state;
    uint64_t now = 1000000;
    struct throttle_key joe = key_of("joe", "::ffff:127.0.0.1");
    struct throttle_key ann = key_of("ann", "::ffff:127.0.0.1");
    fail_times(throttle, &joe, 5, now);
    assert_true(throttle_wait_ms(throttle, &joe, now) > 0);
    assert_int_equal(throttle_wait_ms(throttle, &ann, now), 0);
    throttle_passed(throttle, &joe, now);
    assert_int_equal(throttle_wait_ms(throttle, &joe, now), 0);
}

static void time_forgets(void **state)
{
    struct throttle *throttle = *state;
    uint64_t now = 1000000;
    struct throttle_key key = key_of("joe", "::ffff:192.0.2.1");
    fail_times(throttle, &key, 50, now);
    now += THROTTLE_FORGET_MS + 1;
    fail_times(throttle, &key, 1, now);
    assert_int_equal(throttle_wait_ms(throttle, &key, now), 0);
}

static void a_flood_of_names_does_not_make_it_forget_who_has_failed_most(void **state)
{
    struct throttle *throttle = *state;
    uint64_t now = 1000000;
    struct throttle_key key = key_of("joe", "::ffff:192.0.2.1");
    fail_times(throttle, &key, 50, now);
    for (unsigned i = 0; i < 200000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%u", i);
        struct throttle_key other = key_of(name, "::ffff:127.0.0.1");
        throttle_failed(throttle, &other, now);
    }
    assert_int_equal(throttle_wait_ms(throttle, &key, now), THROTTLE_ADDRESS_MAX_MS);
}

static int setup(void **state)
{
    *state = throttle_new();
    return 0;
}

static int teardown(void **state)
{
    throttle_free(*state);
    return 0;
}

#define IT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(it_begins_after_five_failures_and_doubles_up_to_a_cap),
        IT(the_right_user_elsewhere_waits_half_a_minute_at_most),
        IT(an_address_is_slowed_for_all_accounts_and_its_whole_network),
        IT(success_does_not_wash_off_what_an_address_has_failed),
        IT(loopback_counts_accounts_alone),
        IT(time_forgets),
        IT(a_flood_of_names_does_not_make_it_forget_who_has_failed_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
