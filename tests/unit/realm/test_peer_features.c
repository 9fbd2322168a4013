/* test_peer_features.c - what HELLO announces, and what it says wrongly. */
#include "realm/peer_features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static unsigned features_of(const char *json)
{
    return peer_features((struct slice){SERIALIZER_JSON, str_of(json)});
}

static void what_is_announced_is_known(void **state)
{
    (void)state;
    assert_int_equal(features_of("{\"callee\":{\"features\":{\"call_canceling\":true}}}"),
                     CALLEE_CANCELING);
    assert_int_equal(features_of("{\"subscriber\":{\"features\":{\"payload_passthru_mode\":true,"
                                 "\"subscription_revocation\":true}},"
                                 "\"caller\":{\"features\":{\"progressive_call_invocations\":true,"
                                 "\"payload_passthru_mode\":true}}}"),
                     SUBSCRIBER_PASSTHRU | SUBSCRIBER_REVOCATION | CALLER_PROGRESSIVE_CALLS |
                         CALLER_PASSTHRU);
    assert_int_equal(features_of("{\"callee\":{\"features\":{\"progressive_call_invocations\":true,"
                                 "\"call_cancelling\":true,\"registration_revocation\":true,"
                                 "\"call_reroute\":true,\"payload_passthru_mode\":true}}}"),
                     CALLEE_CANCELING | CALLEE_PROGRESSIVE_CALLS | CALLEE_REROUTE |
                         CALLEE_REVOCATION | CALLEE_PASSTHRU);
}

static void what_is_no_truth_is_not_announced(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "1",
        "{\"callee\":{}}",
        "{\"callee\":[]}",
        "{\"callee\":{\"features\":true}}",
        "{\"callee\":{\"features\":{\"call_canceling\":false}}}",
        "{\"callee\":{\"features\":{\"call_canceling\":1}}}",
        "{\"callee\":{\"features\":{\"call_canceling\":\"true\"}}}",
        "{\"caller\":{\"features\":{\"call_canceling\":true}}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(features_of(texts[i]), 0);
    }
    assert_int_equal(peer_features((struct slice){0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_announced_is_known),
        cmocka_unit_test(what_is_no_truth_is_not_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
