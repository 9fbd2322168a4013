/* exchange.h - one HTTP request and its answer: arena, state, deadline; finished exactly once.
 *
 * Lives in its stream's arena, on the stream's worker. Answer, deadline, hang-up
 * and drain all go through exchange_finish; the first wins. Not for outside the
 * pipeline.
 */
#ifndef POSTERN_PIPELINE_EXCHANGE_H
#define POSTERN_PIPELINE_EXCHANGE_H

#include "access/access.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "http/front.h"
#include "loop/mailbox.h"
#include "loop/snapshot.h"
#include "loop/timer.h"
#include "pipeline/pipeline.h"
#include "pipeline/problem.h"
#include "rbac/rbac.h"
#include "realm/local.h"
#include "spec/route.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { QUERY_PARAMS_MAX = 256 };

enum stage_result {
    STAGE_NEXT, /* go on with the next stage */
    STAGE_WAIT, /* something will call exchange_advance */
    STAGE_DONE, /* answered */
};

enum exchange_end {
    EXCHANGE_ANSWERED,
    EXCHANGE_TIMEOUT, /* the deadline, ours or the body's */
    EXCHANGE_GONE,    /* the client left */
    EXCHANGE_DRAINED, /* the node stops */
    EXCHANGE_HANDED,  /* others answer it */
};

/* Outlives the exchange until the router has answered; `exchange` is NULL once nobody waits. */
struct pending_call {
    struct exchange *exchange;
    struct pipeline_worker *worker; /* whose spare ones it joins then */
    struct pending_call *next;
};

struct reading;

struct exchange {
    struct list link; /* the worker's open exchanges */
    struct pipeline *pipeline;
    struct stream *stream;
    struct arena *arena; /* the stream's */
    struct snapshot_use *routes;
    const struct operation *operation;
    const struct principal *principal;
    struct principal who;
    const struct bearer *bearer; /* the access token that he came by, or NULL */
    struct str asked;            /* the procedure or topic of the action, */
    struct str lacks;            /* and the scope that the token has not, but its user might */
    struct access_visit visit;
    enum http_method method;
    unsigned stage;
    struct str id;
    struct str path;  /* canonical */
    struct str media; /* of the answer */
    struct str language;
    struct buf body;
    size_t body_max;
    struct reading *reading; /* of a large body; NULL: it is read here (reading.h) */
    struct slice body_value;
    bool body_complete;
    bool finished;
    struct pending_call *pending;
    struct local_handle call;
    const struct local_reply *reply; /* during the reply stage alone: borrowed */
    struct timer deadline;
    uint64_t started_ns;
    struct route_match match;
    struct str bindings[ROUTE_PARAMS_MAX]; /* as many as match.params */
};

/* What the worker has of the pipeline. */
struct pipeline_worker {
    struct list open;
    struct map identities;     /* realm URI -> struct identity */
    struct identity *identity; /* the last that was asked for, or NULL */
    struct buf scratch[3];     /* args, kwargs, answer: reused by every exchange */
    struct pending_call *spare;
    struct post shutdown;
    bool stopping;
    struct pipeline *pipeline;
};

struct pipeline {
    struct pipeline_options options;
    struct pipeline_worker *workers;
    atomic_size_t open;
};

struct pipeline_worker *pipeline_mine(struct pipeline *pipeline);

struct exchange *exchange_new(struct pipeline *pipeline, struct stream *stream);
/* Runs stages until one waits or the exchange is answered. */
void exchange_advance(struct exchange *exchange);
/* Answers with a problem; for stages: `return exchange_fail(...)`. */
enum stage_result exchange_fail(struct exchange *exchange, const struct http_problem *problem);
enum stage_result exchange_refuse(struct exchange *exchange,
                                  unsigned status,
                                  struct str code,
                                  const char *format,
                                  ...) __attribute__((format(printf, 4, 5)));
/* Marks it finished; true for the first caller, who then answers (or not). */
bool exchange_finish(struct exchange *exchange, enum exchange_end reason, unsigned status);
/* Templates stop at the arena's end; what writes the answer may go beyond, a little. */
void exchange_reserve(struct exchange *exchange);
/* Ends it without an answer: its stream is others' from here on. */
void exchange_hand_on(struct exchange *exchange);
/* The stream is over; the exchange's memory goes with it. */
void exchange_gone(struct exchange *exchange);

/* The stages, each in the file of its name. */
enum stage_result match_stage(struct exchange *exchange);
enum stage_result secure_stage(struct exchange *exchange);
enum stage_result bind_stage(struct exchange *exchange);
enum stage_result act_stage(struct exchange *exchange);
enum stage_result reply_stage(struct exchange *exchange);

/* act.c: frees the spare ones. */
void pending_done(struct pipeline_worker *mine);
/* scope.c: what a token's scope lacks for the action, although its user might do it: words of a
 * scope, any of which would do. False: it is not that. */
bool exchange_scope_lacks(const struct exchange *exchange, struct str *out);
/* WWW-Authenticate of that (RFC 6750, 3.1). */
struct str exchange_scope_challenge(const struct exchange *exchange, struct str scope);
/* context.c: what templates see. */
const struct template_source *exchange_source(struct exchange *exchange, struct arena *arena);
/* context_security.c: of who acts. */
bool exchange_security(const struct exchange *exchange,
                       const struct str *path,
                       size_t path_len,
                       struct arena *arena,
                       struct slice *out,
                       size_t *used);
/* status.c: the HTTP status of an error URI; `known` is false where nobody says but the default. */
bool exchange_status_known(const struct exchange *exchange, struct str uri, unsigned *out);
unsigned exchange_error_status(const struct exchange *exchange, struct str uri);
/* identity.c: a realm and who comes to it. NULL: there is no such realm. Borrowed until the loop
 * goes on. */
struct identity;
struct identity *identity_of(struct pipeline_worker *mine, const struct rbac *rbac, struct str uri);
/* Who is nobody in particular; NULL: nobody of that address is let in. */
const struct principal *identity_anonymous(struct identity *identity,
                                           const struct in6_addr *address);
void identity_done(struct pipeline_worker *mine);

#endif
