/* wire.c - see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
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

/* --- the connection ---------------------------------------------------------- */

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
    *out_frame = (struct frame){head + FRAME_HEAD, len};
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

static void say_hello(struct wire *wire, const char *realm)
{
    static const char *const roles[] = {"caller", "callee", "publisher", "subscriber"};
    size_t opened = frame_open(wire, 3, HELLO);
    put_text(wire, realm);
    put_bytes(wire, "\x81", 1);
    put_text(wire, "roles");
    put_bytes(wire, "\x84", 1);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        put_text(wire, roles[i]);
        put_empty_map(wire);
    }
    frame_close(wire, opened);
}

struct wire *wire_join(int port, const char *realm)
{
    static const unsigned char greeting[FRAME_HEAD] = {0x7f, 0xf2, 0, 0}; /* 16 MiB, MsgPack */
    unsigned char answer[FRAME_HEAD];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("cannot connect to port %d: %s", port, strerror(errno));
    }
    struct wire *wire = wire_new(fd);
    put_bytes(wire, greeting, sizeof(greeting));
    wire_flush(wire);
    if (recv(fd, answer, sizeof(answer), MSG_WAITALL) != sizeof(answer) || answer[0] != 0x7f ||
        (answer[1] & 0x0f) != 2) {
        die("the RawSocket handshake was refused");
    }
    say_hello(wire, realm);
    wire_flush(wire);
    wire_expect(wire, WELCOME);
    return wire;
}

/* --- reading a message --------------------------------------------------------- */

unsigned frame_type(struct frame frame)
{
    if (frame.len < 3 || (frame.ptr[0] & 0xf0) != 0x90 || frame.ptr[1] > 0x7f) {
        die("a frame of %zu bytes that is no message", frame.len);
    }
    return frame.ptr[1];
}

uint64_t frame_id(struct frame frame)
{
    const unsigned char *at = frame.ptr + 2;
    if (*at <= 0x7f) {
        return *at;
    }
    size_t width = *at >= 0xcc && *at <= 0xcf ? (size_t)1 << (*at - 0xcc) : 0;
    if (width == 0 || frame.len < 3 + width) {
        die("an id that begins with the byte %02x", *at);
    }
    uint64_t value = 0;
    while (width-- > 0) {
        value = value << 8 | *++at;
    }
    return value;
}

/* --- writing a message ---------------------------------------------------------- */

void put_bytes(struct wire *wire, const void *ptr, size_t len)
{
    if (len > WIRE_BUFFER - wire->out_len) {
        die("the other side does not read");
    }
    memcpy(wire->out + wire->out_len, ptr, len);
    wire->out_len += len;
}

static void put_byte(struct wire *wire, size_t byte)
{
    unsigned char narrow = (unsigned char)byte;
    put_bytes(wire, &narrow, 1);
}

void put_uint(struct wire *wire, uint64_t value)
{
    if (value <= 0x7f) {
        put_byte(wire, value);
        return;
    }
    unsigned width = value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
    put_byte(wire, width == 2 ? 0xcd : width == 4 ? 0xce : 0xcf);
    while (width-- > 0) {
        put_byte(wire, value >> (8 * width) & 0xff);
    }
}

void put_text(struct wire *wire, const char *text)
{
    size_t len = strlen(text);
    if (len > 0xff) {
        die("a text of %zu bytes", len);
    }
    put_byte(wire, 0xd9);
    put_byte(wire, len);
    put_bytes(wire, text, len);
}

void put_empty_map(struct wire *wire)
{
    put_byte(wire, 0x80);
}

void put_list_of_one(struct wire *wire, const void *packed, size_t len)
{
    put_byte(wire, 0x91);
    put_bytes(wire, packed, len);
}

size_t frame_open(struct wire *wire, unsigned members, enum message_type type)
{
    size_t opened = wire->out_len;
    put_bytes(wire, "\0\0\0", FRAME_HEAD);
    put_byte(wire, 0x90 | members);
    put_byte(wire, type);
    return opened;
}

void frame_close(struct wire *wire, size_t opened)
{
    size_t len = wire->out_len - opened - FRAME_HEAD;
    wire->out[opened + 1] = (unsigned char)(len >> 16);
    wire->out[opened + 2] = (unsigned char)(len >> 8);
    wire->out[opened + 3] = (unsigned char)len;
}
