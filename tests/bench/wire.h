/* wire.h - WAMP messages over a connection, as little of it as the benches need: RawSocket frames
 * with MsgPack inside (rs://), or WebSocket frames with JSON (ws://).
 *
 * A wire is one connection with a buffer each way.  What is put into `out` leaves at
 * wire_flush(), so that the answers to all that one read brought go out in one write.  Whatever
 * is unexpected ends the program: a bench that goes on after a mistake measures something else. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef WIRE_SIZE
#    define WIRE_SIZE (4 << 20)
#endif

enum { WIRE_BUFFER = WIRE_SIZE, FRAME_HEAD = 4, WEBSOCKET_HEAD = 8 };

enum message_type {
    HELLO = 1,
    WELCOME = 2,
    PUBLISH = 16,
    SUBSCRIBE = 32,
    SUBSCRIBED = 33,
    EVENT = 36,
    CALL = 48,
    RESULT = 50,
    REGISTER = 64,
    REGISTERED = 65,
    INVOCATION = 68,
    YIELD = 70,
};

struct wire {
    int fd;
    bool websocket;
    size_t begin, end; /* of what was read and not yet looked at */
    size_t out_len;
    unsigned char in[WIRE_BUFFER];
    unsigned char out[WIRE_BUFFER];
};

struct frame {
    const unsigned char *ptr;
    size_t len;
    bool json;
};

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die_with_parent(void);
uint64_t now_us(void);

struct wire *wire_new(int fd);
bool url_is_websocket(const char *url);
struct wire *wire_join(const char *url, const char *realm); /* dials, and waits for WELCOME */
void wire_fill(struct wire *wire); /* one read; nothing there is no mistake, the end is */
bool wire_next(struct wire *wire, struct frame *out_frame);  /* valid until wire_fill() */
void wire_flush(struct wire *wire);                          /* as much as the kernel takes */
void wire_expect(struct wire *wire, enum message_type type); /* waits for one message */

/* websocket.c */
void websocket_greet(struct wire *wire, const char *path);
bool websocket_next(struct wire *wire, struct frame *out_frame);
void websocket_close_frame(struct wire *wire, size_t opened);

/* message.c */
unsigned frame_type(struct frame frame);
uint64_t frame_id(struct frame frame); /* the member after the type */

void say_hello(struct wire *wire, const char *realm);
size_t frame_open(struct wire *wire, unsigned members, enum message_type type);
void frame_close(struct wire *wire, size_t opened);
void put_bytes(struct wire *wire, const void *ptr, size_t len);
void put_uint(struct wire *wire, uint64_t value);
void put_text(struct wire *wire, const char *text);
void put_empty_map(struct wire *wire);
void put_list_of_one(struct wire *wire, const void *packed, size_t len);
