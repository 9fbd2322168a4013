/* test_calls.c - what calls can do beyond being answered: pieces, time, disclosure, trust, passthru
 * payloads. */
#include "base/clock.h"
#include "calls_world.h"
#include "realm/router_inside.h"

static void the_pieces_of_a_call_reach_one_callee_under_one_id(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *first = callee_new();
    struct actor *second = callee_new();
    unsigned long long id = actor_register(first, 1, "com.up", "\"invoke\":\"roundrobin\"");
    (void)actor_register(second, 1, "com.up", "\"invoke\":\"roundrobin\"");
    say(caller, "[48,1,{\"progress\":true,\"disclose_me\":false},\"com.up\",[1]]");
    (void)expect(first, "[68,1,%llu,{\"procedure\":\"com.up\",\"progress\":true},[1]]", id);
    say(caller, "[48,1,{\"progress\":true,\"disclose_me\":true,\"timeout\":1},\"com.up\",[2]]");
    (void)expect(first, "[68,1,%llu,{\"procedure\":\"com.up\",\"progress\":true},[2]]", id);
    say(caller, "[48,2,{},\"com.up\",[\"other\"]]");
    (void)expect(second, "[68,1,%llu,\"*\",[\"other\"]]", id);
    say(caller, "[48,1,{},\"com.up\",[3],{\"k\":4}]");
    (void)expect(first, "[68,1,%llu,{\"procedure\":\"com.up\"},[3],{\"k\":4}]", id);
    expect_silence(second);
    say(first, "[70,1,{},[6]]");
    (void)expect(caller, "[50,1,{},[6]]");
    actor_free(caller);
    actor_free(first);
    actor_free(second);
}

static void pieces_and_progressive_results_go_both_ways(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true,\"receive_progress\":true},\"com.up\",[1]]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\",\"receive_progress\":true,\"progress\":true},[1]]");
    say(callee, "[70,1,{\"progress\":true},[\"a\"]]");
    (void)expect(caller, "[50,1,{\"progress\":true},[\"a\"]]");
    say(caller, "[48,1,{\"progress\":false},\"com.up\",[2]]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\",\"receive_progress\":true},[2]]");
    say(callee, "[70,1,{\"progress\":true},[\"b\"]]");
    (void)expect(caller, "[50,1,{\"progress\":true},[\"b\"]]");
    say(callee, "[70,1,{},[\"c\"]]");
    (void)expect(caller, "[50,1,{},[\"c\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void count_requests(void)
{
    struct router_options limits = world_limits();
    limits.any_request_ids = false;
    restart(&limits);
}

static void a_piece_for_a_call_that_is_over_is_dropped(void **state)
{
    (void)state;
    count_requests();
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    say(callee, "[8,68,1,{},\"com.enough\"]");
    (void)expect(caller, "[8,48,1,{},\"com.enough\"]");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[2]]");
    say(caller, "[48,1,{},\"com.up\",[3]]");
    expect_silence(caller);
    expect_silence(callee);
    say(caller, "[48,2,{},\"com.up\",[4]]");
    (void)expect(callee, "[68,2,\"*\",\"*\",[4]]");
    actor_free(caller);
    actor_free(callee);
}

