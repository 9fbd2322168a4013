/* meta_session.c - wamp.session.*: who is here, and sending somebody away. */
#include "audit/audit.h"
#include "realm/meta.h"
#include "realm/meta_inside.h"
#include "realm/session_inside.h"
#include "realm/survey.h"
#include "wamp/fault.h"

#include <stdio.h>

static struct session *session_of(struct idlink *link)
{
    return CONTAINER_OF(link, struct session, by_id);
}

typedef bool (*session_test_fn)(const struct session *session,
                                const struct survey_question *question);

/* The ids of those on this worker that the question is about. */
static void collect(struct seat *seat,
                    const struct survey_question *question,
                    session_test_fn test,
                    struct id_list *out)
{
    size_t cursor = 0;
    struct idlink *link = NULL;
    while ((link = idtable_next(&seat->sessions, &cursor, link)) != NULL) {
        const struct session *session = session_of(link);
        if (session->state == SESSION_OPEN && session->id != question->except &&
            test(session, question)) {
            id_list_push(out, session->id);
        }
    }
}

static bool passes_filter(const struct session *session, const struct survey_question *question)
{
    for (size_t i = 0; i < question->name_count; i++) {
        if (session_has_role(session, question->names[i])) {
            return true;
        }
    }
    return !question->filtered;
}

static void
ask_list(struct seat *seat, const struct survey_question *question, struct survey_part *out)
{
    collect(seat, question, passes_filter, &out->ids);
}

static void tell_count(struct survey *survey)
{
    meta_answer_u64(survey_router(survey), survey_call(survey), survey_count(survey));
}

static void tell_list(struct survey *survey)
{
    struct meta_result result;
    survey_emit_ids(survey, meta_result_begin(&result, survey_router(survey), survey_call(survey)));
    meta_result_send(&result);
}

static void start_list(const struct builtin_call *call, const struct survey_kind *kind)
{
    struct meta_args args;
    struct option_list roles;
    if (!meta_args_read(call, 0, 1, &args) || !meta_arg_strs(call, &args, 0, &roles)) {
        return;
    }
    struct survey_question question = {
        .filtered = roles.present,
        /* Only read. */
        .names = (struct str *)(uintptr_t)roles.strs,
        .name_count = roles.count,
    };
    survey_start(call, kind, &question);
}

static void run_count(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_list, tell_count};
    start_list(call, &kind);
}

static void run_list(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_list, tell_list};
    start_list(call, &kind);
}

static void
ask_get(struct seat *seat, const struct survey_question *question, struct survey_part *out)
{
    struct idlink *link = idtable_find(&seat->sessions, question->id);
    if (link == NULL || session_of(link)->state != SESSION_OPEN) {
        return;
    }
    struct emit emit;
    out->found = true;
    emit_init(&emit, SERIALIZER_MSGPACK, &out->details);
    emit_list(&emit, 1);
    emit_map(&emit, SESSION_DETAILS);
    session_emit_details(session_of(link), &emit);
}

static void no_such_session(struct survey *survey)
{
    meta_refuse(survey_router(survey), survey_call(survey), FAULT_NO_SUCH_SESSION,
                "there is no such session in this realm");
}

static void tell_get(struct survey *survey)
{
    struct payload details = {.serializer = SERIALIZER_MSGPACK, .args = survey_details(survey)};
    if (survey_found(survey)) {
        builtin_answer(survey_router(survey), survey_call(survey), &details);
    } else {
        no_such_session(survey);
    }
}

static void run_get(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_get, tell_get};
    struct survey_question question = {0};
    struct meta_args args;
    if (meta_args_read(call, 1, 1, &args) && meta_arg_id(call, &args, 0, &question.id)) {
        survey_start(call, &kind, &question);
    }
}

/* Those that ask_list or a test found are told to go. */
static void
dismiss(struct seat *seat, const struct survey_question *question, const struct id_list *ids)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct idlink *link = idtable_find(&seat->sessions, ids->ids[i]);
        if (link != NULL) {
            session_dismiss(session_of(link), question->reason, question->message);
        }
    }
}

static bool is_the_one(const struct session *session, const struct survey_question *question)
{
    return session->id == question->id;
}

static bool has_authid(const struct session *session, const struct survey_question *question)
{
    return str_eq(session->principal.authid, question->names[0]);
}

static void
ask_kill(struct seat *seat, const struct survey_question *question, struct survey_part *out)
{
    collect(seat, question, is_the_one, &out->ids);
    dismiss(seat, question, &out->ids);
}

static void ask_kill_by_authid(struct seat *seat,
                               const struct survey_question *question,
                               struct survey_part *out)
{
    collect(seat, question, has_authid, &out->ids);
    dismiss(seat, question, &out->ids);
}

/* By authrole, or, without names, all. */
static void
ask_kill_by_role(struct seat *seat, const struct survey_question *question, struct survey_part *out)
{
    collect(seat, question, passes_filter, &out->ids);
    dismiss(seat, question, &out->ids);
}

/* Sending away is no change of a record, and yet somebody's deed. */
static void audit_kill(const struct survey *survey, bool done)
{
    const struct survey_deed *deed = survey_deed(survey);
    audit_deed(survey_router(survey)->options.audit,
               &(struct store_audit){.realm = survey_realm(survey),
                                     .actor = deed->actor,
                                     .actor_realm = deed->actor_realm,
                                     .authmethod = deed->authmethod,
                                     .address = deed->address,
                                     .request_id = deed->request_id,
                                     .action = deed->action,
                                     .target = deed->target,
                                     .outcome = done ? STR("ok") : STR("refused"),
                                     .error = done ? STR_EMPTY : FAULT_NO_SUCH_SESSION});
}

