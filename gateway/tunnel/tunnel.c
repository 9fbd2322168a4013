/* tunnel.c - one long-poll or SSE transport as a peer of the realm, on its worker.
 *
 * Its client is not there most of the time: messages wait in the outbox until a
 * visit fetches them. At most one visit receives, the newest; at most one batch is
 * on its way, and until that is confirmed no other leaves. When the session has
 * ended the tunnel stays until its last words are fetched, but not for long.
 */
#include "base/mem.h"
#include "loop/mailbox.h"
#include "realm/session.h"
#include "tunnel/tunnel_inside.h"
#include "wamp/fault.h"

enum {
    LINGER_MS = 30000, /* for the last words to be fetched */
    HELD_MAX = 64,     /* sends that wait while the session is not read */
    BATCH_MESSAGES = 1000,
    BATCH_BYTES = 256 << 10,
    CROSSBAR_POLL_MS = 10000,
};

struct tunnel {
    struct peer peer;
    char *secrets;    /* what peer.bearer and peer.cookie point into, or NULL */
    struct list link; /* worker->open */
    struct tunnel_worker *worker;
    struct tunnel_id id;
    const struct tunnel_protocol *protocol;
    struct session *session; /* NULL: it has ended */
    struct outbox out;
    struct list held; /* visits that wait to be read */
    unsigned held_count;
    struct visit *receiver;
    uint64_t reader;  /* the number of the newest visit that receives */
    bool unconfirmed; /* a batch is on its way */
    struct timer poll;
    struct turn_task turn;
    uint64_t opened_ms;
    uint64_t heard_ms; /* the client's last sign of life */
    uint64_t ended_ms;
    uint64_t dropped; /* how many dropped events have been counted */
    bool paused;
    bool finishing; /* the session has said its last */
    bool closed;    /* by its client */
    bool crossbar;  /* the client expects Crossbar's ways: docs/wamp-http.md */
};

static struct tunnel *of_peer(struct peer *peer)
{
    return CONTAINER_OF(peer, struct tunnel, peer);
}

static const struct tunnels_options *options_of(const struct tunnel *tunnel)
{
    return &tunnel->worker->tunnels->options;
}

static const struct tunnel_counts *counts_of(const struct tunnel *tunnel)
{
    return &tunnel->worker->tunnels->counts[tunnel->protocol->kind];
}

const struct tunnel_id *tunnel_name(const struct tunnel *tunnel)
{
    return &tunnel->id;
}

static void count_dropped(struct tunnel *tunnel)
{
    metric_add(counts_of(tunnel)->dropped, tunnel->out.dropped - tunnel->dropped);
    tunnel->dropped = tunnel->out.dropped;
}

static void queue(struct tunnel *tunnel, struct block *block, struct str message)
{
    bool is_event = protocol_is_event(tunnel->peer.serializer, message);
    traffic_out(&counts_of(tunnel)->traffic, message.len);
    if (!outbox_push(&tunnel->out, block, message, is_event, worker_now_ms()) &&
        tunnel->session != NULL) {
        session_close(tunnel->session, CLOSE_OVERFLOW);
    }
    count_dropped(tunnel);
    loop_at_turn_end(&tunnel->turn);
}

static void tunnel_send(struct peer *peer, struct str message)
{
    struct tunnel *tunnel = of_peer(peer);
    if (!tunnel->finishing) {
        struct block *block = block_of(message);
        queue(tunnel, block, block_str(block));
    }
}

static void tunnel_share(struct peer *peer, struct block *block, struct str message)
{
    struct tunnel *tunnel = of_peer(peer);
    if (!tunnel->finishing) {
        queue(tunnel, block_ref(block), message);
    }
}

/* Events make room for others, so there is room unless something else fills the outbox. */
static size_t tunnel_queued(const struct peer *peer)
{
    const char *tunnel = (const char *)peer - offsetof(struct tunnel, peer);
    const struct outbox *out = &((const struct tunnel *)(const void *)tunnel)->out;
    return outbox_crowded(out) ? SIZE_MAX / 2 : out->bytes - out->event_bytes;
}

static void tunnel_finish(struct peer *peer)
{
    struct tunnel *tunnel = of_peer(peer);
    tunnel->finishing = true;
    loop_at_turn_end(&tunnel->turn);
}

static void tunnel_pause(struct peer *peer)
{
    of_peer(peer)->paused = true;
}

