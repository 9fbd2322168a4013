/* wampload.c - WAMP load over RawSocket, and what came of it as one line of JSON.
 *
 *     wampload call   PORT REALM URI SECONDS WINDOW PAYLOAD
 *     wampload fanout PORT REALM URI SECONDS WINDOW PAYLOAD RECEIVERS
 *
 * Each keeps WINDOW calls or publications on their way, with a text of PAYLOAD bytes.  A result
 * must belong to a call that waits, and each receiver must get each publication, in order; `ops`
 * counts results or events. */
#include "wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MAX = 4096, RECEIVERS_MAX = 64, SLOWEST_US = 1000000, PAYLOAD_MAX = 60000 };

struct load {
    const char *realm, *uri;
    int port;
    uint64_t window;
    char payload[PAYLOAD_MAX + 3]; /* with MsgPack's head */
    size_t payload_len;
    uint64_t until_us;
    uint64_t ops;
    uint64_t sent_us[WINDOW_MAX];     /* by number modulo WINDOW_MAX; 0: answered */
    uint32_t took_us[SLOWEST_US + 1]; /* how many took so long */
};

static void payload_fill(struct load *load, size_t len)
{
    if (len > PAYLOAD_MAX) {
        die("at most %d bytes", PAYLOAD_MAX);
    }
    load->payload[0] = (char)0xda;
    load->payload[1] = (char)(len >> 8);
    load->payload[2] = (char)len;
    memset(load->payload + 3, 'x', len);
    load->payload_len = len + 3;
}

static void count_one(struct load *load, uint64_t sent_us, uint64_t at_us)
{
    uint64_t took = at_us - sent_us;
    load->took_us[took < SLOWEST_US ? took : SLOWEST_US]++;
    load->ops++;
}

static uint64_t percentile(const struct load *load, double share)
{
    uint64_t below = (uint64_t)((double)load->ops * share);
    for (uint64_t us = 0, seen = 0; us < SLOWEST_US; us++) {
        seen += load->took_us[us];
        if (seen > below) {
            return us;
        }
    }
    return SLOWEST_US;
}

static void send_one(struct load *load, struct wire *wire, enum message_type type, uint64_t number)
{
    size_t opened = frame_open(wire, 5, type);
    put_uint(wire, number);
    put_empty_map(wire);
    put_text(wire, load->uri);
    put_list_of_one(wire, load->payload, load->payload_len);
    frame_close(wire, opened);
    load->sent_us[number % WINDOW_MAX] = now_us();
}

static void take_result(struct load *load, struct frame frame, uint64_t now)
{
    uint64_t number = frame_id(frame);
    if (frame_type(frame) != RESULT || load->sent_us[number % WINDOW_MAX] == 0) {
        die("message %u for call %llu: %.*s", frame_type(frame), (unsigned long long)number,
            (int)frame.len, (const char *)frame.ptr);
    }
    count_one(load, load->sent_us[number % WINDOW_MAX], now);
    load->sent_us[number % WINDOW_MAX] = 0;
}

/* One connection, so a blocking read is the whole event loop. */
static void run_calls(struct load *load)
{
    struct wire *wire = wire_join(load->port, load->realm);
    struct frame frame;
    uint64_t last = 0;
    do {
        uint64_t now = now_us();
        while (wire_next(wire, &frame)) {
            take_result(load, frame, now);
        }
        while (now < load->until_us && last - load->ops < load->window) {
            send_one(load, wire, CALL, ++last);
        }
        wire_flush(wire);
        if (last > load->ops) {
            wire_fill(wire);
        }
    } while (last > load->ops);
}

struct receiver {
    struct wire *wire;
    uint64_t received;
};

static void receiver_subscribe(struct receiver *receiver, const struct load *load)
{
    receiver->wire = wire_join(load->port, load->realm);
    size_t opened = frame_open(receiver->wire, 4, SUBSCRIBE);
    put_uint(receiver->wire, 1);
    put_empty_map(receiver->wire);
    put_text(receiver->wire, load->uri);
    frame_close(receiver->wire, opened);
    wire_flush(receiver->wire);
    wire_expect(receiver->wire, SUBSCRIBED);
}

static void receiver_read(struct receiver *receiver, struct load *load)
{
    struct frame frame;
    wire_fill(receiver->wire);
    uint64_t now = now_us();
    while (wire_next(receiver->wire, &frame)) {
        unsigned type = frame_type(frame);
        if (type != EVENT && type != PUBLISH) {
            die("a message of type %u", type);
        }
        receiver->received++;
        count_one(load, load->sent_us[receiver->received % WINDOW_MAX], now);
    }
    wire_flush(receiver->wire);
}

static uint64_t slowest(const struct receiver *receivers, size_t count)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        least = receivers[i].received < least ? receivers[i].received : least;
    }
    return least;
}

static void run_fanout(struct load *load, size_t count)
{
    struct receiver receivers[RECEIVERS_MAX] = {0};
    struct pollfd fds[RECEIVERS_MAX];
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        receiver_subscribe(&receivers[i], load);
        fds[i] = (struct pollfd){.fd = receivers[i].wire->fd, .events = POLLIN};
    }
    struct wire *publisher = wire_join(load->port, load->realm);
    for (;;) {
        uint64_t done = slowest(receivers, count);
        while (now_us() < load->until_us && last - done < load->window) {
            send_one(load, publisher, PUBLISH, ++last);
        }
        wire_flush(publisher);
        if (done == last) {
            return;
        }
        if (poll(fds, count, 5000) <= 0) {
            die("no event for five seconds");
        }
        for (size_t i = 0; i < count; i++) {
            if (fds[i].revents != 0) {
                receiver_read(&receivers[i], load);
            }
        }
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    bool fanout = argc == 9 && strcmp(argv[1], "fanout") == 0;
    if (!fanout && (argc != 8 || strcmp(argv[1], "call") != 0)) {
        die("usage: wampload call|fanout PORT REALM URI SECONDS WINDOW PAYLOAD [RECEIVERS]");
    }
    die_with_parent();
    load.port = atoi(argv[2]);
    load.realm = argv[3];
    load.uri = argv[4];
    load.window = strtoull(argv[6], NULL, 10);
    payload_fill(&load, strtoul(argv[7], NULL, 10));
    size_t receivers = fanout ? strtoul(argv[8], NULL, 10) : 1;
    if (load.window < 1 || load.window >= WINDOW_MAX || receivers < 1 ||
        receivers > RECEIVERS_MAX) {
        die("too many at once");
    }
    uint64_t began = now_us();
    load.until_us = began + (uint64_t)(strtod(argv[5], NULL) * 1e6);
    if (fanout) {
        run_fanout(&load, receivers);
    } else {
        run_calls(&load);
    }
    (void)printf("{\"ops\": %llu, \"seconds\": %.3f, \"p50_us\": %llu, \"p99_us\": %llu}\n",
                 (unsigned long long)load.ops, (double)(now_us() - began) / 1e6,
                 (unsigned long long)percentile(&load, 0.5),
                 (unsigned long long)percentile(&load, 0.99));
    return 0;
}