static void tell_killed(struct survey *survey)
{
    bool done = survey_count(survey) > 0;
    audit_kill(survey, done);
    if (done) {
        meta_answer_nothing(survey_router(survey), survey_call(survey));
    } else {
        no_such_session(survey);
    }
}

static void tell_killed_list(struct survey *survey)
{
    audit_kill(survey, true);
    tell_list(survey);
}

static void tell_killed_count(struct survey *survey)
{
    audit_kill(survey, true);
    tell_count(survey);
}

struct kill_kwargs {
    struct str reason;
    struct str message;
};

static const struct option_row kill_rows[] = {
    {"reason", OPTION_STR, offsetof(struct kill_kwargs, reason)},
    {"message", OPTION_STR, offsetof(struct kill_kwargs, message)},
};

/* The texts that a deed has of its own. */
struct kill_texts {
    char address[AUDIT_ADDRESS_SIZE];
    char caller[40];
    char target[40];
};

static struct survey_deed
kill_deed(const struct builtin_call *call, uint64_t id, struct str name, struct kill_texts *texts)
{
    const struct principal *who = call->principal;
    (void)snprintf(texts->caller, sizeof(texts->caller), "session:%llu",
                   (unsigned long long)call->caller);
    (void)snprintf(texts->target, sizeof(texts->target), "%llu", (unsigned long long)id);
    return (struct survey_deed){
        .actor = who->authid,
        .actor_realm = call->home,
        .authmethod = who->authmethod,
        .address = audit_address(who->address, texts->address),
        .request_id = who->request_id.len > 0 ? who->request_id
                      : call->caller != 0     ? str_of(texts->caller)
                                              : STR_EMPTY,
        .action = call->builtin->procedure,
        .target = id != 0 ? str_of(texts->target) : name,
    };
}

/* The part of the question that all four have, and who it is that asks. */
static bool kill_question(const struct builtin_call *call,
                          struct survey_question *question,
                          struct kill_texts *texts)
{
    struct kill_kwargs kwargs = {.reason = CLOSE_KILLED};
    if (!meta_kwargs(call, kill_rows, COUNT_OF(kill_rows), &kwargs)) {
        return false;
    }
    if (!uri_valid(kwargs.reason, MATCH_EXACT)) {
        meta_refuse(call->router, call->handle, FAULT_INVALID_URI, "reason: this is no URI");
        return false;
    }
    question->except = call->caller;
    question->reason = kwargs.reason;
    question->message = kwargs.message;
    question->deed = kill_deed(call, question->id,
                               question->name_count > 0 ? question->names[0] : STR_EMPTY, texts);
    return true;
}

static void run_kill(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_kill, tell_killed};
    struct survey_question question = {0};
    struct kill_texts texts;
    struct meta_args args;
    if (meta_args_read(call, 1, 1, &args) && meta_arg_id(call, &args, 0, &question.id) &&
        kill_question(call, &question, &texts)) {
        survey_start(call, &kind, &question);
    }
}

static void run_kill_by_name(const struct builtin_call *call, const struct survey_kind *kind)
{
    struct str name = STR_EMPTY;
    struct survey_question question = {.filtered = true, .names = &name, .name_count = 1};
    struct kill_texts texts;
    struct meta_args args;
    if (meta_args_read(call, 1, 1, &args) && meta_arg_str(call, &args, 0, &name) &&
        kill_question(call, &question, &texts)) {
        survey_start(call, kind, &question);
    }
}

static void run_kill_by_authid(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_kill_by_authid, tell_killed_list};
    run_kill_by_name(call, &kind);
}

static void run_kill_by_authrole(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_kill_by_role, tell_killed_count};
    run_kill_by_name(call, &kind);
}

static void run_kill_all(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_kill_by_role, tell_killed_count};
    struct survey_question question = {0};
    struct kill_texts texts;
    struct meta_args args;
    if (meta_args_read(call, 0, 0, &args) && kill_question(call, &question, &texts)) {
        survey_start(call, &kind, &question);
    }
}

const struct builtin meta_session_procedures[] = {
    {STR_INIT("wamp.session.count"), run_count, NULL},
    {STR_INIT("wamp.session.list"), run_list, NULL},
    {STR_INIT("wamp.session.get"), run_get, NULL},
    {STR_INIT("wamp.session.kill"), run_kill, NULL},
    {STR_INIT("wamp.session.kill_by_authid"), run_kill_by_authid, NULL},
    {STR_INIT("wamp.session.kill_by_authrole"), run_kill_by_authrole, NULL},
    {STR_INIT("wamp.session.kill_all"), run_kill_all, NULL},
    {STR_INIT(""), NULL, NULL},
};

/* {session, authid ...} */
void meta_session_joined(struct session *session)
{
    if (!meta_watched(session->seat)) {
        return;
    }
    struct buf *out = &session->shard->words;
    struct emit emit;
    buf_clear(out);
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    emit_list(&emit, 1);
    emit_map(&emit, SESSION_DETAILS);
    session_emit_details(session, &emit);
    struct payload payload = {.serializer = SERIALIZER_MSGPACK, .args = buf_str(out)};
    meta_publish(session->seat, STR("wamp.session.on_join"), &payload);
}

/* session, authid, authrole */
void meta_session_left(struct session *session)
{
    if (!meta_watched(session->seat)) {
        return;
    }
    struct buf *out = &session->shard->words;
    struct emit emit;
    buf_clear(out);
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    emit_list(&emit, 3);
    emit_u64(&emit, session->id);
    emit_str(&emit, session->principal.authid);
    emit_str(&emit, session_authrole(session));
    struct payload payload = {.serializer = SERIALIZER_MSGPACK, .args = buf_str(out)};
    meta_publish(session->seat, STR("wamp.session.on_leave"), &payload);
}
