/* burst.c - as many events as fast as one session publishes them, to a subscriber that reads:
 *
 *     burst URL REALM URI COUNT PAYLOAD
 *
 * Each carries its number, and all must come, in order.  Prints one line of JSON; what an event
 * took is not told, because it is mostly the queue that it waited in. */
#include "tally.h"
#include "wire.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 10, PAYLOAD_MAX = 200, AHEAD_BYTES = 1 << 16, PATIENCE_US = 20000000 };

struct burst {
    const char *uri;
    struct wire *publisher, *subscriber;
    uint64_t count, sent, got;
    size_t payload;
};

/* A text that begins with a number, encoded for the wire; how many bytes. */
static size_t text_of(const struct burst *burst, uint64_t number, char out[PAYLOAD_MAX + 3])
{
    char digits[DIGITS + 1];
    size_t head = burst->publisher->websocket ? 1 : 2;
    (void)snprintf(digits, sizeof(digits), "%0*llu", DIGITS, (unsigned long long)number);
    out[0] = head == 1 ? '"' : (char)0xd9;
    if (head == 2) {
        out[1] = (char)burst->payload;
    }
    memset(out + head, 'x', burst->payload);
    memcpy(out + head, digits, DIGITS);
    out[head + burst->payload] = '"';
    return burst->payload + 2;
}

static void send_more(struct burst *burst)
{
    char text[PAYLOAD_MAX + 3];
    struct wire *wire = burst->publisher;
    while (burst->sent < burst->count && wire->out_len < AHEAD_BYTES) {
        size_t opened = frame_open(wire, 5, PUBLISH);
        put_uint(wire, ++burst->sent);
        put_empty_map(wire);
        put_text(wire, burst->uri);
        put_list_of_one(wire, text, text_of(burst, burst->sent, text));
        frame_close(wire, opened);
    }
    wire_flush(wire);
}

/* The payload is the last member: list, text, and in JSON their ends. */
static void take_events(struct burst *burst)
{
    struct frame frame;
    char text[PAYLOAD_MAX + 3];
    wire_fill(burst->subscriber);
    while (wire_next(burst->subscriber, &frame)) {
        size_t len = text_of(burst, ++burst->got, text);
        size_t behind = frame.json ? 2 : 0;
        if (frame_type(frame) != EVENT || frame.len < len + behind ||
            memcmp(frame.ptr + frame.len - behind - len, text, len) != 0) {
            die("where event %llu was expected: %.*s", (unsigned long long)burst->got,
                (int)frame.len, (const char *)frame.ptr);
        }
    }
    wire_flush(burst->subscriber); /* a pong */
}

static void run(struct burst *burst)
{
    uint64_t heard = now_us();
    while (burst->got < burst->count) {
        send_more(burst);
        bool more = burst->publisher->out_len > 0;
        struct pollfd fds[2] = {{.fd = burst->subscriber->fd, .events = POLLIN},
                                {.fd = burst->publisher->fd, .events = more ? POLLOUT : 0}};
        if (poll(fds, 2, 1000) < 0) {
            die("poll failed");
        }
        if ((fds[0].revents & POLLIN) != 0) {
            take_events(burst);
            heard = now_us();
        } else if (now_us() > heard + PATIENCE_US) {
            die("%llu of %llu events came", (unsigned long long)burst->got,
                (unsigned long long)burst->count);
        }
    }
}

static void subscribe(struct wire *wire, const char *uri)
{
    size_t opened = frame_open(wire, 4, SUBSCRIBE);
    put_uint(wire, 1);
    put_empty_map(wire);
    put_text(wire, uri);
    frame_close(wire, opened);
    wire_flush(wire);
    wire_expect(wire, SUBSCRIBED);
}

int main(int argc, char **argv)
{
    static struct tally tally;
    struct burst burst = {0};
    if (argc != 6) {
        die("usage: burst URL REALM URI COUNT PAYLOAD");
    }
    die_with_parent();
    burst.uri = argv[3];
    burst.count = strtoull(argv[4], NULL, 10);
    burst.payload = strtoul(argv[5], NULL, 10);
    if (burst.payload < DIGITS || burst.payload > PAYLOAD_MAX) {
        die("a payload of %d to %d bytes", DIGITS, PAYLOAD_MAX);
    }
    burst.subscriber = wire_join(argv[1], argv[2]);
    burst.publisher = wire_join(argv[1], argv[2]);
    subscribe(burst.subscriber, burst.uri);
    /* Its reader may be held back for our sake, and we must go on reading then. */
    if (fcntl(burst.publisher->fd, F_SETFL, O_NONBLOCK) != 0) {
        die("no O_NONBLOCK");
    }
    uint64_t began = now_us();
    run(&burst);
    tally.ops = burst.got;
    tally_print(&tally, now_us() - began);
    return 0;
}
