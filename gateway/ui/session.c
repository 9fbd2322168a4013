/* session.c - /session: POST logs in, GET says who it is, DELETE logs out.
 *
 * A visit is on the heap: logging out may outlive its stream by the time that the
 * store needs. A password is proved as over HTTP Basic, with its throttles and its
 * audit. */
#include "access/access.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "builder/builder.h"
#include "crypto/secret.h"
#include "http/own_origin.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "pipeline/problem.h"
#include "store/store.h"
#include "token/revocation.h"
#include "ui/ui_inside.h"
#include "wamp/fault.h"

#include <jansson.h>
#include <stdlib.h>

enum { BODY_MAX = 4096, ARENA_MAX = 1 << 20 };

struct visit {
    struct ui *ui;
    struct stream *stream;      /* NULL once the client has gone */
    struct store_request store; /* its arena is the visit's */
    struct buf body;
    json_t *credentials; /* of the body */
    struct access_visit access;
    struct access_request request;
    struct access_answer answer;
    struct snapshot *tokens; /* as they were before the password was looked at */
    struct str id;           /* of the session that is to end */
    struct post built;
    struct timer deadline; /* of the body */
    bool busy;             /* the store or the builder has it */
    bool started;          /* the body is complete, or not wanted */
};

/* The body's copy of the password. */
static void forget_credentials(json_t *credentials)
{
    json_t *password = json_object_get(credentials, "password");
    if (json_is_string(password)) {
        crypto_wipe((void *)(uintptr_t)json_string_value(password), json_string_length(password));
    }
    json_decref(credentials);
}

static void visit_free(struct visit *visit)
{
    (void)atomic_fetch_sub(&visit->ui->open, 1);
    timer_stop(&visit->deadline);
    access_leave(&visit->access);
    if (visit->tokens != NULL) {
        snapshot_unref(visit->tokens);
    }
    if (visit->body.ptr != NULL) {
        crypto_wipe(visit->body.ptr, visit->body.cap);
    }
    forget_credentials(visit->credentials);
    buf_done(&visit->body);
    arena_done(&visit->store.arena);
    mem_free(visit);
}

static void refuse(struct visit *visit, const struct http_problem *problem)
{
    visit->started = true;
    timer_stop(&visit->deadline);
    ui_refuse(visit->stream, problem);
}

static void refuse_text(struct visit *visit, unsigned status, struct str code, const char *detail)
{
    refuse(visit, &(struct http_problem){.status = status, .code = code, .detail = str_of(detail)});
}

static void refuse_access(struct visit *visit, const char *said)
{
    const struct access_answer *answer = &visit->answer;
    struct http_problem problem = {.status = answer->status,
                                   .code = answer->code,
                                   .detail = str_of(answer->status == 401 ? said : answer->detail),
                                   .retry_after_s = answer->retry_after_s};
    if (answer->status == 401) { /* one that makes no browser ask for a password by itself */
        problem.header =
            (struct header){STR("www-authenticate"), STR("Session realm=\"com.leapsight.bondy\"")};
    }
    refuse(visit, &problem);
}

static void answer_whoami(struct visit *visit, const struct whoami *who, struct str cookie)
{
    char *text = ui_whoami(visit->ui, who);
    struct header headers[] = {{STR("content-type"), STR("application/json; charset=utf-8")},
                               {STR("cache-control"), STR("no-store")},
                               {STR("set-cookie"), cookie}};
    size_t count = cookie.len > 0 ? 3 : 2;
    stream_begin(visit->stream, 200, headers, count, (int64_t)str_of(text).len);
    (void)stream_write(visit->stream, str_of(text));
    stream_end(visit->stream);
    free(text);
}

/* Of the answer, which is good until access_leave. */
static void tell(struct visit *visit)
{
    const struct bearer *bearer = visit->answer.bearer;
    struct whoami who = {.principal = &visit->answer.principal};
    if (bearer != NULL) {
        who.expires_s = bearer->expires_s;
        who.ends_s = bearer->session ? bearer->began_s + visit->ui->options.max_s : 0;
    }
    answer_whoami(visit, &who, STR_EMPTY);
}

