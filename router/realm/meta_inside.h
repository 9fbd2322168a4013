/* meta_inside.h - what the files of the meta API share. Only for meta*.c. */
#ifndef POSTERN_REALM_META_INSIDE_H
#define POSTERN_REALM_META_INSIDE_H

#include "payload/emit.h"
#include "realm/builtin.h"
#include "realm/id_list.h"
#include "wamp/options.h"
#include "wamp/uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const struct builtin meta_session_procedures[];
extern const struct builtin meta_registration_procedures[];
extern const struct builtin meta_subscription_procedures[];
extern const struct builtin meta_event_procedures[];
extern const struct builtin meta_revocation_procedures[];
extern const struct builtin meta_testament_procedures[];
extern const struct builtin meta_house_procedures[];

/* A registration or a subscription, as it is shown. */
struct meta_entry {
    uint64_t id;
    uint64_t created_ms;
    struct str uri;
    enum match_policy match;
    struct str invoke; /* empty for a subscription */
};

/* What is being looked for in a realm's tables, and what was found. */
struct meta_look {
    uint64_t id;
    struct str uri;
    enum match_policy match;
    bool found;
    struct meta_entry entry;
    char uri_memory[URI_LEN_MAX]; /* of entry.uri */
    struct id_list ids[MATCH_POLICIES];
};

/* {exact: [ids], prefix: [ids], wildcard: [ids]}, and frees the lists. */
void meta_answer_lists(const struct builtin_call *call, struct id_list ids[MATCH_POLICIES]);
/* [id, ...], and frees the list. */
void meta_answer_ids(const struct builtin_call *call, struct id_list *ids);
void meta_answer_entry(const struct builtin_call *call, const struct meta_entry *entry);
/* Keeps a URI that is only good under the realm's lock. */
struct str meta_look_keep(struct meta_look *look, struct str uri);

void meta_emit_entry(struct emit *emit, const struct meta_entry *entry);

/* meta_args.c: the arguments of a call of which at least `min` and at most `max` must be there.
 * The realm's own URI in front of them is allowed and skipped, as Bondy's clients send it. False:
 * the call has been refused. */
struct meta_args {
    struct slice list;
    size_t first;
    size_t count;
};

bool meta_args_read(const struct builtin_call *call, size_t min, size_t max, struct meta_args *out);
bool meta_arg_id(const struct builtin_call *call,
                 const struct meta_args *args,
                 size_t index,
                 uint64_t *out);
bool meta_arg_str(const struct builtin_call *call,
                  const struct meta_args *args,
                  size_t index,
                  struct str *out);
/* A list of strings, or null; absent is `present` false. */
bool meta_arg_strs(const struct builtin_call *call,
                   const struct meta_args *args,
                   size_t index,
                   struct option_list *out);
/* "match" in a map of options, or exact. */
bool meta_arg_match(const struct builtin_call *call,
                    const struct meta_args *args,
                    size_t index,
                    enum match_policy *out);
bool meta_kwargs(const struct builtin_call *call,
                 const struct option_row *rows,
                 size_t row_count,
                 void *out);

/* Answers. */
void meta_refuse(struct router *router, uint64_t handle, struct str error, const char *text);
/* A result of one argument is begun in a buffer of its own, and sent. */
struct meta_result {
    struct router *router;
    uint64_t handle;
    struct buf bytes;
    struct emit emit;
};
struct emit *meta_result_begin(struct meta_result *result, struct router *router, uint64_t handle);
void meta_result_send(struct meta_result *result);
void meta_answer_u64(struct router *router, uint64_t handle, uint64_t value);
/* An id, or null for 0. */
void meta_answer_id(struct router *router, uint64_t handle, uint64_t id);
void meta_answer_nothing(struct router *router, uint64_t handle);

#endif
