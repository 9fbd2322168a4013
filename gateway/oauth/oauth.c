#include "oauth/oauth.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/percent.h"
#include "builder/builder.h"
#include "crypto/secret.h"
#include "oauth/oauth_inside.h"

#include <string.h>

enum { ARENA_MAX = 4 << 20, WAIT_MAX_S = 3600 };

static void drop_snapshots(struct oauth_visit *visit)
{
    if (visit->rbac != NULL) {
        snapshot_unref(visit->rbac);
    }
    if (visit->tokens != NULL) {
        snapshot_unref(visit->tokens);
    }
}

static void visit_free(struct oauth_visit *visit)
{
    (void)atomic_fetch_sub(&visit->oauth->open, 1);
    timer_stop(&visit->deadline);
    access_leave(&visit->access);
    drop_snapshots(visit);
    if (visit->body.ptr != NULL) {
        crypto_wipe(visit->body.ptr, visit->body.cap);
    }
    buf_done(&visit->body);
    arena_done(&visit->store.arena);
    mem_free(visit);
}

static void advance(struct oauth_visit *visit, enum flow_step step);

static void finish(struct oauth_visit *visit)
{
    if (visit->call.note.action != NULL) {
        metric_add(METRIC_CELL(visit->oauth->notes, str_of(visit->call.note.action)), 1);
    }
    if (visit->oauth->options.note != NULL && visit->call.note.action != NULL) {
        visit->oauth->options.note(visit->oauth->options.note_ctx, &visit->call);
    }
    if (visit->stream != NULL) {
        oauth_answer(visit);
    } else {
        visit_free(visit);
    }
}

static void on_built(struct post *post)
{
    struct oauth_visit *visit = CONTAINER_OF(post, struct oauth_visit, built);
    visit->busy = false;
    advance(visit, flow_continue(&visit->call, NULL));
}

/* What has been revoked is dead everywhere before anybody is told so. */
static void on_stored(struct store_request *store)
{
    struct oauth_visit *visit = CONTAINER_OF(store, struct oauth_visit, store);
    if (store->ok && store->record_count > 0) {
        visit->built.fn = on_built;
        builder_wait(visit->oauth->options.builder, store->seq, &visit->built);
        return;
    }
    visit->busy = false;
    advance(visit, flow_continue(&visit->call, store->ok ? NULL : &store->err));
}

static bool work(struct store_view *view, struct store_request *store)
{
    struct oauth_visit *visit = CONTAINER_OF(store, struct oauth_visit, store);
    return visit->call.work(&visit->call, view);
}

static void begin_store(struct oauth_visit *visit)
{
    visit->busy = true;
    visit->store.op = STORE_WORK;
    visit->store.work = work;
    visit->store.finish = on_stored;
    visit->store.author = STR("oauth");
    store_submit(visit->oauth->options.store, &visit->store);
}

static void
settle_login(struct oauth_visit *visit, enum access_step step, const struct access_answer *answer)
{
    struct flow_login *login = &visit->call.login;
    login->outcome = FLOW_LOGIN_FAILED;
    if (step == ACCESS_GRANTED) {
        login->outcome = FLOW_LOGIN_PASSED;
        login->name = arena_str(visit->call.arena, answer->principal.authid);
    } else if (answer->status == 429 || answer->status == 503) {
        login->outcome = FLOW_LOGIN_LATER;
        login->wait_s = answer->retry_after_s > 0 ? answer->retry_after_s : 1;
    }
    access_leave(&visit->access);
    visit->access = (struct access_visit){0};
}

static void on_login(void *ctx, enum access_step step, const struct access_answer *answer)
{
    struct oauth_visit *visit = ctx;
    settle_login(visit, step, answer);
    advance(visit, flow_continue(&visit->call, NULL));
}

/* True: settled at once. */
static bool begin_login(struct oauth_visit *visit)
{
    visit->login_request = (struct access_request){
        .realm = visit->call.request.realm,
        .schemes = ACCESS_BASIC,
        .head = &visit->stream->head,
        .user = visit->call.login.name,
        .password = visit->call.login.password,
    };
    visit->access = (struct access_visit){.done = on_login, .ctx = visit};
    enum access_step step = access_check(visit->oauth->options.access, &visit->access,
                                         &visit->login_request, &visit->login);
    if (step == ACCESS_LATER) {
        return false;
    }
    settle_login(visit, step, &visit->login);
    return true;
}

static void advance(struct oauth_visit *visit, enum flow_step step)
{
    while (step == FLOW_LOGIN) {
        if (visit->stream == NULL) {
            visit_free(visit); /* nobody is there to log in */
            return;
        }
        if (!begin_login(visit)) {
            return;
        }
        step = flow_continue(&visit->call, NULL);
    }
    if (step == FLOW_STORE) {
        begin_store(visit);
    } else {
        finish(visit);
    }
}