/* The callee has answered, and the caller goes on before it has heard. */
static void a_piece_that_crosses_the_answer_is_dropped(void **state)
{
    (void)state;
    count_requests();
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    struct saying piece = {caller, STR("[48,1,{\"progress\":true},\"com.up\",[2]]")};
    on_worker(&world, 0, say_here, &piece);
    say(callee, "[70,1,{},[\"done\"]]");
    on_worker(&world, 0, say_here, &piece);
    settle(&world);
    (void)expect(callee, "[68,1,\"*\",\"*\",[2]]");
    (void)expect(caller, "[50,1,{},[\"done\"]]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void pieces_need_both_ends_to_know_of_them(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *plain = plain_callee_new();
    struct actor *deaf = join_with(far, SERIALIZER_JSON, "", PIECES); /* cannot be interrupted */
    (void)actor_register(plain, 1, "com.plain", "");
    (void)actor_register(deaf, 1, "com.deaf", "");
    say(caller, "[48,1,{\"progress\":true},\"com.plain\",[1]]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    say(caller, "[48,2,{\"progress\":true},\"com.deaf\",[1]]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    expect_silence(plain);
    expect_silence(deaf);
    say(plain, "[48,1,{\"progress\":true},\"com.deaf\",[1]]");
    (void)expect(plain, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    actor_free(caller);
    actor_free(plain);
    actor_free(deaf);
}

static void after_the_last_piece_the_id_is_used(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    say(caller, "[48,1,{},\"com.up\",[2]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[2]]");
    say(caller, "[48,1,{},\"com.up\",[3]]");
    (void)expect(caller, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_piece_that_does_not_fit_ends_the_call(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    callee->queued = (1 << 20) - 64; /* room for an INTERRUPT */
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[\"%0200d\"]]", 1);
    (void)expect(caller, "[8,48,1,{},\"wamp.error.unavailable\",[\"*\"]]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    assert_int_equal(callee->finished, 0);
    actor_free(caller);
    actor_free(callee);
}

static void a_callee_that_leaves_between_pieces_is_canceled(void **state)
{
    (void)state;
    count_requests();
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    actor_free(callee);
    (void)expect(caller, "[8,48,1,{},\"wamp.error.canceled\",[\"*\"]]");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[2]]");
    expect_silence(caller);
    actor_free(caller);
}

static void a_callee_that_times_its_calls_out_is_told_the_time(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.call_timeout_max_ms = 40;
    limits.call_timeout_ms = 20;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"forward_timeout\":true");
    say(caller, "[48,1,{\"timeout\":5,\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\",\"timeout\":5}]");
    wait_for(caller);
    (void)expect(caller, "[8,48,1,{},\"wamp.error.timeout\",[\"no answer within 40 ms\"]]");
    (void)expect(callee, "[69,1,\"*\"]");
    say(caller, "[48,2,{\"timeout\":5,\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(callee, "[8,68,2,{},\"wamp.error.timeout\",[\"mine\"]]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.timeout\",[\"mine\"]]");
    say(caller, "[48,3,{\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,3,\"*\",{\"procedure\":\"com.add\"}]");
    wait_for(caller);
    (void)expect(caller, "[8,48,3,{},\"wamp.error.timeout\",[\"no answer within 20 ms\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void each_progressive_result_gives_the_callee_new_time(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,1,{\"timeout\":400,\"receive_progress\":true},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    uint64_t begun = clock_mono_ms();
    while (clock_mono_ms() - begun < 800) { /* twice what the call may take */
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        say(callee, "[70,1,{\"progress\":true}]");
        (void)expect(caller, "[50,1,{\"progress\":true}]");
    }
    say(callee, "[70,1,{}]");
    (void)expect(caller, "[50,1,{}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_callee_may_ask_to_be_told_who_calls(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"disclose_caller\":true");
    say(caller, "[48,1,{\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\"}]");
    actor_free(caller);
    actor_free(callee);
}

/* The first callee is told, the second is not. */
static void a_call_that_moves_on_tells_no_more_than_the_next_may_know(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *knows = callee_new();
    struct actor *not = callee_new();
    struct actor *again = callee_new();
    (void)actor_register(knows, 1, "com.add",
                         "\"invoke\":\"first\",\"disclose_caller\":true,\"forward_timeout\":true");
    (void)actor_register(not, 1, "com.add", "\"invoke\":\"first\"");
    (void)actor_register(again, 1, "com.add",
                         "\"invoke\":\"first\",\"disclose_caller\":true,\"forward_timeout\":true");
    say(caller, "[48,1,{\"disclose_me\":false,\"timeout\":5000},\"com.add\",[1]]");
    (void)expect(knows, "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                        "\"caller_authrole\":\"*\",\"timeout\":5000},[1]]");
    say(knows, "[8,68,1,{},\"wamp.error.unavailable\"]");
    (void)expect(not, "[68,1,\"*\",{\"procedure\":\"com.add\"},[1]]");
    say(not, "[8,68,1,{},\"wamp.error.unavailable\"]");
    (void)expect(again, "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                        "\"caller_authrole\":\"*\",\"timeout\":5000},[1]]");
    actor_free(caller);
    actor_free(knows);
    actor_free(not );
    actor_free(again);
}

static void nobody_is_disclosed_where_that_is_off(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.disclosure = DISCLOSURE_OFF;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    say(callee, "[64,1,{\"disclose_caller\":true},\"com.add\"]");
    (void)expect(callee, "[8,64,1,{},\"wamp.error.option_not_allowed\",[\"*\"]]");
    (void)actor_register(callee, 2, "com.add", "");
    say(caller, "[48,1,{\"disclose_me\":true},\"com.add\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.option_disallowed.disclose_me\",[\"*\"]]");
    say(caller, "[48,2,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void where_it_must_be_asked_for_nobody_is_disclosed_unasked(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.disclosure = DISCLOSURE_ASKED;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    say(caller, "[48,2,{\"disclose_me\":true},\"com.add\"]");
    (void)expect(callee,
                 "[68,2,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void the_level_of_trust_is_told_where_there_are_rules(void **state)
{
    (void)state;
    static const struct str rules[] = {STR_INIT("staff=5"), STR_INIT("anonymous=2")};
    static const struct str none[] = {STR_INIT("staff=5")};
    for (unsigned i = 0; i < 2; i++) {
        struct router_options limits = world_limits();
        limits.trust_rules = i == 0 ? rules : none;
        limits.trust_rule_count = i == 0 ? COUNT_OF(rules) : COUNT_OF(none);
        restart(&limits);
        struct actor *caller = caller_new();
        struct actor *callee = callee_new();
        (void)actor_register(callee, 1, "com.add", "");
        say(caller, "[48,1,{\"disclose_me\":false},\"com.add\"]");
        (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\",\"trustlevel\":%d}]",
                     i == 0 ? 2 : 0);
        actor_free(caller);
        actor_free(callee);
    }
}

static void what_is_not_known_is_not_passed_on(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"_mine\":1");
    say(caller, "[48,1,{\"_mine\":1,\"x\":{},\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    say(callee, "[70,1,{\"_mine\":1}]");
    (void)expect(caller, "[50,1,{}]");
    say(caller, "[48,2,{},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(callee, "[8,68,2,{\"_mine\":1,\"progress\":true},\"com.no\"]");
    (void)expect(caller, "[8,48,2,{},\"com.no\"]");
    actor_free(caller);
    actor_free(callee);
}

#define BINARY "[\"\\u0000AAEC\"]" /* 00 01 02 */

static void passthru_attributes_go_along(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,1,{\"disclose_me\":false,\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\","
                "\"ppt_cipher\":\"aes256gcm\",\"ppt_keyid\":\"k\"},\"com.add\"," BINARY "]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"com.add\",\"ppt_scheme\":\"wamp\","
                 "\"ppt_serializer\":\"cbor\",\"ppt_cipher\":\"aes256gcm\",\"ppt_keyid\":\"k\"}"
                 "," BINARY "]");
    say(callee, "[70,1,{\"ppt_scheme\":\"x_my\",\"ppt_serializer\":\"own\"}," BINARY "]");
    (void)expect(caller, "[50,1,{\"ppt_scheme\":\"x_my\",\"ppt_serializer\":\"own\"}," BINARY "]");
    say(caller, "[48,2,{\"ppt_scheme\":\"mqtt\",\"receive_progress\":true},\"com.add\",[1]]");
    (void)expect(callee, "[68,2,\"*\",\"*\",[1]]");
    say(callee, "[70,2,{\"ppt_scheme\":\"mqtt\",\"progress\":true},[2]]");
    (void)expect(caller, "[50,2,{\"ppt_scheme\":\"mqtt\",\"progress\":true},[2]]");
    say(callee,
        "[8,68,2,{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.no\"," BINARY "]");
    (void)expect(caller,
                 "[8,48,2,{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.no\"," BINARY
                 "]");
    actor_free(caller);
    actor_free(callee);
}

static void a_passthru_payload_is_one_binary_item_of_a_known_scheme(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\"",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\",[1]",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\",[\"text\"]",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\"," BINARY ",{\"a\":1}",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\",[\"\\u0000\",1]",
        "{\"ppt_scheme\":\"wamp\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"bson\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\",\"ppt_cipher\":\"rot13\"},"
        "\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"mqtt\",\"ppt_serializer\":\"bson\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"mine\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":1},\"com.add\"," BINARY,
    };
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        say(caller, "[48,%u,%s]", i + 1, bad[i]);
        (void)expect(caller, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", i + 1);
    }
    expect_silence(callee);
    say(caller, "[48,50,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},[1]]");
    (void)expect(caller, "[8,48,50,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void passthru_needs_both_ends_to_know_of_it(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *unaware = join_with(0, SERIALIZER_JSON, "", "");
    struct actor *callee = callee_new();
    struct actor *plain = plain_callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    (void)actor_register(plain, 1, "com.plain", "");
    say(caller, "[48,1,{\"ppt_scheme\":\"x_a\"},\"com.plain\"," BINARY "]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    expect_silence(plain);
    say(unaware, "[48,1,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{\"ppt_scheme\":\"x_a\"}," BINARY "]");
    (void)expect(unaware, "[8,48,1,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    say(unaware, "[48,2,{\"ppt_scheme\":\"nonsense\"},\"com.add\",[1,2]]");
    (void)expect(unaware, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    say(caller, "[48,2,{},\"com.plain\"]");
    (void)expect(plain, "[68,1,\"*\",\"*\"]");
    say(plain, "[70,1,{\"ppt_scheme\":\"x_a\"}," BINARY "]");
    (void)expect(plain, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.canceled\",[\"*\"]]");
    actor_free(caller);
    actor_free(unaware);
    actor_free(callee);
    actor_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_pieces_of_a_call_reach_one_callee_under_one_id),
        BOTH(pieces_and_progressive_results_go_both_ways),
        BOTH(a_piece_for_a_call_that_is_over_is_dropped),
        BOTH(a_piece_that_crosses_the_answer_is_dropped),
        BOTH(pieces_need_both_ends_to_know_of_them),
        BOTH(after_the_last_piece_the_id_is_used),
        BOTH(a_piece_that_does_not_fit_ends_the_call),
        BOTH(a_callee_that_leaves_between_pieces_is_canceled),
        BOTH(a_callee_that_times_its_calls_out_is_told_the_time),
        BOTH(each_progressive_result_gives_the_callee_new_time),
        BOTH(a_callee_may_ask_to_be_told_who_calls),
        BOTH(a_call_that_moves_on_tells_no_more_than_the_next_may_know),
        BOTH(nobody_is_disclosed_where_that_is_off),
        BOTH(where_it_must_be_asked_for_nobody_is_disclosed_unasked),
        BOTH(the_level_of_trust_is_told_where_there_are_rules),
        BOTH(what_is_not_known_is_not_passed_on),
        BOTH(passthru_attributes_go_along),
        BOTH(a_passthru_payload_is_one_binary_item_of_a_known_scheme),
        BOTH(passthru_needs_both_ends_to_know_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