static void log_in(struct visit *visit)
{
    struct whoami who = {.principal = &visit->answer.principal};
    const struct tokens *tokens = (const struct tokens *)(const void *)visit->tokens;
    struct str cookie = ui_cookie_new(visit->ui, tokens, visit->answer.principal.authid,
                                      &visit->stream->arena, &who);
    if (cookie.len == 0) {
        refuse_text(visit, 503, FAULT_UNAVAILABLE,
                    "the master realm has no key to sign with: postern key rotate");
        return;
    }
    answer_whoami(visit, &who, cookie);
}

static void answer_logout(struct visit *visit, bool revoked)
{
    struct header headers[] = {{STR("set-cookie"), ui_cookie_none()},
                               {STR("cache-control"), STR("no-store")}};
    visit->busy = false;
    if (visit->stream == NULL) {
        visit_free(visit);
    } else if (revoked) {
        stream_begin(visit->stream, 204, headers, COUNT_OF(headers), 0);
        stream_end(visit->stream);
    } else {
        refuse_text(visit, 503, FAULT_UNAVAILABLE,
                    "the session could not be ended, for the store is away: try again");
    }
}

static void on_built(struct post *post)
{
    answer_logout(CONTAINER_OF(post, struct visit, built), true);
}

/* It is dead everywhere before anybody is told so. */
static void on_stored(struct store_request *store)
{
    struct visit *visit = CONTAINER_OF(store, struct visit, store);
    if (store->ok) {
        visit->built.fn = on_built;
        builder_wait(visit->ui->options.builder, store->seq, &visit->built);
        return;
    }
    log_warn("a session could not be ended", KV_ERR(&store->err));
    answer_logout(visit, false);
}

static bool revoke(struct store_view *view, struct store_request *store)
{
    struct visit *visit = CONTAINER_OF(store, struct visit, store);
    return revocation_put(view, MASTER_REALM, visit->id, clock_wall_ms() / 1000);
}

static void log_out(struct visit *visit)
{
    visit->id = arena_str(&visit->store.arena, visit->answer.bearer->id);
    visit->busy = true;
    visit->store.op = STORE_WORK;
    visit->store.work = revoke;
    visit->store.finish = on_stored;
    visit->store.author = STR("ui");
    store_submit(visit->ui->options.store, &visit->store);
}

static const struct method_row {
    struct str name;
    unsigned schemes; /* by which it is said who it is */
    void (*granted)(struct visit *visit);
    const char *refused; /* what a 401 says */
} rows[] = {
    {STR_INIT("GET"), ACCESS_ANY | ACCESS_SESSION, tell, "nobody is logged in"},
    {STR_INIT("HEAD"), ACCESS_ANY | ACCESS_SESSION, tell, "nobody is logged in"},
    {STR_INIT("POST"), ACCESS_SESSION, log_in, "the name or the password is wrong"},
    {STR_INIT("DELETE"), ACCESS_SESSION, log_out, "nobody is logged in"},
};

static const struct method_row *row_of(struct str method)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(rows[i].name, method)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void settle(struct visit *visit, enum access_step step)
{
    const struct method_row *row = row_of(visit->stream->head.method);
    if (step == ACCESS_GRANTED) {
        row->granted(visit);
    } else {
        refuse_access(visit, row->refused);
    }
}

static void on_access(void *ctx, enum access_step step, const struct access_answer *answer)
{
    struct visit *visit = ctx;
    visit->answer = *answer;
    settle(visit, step);
}

static void ask(struct visit *visit, struct str user, struct str password)
{
    visit->started = true;
    timer_stop(&visit->deadline);
    visit->tokens = snapshot_ref(snapshot_peek(visit->ui->options.tokens));
    visit->request = (struct access_request){
        .realm = MASTER_REALM,
        .schemes = row_of(visit->stream->head.method)->schemes,
        .head = &visit->stream->head,
        .user = user,
        .password = password,
    };
    visit->access = (struct access_visit){.done = on_access, .ctx = visit};
    enum access_step step =
        access_check(visit->ui->options.access, &visit->access, &visit->request, &visit->answer);
    if (step != ACCESS_LATER) {
        settle(visit, step);
    }
}

