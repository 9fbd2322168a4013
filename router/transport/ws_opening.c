/* ws_opening.c - the request that opens a WebSocket: waited for, judged, answered.
 *
 * A yes is 101, and frames may follow in the same input. A no is an HTTP error with a sentence,
 * and the end of the connection.
 */
#include "base/encode.h"
#include "base/log.h"
#include "crypto/sha1.h"
#include "transport/upgrade_head.h"
#include "transport/ws_inside.h"

#include <stdio.h>
#include <string.h>

static const char *status_title(unsigned status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 426:
        return "Upgrade Required";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

static const char *status_fields(unsigned status)
{
    switch (status) {
    case 405:
        return "Allow: GET\r\n";
    case 426:
        return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    default:
        return "";
    }
}

void ws_refuse(struct ws *ws, unsigned status, const char *detail)
{
    char body[256];
    char answer[640];
    char text[PEER_TEXT_SIZE];
    const char *title = status_title(status);
    int body_len =
        snprintf(body, sizeof(body),
                 "{\"type\":\"about:blank\",\"status\":%u,\"title\":\"%s\",\"detail\":\"%s\"}",
                 status, title, detail);
    int answer_len = snprintf(answer, sizeof(answer),
                              "HTTP/1.1 %u %s\r\n%sContent-Type: application/problem+json\r\n"
                              "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                              status, title, status_fields(status), body_len, body);
    log_debug("websocket refused", KV_STR("peer", peer_info_text(&ws->peer.info, text)),
              KV_U64("status", status), KV_CSTR("reason", detail));
    metric_add(ws_traffic(ws)->refused, 1);
    ws->state = WS_ENDED;
    timer_stop(&ws->timer);
    conn_write(&ws->conn, str_make(answer, (size_t)answer_len));
    conn_finish(&ws->conn);
}

/* RFC 6455, 4.2.2: what proves that the key was understood. */
static void put_accept(struct str key, struct buf *out)
{
    unsigned char digest[SHA1_SIZE];
    struct buf text;
    buf_init(&text, 128);
    (void)buf_append(&text, key);
    (void)buf_append(&text, STR("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    sha1(buf_str(&text), digest);
    (void)base64_encode(BASE64_STANDARD, str_make((const char *)digest, sizeof(digest)), out);
    buf_done(&text);
}

static void accept_request(struct ws *ws, const struct upgrade_verdict *verdict)
{
    struct buf answer;
    buf_init(&answer, 512);
    (void)buf_append(&answer, STR("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                  "Connection: Upgrade\r\nSec-WebSocket-Accept: "));
    put_accept(verdict->key, &answer);
    if (verdict->subprotocol.len > 0) {
        (void)buf_append(&answer, STR("\r\nSec-WebSocket-Protocol: "));
        (void)buf_append(&answer, verdict->subprotocol);
    }
    (void)buf_append(&answer, STR("\r\n\r\n"));
    conn_write(&ws->conn, buf_str(&answer));
    buf_done(&answer);
}

static void keep_secrets(struct ws *ws, struct str bearer, struct str cookie)
{
    if (bearer.len + cookie.len == 0) {
        return;
    }
    ws->secrets = mem_alloc(bearer.len + cookie.len);
    memcpy(ws->secrets, bearer.ptr, bearer.len);
    memcpy(ws->secrets + bearer.len, cookie.ptr, cookie.len);
    ws->peer.bearer = str_make(ws->secrets, bearer.len);
    ws->peer.cookie = str_make(ws->secrets + bearer.len, cookie.len);
}

size_t ws_take_opening(struct ws *ws, struct str input)
{
    const struct transport_options *options = ws_options(ws);
    size_t end = upgrade_head_end(input, ws->searched > 3 ? ws->searched - 3 : 0);
    if (end > UPGRADE_HEAD_MAX || (end == 0 && input.len >= UPGRADE_HEAD_MAX)) {
        ws_refuse(ws, 431, "the request head is too long");
        return input.len;
    }
    if (end == 0) {
        ws->searched = input.len;
        return 0;
    }
    struct upgrade_rules rules = {.origins = options->origins,
                                  .origin_count = options->origin_count,
                                  .own_origin = ws->own_origin,
                                  .any_kind = options->any_kind};
    struct upgrade_verdict verdict = upgrade_judge(str_sub(input, 0, end), &rules);
    if (verdict.status != UPGRADE_ACCEPTED) {
        ws_refuse(ws, verdict.status, verdict.detail);
        return input.len;
    }
    ws->peer.serializer = verdict.serializer;
    keep_secrets(ws, verdict.bearer, verdict.cookie);
    accept_request(ws, &verdict);
    ws_opened(ws);
    return end;
}
