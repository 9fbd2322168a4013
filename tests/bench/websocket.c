/* websocket.c - a client's side of WebSocket, as much as the benches need: the upgrade, whole text
 * frames both ways, pings answered.  What is sent is masked with a key that is not zero, for a
 * server may skip the work for one that is. */
#include "wire.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 0x81, PING = 0x89, PONG = 0x8a, MASKED = 0x80, LEN_16 = 126, MASK_LEN = 4 };

static const unsigned char mask_key[8] = {0x5a, 0x17, 0xc3, 0x9e, 0x5a, 0x17, 0xc3, 0x9e};

void websocket_greet(struct wire *wire, const char *path)
{
    char head[1024];
    size_t got = 0;
    int len = snprintf(head, sizeof(head),
                       "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
                       *path == '\0' ? "/" : path);
    put_bytes(wire, head, (size_t)len);
    wire_flush(wire);
    /* Nothing follows before our HELLO, so bytes one by one are enough. */
    while (got < sizeof(head) - 1 && read(wire->fd, head + got, 1) == 1) {
        got++;
        if (got >= 4 && memcmp(head + got - 4, "\r\n\r\n", 4) == 0) {
            break;
        }
    }
    head[got] = '\0';
    if (strncmp(head, "HTTP/1.1 101", 12) != 0) {
        die("no WebSocket: %s", head);
    }
}

static void mask(unsigned char *bytes, size_t len)
{
    uint64_t key;
    uint64_t word;
    size_t at = 0;
    memcpy(&key, mask_key, sizeof(key));
    for (; at + sizeof(word) <= len; at += sizeof(word)) {
        memcpy(&word, bytes + at, sizeof(word));
        word ^= key;
        memcpy(bytes + at, &word, sizeof(word));
    }
    for (; at < len; at++) {
        bytes[at] ^= mask_key[at % MASK_LEN];
    }
}

/* The head has the shortest form that fits, so a short text moves up. */
void websocket_close_frame(struct wire *wire, size_t opened)
{
    unsigned char *head = wire->out + opened;
    size_t len = wire->out_len - opened - WEBSOCKET_HEAD;
    if (len > 0xffff) {
        die("a frame of %zu bytes", len);
    }
    mask(head + WEBSOCKET_HEAD, len);
    head[0] = TEXT;
    if (len >= LEN_16) {
        head[1] = MASKED | LEN_16;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        memcpy(head + 4, mask_key, MASK_LEN);
        return;
    }
    head[1] = (unsigned char)(MASKED | len);
    memcpy(head + 2, mask_key, MASK_LEN);
    memmove(head + 2 + MASK_LEN, head + WEBSOCKET_HEAD, len);
    wire->out_len -= 2;
}

static void answer_ping(struct wire *wire, const unsigned char *bytes, size_t len)
{
    unsigned char head[2] = {PONG, (unsigned char)(MASKED | len)};
    put_bytes(wire, head, sizeof(head));
    put_bytes(wire, mask_key, MASK_LEN);
    put_bytes(wire, bytes, len);
    mask(wire->out + wire->out_len - len, len);
}

bool websocket_next(struct wire *wire, struct frame *out_frame)
{
    for (;;) {
        const unsigned char *head = wire->in + wire->begin;
        size_t have = wire->end - wire->begin;
        if (have < 2 || (head[1] == LEN_16 && have < 4)) {
            return false;
        }
        bool wide = head[1] == LEN_16;
        size_t head_len = wide ? 4 : 2;
        size_t len = wide ? (size_t)head[2] << 8 | head[3] : head[1];
        if (head[1] > LEN_16 || (head[0] != TEXT && head[0] != PING && head[0] != PONG)) {
            die("a frame that begins with %02x %02x", head[0], head[1]);
        }
        if (have < head_len + len) {
            return false;
        }
        wire->begin += head_len + len;
        if (head[0] == TEXT) {
            *out_frame = (struct frame){head + head_len, len, true};
            return true;
        }
        if (head[0] == PING) {
            answer_ping(wire, head + head_len, len);
        }
    }
}