static void tunnel_resume(struct peer *peer)
{
    struct tunnel *tunnel = of_peer(peer);
    tunnel->paused = false;
    loop_at_turn_end(&tunnel->turn);
}

#define PEER_OPS(name)                                                                            \
    {                                                                                             \
        .transport = (name), .send = tunnel_send, .share = tunnel_share, .queued = tunnel_queued, \
        .finish = tunnel_finish, .pause = tunnel_pause, .resume = tunnel_resume,                  \
    }

static const struct peer_ops peer_ops[TUNNEL_KINDS] = {
    [TUNNEL_LONGPOLL] = PEER_OPS("longpoll"),
    [TUNNEL_SSE] = PEER_OPS("sse"),
};

static void send_home(struct tunnel *tunnel, struct visit *visit, enum visit_outcome outcome)
{
    visit->outcome = outcome;
    if (tunnel != NULL) {
        visit->protocol = tunnel->protocol;
        visit->crossbar = tunnel->crossbar;
    }
    visit->post.fn = visit_home;
    visit->post.bytes = 0;
    worker_post(workers_get(visit->tunnels->options.workers, visit->home), &visit->post);
}

static void release_receiver(struct tunnel *tunnel, enum visit_outcome outcome)
{
    struct visit *visit = tunnel->receiver;
    if (visit != NULL) {
        tunnel->receiver = NULL;
        timer_stop(&tunnel->poll);
        send_home(tunnel, visit, outcome);
    }
}

/* The session is gone; what is still to be fetched stays. */
static void lose_session(struct tunnel *tunnel)
{
    struct session *session = tunnel->session;
    if (session == NULL) {
        return;
    }
    tunnel->finishing = true;
    tunnel->session = NULL;
    tunnel->ended_ms = worker_now_ms();
    session_lost(session);
    while (!list_empty(&tunnel->held)) {
        struct visit *visit = LIST_ENTRY(tunnel->held.next, struct visit, link);
        list_remove(&visit->link);
        send_home(tunnel, visit, OUTCOME_LOST);
    }
    tunnel->held_count = 0;
}

static void tunnel_free(struct tunnel *tunnel)
{
    lose_session(tunnel);
    release_receiver(tunnel, tunnel->closed && tunnel->protocol->kind == TUNNEL_LONGPOLL
                                 ? OUTCOME_EMPTY
                                 : OUTCOME_LOST);
    loop_turn_task_cancel(&tunnel->turn);
    timer_stop(&tunnel->poll);
    list_remove(&tunnel->link);
    (void)map_remove(&tunnel->worker->by_id, tunnel_id_str(&tunnel->id));
    (void)atomic_fetch_sub(&tunnel->worker->tunnels->open, 1);
    traffic_closed(&counts_of(tunnel)->traffic);
    outbox_done(&tunnel->out);
    tunnel_secrets_free(tunnel->secrets, tunnel->peer.bearer.len + tunnel->peer.cookie.len);
    mem_free(tunnel);
}

/* Gives the session what is left of a body; false when it must wait. */
static bool read_body(struct tunnel *tunnel, struct visit *visit)
{
    struct str message = STR_EMPTY;
    bool malformed = false;
    struct str body = buf_str(&visit->body);
    visit->outcome = OUTCOME_TAKEN;
    while (!tunnel->finishing &&
           protocol_next(tunnel->protocol, body, &visit->body_at, &message, &malformed)) {
        struct slice whole = {tunnel->peer.serializer, message};
        if (!slice_valid(whole, NULL, NULL)) {
            visit->outcome = OUTCOME_MALFORMED;
        }
        traffic_in(&counts_of(tunnel)->traffic, message.len);
        session_receive(tunnel->session, message);
        if (tunnel->paused && visit->body_at < body.len) {
            return false;
        }
    }
    if (malformed && !tunnel->finishing) {
        visit->outcome = OUTCOME_MALFORMED;
        session_receive(tunnel->session, STR_EMPTY); /* which is no message in any serializer */
    }
    return true;
}

static void read_held(struct tunnel *tunnel)
{
    while (!tunnel->paused && !tunnel->finishing && !list_empty(&tunnel->held)) {
        struct visit *visit = LIST_ENTRY(tunnel->held.next, struct visit, link);
        if (!read_body(tunnel, visit)) {
            return;
        }
        list_remove(&visit->link);
        tunnel->held_count--;
        send_home(tunnel, visit, visit->outcome);
    }
}

