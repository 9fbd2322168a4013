/* survey.h - one question to all workers about a realm, and their answers together.
 *
 * What sessions and members there are each worker knows for itself alone. A builtin
 * asks by a survey: every worker answers with what it has, and the asking one puts
 * the parts together and answers the call. Any worker; a caller that leaves meanwhile
 * is no error.
 */
#ifndef POSTERN_REALM_SURVEY_H
#define POSTERN_REALM_SURVEY_H

#include "base/buf.h"
#include "loop/mailbox.h"
#include "realm/builtin.h"
#include "realm/id_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seat;
struct survey;

/* Who does something by it, for the audit. */
struct survey_deed {
    struct str actor;
    struct str actor_realm;
    struct str authmethod;
    struct str address; /* as text */
    struct str request_id;
    struct str action;
    struct str target;
};

/* What is asked; which members mean something is between `ask` and its user. */
struct survey_question {
    uint64_t id;
    uint64_t session; /* whose it is */
    uint64_t except;  /* a session that does not count; 0: none */
    bool filtered;    /* by `names` */
    struct str *names;
    size_t name_count;
    struct str reason;
    struct str message;
    struct survey_deed deed;
};

/* One worker's answer. */
struct survey_part {
    struct post post;
    struct survey *survey;
    struct id_list ids;
    bool found;
    struct buf details; /* MsgPack */
};

struct survey_kind {
    /* On each worker that has the realm. */
    void (*ask)(struct seat *seat, const struct survey_question *question, struct survey_part *out);
    /* On the asking worker, when all have answered: builtin_answer or builtin_fail. */
    void (*tell)(struct survey *survey);
};

/* The question is copied. */
void survey_start(const struct builtin_call *call,
                  const struct survey_kind *kind,
                  const struct survey_question *question);

/* For `tell`. */
struct router *survey_router(const struct survey *survey);
uint64_t survey_call(const struct survey *survey);
struct str survey_realm(const struct survey *survey);
const struct survey_deed *survey_deed(const struct survey *survey);
/* Whether any part was `found`. */
bool survey_found(const struct survey *survey);
size_t survey_count(const struct survey *survey);
/* The list of all ids. */
void survey_emit_ids(const struct survey *survey, struct emit *emit);
/* The details of the part that has some, or empty. */
struct str survey_details(const struct survey *survey);

#endif