static struct str kept_header(struct oauth_visit *visit, struct str name)
{
    struct str value = request_header(&visit->stream->head, name);
    return value.ptr == NULL ? STR_EMPTY : arena_str(visit->call.arena, value);
}

/* Two of them would be a choice for whoever reads them next. */
static bool is_said_once(const struct request_head *head, struct str name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        count += str_eq(head->headers[i].name, name);
    }
    return count <= 1;
}

static bool is_form(const struct request_head *head)
{
    struct str type = request_header(head, STR("content-type"));
    struct str bare = STR_EMPTY;
    struct str rest = STR_EMPTY;
    (void)str_cut(type, ';', &bare, &rest);
    return str_eq_nocase(str_trim(bare), STR("application/x-www-form-urlencoded"));
}

static bool read_forms(struct oauth_visit *visit, const char **out_why)
{
    const struct request_head *head = &visit->stream->head;
    bool has_body = visit->body.len > 0;
    if (!is_said_once(head, STR("authorization"))) {
        *out_why = "there is more than one Authorization header";
        return false;
    }
    *out_why = "the body is not application/x-www-form-urlencoded";
    if (has_body && !is_form(head)) {
        return false;
    }
    return form_read(buf_str(&visit->body), visit->call.arena, &visit->form, out_why) &&
           form_read(head->query, visit->call.arena, &visit->query, out_why);
}

static bool check_method(struct oauth_visit *visit, enum flow_endpoint endpoint)
{
    struct str allowed = flow_endpoint_methods(endpoint);
    struct str rest = allowed;
    struct str each = STR_EMPTY;
    if (flow_endpoint_shares(endpoint) && str_eq(visit->stream->head.method, STR("OPTIONS"))) {
        return true;
    }
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &each, &rest);
        if (str_eq(str_trim(each), visit->stream->head.method)) {
            return true;
        }
    }
    oauth_refuse(visit, 405, "the endpoint does not know this method",
                 (struct header){STR("allow"), allowed});
    return false;
}

/* As things are now. */
static bool find_realm(struct oauth_visit *visit)
{
    struct flow_call *call = &visit->call;
    struct str decoded = STR_EMPTY;
    drop_snapshots(visit);
    visit->rbac = snapshot_ref(snapshot_peek(visit->oauth->options.rbac));
    visit->tokens = snapshot_ref(snapshot_peek(visit->oauth->options.tokens));
    call->now_s = clock_wall_ms() / 1000;
    call->rbac = (const struct rbac *)(const void *)visit->rbac;
    call->tokens = (const struct tokens *)(const void *)visit->tokens;
    call->realm = percent_decode(visit->place.realm, false, call->arena, &decoded)
                      ? rbac_realm_find(call->rbac, decoded)
                      : NULL;
    if (call->realm == NULL || rbac_realm_is_prototype(call->realm)) {
        oauth_refuse(visit, 404, "there is no such realm", (struct header){0});
        return false;
    }
    return true;
}

/* `info` of the realm: {"oauth2": {"password_grant": true}}. */
static bool realm_has_password_grant(const struct rbac_realm *realm)
{
    struct str text = rbac_realm_info(realm);
    json_t *info = text.len == 0 ? NULL : json_loadb(text.ptr, text.len, 0, NULL);
    bool on = json_is_true(json_object_get(json_object_get(info, "oauth2"), "password_grant"));
    json_decref(info);
    return on;
}

/* A realm's URI may have what a path must not have as it is. */
static struct str issuer_of(struct arena *arena, struct str url, struct str realm)
{
    static const char plain[] = "-._~!$&'()*+,;=:@";
    struct buf text;
    buf_init(&text, url.len + STR("/realms/").len + 3 * realm.len + 1);
    (void)buf_append(&text, url);
    (void)buf_append(&text, STR("/realms/"));
    for (size_t i = 0; i < realm.len; i++) {
        unsigned char c = (unsigned char)realm.ptr[i];
        bool keep = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    memchr(plain, c, sizeof(plain) - 1) != NULL;
        (void)(keep ? buf_byte(&text, (char)c) : buf_printf(&text, "%%%02X", (unsigned)c));
    }
    struct str issuer = arena_str(arena, buf_str(&text));
    buf_done(&text);
    return issuer;
}

