/* visit.c - one HTTP request under /wamp/, on its connection's worker: judged, read, sent on.
 *
 * What it asks is a table. All but an open and a preflight travel to the tunnel's
 * worker, also when that is this one. A client that hangs up meanwhile is told to
 * the tunnel, and what the visit brings home then goes back.
 */
#include "base/mem.h"
#include "tunnel/tunnel_inside.h"

enum { SMALL_BODY_MAX = 64 << 10 };

#define PREFIX STR("/wamp/")

static const struct row {
    enum tunnel_kind kind;
    enum visit_errand errand;
    struct str method;
    struct str name;
} rows[] = {
    {TUNNEL_LONGPOLL, VISIT_OPEN, STR_INIT("POST"), STR_INIT("open")},
    {TUNNEL_LONGPOLL, VISIT_SEND, STR_INIT("POST"), STR_INIT("send")},
    {TUNNEL_LONGPOLL, VISIT_RECEIVE, STR_INIT("POST"), STR_INIT("receive")},
    {TUNNEL_LONGPOLL, VISIT_CLOSE, STR_INIT("POST"), STR_INIT("close")},
    {TUNNEL_SSE, VISIT_OPEN, STR_INIT("POST"), STR_INIT("open")},
    {TUNNEL_SSE, VISIT_SEND, STR_INIT("POST"), STR_INIT("send")},
    {TUNNEL_SSE, VISIT_RECEIVE, STR_INIT("GET"), STR_INIT("receive")},
    {TUNNEL_SSE, VISIT_CLOSE, STR_INIT("POST"), STR_INIT("close")},
};

bool tunnels_serve(struct str path)
{
    return str_starts(path, PREFIX);
}