static void hand_out(struct tunnel *tunnel)
{
    struct visit *visit = tunnel->receiver;
    if (visit == NULL || tunnel->unconfirmed || tunnel->out.count == 0) {
        return;
    }
    bool many = tunnel->protocol->batched || tunnel->protocol->kind == TUNNEL_SSE;
    outbox_take(&tunnel->out, many ? BATCH_MESSAGES : 1, BATCH_BYTES, &visit->letters);
    visit->owes = true;
    tunnel->unconfirmed = true;
    release_receiver(tunnel, OUTCOME_BATCH);
    if (tunnel->out.count == 0 && tunnel->session != NULL) {
        session_drained(tunnel->session);
    }
}

/* Whatever has changed: what can go on now does. May be the tunnel's end. */
static void on_turn_end(struct turn_task *task)
{
    struct tunnel *tunnel = CONTAINER_OF(task, struct tunnel, turn);
    if (tunnel->finishing) {
        lose_session(tunnel);
    }
    read_held(tunnel);
    hand_out(tunnel);
    if (tunnel->session == NULL && !tunnel->unconfirmed && tunnel->out.count == 0) {
        tunnel_free(tunnel);
    }
}

static void on_poll_timeout(struct timer *timer)
{
    release_receiver(CONTAINER_OF(timer, struct tunnel, poll), OUTCOME_EMPTY);
}

struct tunnel *tunnel_open(struct tunnel_worker *worker,
                           const struct tunnel_protocol *protocol,
                           const struct request_head *head,
                           bool crossbar)
{
    struct tunnels *tunnels = worker->tunnels;
    const struct tunnels_options *options = &tunnels->options;
    if (atomic_fetch_add(&tunnels->open, 1) >= options->tunnels_max) {
        (void)atomic_fetch_sub(&tunnels->open, 1);
        return NULL;
    }
    size_t message_max = options->message_max;
    size_t bounds[] = {options->queue_bytes, options->response_max / 2};
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        message_max = bounds[i] < message_max ? bounds[i] : message_max;
    }
    struct tunnel *tunnel = NEW(struct tunnel);
    tunnel->peer = (struct peer){.ops = &peer_ops[protocol->kind],
                                 .serializer = protocol->serializer,
                                 .unordered = true,
                                 .message_max = message_max,
                                 .info = *head->peer};
    tunnel->secrets = tunnel_secrets(head, &tunnel->peer.bearer, &tunnel->peer.cookie);
    tunnel->worker = worker;
    tunnel->protocol = protocol;
    tunnel->crossbar = crossbar;
    tunnel->opened_ms = worker_now_ms();
    tunnel->heard_ms = tunnel->opened_ms;
    tunnel->turn.fn = on_turn_end;
    list_init(&tunnel->held);
    timer_init(&tunnel->poll, on_poll_timeout);
    outbox_init(&tunnel->out, options->queue_messages, options->queue_bytes);
    tunnel_id_make(worker_index(worker_self()), &tunnel->id);
    list_push(&worker->open, &tunnel->link);
    (void)map_put(&worker->by_id, tunnel_id_str(&tunnel->id), tunnel);
    traffic_opened(&counts_of(tunnel)->traffic);
    tunnel->session = session_open(tunnels->options.router, &tunnel->peer);
    return tunnel;
}

static struct tunnel *find(struct tunnels *tunnels, const struct tunnel_id *id)
{
    return map_get(&tunnels_here(tunnels)->by_id, tunnel_id_str(id));
}

static void sent(struct tunnel *tunnel, struct visit *visit)
{
    if (tunnel == NULL || tunnel->finishing) {
        send_home(NULL, visit, OUTCOME_LOST);
    } else if (tunnel->paused || tunnel->held_count > 0) {
        if (tunnel->held_count == HELD_MAX) {
            send_home(tunnel, visit, OUTCOME_BUSY);
            return;
        }
        tunnel->held_count++;
        list_push(&tunnel->held, &visit->link);
    } else if (read_body(tunnel, visit)) {
        send_home(tunnel, visit, visit->outcome);
    } else {
        tunnel->held_count++;
        list_push_front(&tunnel->held, &visit->link);
    }
}

