/* meta_revocation.c - wamp.subscription.remove_subscriber: takes a subscription from a session. */
#include "base/mem.h"
#include "realm/meta_inside.h"
#include "realm/session_inside.h"
#include "realm/survey.h"
#include "wamp/fault.h"

struct revocation_kwargs {
    struct str reason;
};

static const struct option_row revocation_rows[] = {
    {"reason", OPTION_STR, offsetof(struct revocation_kwargs, reason)},
};

static void
ask_remove(struct seat *seat, const struct survey_question *question, struct survey_part *out)
{
    struct idlink *link = idtable_find(&seat->sessions, question->session);
    if (link != NULL) {
        out->found = session_revoke(CONTAINER_OF(link, struct session, by_id), question->id,
                                    question->reason);
    }
}

static void tell_removed(struct survey *survey)
{
    if (survey_found(survey)) {
        meta_answer_nothing(survey_router(survey), survey_call(survey));
    } else {
        meta_refuse(survey_router(survey), survey_call(survey), FAULT_NO_SUCH_SUBSCRIPTION,
                    "that session has no such subscription");
    }
}

/* [subscription, session], {reason} */
static void run_remove(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_remove, tell_removed};
    struct revocation_kwargs kwargs = {.reason = STR_EMPTY};
    struct survey_question question = {0};
    struct meta_args args;
    if (!meta_args_read(call, 2, 2, &args) || !meta_arg_id(call, &args, 0, &question.id) ||
        !meta_arg_id(call, &args, 1, &question.session) ||
        !meta_kwargs(call, revocation_rows, COUNT_OF(revocation_rows), &kwargs)) {
        return;
    }
    question.reason = kwargs.reason;
    survey_start(call, &kind, &question);
}

const struct builtin meta_revocation_procedures[] = {
    {STR_INIT("wamp.subscription.remove_subscriber"), run_remove, NULL},
    {STR_INIT(""), NULL, NULL},
};
