/* h1_answer.c - the head of an answer, put together from pieces that are known beforehand. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/h1_inside.h"
#include "metrics/metrics.h"

#include <stdio.h>

enum { STATUS_MIN = 100, STATUS_MAX = 599, PROBLEM_MAX = 1024 };

#define LINE(code, title) [(code)-STATUS_MIN] = STR_INIT("HTTP/1.1 " #code " " title "\r\n")

static const struct str lines[STATUS_MAX - STATUS_MIN + 1] = {
    LINE(200, "OK"),
    LINE(201, "Created"),
    LINE(202, "Accepted"),
    LINE(203, "Non-Authoritative Information"),
    LINE(204, "No Content"),
    LINE(205, "Reset Content"),
    LINE(206, "Partial Content"),
    LINE(300, "Multiple Choices"),
    LINE(301, "Moved Permanently"),
    LINE(302, "Found"),
    LINE(303, "See Other"),
    LINE(304, "Not Modified"),
    LINE(307, "Temporary Redirect"),
    LINE(308, "Permanent Redirect"),
    LINE(400, "Bad Request"),
    LINE(401, "Unauthorized"),
    LINE(403, "Forbidden"),
    LINE(404, "Not Found"),
    LINE(405, "Method Not Allowed"),
    LINE(406, "Not Acceptable"),
    LINE(408, "Request Timeout"),
    LINE(409, "Conflict"),
    LINE(410, "Gone"),
    LINE(411, "Length Required"),
    LINE(412, "Precondition Failed"),
    LINE(413, "Content Too Large"),
    LINE(414, "URI Too Long"),
    LINE(415, "Unsupported Media Type"),
    LINE(416, "Range Not Satisfiable"),
    LINE(417, "Expectation Failed"),
    LINE(421, "Misdirected Request"),
    LINE(422, "Unprocessable Content"),
    LINE(425, "Too Early"),
    LINE(426, "Upgrade Required"),
    LINE(428, "Precondition Required"),
    LINE(429, "Too Many Requests"),
    LINE(431, "Request Header Fields Too Large"),
    LINE(500, "Internal Server Error"),
    LINE(501, "Not Implemented"),
    LINE(502, "Bad Gateway"),
    LINE(503, "Service Unavailable"),
    LINE(504, "Gateway Timeout"),
    LINE(505, "HTTP Version Not Supported"),
};

static void put_status(struct buf *out, unsigned status)
{
    if (status >= STATUS_MIN && status <= STATUS_MAX && lines[status - STATUS_MIN].len > 0) {
        (void)buf_append(out, lines[status - STATUS_MIN]);
    } else {
        (void)buf_printf(out, "HTTP/1.1 %u \r\n", status);
    }
}

/* Written anew when the second of the wall clock has changed. */
static struct str date_line(struct h1_worker *worker)
{
    uint64_t now_ms = worker_now_ms();
    if (now_ms >= worker->date_until_ms) {
        uint64_t wall_ms = clock_wall_ms();
        char text[CLOCK_HTTP_SIZE];
        clock_http_date(wall_ms, text);
        buf_clear(&worker->date);
        (void)buf_printf(&worker->date, "date: %s\r\n", text);
        worker->date_until_ms = now_ms + 1000 - wall_ms % 1000;
    }
    return buf_str(&worker->date);
}

/* Decimal; printf is what an answer's head would cost most. */
static void put_length(struct buf *out, uint64_t length)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + length % 10);
        length /= 10;
    } while (length > 0);
    (void)buf_append(out, STR("content-length: "));
    (void)buf_append(out, str_make(digits + at, sizeof(digits) - at));
    (void)buf_append(out, STR("\r\n"));
}

/* Those that the front answers for itself. */
static bool reserved(struct str name)
{
    switch (name.len) {
    case 10:
        return str_eq_nocase(name, STR("connection")) || str_eq_nocase(name, STR("keep-alive"));
    case 14:
        return str_eq_nocase(name, STR("content-length"));
    case 17:
        return str_eq_nocase(name, STR("transfer-encoding"));
    default:
        return false;
    }
}

static void put_header(struct buf *out, const struct header *header)
{
    if (!token_valid(header->name) || !value_valid(header->value)) {
        log_warn("response header left out", KV_STR("name", header->name));
        return;
    }
    (void)buf_append(out, header->name);
    (void)buf_append(out, STR(": "));
    (void)buf_append(out, header->value);
    (void)buf_append(out, STR("\r\n"));
}

bool h1_answer_asks_close(const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (headers[i].name.len == 10 && str_eq_nocase(headers[i].name, STR("connection")) &&
            h1_list_has(headers[i].value, STR("close"))) {
            return true;
        }
    }
    return false;
}

struct str h1_answer_head(struct h1_worker *worker, const struct h1_answer *answer)
{
    struct buf *out = &worker->scratch;
    bool dated = false;
    buf_clear(out);
    put_status(out, answer->status);
    for (size_t i = 0; i < answer->count; i++) {
        const struct header *header = &answer->headers[i];
        if (!reserved(header->name)) {
            dated = dated || (header->name.len == 4 && str_eq_nocase(header->name, STR("date")));
            put_header(out, header);
        }
    }
    if (!dated) {
        (void)buf_append(out, date_line(worker));
    }
    if (answer->framing == H1_CHUNKED) {
        (void)buf_append(out, STR("transfer-encoding: chunked\r\n"));
    } else if (answer->length >= 0) {
        put_length(out, (uint64_t)answer->length);
    }
    if (answer->close) {
        (void)buf_append(out, STR("connection: close\r\n"));
    } else if (answer->http10) {
        (void)buf_append(out, STR("connection: keep-alive\r\n"));
    }
    (void)buf_append(out, STR("\r\n"));
    return buf_str(out);
}

void h1_answer_refusal(struct h1_conn *c, const struct refusal *why)
{
    static const struct header headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/problem+json")},
    };
    const struct front *front = &c->worker->front->front;
    struct str name = str_of(front->options.name);
    struct buf body;
    buf_init(&body, PROBLEM_MAX);
    front_problem(&body, why);
    conn_write(&c->conn, h1_answer_head(c->worker, &(struct h1_answer){
                                                       .status = why->status,
                                                       .headers = headers,
                                                       .count = COUNT_OF(headers),
                                                       .framing = H1_LENGTH,
                                                       .length = (int64_t)body.len,
                                                       .close = true,
                                                   }));
    conn_write(&c->conn, buf_str(&body));
    buf_done(&body);
    metric_add(METRIC_CELL(front->refused, name, str_of(why->rule)), 1);
    log_debug("request refused", KV_STR("front", name), KV_CSTR("rule", why->rule));
    h1_conn_finish(c);
}
