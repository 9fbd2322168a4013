#include "httpclient/httpclient.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    TIMEOUT_MS = 30000,
    CONNECT_TIMEOUT_MS = 10000,
    HEAD_MAX = 256 * 1024,
    BODY_MAX = 64 * 1024 * 1024,
    TARGET_MAX = 128,
};

/* One request on its way. */
struct transfer {
    CURL *curl;
    struct curl_slist *headers;
    struct curl_slist *dial;
    struct httpclient_response response;
    uint64_t timeout_ms;
    uint64_t count_max;
    const atomic_bool *cancel;
    bool head_is_whole;
    char target[TARGET_MAX]; /* scheme://host:port, for messages */
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;

static void global_init(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* scheme://host:port without user, path and query: what a message may show. */
static bool find_target(struct transfer *transfer, const char *url, struct err *err)
{
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    CURLU *parts = curl_url();
    bool ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    bool http = ok && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (http) {
        (void)snprintf(transfer->target, sizeof(transfer->target), "%s://%s:%s", scheme, host,
                       port);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    if (!http) {
        return err_set(err, ERR_INVALID, "not an http:// or https:// URL");
    }
    return true;
}

static bool is_loopback(const char *host)
{
    size_t len = strlen(host);
    struct in_addr v4;
    return strcmp(host, "[::1]") == 0 || strcasecmp(host, "localhost") == 0 ||
           (len > 10 && strcasecmp(host + len - 10, ".localhost") == 0) || /* RFC 6761, 6.3 */
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

bool httpclient_is_private(const char *url)
{
    char *scheme = NULL;
    char *host = NULL;
    CURLU *parts = curl_url();
    bool known = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                 curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                 curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    bool open = known && strcmp(scheme, "http") == 0 && !is_loopback(host);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return !open;
}

static size_t keep(struct buf *into, const char *bytes, size_t len)
{
    /* Less than was offered makes libcurl give up with CURLE_WRITE_ERROR. */
    return buf_append(into, str_make(bytes, len)) ? len : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct buf *body = &transfer->response.body;
    size_t len = size * count;
    transfer->response.bytes += len;
    if (transfer->count_max == 0) {
        return keep(body, bytes, len);
    }
    (void)buf_append(body, str_sub(str_make(bytes, len), 0, body->max - body->len));
    return transfer->response.bytes <= transfer->count_max ? len : 0;
}

/* Called about once a second, more often while bytes come. */
static int
on_progress(void *ctx, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
    const struct transfer *transfer = ctx;
    (void)to_get;
    (void)got;
    (void)to_send;
    (void)sent;
    return atomic_load(transfer->cancel) ? 1 : 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct str line = str_make(bytes, size * count);
    if (str_starts(line, STR("HTTP/"))) {
        buf_clear(&transfer->response.head); /* of an interim answer (1xx) */
        transfer->head_is_whole = false;
    }
    transfer->head_is_whole = transfer->head_is_whole || str_trim(line).len == 0;
    return keep(&transfer->response.head, bytes, line.len);
}

static bool add_header(struct transfer *transfer, const char *line, struct err *err)
{
    if (strpbrk(line, "\r\n") != NULL) {
        return err_set(err, ERR_INVALID, "a header may not hold a line break");
    }
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer == NULL) {
        return err_set(err, ERR_INTERNAL, "out of memory");
    }
    transfer->headers = longer;
    return true;
}

static bool
set_headers(struct transfer *transfer, const struct httpclient_request *request, struct err *err)
{
    /* No waiting for 100 Continue, and no content type that nobody asked for. */
    bool ok = add_header(transfer, "Expect:", err);
    if (request->body.len > 0) {
        ok = ok && add_header(transfer, "Content-Type:", err);
    }
    for (size_t i = 0; i < request->header_count; i++) {
        ok = ok && add_header(transfer, request->headers[i], err);
    }
    (void)curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers);
    return ok;
}

static void set_credentials(CURL *curl, const struct httpclient_request *request)
{
    if (request->bearer != NULL && request->bearer[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        (void)curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, request->bearer);
    } else if (request->user != NULL && request->user[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD,
                               request->password == NULL ? "" : request->password);
    }
}

static void set_method(CURL *curl, const struct httpclient_request *request)
{
    if (request->body.len > 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.ptr);
    }
    if (request->method == NULL) {
        return;
    }
    bool bodiless = request->body.len == 0;
    if (strcmp(request->method, "HEAD") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (bodiless && strcmp(request->method, "POST") == 0) {
        /* Says Content-Length: 0, which a bare custom method does not. */
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    } else {
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

/* Where it goes, and how long it may. */
static void set_place(struct transfer *transfer, const struct httpclient_request *request)
{
    CURL *curl = transfer->curl;
    if (request->target != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, request->target);
    }
    if (request->dial != NULL) {
        char line[TARGET_MAX];
        (void)snprintf(line, sizeof(line), "::%s", request->dial); /* from anywhere */
        transfer->dial = curl_slist_append(NULL, line);
        (void)curl_easy_setopt(curl, CURLOPT_CONNECT_TO, transfer->dial);
    }
    if (request->unix_socket != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    }
    (void)curl_easy_setopt(curl, CURLOPT_HAPROXYPROTOCOL, request->proxied ? 1L : 0L);
    if (request->cancel != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    }
}

static void set_options(struct transfer *transfer, const struct httpclient_request *request)
{
    CURL *curl = transfer->curl;
    (void)curl_easy_setopt(curl, CURLOPT_URL, request->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)transfer->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "postern/" POSTERN_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    if (request->ca_file != NULL && request->ca_file[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
    }
    if (request->insecure) {
        (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    set_place(transfer, request);
    set_credentials(curl, request);
    set_method(curl, request);
}

static bool cannot_connect(const struct transfer *transfer, struct err *err)
{
    long number = 0;
    char reason[80];
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_OS_ERRNO, &number);
    return err_set(err, ERR_UNAVAILABLE, "cannot connect to %s: %s", transfer->target,
                   number == 0 ? "no answer" : strerror_r((int)number, reason, sizeof(reason)));
}

/* Why there is no answer. */
static bool
failure(const struct transfer *transfer, CURLcode code, const char *detail, struct err *err)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return cannot_connect(transfer, err);
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(err, ERR_UNAVAILABLE, "cannot connect to %s: no such host",
                       transfer->target);
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(err, ERR_TIMEOUT, "no answer from %s within %llu ms", transfer->target,
                       (unsigned long long)transfer->timeout_ms);
    case CURLE_WRITE_ERROR:
        return err_set(err, ERR_LIMIT, "the answer of %s is too large", transfer->target);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return err_set(err, ERR_UNAVAILABLE, "%s closed the connection before its answer was whole",
                       transfer->target);
    default:
        return err_set(err, ERR_UNAVAILABLE, "%s: %s", transfer->target,
                       detail[0] != '\0' ? detail : curl_easy_strerror(code));
    }
}

static bool perform(struct transfer *transfer, struct err *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    (void)curl_easy_setopt(transfer->curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(transfer->curl);
    long status = 0;
    (void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    struct httpclient_response *response = &transfer->response;
    response->status = (unsigned)status;
    response->whole = code == CURLE_OK && response->bytes == response->body.len;
    if (transfer->head_is_whole && (code == CURLE_OK || transfer->count_max > 0)) {
        return true;
    }
    return failure(transfer, code == CURLE_OK ? CURLE_PARTIAL_FILE : code, detail, err);
}

bool httpclient_request(const struct httpclient_request *request,
                        struct httpclient_response *out,
                        struct err *err)
{
    struct transfer transfer = {
        .timeout_ms = request->timeout_ms == 0 ? TIMEOUT_MS : request->timeout_ms,
        .count_max = request->count_max,
        .cancel = request->cancel,
    };
    (void)pthread_once(&global_once, global_init);
    if (!find_target(&transfer, request->url, err)) {
        return false;
    }
    transfer.curl = curl_easy_init();
    if (transfer.curl == NULL) {
        return err_set(err, ERR_INTERNAL, "libcurl cannot be started");
    }
    buf_init(&transfer.response.head, HEAD_MAX);
    buf_init(&transfer.response.body,
             request->response_max == 0 ? BODY_MAX : request->response_max);
    set_options(&transfer, request);
    bool ok = set_headers(&transfer, request, err) && perform(&transfer, err);
    curl_easy_cleanup(transfer.curl);
    curl_slist_free_all(transfer.headers);
    curl_slist_free_all(transfer.dial);
    if (!ok) {
        httpclient_response_done(&transfer.response);
        return false;
    }
    *out = transfer.response;
    return true;
}

struct str httpclient_header(const struct httpclient_response *response, struct str name)
{
    struct str rest = buf_str(&response->head);
    while (rest.len > 0) {
        struct str line = STR_EMPTY;
        struct str key = STR_EMPTY;
        struct str value = STR_EMPTY;
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, name)) {
            return str_trim(value);
        }
    }
    return STR_EMPTY;
}

void httpclient_response_done(struct httpclient_response *response)
{
    buf_done(&response->head);
    buf_done(&response->body);
}
