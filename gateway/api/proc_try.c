/* proc_try.c - bondy.http_gateway.try: a request to this node's own gateway, as somebody else would
 * send it, and its answer.
 *
 * It carries the credentials that it was given and no others: who may try may do by it what they
 * may, and nothing of his own. It goes to the listener of the gateway, whatever path and host say,
 * and no redirect is followed. On the caller's worker; the request is on a thread of its own. */
#include "api/proc_audit.h"
#include "api/proc_inside.h"
#include "api/trial.h"
#include "api/try_request.h"
#include "audit/audit.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "wamp/fault.h"

#include <string.h>

enum {
    ARENA_MAX = 8 << 20,
    ANSWER_BODY_MAX = 1 << 20,
    ANSWER_COUNT_MAX = 64 << 20,
    TIMEOUT_MS = 30000
};

struct attempt {
    struct trial trial;
    struct procs *procs;
    struct router *router;
    uint64_t handle;
    struct arena arena;
    struct try_request request;
    struct store_audit audit;
};

static void attempt_free(struct attempt *attempt)
{
    (void)atomic_fetch_sub(&attempt->procs->open, 1);
    arena_done(&attempt->arena);
    mem_free(attempt);
}

/* Bytes as text: as UTF-8 or else as the Latin-1 that old servers mean. */
static json_t *text_json(struct str bytes)
{
    struct buf text;
    if (utf8_valid(bytes)) {
        return json_stringn_nocheck(bytes.ptr, bytes.len);
    }
    buf_init(&text, 2 * bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c >= 0x80) {
            (void)buf_byte(&text, (char)(0xc0 | c >> 6));
            c = (unsigned char)(0x80 | (c & 0x3f));
        }
        (void)buf_byte(&text, (char)c);
    }
    json_t *json = json_stringn_nocheck(text.ptr, text.len);
    buf_done(&text);
    return json;
}

/* [[name, value]...] and the words behind the status. */
static json_t *headers_json(struct str head, struct str *out_reason)
{
    json_t *headers = json_array();
    struct str line = STR_EMPTY;
    struct str name = STR_EMPTY;
    struct str value = STR_EMPTY;
    (void)str_cut(head, '\n', &line, &head);
    *out_reason = STR_EMPTY;
    if (str_cut(line, ' ', &name, &value) && str_cut(value, ' ', &name, &line)) {
        *out_reason = str_trim(line);
    }
    while (head.len > 0) {
        (void)str_cut(head, '\n', &line, &head);
        if (str_cut(line, ':', &name, &value)) {
            (void)json_array_append_new(
                headers, json_pack("[o, o]", text_json(name), text_json(str_trim(value))));
        }
    }
    return headers;
}

/* What is text goes as text; a character that was cut in two is left out. */
static void put_body(json_t *answer, struct str body, bool whole)
{
    struct str text = body;
    for (unsigned i = 0; !whole && i < 3 && text.len > 0 && !utf8_valid(text); i++) {
        text.len--;
    }
    if (utf8_valid(text) && memchr(text.ptr, '\0', text.len) == NULL) {
        (void)json_object_set_new(answer, "body", json_stringn_nocheck(text.ptr, text.len));
        return;
    }
    struct buf packed;
    buf_init(&packed, body.len / 3 * 4 + 4);
    (void)base64_encode(BASE64_STANDARD, body, &packed);
    (void)json_object_set_new(answer, "body_base64", json_stringn_nocheck(packed.ptr, packed.len));
    buf_done(&packed);
}

/* The id by which the log knows it, as far as the answer tells: a problem's. */
static json_t *request_id(const struct httpclient_response *response)
{
    struct str header = httpclient_header(response, STR("x-request-id"));
    if (header.len > 0) {
        return text_json(header);
    }
    if (str_starts(httpclient_header(response, STR("content-type")),
                   STR("application/problem+json"))) {
        json_t *problem = json_loadb(response->body.ptr, response->body.len, 0, NULL);
        json_t *id = json_object_get(problem, "request_id");
        id = json_is_string(id) ? json_incref(id) : NULL;
        json_decref(problem);
        return id == NULL ? json_null() : id;
    }
    return json_null();
}

static void answer(const struct attempt *attempt)
{
    const struct httpclient_response *response = &attempt->trial.response;
    struct str reason = STR_EMPTY;
    json_t *headers = headers_json(buf_str(&response->head), &reason);
    json_t *result =
        json_pack("{s:i, s:o, s:o, s:I, s:b, s:I, s:o}", "status", (int)response->status, "reason",
                  text_json(reason), "headers", headers, "bytes", (json_int_t)response->bytes,
                  "truncated", !response->whole, "ms", (json_int_t)attempt->trial.took_ms,
                  "request_id", request_id(response));
    put_body(result, buf_str(&response->body), response->whole);
    proc_answer(attempt->router, attempt->handle, result, NULL);
    json_decref(result);
}

static struct str fault_of_trial(enum err_code code)
{
    return code == ERR_TIMEOUT ? FAULT_TIMEOUT : FAULT_UNAVAILABLE;
}

static void finish(struct trial *trial)
{
    struct attempt *attempt = CONTAINER_OF(trial, struct attempt, trial);
    if (trial->ok) {
        answer(attempt);
        httpclient_response_done(&trial->response);
    } else {
        proc_fail(attempt->router, attempt->handle, fault_of_trial(trial->err.code),
                  trial->err.text, NULL);
    }
    attempt_free(attempt);
}

/* Nobody waits any more. */
static void on_gone(void *ctx)
{
    struct attempt *attempt = ctx;
    atomic_store(&attempt->trial.cancel, true);
}

