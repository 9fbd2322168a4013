/* test_model.c - random steps of eight peers, against a dealer and a broker that are plainly right:
 * whatever is said, exactly that is heard which the model expects. */
#include "model_runner.h"
#include "model_sessions.h"

typedef void (*step_fn)(struct model *model, const struct step *step);

/* A row as often as it is likely. Those of somebody who is not there are `join` instead. */
static const step_fn kinds[] = {
    step_register, step_register, step_register,  step_register,  step_unregister, step_call,
    step_call,     step_call,     step_call,      step_call,      step_call,       step_call,
    step_call,     step_piece,    step_piece,     step_cancel,    step_cancel,     step_timeout,
    step_yield,    step_yield,    step_yield,     step_yield,     step_yield,      step_error,
    step_error,    step_error,    step_subscribe, step_subscribe, step_subscribe,  step_unsubscribe,
    step_publish,  step_publish,  step_publish,   step_publish,   step_leave,      step_lose,
    step_violate,  step_kill,     step_revoke,    step_banish,    step_look,       step_look,
};

static void take(struct model *model, const struct step *step)
{
    struct model_session *session = &model->sessions[step->player];
    if (!session->connected) {
        model_connect(model, step->player);
    }
    if (session->joined) {
        kinds[step->kind](model, step);
    } else {
        step_join(model, step);
    }
    rig_check(model->rig);
    if (rig_invocations(model->rig) != model->call_count) {
        rig_fail(model->rig, "%llu invocations are open, of %u calls",
                 (unsigned long long)rig_invocations(model->rig), model->call_count);
    }
}

static void all_leave(struct model *model)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        struct step step = {.player = i};
        if (model->sessions[i].connected) {
            step_lose(model, &step);
            rig_check(model->rig);
        }
    }
}

static struct router_options limits(void)
{
    struct router_options options = world_limits();
    options.any_request_ids = false;
    options.registrations_max = PER_SESSION_REGISTRATIONS;
    options.subscriptions_max = PER_SESSION_SUBSCRIPTIONS;
    options.calls_max = PER_SESSION_CALLS;
    return options;
}

static void play(struct verdict *verdict, const struct run *run)
{
    static struct rig rig;
    static struct model model;
    struct router_options options = limits();
    rig_start(&rig, verdict, run->workers, &options);
    rig.aloud = run->aloud;
    model = (struct model){.rig = &rig};
    for (verdict->step = 0; verdict->step < run->count; verdict->step++) {
        take(&model, &run->steps[verdict->step]);
    }
    all_leave(&model);
    rig_stop(&rig);
}

static void one_worker_does_what_the_model_does(void **state)
{
    (void)state;
    struct campaign campaign = {play, COUNT_OF(kinds), 1, 49, 1000};
    campaign_run(&campaign);
}

static void two_workers_do_what_the_model_does(void **state)
{
    (void)state;
    struct campaign campaign = {play, COUNT_OF(kinds), 2, 49, 1000};
    campaign_run(&campaign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_does_what_the_model_does),
        cmocka_unit_test(two_workers_do_what_the_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
