/* wire.c - the connection: dialing, reading, writing, frames of RawSocket. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

void die_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct wire *wire_new(int fd)
{
    int on = 1;
    struct wire *wire = calloc(1, sizeof(*wire));
    if (wire == NULL) {
        die("no memory");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    wire->fd = fd;
    return wire;
}

void wire_fill(struct wire *wire)
{
    if (wire->begin == wire->end) {
        wire->begin = wire->end = 0;
    } else if (wire->begin > WIRE_BUFFER / 2) {
        memmove(wire->in, wire->in + wire->begin, wire->end - wire->begin);
        wire->end -= wire->begin;
        wire->begin = 0;
    }
    ssize_t got = read(wire->fd, wire->in + wire->end, WIRE_BUFFER - wire->end);
    if (got > 0) {
        wire->end += (size_t)got;
    } else if (got == 0) {
        die("the other side closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
        die("read: %s", strerror(errno));
    }
}

bool wire_next(struct wire *wire, struct frame *out_frame)
{
    if (wire->websocket) {
        return websocket_next(wire, out_frame);
    }
    const unsigned char *head = wire->in + wire->begin;
    size_t have = wire->end - wire->begin;
    if (have < FRAME_HEAD) {
        return false;
    }
    size_t len = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (len > WIRE_BUFFER / 2 || head[0] > 2) {
        die("a frame of kind %u and %zu bytes", head[0], len);
    }
    if (have < FRAME_HEAD + len) {
        return false;
    }
    wire->begin += FRAME_HEAD + len;
    if (head[0] == 1) { /* a ping goes back as it came */
        size_t pong = wire->out_len;
        put_bytes(wire, head, FRAME_HEAD + len);
        wire->out[pong] = 2;
    }
    if (head[0] != 0) {
        return wire_next(wire, out_frame);
    }
    *out_frame = (struct frame){head + FRAME_HEAD, len, false};
    return true;
}

void wire_flush(struct wire *wire)
{
    size_t sent = 0;
    while (sent < wire->out_len) {
        ssize_t took = send(wire->fd, wire->out + sent, wire->out_len - sent, MSG_NOSIGNAL);
        if (took < 0 && errno == EAGAIN) {
            break;
        }
        if (took < 0 && errno != EINTR) {
            die("send: %s", strerror(errno));
        }
        sent += took > 0 ? (size_t)took : 0;
    }
    memmove(wire->out, wire->out + sent, wire->out_len - sent);
    wire->out_len -= sent;
}

static void await_frame(struct wire *wire, struct frame *out_frame)
{
    while (!wire_next(wire, out_frame)) {
        wire_fill(wire);
    }
}

void wire_expect(struct wire *wire, enum message_type type)
{
    struct frame frame;
    await_frame(wire, &frame);
    if (frame_type(frame) != type) {
        die("a message of type %u where %u was expected: %.*s", frame_type(frame), type,
            (int)frame.len, (const char *)frame.ptr);
    }
}

static int dial(char *host)
{
    char *port = strrchr(host, ':');
    if (port == NULL) {
        die("no port in %s", host);
    }
    *port++ = '\0';
    struct addrinfo want = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &want, &found) != 0) {
        die("no address: %s", host);
    }
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        die("cannot connect to %s port %s: %s", host, port, strerror(errno));
    }
    freeaddrinfo(found);
    return fd;
}

static void rawsocket_greet(struct wire *wire)
{
    static const unsigned char greeting[FRAME_HEAD] = {0x7f, 0xf2, 0, 0}; /* 16 MiB, MsgPack */
    unsigned char answer[FRAME_HEAD];
    put_bytes(wire, greeting, sizeof(greeting));
    wire_flush(wire);
    if (recv(wire->fd, answer, sizeof(answer), MSG_WAITALL) != sizeof(answer) ||
        answer[0] != 0x7f || (answer[1] & 0x0f) != 2) {
        die("the RawSocket handshake was refused");
    }
}

bool url_is_websocket(const char *url)
{
    return strncmp(url, "ws://", 5) == 0;
}

struct wire *wire_join(const char *url, const char *realm)
{
    char host[256];
    if (!url_is_websocket(url) && strncmp(url, "rs://", 5) != 0) {
        die("neither rs:// nor ws://: %s", url);
    }
    size_t len = strcspn(url + 5, "/");
    if (len >= sizeof(host)) {
        die("a long host");
    }
    memcpy(host, url + 5, len);
    host[len] = '\0';
    struct wire *wire = wire_new(dial(host));
    wire->websocket = url_is_websocket(url);
    if (wire->websocket) {
        websocket_greet(wire, url + 5 + len);
    } else {
        rawsocket_greet(wire);
    }
    say_hello(wire, realm);
    wire_flush(wire);
    wire_expect(wire, WELCOME);
    return wire;
}
