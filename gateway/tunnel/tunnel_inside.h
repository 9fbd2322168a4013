/* tunnel_inside.h - tunnels, visits, and who may touch what. Only for this folder.
 *
 * A tunnel belongs to the worker where it was opened. A visit, one HTTP request,
 * is made on its connection's worker, its home, and then travels: whoever it was
 * posted to has it, all but `stream`, which is the home's alone. What a visit takes
 * away from a tunnel is confirmed by its coming back, delivered or not, before
 * anything else is handed out: so nothing is lost with a client that hangs up, and
 * nothing is overtaken.
 */
#ifndef POSTERN_TUNNEL_TUNNEL_INSIDE_H
#define POSTERN_TUNNEL_TUNNEL_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "http/front.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "metrics/metrics.h"
#include "realm/peer.h"
#include "transport/traffic.h"
#include "tunnel/origin.h"
#include "tunnel/outbox.h"
#include "tunnel/protocols.h"
#include "tunnel/tunnel_id.h"
#include "tunnel/tunnels.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct session;

/* What one kind of tunnel counts. */
struct tunnel_counts {
    struct traffic traffic;
    struct metric_cell *dropped; /* events */
};

struct tunnel_worker {
    struct tunnels *tunnels;
    struct list open;
    struct map by_id;
    struct timer sweep;
    uint64_t visits; /* numbers them */
};

struct tunnels {
    struct tunnels_options options;
    struct origin_rules origins;
    struct tunnel_counts counts[TUNNEL_KINDS];
    struct tunnel_worker *workers;
    atomic_size_t open;
};

enum visit_errand {
    VISIT_OPEN,
    VISIT_SEND,
    VISIT_RECEIVE, /* a poll, or an SSE stream that asks for more */
    VISIT_CLOSE,
    VISIT_PREFLIGHT,
    VISIT_DELIVERED, /* what it took has reached the client */
    VISIT_RETURN,    /* it has not: put it back */
};

enum visit_outcome {
    OUTCOME_BATCH, /* letters for the client */
    OUTCOME_EMPTY, /* nothing in time; for an SSE stream that begins: it may */
    OUTCOME_LOST,  /* no such tunnel, or not any more */
    OUTCOME_REPLACED,
    OUTCOME_TAKEN,
    OUTCOME_MALFORMED, /* taken, and no message: the session has ended */
    OUTCOME_BUSY,
};

struct visit {
    struct post post;
    struct list link; /* held by a tunnel whose session is not to be read now */
    struct tunnels *tunnels;
    unsigned home;
    uint64_t number;
    enum visit_errand errand;
    enum tunnel_kind kind;
    struct tunnel_id id;
    struct buf body;
    size_t body_at; /* of a batch: how much the session has had */
    /* What it comes home with. */
    enum visit_outcome outcome;
    struct list letters;
    const struct tunnel_protocol *protocol;
    bool crossbar;
    bool owes;  /* the tunnel waits for it to confirm */
    bool begun; /* an SSE stream that has its head */
    /* The home's alone. */
    struct stream *stream; /* NULL: over */
    struct timer keepalive;
    bool away;     /* posted and not back */
    bool complete; /* so is the body */
    bool answered;
    bool blocked; /* on_writable will come */
};

/* tunnels.c */
struct tunnel_worker *tunnels_here(struct tunnels *tunnels);

/* tunnel_secrets.c: the token of "Authorization: Bearer" and the Cookie header of an open, copied;
 * NULL: there is neither */
char *
tunnel_secrets(const struct request_head *head, struct str *out_bearer, struct str *out_cookie);
void tunnel_secrets_free(char *secrets, size_t size);

/* tunnel.c: on the tunnel's worker */
struct tunnel;
/* NULL when there are as many as may be. */
struct tunnel *tunnel_open(struct tunnel_worker *worker,
                           const struct tunnel_protocol *protocol,
                           const struct request_head *head, /* of its open */
                           bool crossbar);
const struct tunnel_id *tunnel_name(const struct tunnel *tunnel);
/* A visit has come; post_fn. */
void tunnel_visited(struct post *post);
/* The client of a receive that is out there has hung up. */
void tunnel_forget_receiver(struct tunnels *tunnels, const struct tunnel_id *id, uint64_t number);
void tunnel_sweep(struct list *open, uint64_t now_ms);
void tunnels_close_all(struct tunnel_worker *worker);

/* visit.c: on the visit's home */
/* A visit is back; post_fn. */
void visit_home(struct post *post);
void visit_free(struct visit *visit);
/* To the tunnel's worker. */
void visit_depart(struct visit *visit);

/* answer.c: on the visit's home */
void answer_error(struct visit *visit, unsigned status, const char *code);
void answer_preflight(struct visit *visit);
void answer_opened(struct visit *visit, const struct tunnel_id *id);
void answer_no_protocol(struct visit *visit);
void answer_outcome(struct visit *visit);
/* More of an SSE stream that was full. */
void answer_writable(struct visit *visit);

#endif