/* The method and the path; of the query nothing, for there may be secrets in it. */
static void audit_attempt(struct attempt *attempt, struct str outcome, struct str error)
{
    struct str target = STR_EMPTY;
    struct str query = STR_EMPTY;
    if (attempt->request.target != NULL) {
        (void)str_cut(str_of(attempt->request.target), '?', &target, &query);
        target = arena_printf(&attempt->arena, "%s " PRISTR, attempt->request.method,
                              STRARG(str_sub(target, 0, 200)));
    }
    attempt->audit.target = target;
    attempt->audit.outcome = outcome;
    attempt->audit.error = error;
    audit_write(attempt->procs->options.store, &attempt->audit);
}

static void refuse(struct attempt *attempt, struct str uri, const char *text)
{
    audit_attempt(attempt, STR("refused"), uri);
    proc_fail(attempt->router, attempt->handle, uri, text, NULL);
    attempt_free(attempt);
}

/* An address to listen on as one to connect to. */
static struct str dial_of(struct str address, struct arena *arena)
{
    static const struct {
        struct str any;
        const char *one;
    } rows[] = {{STR_INIT("0.0.0.0:"), "127.0.0.1:"}, {STR_INIT("[::]:"), "[::1]:"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_starts(address, rows[i].any)) {
            return arena_printf(arena, "%s" PRISTR, rows[i].one,
                                STRARG(str_from(address, rows[i].any.len)));
        }
    }
    return arena_printf(arena, PRISTR, STRARG(address));
}

/* With TLS the host that is asked for is told in the handshake too. Certificates are not looked at:
 * the listener is this process's own. */
static void address_to(struct attempt *attempt, const struct procs_gateway *gateway)
{
    struct try_request *request = &attempt->request;
    struct httpclient_request *http = &attempt->trial.request;
    struct arena *arena = &attempt->arena;
    const char *scheme = gateway->tls ? "https" : "http";
    struct str host = str_of(request->host);
    if (str_starts(gateway->address, STR("unix:"))) {
        http->unix_socket = arena_cstr(arena, str_from(gateway->address, 5));
        http->url = arena_printf(arena, "%s://localhost/", scheme).ptr;
    } else {
        http->dial = dial_of(gateway->address, arena).ptr;
        http->url = arena_printf(arena, "%s://%s/", scheme, http->dial).ptr;
    }
    if (request->host == NULL) {
        return;
    }
    if (gateway->tls) {
        http->url = arena_printf(arena, "https://" PRISTR "/", STRARG(host)).ptr;
    }
    request->headers[request->header_count++] =
        arena_printf(arena, "Host: " PRISTR, STRARG(host)).ptr;
}

static void begin(struct attempt *attempt, const struct procs_gateway *gateway)
{
    const struct try_request *request = &attempt->request;
    struct httpclient_request *http = &attempt->trial.request;
    *http = (struct httpclient_request){
        .method = request->method,
        .target = request->target,
        .body = request->body,
        .timeout_ms = TIMEOUT_MS,
        .insecure = true,
        .proxied = gateway->proxied,
        .response_max = ANSWER_BODY_MAX,
        .count_max = ANSWER_COUNT_MAX,
    };
    address_to(attempt, gateway);
    http->headers = request->headers;
    http->header_count = request->header_count;
    attempt->trial.finish = finish;
    if (!trials_start(attempt->procs->trials, &attempt->trial)) {
        refuse(attempt, FAULT_UNAVAILABLE, "16 requests are tried already: again when one is done");
        return;
    }
    audit_attempt(attempt, STR("ok"), STR_EMPTY);
    builtin_on_gone(attempt->router, attempt->handle, on_gone, attempt);
}

static bool read_call(struct attempt *attempt, const struct payload *payload, struct err *err)
{
    json_t *args = NULL;
    json_t *kwargs = NULL;
    if (!proc_args(payload, &args, &kwargs)) {
        return err_set(err, ERR_INVALID,
                       "the arguments have a key twice, a NUL, or what JSON has no word for: bytes "
                       "go in body_base64");
    }
    bool good =
        json_array_size(args) == 1
            ? try_request_read(json_array_get(args, 0), &attempt->arena, &attempt->request, err)
            : err_set(err, ERR_INVALID, "wrong number of arguments");
    json_decref(args);
    json_decref(kwargs);
    return good;
}

static const char *no_listener(struct str scheme)
{
    if (str_eq(scheme, STR("https"))) {
        return "this node's gateway has no TLS: gateway.tls.listen is empty";
    }
    return scheme.len > 0 ? "this node's gateway has no plain HTTP: gateway.listen is empty"
                          : "this node's gateway is off: gateway.listen and gateway.tls.listen are "
                            "empty";
}

static void run_try(struct procs *procs, const struct builtin_call *from)
{
    struct attempt *attempt = NEW(struct attempt);
    struct procs_gateway gateway = {0};
    struct err err = {0};
    (void)atomic_fetch_add(&procs->open, 1);
    attempt->procs = procs;
    attempt->router = from->router;
    attempt->handle = from->handle;
    arena_init(&attempt->arena, ARENA_MAX);
    proc_audit_row(from, &attempt->arena, &attempt->audit);
    if (!read_call(attempt, from->payload, &err)) {
        bool large = err.code == ERR_LIMIT;
        refuse(attempt, large ? FAULT_PAYLOAD_SIZE_EXCEEDED : FAULT_INVALID_ARGUMENT, err.text);
    } else if (procs->options.gateway == NULL ||
               !procs->options.gateway(procs->options.gateway_ctx, attempt->request.scheme,
                                       &gateway)) {
        refuse(attempt, FAULT_UNAVAILABLE, no_listener(attempt->request.scheme));
    } else {
        begin(attempt, &gateway);
    }
}

const struct proc_entry proc_try_entries[] = {
    {STR_INIT("bondy.http_gateway.try"), true, run_try},
    {.run = NULL},
};
