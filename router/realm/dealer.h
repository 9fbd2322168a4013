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
    CANCEL_MODES
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
    uint64_t timeout_ms;
    bool cancels;  /* the callee understands INTERRUPT */
    bool progress; /* the caller takes progressive results */
    bool retried;
    struct seat *seat;
    struct str uri; /* in `memory`, which stays with the slot */
    char *memory;
    size_t memory_cap;
    /* In-process: the reply waits in the turn queue. */
    local_reply_fn done;
    void *ctx;
    struct parcel *reply;
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
/* RESULT or ERROR for a call of this worker, or for one that is answered already. */
void dealer_answer(struct shard *shard, struct handle handle, struct message *answer, bool final);
/* Tells the callee's half only; the caller is still to be answered. */
void dealer_cancel(struct call *call, enum cancel_mode mode);
struct str cancel_mode_name(enum cancel_mode mode);

/* For answers of our own. */
void call_fail(struct call *call, struct str error, struct str text);
void call_answer(struct call *call, struct message *answer);
void call_release_memory(struct call *call);

#endif
