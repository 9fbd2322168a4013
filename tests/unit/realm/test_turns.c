/* test_turns.c - what meets between two workers, with their turns in the order that matters. */
#include "model_rig.h"

static struct rig rig;
static struct verdict verdict;

static int set_up(void **state)
{
    (void)state;
    struct router_options options = world_limits();
    rig_start(&rig, &verdict, 2, &options);
    for (unsigned i = 0; i < PLAYERS; i++) {
        rig_connect(&rig, i);
        rig_say(&rig, i, "[1,\"com.test\",{" HELLO_ROLES "}]");
    }
    rig_listen(&rig);
    rig_forget_heard(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (rig.mouths[i].actor != NULL) {
            rig_lose(&rig, i);
            rig_forget(&rig, i);
        }
    }
    rig_forget_heard(&rig);
    rig_stop(&rig);
    return 0;
}

/* All that comes now, but no more than what was expected. */
static void check(void)
{
    rig_pump(&rig);
    rig_listen(&rig);
    rig_check(&rig);
}

/* The id in the answer to request 1. */
static uint64_t id_from(unsigned player, enum message_type type)
{
    rig_listen(&rig);
    const json_t *said = rig_find(&rig, player, type, 1, 1);
    uint64_t id = said == NULL ? 0 : number_in(said, 2);
    rig_forget_heard(&rig);
    return id;
}

/* Players with an even number are on worker 0, the others on worker 1. */

static void a_retained_event_comes_once_to_who_subscribes_while_it_is_under_way(void **state)
{
    (void)state;
    rig_say(&rig, 1, "[32,1,{},\"com.topic\"]");
    unsigned long long id = id_from(1, MESSAGE_SUBSCRIBED);
    rig_say(&rig, 0, "[16,1,{},\"com.topic\",[1]]");
    rig_say(&rig, 0, "[16,2,{\"retain\":true},\"com.topic\",[2]]");
    rig_say(&rig, 3, "[32,1,{\"get_retained\":true},\"com.topic\"]");
    rig_say(&rig, 0, "[16,3,{},\"com.topic\",[3]]");
    rig_expect(&rig, 3, 0, "[33,1,%llu]", id);
    rig_expect(&rig, 3, 1, "[36,%llu,\"*\",\"*\",[2]]", id);
    rig_expect(&rig, 3, 2, "[36,%llu,\"*\",\"*\",[3]]", id);
    for (unsigned i = 1; i <= 3; i++) {
        rig_expect(&rig, 1, i, "[36,%llu,\"*\",\"*\",[%u]]", id, i);
    }
    check();
}

static void a_killed_call_whose_callee_has_just_gone_is_over(void **state)
{
    (void)state;
    rig_say(&rig, 1, "[64,1,{\"invoke\":\"first\"},\"com.add\"]");
    unsigned long long id = id_from(1, MESSAGE_REGISTERED);
    rig_say(&rig, 3, "[64,1,{\"invoke\":\"first\"},\"com.add\"]");
    rig_listen(&rig);
    rig_forget_heard(&rig);
    rig_say(&rig, 0, "[48,1,{},\"com.add\"]");
    rig_say(&rig, 1, "[66,2,%llu]", id);
    rig_say(&rig, 0, "[49,1,{\"mode\":\"kill\"}]");
    rig_expect(&rig, 1, 0, "[67,2]");
    rig_expect(&rig, 0, 0, "[8,48,1,{},\"wamp.error.canceled\",\"*\"]");
    check();
}

/* What was open at it is canceled; what was on its way to it goes to where it is now. */
static void a_callee_that_is_cut_off_under_load_can_register_again_at_once(void **state)
{
    (void)state;
    rig_say(&rig, 1, "[64,1,{},\"com.add\"]");
    for (unsigned round = 1; round <= 50; round++) {
        bool arrived = round % 2 == 0;
        rig_listen(&rig);
        rig_forget_heard(&rig);
        rig_say(&rig, 0, "[48,%u,{},\"com.add\"]", round);
        rig_say(&rig, 3, "[48,%u,{},\"com.add\"]", round);
        if (arrived) {
            (void)rig_turn(&rig, 1);
        }
        rig_lose(&rig, 1);
        rig_forget(&rig, 1);
        rig_connect(&rig, 1);
        rig_say(&rig, 1, "[1,\"com.test\",{" HELLO_ROLES "}]");
        rig_say(&rig, 1, "[64,1,{},\"com.add\"]");
        rig_expect(&rig, 1, 0, "[2,\"*\",\"*\"]");
        rig_expect(&rig, 1, 1, "[65,1,\"*\"]");
        rig_expect(&rig, 3, 0, "[8,48,%u,{},\"wamp.error.canceled\",\"*\"]", round);
        if (arrived) {
            rig_expect(&rig, 0, 0, "[8,48,%u,{},\"wamp.error.canceled\",\"*\"]", round);
        } else {
            rig_pump(&rig);
            rig_say(&rig, 1, "[70,1,{},[%u]]", round);
            rig_expect(&rig, 1, 2, "[68,1,\"*\",\"*\"]");
            rig_expect(&rig, 0, 0, "[50,%u,{},[%u]]", round, round);
        }
        check();
    }
}

#define WITH_RIG(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(a_retained_event_comes_once_to_who_subscribes_while_it_is_under_way),
        WITH_RIG(a_killed_call_whose_callee_has_just_gone_is_over),
        WITH_RIG(a_callee_that_is_cut_off_under_load_can_register_again_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
