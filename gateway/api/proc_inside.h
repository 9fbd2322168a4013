/* proc_inside.h - procedures that are no operations of the directory, and JSON in and out of all
 * of them: for the files proc*.c. */
#ifndef POSTERN_API_PROC_INSIDE_H
#define POSTERN_API_PROC_INSIDE_H

#include "api/proc.h"
#include "store/store.h"

#include <jansson.h>
#include <stdatomic.h>

struct procs {
    struct procs_options options;
    struct builtin *table;
    struct proc_row *rows;
    struct trials *trials;
    char *openapi; /* the admin API described, as JSON */
    atomic_size_t open;
    uint64_t since_ms; /* monotonic: the node has begun */
};

/* A procedure of its own making; one file a subject, tables that end with an empty row. */
struct proc_entry {
    struct str procedure;
    bool master; /* for sessions of the master realm alone */
    void (*run)(struct procs *procs, const struct builtin_call *call);
};
extern const struct proc_entry proc_spec_entries[];
extern const struct proc_entry proc_admin_entries[];
extern const struct proc_entry proc_stats_entries[];
extern const struct proc_entry proc_cluster_entries[];
extern const struct proc_entry proc_try_entries[];

/* proc_cluster.c: the wait until every live node serves a state. It is the caller's, as are both
 * lists from `done` on; that is called on the caller's worker, at once if there is no other node.
 */
struct proc_spread {
    struct store_request store;
    struct procs *procs;
    void (*done)(struct proc_spread *spread);
    json_t *nodes;   /* names of those that serve it */
    json_t *pending; /* of those that do not; NULL: there are none */
};
void proc_spread(struct procs *procs,
                 struct proc_spread *spread,
                 uint64_t seq,
                 void (*done)(struct proc_spread *spread));

/* The args (a list) or kwargs (a map, NULL when there are none) of a call as JSON; the caller's.
 * False: they have something that JSON has not, or a key twice. */
bool proc_args(const struct payload *payload, json_t **out_args, json_t **out_kwargs);

/* [result], or [] without one, and kwargs that may be NULL. Borrowed. */
void proc_answer(struct router *router,
                 uint64_t handle,
                 const json_t *result,
                 const json_t *kwargs);
/* The same of a result that is JSON text already, and one value. */
void proc_answer_text(struct router *router,
                      uint64_t handle,
                      struct str result,
                      const json_t *kwargs);
/* [text], {code, message, description} and the members of `more`, which may be NULL. */
void proc_fail(
    struct router *router, uint64_t handle, struct str uri, const char *text, const json_t *more);
/* proc_guess.c: by the throttles of logins; in the arena. */
struct directory_guesses;
const struct directory_guesses *proc_guesses(struct router *router, struct arena *arena);
/* The payload of an event, from a list of arguments: in `out`. */
struct payload proc_payload(const json_t *args, const json_t *kwargs, struct buf *out);

#endif
