/* h1.c - our own HTTP/1.1 front: its connections and streams on each worker.
 *
 * Connections come from core/net and stay on the worker that took them. Streams
 * and their memory are pooled; an idle connection is its struct alone. */
#include "base/mem.h"
#include "http/h1_inside.h"

enum { ARENA_MAX = 64 << 20, SPARE_MAX = 256, SCRATCH_MAX = 1 << 20, DATE_MAX = 64 };

static struct h1_worker *worker_of(struct front *front, const struct worker *worker)
{
    return &CONTAINER_OF(front, struct h1_front, front)->workers[worker_index(worker)];
}

struct h1_stream *h1_stream_new(struct h1_conn *c)
{
    struct h1_worker *worker = c->worker;
    struct h1_stream *s = NULL;
    if (list_empty(&worker->spare)) {
        s = mem_alloc(sizeof(*s));
    } else {
        s = LIST_ENTRY(worker->spare.next, struct h1_stream, link);
        list_remove(&s->link);
        worker->spare_count--;
    }
    *s = (struct h1_stream){.stream = {.ops = &h1_stream_ops}, .conn = c, .worker = worker};
    arena_init(&s->stream.arena, ARENA_MAX);
    list_init(&s->link);
    return s;
}

static void release(struct h1_stream *s)
{
    struct h1_worker *worker = s->worker;
    arena_done(&s->stream.arena);
    if (worker->spare_count < SPARE_MAX) {
        worker->spare_count++;
        list_push_front(&worker->spare, &s->link);
    } else {
        mem_free(s);
    }
}

void h1_stream_over(struct h1_stream *s, bool answered)
{
    struct h1_conn *c = s->conn;
    s->conn = NULL;
    s->answered = answered;
    if (c->stream != s) {
        release(s); /* refused before the handler knew of it */
        return;
    }
    c->stream = NULL;
    list_push(&s->worker->finished, &s->link);
    loop_at_turn_end(&s->worker->reap);
}

void h1_reap(struct h1_worker *worker)
{
    while (!list_empty(&worker->finished)) {
        struct h1_stream *s = LIST_ENTRY(worker->finished.next, struct h1_stream, link);
        list_remove(&s->link);
        worker->front->front.options.handler->on_gone(&s->stream, s->answered);
        release(s);
    }
}

static void on_turn_end(struct turn_task *task)
{
    h1_reap(CONTAINER_OF(task, struct h1_worker, reap));
}

static void forget(struct h1_conn *c)
{
    h1_reap(c->worker); /* their heads name the connection's peer */
    timer_stop(&c->timer);
    list_remove(&c->link);
    mem_free(c);
}

void h1_conn_free(struct h1_conn *c)
{
    if (c->stream != NULL) {
        h1_stream_over(c->stream, false);
    }
    struct peer_info peer = c->conn.peer;
    conn_done(&c->conn);
    forget(c);
    net_release(&peer);
}

void h1_conn_give_away(struct h1_conn *c, struct str bytes)
{
    const struct front_upgrade *upgrade = &c->worker->front->front.options.upgrade;
    struct peer_info peer = c->conn.peer;
    struct tls_stream *tls = NULL;
    int fd = conn_detach(&c->conn, &tls);
    forget(c);
    upgrade->take(upgrade->ctx, fd, tls, &peer, bytes);
}

static void drain_worker(struct post *post)
{
    struct h1_worker *worker = CONTAINER_OF(post, struct h1_worker, drain);
    LIST_FOREACH_SAFE (link, &worker->connections) {
        h1_conn_drain(LIST_ENTRY(link, struct h1_conn, link));
    }
}

static void on_worker_start(struct worker *worker, void *ctx)
{
    struct h1_worker *mine = worker_of(ctx, worker);
    list_init(&mine->connections);
    list_init(&mine->finished);
    list_init(&mine->spare);
    buf_init(&mine->scratch, SCRATCH_MAX);
    buf_init(&mine->date, DATE_MAX);
    mine->reap.fn = on_turn_end;
}

static void on_worker_stop(struct worker *worker, void *ctx)
{
    struct h1_worker *mine = worker_of(ctx, worker);
    mine->stopped = true;
    while (!list_empty(&mine->connections)) {
        h1_conn_free(LIST_ENTRY(mine->connections.next, struct h1_conn, link));
    }
    h1_reap(mine);
    loop_turn_task_cancel(&mine->reap);
    while (!list_empty(&mine->spare)) {
        struct h1_stream *s = LIST_ENTRY(mine->spare.next, struct h1_stream, link);
        list_remove(&s->link);
        mem_free(s);
    }
    mine->spare_count = 0;
    buf_done(&mine->scratch);
    buf_done(&mine->date);
}

static void take(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    struct h1_worker *mine = worker_of(ctx, worker_self());
    struct h1_conn *c = h1_conn_new(mine, fd, tls, peer);
    if (mine->stopped) {
        h1_conn_free(c);
    } else {
        h1_conn_start(c);
    }
}

static void drain(struct front *front)
{
    const struct h1_front *mine = CONTAINER_OF(front, struct h1_front, front);
    struct workers *workers = front->options.workers;
    for (unsigned i = 0; i < workers_count(workers); i++) {
        worker_post(workers_get(workers, i), &mine->workers[i].drain);
    }
}

static void free_front(struct front *front)
{
    struct h1_front *mine = CONTAINER_OF(front, struct h1_front, front);
    mem_free(mine->workers);
    mem_free(mine);
}

struct front *h1_front_new(const struct front_options *options)
{
    static const struct front_ops ops = {.take = take, .drain = drain, .free = free_front};
    struct h1_front *mine = NEW(struct h1_front);
    front_init(&mine->front, &ops, options);
    unsigned count = workers_count(options->workers);
    mine->workers = NEW_ARRAY(struct h1_worker, count);
    for (unsigned i = 0; i < count; i++) {
        mine->workers[i].front = mine;
        mine->workers[i].drain.fn = drain_worker;
    }
    workers_on_start(options->workers, on_worker_start, &mine->front);
    workers_on_stop(options->workers, on_worker_stop, &mine->front);
    return &mine->front;
}