static void park(struct tunnel *tunnel, struct visit *visit)
{
    bool stream = visit->kind == TUNNEL_SSE;
    if (!visit->begun) {
        tunnel->reader = visit->number;
        release_receiver(tunnel, OUTCOME_REPLACED);
    } else if (tunnel->reader != visit->number) {
        send_home(tunnel, visit, OUTCOME_REPLACED);
        return;
    }
    if (stream && !visit->begun) {
        send_home(tunnel, visit, OUTCOME_EMPTY); /* and it will ask for more */
        return;
    }
    tunnel->receiver = visit;
    if (!stream) {
        uint64_t wait_ms = options_of(tunnel)->poll_timeout_ms;
        bool shorter = tunnel->crossbar && wait_ms > CROSSBAR_POLL_MS;
        timer_start(&tunnel->poll, shorter ? CROSSBAR_POLL_MS : wait_ms);
    }
}

static void received(struct tunnel *tunnel, struct visit *visit)
{
    if (visit->owes) {
        visit->owes = false;
        if (tunnel != NULL) {
            tunnel->unconfirmed = false;
        }
    }
    if (tunnel == NULL) {
        send_home(NULL, visit, OUTCOME_LOST);
        return;
    }
    park(tunnel, visit);
}

static void confirmed(struct tunnel *tunnel, struct visit *visit)
{
    if (tunnel != NULL) {
        tunnel->unconfirmed = false;
        outbox_put_back(&tunnel->out, &visit->letters);
    }
    visit_free(visit);
}

static void closed(struct tunnel *tunnel, struct visit *visit)
{
    if (tunnel == NULL) {
        send_home(NULL, visit, OUTCOME_LOST);
        return;
    }
    send_home(tunnel, visit, OUTCOME_TAKEN);
    tunnel->closed = true;
    tunnel_free(tunnel);
}

void tunnel_visited(struct post *post)
{
    struct visit *visit = CONTAINER_OF(post, struct visit, post);
    struct tunnel *tunnel = find(visit->tunnels, &visit->id);
    enum visit_errand errand = visit->errand;
    if (tunnel != NULL && tunnel->protocol->kind != visit->kind) {
        tunnel = NULL;
    }
    if (tunnel != NULL) {
        tunnel->heard_ms = worker_now_ms();
    }
    switch (errand) {
    case VISIT_SEND:
        sent(tunnel, visit);
        break;
    case VISIT_RECEIVE:
        received(tunnel, visit);
        break;
    case VISIT_CLOSE:
        closed(tunnel, visit);
        return;
    case VISIT_DELIVERED:
    case VISIT_RETURN:
        confirmed(tunnel, visit);
        break;
    case VISIT_OPEN:
    case VISIT_PREFLIGHT: /* these do not travel */
        break;
    }
    if (tunnel != NULL) {
        loop_at_turn_end(&tunnel->turn);
    }
}

void tunnel_forget_receiver(struct tunnels *tunnels, const struct tunnel_id *id, uint64_t number)
{
    struct tunnel *tunnel = find(tunnels, id);
    if (tunnel != NULL && tunnel->receiver != NULL && tunnel->receiver->number == number) {
        release_receiver(tunnel, OUTCOME_EMPTY);
    }
}

static bool idle(const struct tunnel *tunnel, uint64_t now_ms)
{
    return tunnel->receiver == NULL && !tunnel->unconfirmed &&
           now_ms - tunnel->heard_ms >= options_of(tunnel)->idle_timeout_ms;
}

static void sweep_one(struct tunnel *tunnel, uint64_t now_ms)
{
    const struct tunnels_options *options = options_of(tunnel);
    uint64_t ttl_ms = options->message_ttl_ms;
    if (tunnel->session == NULL) {
        if (now_ms - tunnel->ended_ms >= LINGER_MS) {
            tunnel_free(tunnel);
        }
    } else if (idle(tunnel, now_ms)) {
        tunnel_free(tunnel);
    } else if (options->tunnel_ttl_ms != 0 &&
               now_ms - tunnel->opened_ms >= options->tunnel_ttl_ms) {
        session_close(tunnel->session, CLOSE_NORMAL);
    } else if (ttl_ms != 0 && now_ms > ttl_ms) {
        if (!outbox_expire(&tunnel->out, now_ms - ttl_ms)) {
            session_close(tunnel->session, CLOSE_OVERFLOW);
        }
        count_dropped(tunnel);
    }
}

void tunnel_sweep(struct list *open, uint64_t now_ms)
{
    LIST_FOREACH_SAFE (link, open) {
        sweep_one(LIST_ENTRY(link, struct tunnel, link), now_ms);
    }
}

void tunnels_close_all(struct tunnel_worker *worker)
{
    while (!list_empty(&worker->open)) {
        tunnel_free(LIST_ENTRY(worker->open.next, struct tunnel, link));
    }
}
