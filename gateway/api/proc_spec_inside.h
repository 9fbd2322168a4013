/* proc_spec_inside.h - a call about specifications, for the files proc_spec*.c alone.
 *
 * Each call ends with one answer or refusal, which frees it. */
#ifndef POSTERN_API_PROC_SPEC_INSIDE_H
#define POSTERN_API_PROC_SPEC_INSIDE_H

#include "api/proc_audit.h"
#include "api/proc_inside.h"
#include "audit/audit.h"
#include "builder/builder.h"
#include "directory/directory.h"

enum { STORE_ARENA_MAX = 256 << 20 };

/* One call on its way. Its options are read as those of the directory's operations. */
struct spec_call {
    struct store_request store;
    struct publish_request publish;
    struct catalog_request catalog;
    struct post built;
    struct proc_spread spread;
    struct procs *procs;
    struct router *router;
    uint64_t handle;
    json_t *args;
    json_t *kwargs;
    struct directory_call options;
    struct arena arena;
    struct str author;
    uint64_t deleted_at;
    struct store_audit audit; /* the row of what changes something */
    bool audited;             /* and it is not written yet */
};

/* Reads the arguments, of which there must be `count`, and options. NULL: refused. */
struct spec_call *
spec_call_new(struct procs *procs, const struct builtin_call *from, size_t count, bool changes);
void spec_call_free(struct spec_call *call);

/* Among the keyword arguments: a text or "", and whether it is true, which may come as text. */
struct str spec_call_option(const struct spec_call *call, const char *key);
bool spec_call_flag(const struct spec_call *call, const char *key);
/* The id of a specification, the first argument, or the call is over. */
bool spec_call_take_id(struct spec_call *call);
/* A version's number, which may come as text; 0 and "" are the present one. */
bool spec_call_take_version(struct spec_call *call, const json_t *value, uint64_t *out);

/* `finish` frees the call, and before that the store's arena is done with. */
void spec_call_submit(struct spec_call *call, enum store_op op, store_finish_fn finish);
void spec_call_store_done(struct spec_call *call);
/* Whether the store has answered; that there is nothing is an answer. Else the call is over. */
bool spec_call_answered(struct spec_call *call);
/* The one record that was asked for, or the call is over. */
const struct store_record *spec_call_record(struct spec_call *call);

/* The result, and what is said for who asks for details (stolen, both). */
void spec_call_answer(struct spec_call *call, json_t *result, json_t *details);
void spec_call_refuse(struct spec_call *call, struct str uri, const char *text);
void spec_call_not_found(struct spec_call *call);
struct str spec_call_error(enum err_code code);
/* The row of a change that has not come to the store, which writes it otherwise. */
void spec_call_audit_refused(struct spec_call *call, struct str uri, const char *text);

/* proc_spec_change.c */
void proc_spec_load(struct procs *procs, const struct builtin_call *from);
void proc_spec_rollback(struct procs *procs, const struct builtin_call *from);
void proc_spec_delete(struct procs *procs, const struct builtin_call *from);

#endif
