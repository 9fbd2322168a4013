/* dealer.h - the caller's half of a call: from CALL until it has been answered, once.
 *
 * On the caller's worker, which alone answers. The other half is invocation.h on
 * the callee's worker; the two know each other by handles that travel in parcels
 * and may find nobody.
 */
#ifndef POSTERN_REALM_DEALER_H
#define POSTERN_REALM_DEALER_H

#include "loop/mailbox.h"
#include "loop/timer.h"
#include "realm/idtable.h"
#include "realm/local.h"
#include "realm/slots.h"
#include "wamp/message.h"

#include <stdbool.h>
#include <stdint.h>

struct parcel;
struct seat;
struct session;
struct shard;

/* How the callee's half is told that nobody waits any more. */
enum cancel_mode {
    CANCEL_SKIP,       /* it forgets; the callee hears nothing */
    CANCEL_KILL,       /* the callee is interrupted, its answer is still wanted */
    CANCEL_KILLNOWAIT, /* the callee is interrupted, its answer is not wanted */
    CANCEL_MODES,
    CANCEL_TIMEOUT = CANCEL_MODES, /* killnowait, and the callee is told why */
};

/* Names a call for its callee's half. */
struct call_ref {
    struct handle call;
    uint64_t number; /* of that worker's calls, never twice */
};

struct call {
    struct slot slot;
    struct idlink link; /* session->calls, by request id */
    struct shard *shard;
    struct session *session; /* NULL: an in-process caller, `done` */
    uint64_t number;
    struct handle callee; /* none while it is with nobody, or with a builtin */
    struct timer timer;
    uint64_t timeout_ms; /* of the timer */
    uint64_t asked_ms;   /* what the caller asked for; 0: nothing */
    unsigned features;   /* of the callee: enum peer_feature */
    unsigned needs;      /* features that a callee of this call must have */
    bool progress;       /* the caller takes progressive results */
    bool progressed;     /* and has had one: another callee cannot begin again */
    bool chunked;        /* the caller sends it in several pieces */
    bool more;           /* and the last has not come yet */
    bool killed;         /* its callee has been interrupted: nobody else begins with it */
    bool went_on;        /* and the second has been sent: no callee can begin again */
    bool disclose_me;
    bool keyed;
    bool retried;
    uint64_t key;
    struct callee_load *load; /* NULL: calls are not counted there */
    struct parcel *kept;      /* the INVOCATION, where it may be wanted again; or NULL */
    struct handle *tried;     /* callees that were not available */
    size_t tried_count;
    struct seat *seat;
    struct str uri; /* in `memory`, which stays with the slot */
    char *memory;
    size_t memory_cap;
    /* In-process: the reply waits in the turn queue. */
    local_reply_fn done;
    void *ctx;
    struct parcel *reply;
    /* Of a builtin that wants to know when nobody waits for its answer any more. */
    void (*gone)(void *ctx);
    void *gone_ctx;
};

enum answer_flag {
    ANSWER_FINAL = 1,
    ANSWER_PASSTHRU = 2, /* its payload is for those who announced passthru mode */
    ANSWER_AT_ONCE = 4,  /* no caller is on the stack: in-process ones need not wait either */
};

/* What somebody asks for. Everything is borrowed for the call. */
struct call_request {
    struct seat *seat;
    struct session *session;
    const struct principal *principal;
    uint64_t caller_id;
    uint64_t request;
    struct str procedure;
    struct slice options;
    const struct payload *payload;
    uint64_t timeout_ms; /* 0: the router's default */
    local_reply_fn done;
    void *ctx;
};

/* The call is answered in any case, and may be so already. */
struct handle dealer_call(struct shard *shard, const struct call_request *request);
/* RESULT or ERROR for a call of this worker, or for one that is answered already. `flags`: of enum
 * answer_flag. */
void dealer_answer(struct shard *shard,
                   struct handle handle,
                   struct message *answer,
                   unsigned flags);
/* The next piece of a call in flight; `more`: not the last. */
void dealer_continue(struct call *call, const struct payload *payload, bool more);
/* Tells the callee's half only; the caller is still to be answered. */
void dealer_cancel(struct call *call, enum cancel_mode mode);
struct str cancel_mode_name(enum cancel_mode mode);

/* call_route.c: finds a callee and sends `invocation` to its half, or fails the call. `first` and
 * `options` make its details; NULL: it has details that were made for another callee. */
struct call_options;
void call_route(struct call *call,
                struct message *invocation,
                const struct call_request *first,
                const struct call_options *options);
/* Forgets its callee, for another one or for none. */
void call_let_go(struct call *call);
struct handle call_handle(const struct call *call);

/* For answers of our own. */
void call_fail(struct call *call, struct str error, struct str text);
void call_answer(struct call *call, struct message *answer);
void call_release_memory(struct call *call);

#endif