static void read_head(struct oauth_visit *visit)
{
    const struct oauth_place *place = &visit->place;
    struct flow_call *call = &visit->call;
    struct str realm = rbac_realm_uri(call->realm);
    struct str url = str_of(visit->oauth->public_url);
    struct in6_addr *address = ARENA_NEW(call->arena, struct in6_addr);
    *address = visit->stream->head.peer->address;
    struct str issuer = issuer_of(call->arena, url, realm);
    struct str base =
        place->base.len > 0
            ? arena_printf(call->arena, PRISTR PRISTR, STRARG(url), STRARG(place->base))
            : arena_printf(call->arena, PRISTR "/oauth", STRARG(issuer));
    call->request = (struct flow_request){
        .endpoint = place->endpoint,
        .post = str_eq(visit->stream->head.method, STR("POST")),
        .realm = realm,
        .issuer = issuer,
        .base = base,
        .authorization = kept_header(visit, STR("authorization")),
        .cookie = kept_header(visit, STR("cookie")),
        .origin = kept_header(visit, STR("origin")),
        .password_grant = place->password_grant || realm_has_password_grant(call->realm),
        .secure = str_starts(url, STR("https:")),
        .address = address,
    };
}

/* With the body at hand: who sends it byte by byte is not judged by what was so when he began. */
static void start(struct oauth_visit *visit)
{
    const char *why = NULL;
    visit->started = true;
    timer_stop(&visit->deadline);
    if (!find_realm(visit)) {
        return;
    }
    read_head(visit);
    visit->call.request.form = &visit->form;
    visit->call.request.query = &visit->query;
    if (!read_forms(visit, &why)) {
        oauth_refuse(visit, 400, why, (struct header){0});
        return;
    }
    advance(visit, flow_begin(&visit->call));
}

static void on_deadline(struct timer *timer)
{
    struct oauth_visit *visit = CONTAINER_OF(timer, struct oauth_visit, deadline);
    visit->started = true;
    oauth_refuse(visit, 408, "the body makes no progress", (struct header){0});
}

void oauth_take(struct oauth *oauth, struct stream *stream, const struct oauth_place *place)
{
    struct oauth_visit *visit = NEW(struct oauth_visit);
    (void)atomic_fetch_add(&oauth->open, 1);
    visit->oauth = oauth;
    visit->stream = stream;
    stream->user = visit;
    stream->taker = oauth_handler();
    arena_init(&visit->store.arena, ARENA_MAX);
    buf_init(&visit->body, FORM_BODY_MAX);
    timer_init(&visit->deadline, on_deadline);
    visit->call.arena = &visit->store.arena;
    visit->call.options = &oauth->options.flow;
    visit->call.request.endpoint = place->endpoint;
    visit->place = *place;
    visit->place.realm = arena_str(visit->call.arena, place->realm);
    visit->place.base = arena_str(visit->call.arena, place->base);
    if (!check_method(visit, place->endpoint) || !find_realm(visit) || oauth_preflight(visit)) {
        return;
    }
    if (!str_eq(stream->head.method, STR("POST")) || stream->head.content_length == 0) {
        start(visit);
    } else {
        timer_start(&visit->deadline, oauth->options.body_timeout_ms);
    }
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    struct oauth_visit *visit = stream->user;
    if (visit->started || visit->call.realm == NULL) {
        return; /* answered already */
    }
    if (!buf_append(&visit->body, bytes)) {
        visit->started = true;
        timer_stop(&visit->deadline);
        oauth_refuse(visit, 413, "the parameters are longer than 64 KiB", (struct header){0});
    } else if (last) {
        start(visit);
    } else {
        timer_start(&visit->deadline, visit->oauth->options.body_timeout_ms);
    }
}

static void on_gone(struct stream *stream, bool answered)
{
    struct oauth_visit *visit = stream->user;
    (void)answered;
    visit->stream = NULL;
    if (!visit->busy) {
        visit_free(visit);
    }
}

const struct front_handler *oauth_handler(void)
{
    static const struct front_handler handler = {.on_body = on_body, .on_gone = on_gone};
    return &handler;
}

struct oauth *oauth_new(const struct oauth_options *options)
{
    struct oauth *oauth = NEW(struct oauth);
    oauth->options = *options;
    oauth->public_url = str_dup(STR_EMPTY);
    oauth->notes =
        metric_counter("postern_oauth_notes_total",
                       "what the audit has of OAuth2: reuse of codes and tokens", "action", NULL);
    oauth->answers = metric_counter("postern_oauth_answers_total",
                                    "answers of the OAuth2 endpoints, by endpoint and status",
                                    "endpoint", "status", NULL);
    return oauth;
}

void oauth_set_public_url(struct oauth *oauth, struct str url)
{
    mem_free(oauth->public_url);
    while (url.len > 0 && url.ptr[url.len - 1] == '/') {
        url.len--;
    }
    oauth->public_url = str_dup(url);
}

size_t oauth_open_count(const struct oauth *oauth)
{
    return atomic_load(&oauth->open);
}

void oauth_free(struct oauth *oauth)
{
    if (oauth != NULL) {
        mem_free(oauth->public_url);
        mem_free(oauth);
    }
}