static struct str member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

static void read_credentials(struct visit *visit)
{
    visit->credentials = json_loadb(visit->body.ptr, visit->body.len, JSON_REJECT_DUPLICATES, NULL);
    struct str user = member(visit->credentials, "username");
    struct str password = member(visit->credentials, "password");
    if (user.len == 0 || user.len > ACCESS_NAME_MAX || password.len == 0) {
        refuse_text(visit, 400, STR("bondy.error.invalid_data"),
                    "the body is {\"username\": \"...\", \"password\": \"...\"}");
        return;
    }
    ask(visit, user, password);
}

static bool is_json(const struct request_head *head)
{
    struct str bare = STR_EMPTY;
    struct str parameters = STR_EMPTY;
    (void)str_cut(request_header(head, STR("content-type")), ';', &bare, &parameters);
    return str_eq_nocase(str_trim(bare), STR("application/json"));
}

static void on_deadline(struct timer *timer)
{
    struct visit *visit = CONTAINER_OF(timer, struct visit, deadline);
    refuse(visit, &(struct http_problem){.status = 408,
                                         .code = STR("http.request_timeout"),
                                         .detail = STR("the body makes no progress"),
                                         .close = true});
}

/* A page of another origin may neither look nor log somebody in, be it as itself. */
static bool check_head(struct visit *visit)
{
    const struct request_head *head = &visit->stream->head;
    if (row_of(head->method) == NULL) {
        refuse(visit,
               &(struct http_problem){.status = 405,
                                      .code = STR("http.method_not_allowed"),
                                      .detail = STR("a session is made, looked at and ended"),
                                      .header = {STR("allow"), STR("GET, HEAD, POST, DELETE")}});
    } else if (!own_origin(head)) {
        refuse_text(visit, 403, STR("http.cross_origin"),
                    "the admin API takes no requests from pages of another origin");
    } else if (str_eq(head->method, STR("POST")) && !is_json(head)) {
        refuse_text(visit, 415, STR("http.unsupported_media_type"), "a login is application/json");
    } else {
        return true;
    }
    return false;
}

void ui_session_take(struct ui *ui, struct stream *stream)
{
    struct visit *visit = NEW(struct visit);
    (void)atomic_fetch_add(&ui->open, 1);
    visit->ui = ui;
    visit->stream = stream;
    stream->user = visit;
    arena_init(&visit->store.arena, ARENA_MAX);
    buf_init(&visit->body, BODY_MAX);
    timer_init(&visit->deadline, on_deadline);
    if (!check_head(visit)) {
        return;
    }
    if (!str_eq(stream->head.method, STR("POST"))) {
        ask(visit, STR_EMPTY, STR_EMPTY);
    } else if (stream->head.content_length == 0) {
        read_credentials(visit);
    } else {
        timer_start(&visit->deadline, ui->options.body_timeout_ms);
    }
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    struct visit *visit = stream->user;
    if (visit == NULL || visit->started) {
        return; /* a file, or answered already */
    }
    if (!buf_append(&visit->body, bytes)) {
        refuse(visit, &(struct http_problem){.status = 413,
                                             .code = STR("http.body_too_large"),
                                             .detail = STR("a login is shorter than 4 KiB"),
                                             .close = true});
    } else if (last) {
        read_credentials(visit);
    } else {
        timer_start(&visit->deadline, visit->ui->options.body_timeout_ms);
    }
}

static void on_gone(struct stream *stream, bool answered)
{
    struct visit *visit = stream->user;
    (void)answered;
    if (visit != NULL) {
        visit->stream = NULL;
        access_leave(&visit->access); /* nobody waits for the password */
        if (!visit->busy) {
            visit_free(visit);
        }
    }
}

const struct front_handler *ui_session_handler(void)
{
    static const struct front_handler handler = {.on_body = on_body, .on_gone = on_gone};
    return &handler;
}