/* The row of "longpoll/open" or "longpoll/ID/send", with the ID; NULL when there is none. */
static const struct row *find_row(struct str path, struct str *out_id)
{
    struct str kind_name = STR_EMPTY;
    struct str rest = STR_EMPTY;
    struct str name = STR_EMPTY;
    (void)str_cut(str_from(path, PREFIX.len), '/', &kind_name, &rest);
    bool has_id = str_cut(rest, '/', out_id, &name);
    if (!has_id) {
        name = rest;
    }
    bool sse = str_eq(kind_name, STR("sse"));
    if (!sse && !str_eq(kind_name, STR("longpoll"))) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (sse == (rows[i].kind == TUNNEL_SSE) && has_id == (rows[i].errand != VISIT_OPEN) &&
            str_eq(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

void visit_free(struct visit *visit)
{
    letters_free(&visit->letters);
    buf_done(&visit->body);
    mem_free(visit);
}

void visit_depart(struct visit *visit)
{
    visit->away = true;
    visit->post.fn = tunnel_visited;
    visit->post.bytes = visit->errand == VISIT_SEND ? visit->body.len : 0;
    worker_post(workers_get(visit->tunnels->options.workers, tunnel_id_worker(&visit->id)),
                &visit->post);
}

/* The request is over and the visit here: it ends, or tells the tunnel how it went. */
static void conclude(struct visit *visit)
{
    if (visit->owes) {
        visit->errand = list_empty(&visit->letters) ? VISIT_DELIVERED : VISIT_RETURN;
        visit_depart(visit);
    } else {
        visit_free(visit);
    }
}

void visit_home(struct post *post)
{
    struct visit *visit = CONTAINER_OF(post, struct visit, post);
    visit->away = false;
    if (visit->stream == NULL) {
        conclude(visit);
    } else {
        answer_outcome(visit);
    }
}

static void open_tunnel(struct visit *visit)
{
    struct tunnels *tunnels = visit->tunnels;
    const struct request_head *head = &visit->stream->head;
    const struct tunnel_protocol *protocol = NULL;
    struct str type = request_header(head, STR("content-type"));
    /* autobahn-js, made for Crossbar; others do not say it exactly so. */
    bool crossbar = str_eq(type, STR("application/json; charset=utf-8"));
    switch (protocol_choose(visit->kind, buf_str(&visit->body), &visit->stream->arena, &protocol)) {
    case PROTOCOL_UNREADABLE:
        answer_error(visit, 400, "invalid_json");
        return;
    case PROTOCOL_NONE:
        answer_no_protocol(visit);
        return;
    case PROTOCOL_CHOSEN:
        break;
    }
    struct tunnel *tunnel = tunnel_open(tunnels_here(tunnels), protocol, head, crossbar);
    if (tunnel == NULL) {
        answer_error(visit, 503, "too_many_transports");
        return;
    }
    visit->protocol = protocol;
    answer_opened(visit, tunnel_name(tunnel));
}

static void run(struct visit *visit)
{
    visit->complete = true;
    if (visit->errand == VISIT_OPEN) {
        open_tunnel(visit);
    } else {
        visit_depart(visit);
    }
}

/* "text/event-stream", or a range with it; or nothing said. */
static bool accepts_events(const struct request_head *head)
{
    struct str rest = request_header(head, STR("accept"));
    bool more = rest.len > 0;
    bool accepts = !more;
    while (more) {
        struct str range = STR_EMPTY;
        struct str parameters = STR_EMPTY;
        more = str_cut(rest, ',', &range, &rest);
        (void)str_cut(range, ';', &range, &parameters);
        range = str_trim(range);
        accepts = accepts || str_eq_nocase(range, STR("text/event-stream")) ||
                  str_eq_nocase(range, STR("text/*")) || str_eq(range, STR("*/*"));
    }
    return accepts;
}

/* False: answered. */
static bool judge(struct visit *visit)
{
    const struct request_head *head = &visit->stream->head;
    struct str id = STR_EMPTY;
    const struct row *row = find_row(head->path, &id);
    unsigned workers = workers_count(visit->tunnels->options.workers);
    if (!origin_allowed(&visit->tunnels->origins, head)) {
        answer_error(visit, 403, "origin_not_allowed");
    } else if (row == NULL) {
        answer_error(visit, 404, "not_found");
    } else if (str_eq(head->method, STR("OPTIONS"))) {
        answer_preflight(visit);
    } else if (!str_eq(head->method, row->method)) {
        answer_error(visit, 405, "method_not_allowed");
    } else if (row->errand != VISIT_OPEN && !tunnel_id_parse(id, workers, &visit->id)) {
        answer_error(visit, 404, "transport_not_found");
    } else if (row->kind == TUNNEL_SSE && row->errand == VISIT_RECEIVE && !accepts_events(head)) {
        answer_error(visit, 406, "not_acceptable");
    } else {
        visit->kind = row->kind;
        visit->errand = row->errand;
        return true;
    }
    return false;
}

static void on_request(void *ctx, struct stream *stream)
{
    struct tunnels *tunnels = ctx;
    struct tunnel_worker *here = tunnels_here(tunnels);
    struct visit *visit = NEW(struct visit);
    visit->tunnels = tunnels;
    visit->home = worker_index(worker_self());
    visit->number = (uint64_t)visit->home << 56 | ++here->visits;
    visit->stream = stream;
    stream->user = visit;
    list_init(&visit->link);
    list_init(&visit->letters);
    timer_init(&visit->keepalive, NULL);
    if (!judge(visit)) {
        return;
    }
    size_t body_max =
        visit->errand == VISIT_SEND ? tunnels->options.message_max : (size_t)SMALL_BODY_MAX;
    buf_init(&visit->body, body_max);
    int64_t length = stream->head.content_length;
    if (length > 0 && (uint64_t)length > body_max) {
        answer_error(visit, 413, "payload_too_large");
    } else if (length == 0) {
        run(visit);
    }
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    struct visit *visit = stream->user;
    if (visit->answered || visit->complete) {
        return;
    }
    if (!buf_append(&visit->body, bytes)) {
        answer_error(visit, 413, "payload_too_large");
    } else if (last) {
        run(visit);
    }
}

static void on_writable(struct stream *stream)
{
    answer_writable(stream->user);
}

/* A receive that is out there: its tunnel must not give it anything more. */
struct leave {
    struct post post;
    struct tunnels *tunnels;
    struct tunnel_id id;
    uint64_t number;
};

static void leave_arrived(struct post *post)
{
    struct leave *leave = CONTAINER_OF(post, struct leave, post);
    tunnel_forget_receiver(leave->tunnels, &leave->id, leave->number);
    mem_free(leave);
}

static void call_back(const struct visit *visit)
{
    struct leave *leave = NEW(struct leave);
    leave->post.fn = leave_arrived;
    leave->tunnels = visit->tunnels;
    leave->id = visit->id;
    leave->number = visit->number;
    worker_post(workers_get(visit->tunnels->options.workers, tunnel_id_worker(&visit->id)),
                &leave->post);
}

static void on_gone(struct stream *stream, bool answered)
{
    struct visit *visit = stream->user;
    visit->stream = NULL;
    timer_stop(&visit->keepalive);
    if (visit->away) {
        /* The visit's own fields are another worker's now, all but what never changes. */
        call_back(visit);
        return;
    }
    if (answered && visit->kind == TUNNEL_LONGPOLL) {
        letters_free(&visit->letters);
    }
    conclude(visit);
}

const struct front_handler *tunnels_handler(void)
{
    static const struct front_handler handler = {
        .on_request = on_request,
        .on_body = on_body,
        .on_writable = on_writable,
        .on_gone = on_gone,
    };
    return &handler;
}
