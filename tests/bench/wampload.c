/* wampload.c - WAMP load, and what came of it as one line of JSON.
 *
 *     wampload call   URL REALM URI SECONDS PAYLOAD CALLERS WINDOW [RATE]
 *     wampload fanout URL REALM URI SECONDS PAYLOAD RECEIVERS WINDOW
 *
 * Keeps WINDOW calls of each caller or WINDOW publications on their way, with a text of PAYLOAD
 * bytes.  With RATE it is an open loop instead: so many calls a second are due, whatever has been
 * answered, and what a call took counts from when it was due.  A result must belong to a call that
 * waits, and each receiver must get each publication, in order; `ops` counts results or events. */
#include "tally.h"
#include "wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum { WINDOW_MAX = 4096, PEERS_MAX = 64, PAYLOAD_MAX = 60000, PATIENCE_US = 5000000 };

/* A caller, or a receiver of events. */
struct peer {
    struct wire *wire;
    uint64_t sent, done;
    uint64_t sent_us[WINDOW_MAX]; /* a call's, by number modulo WINDOW_MAX; 0: answered */
};

struct load {
    const char *url, *realm, *uri;
    uint64_t window;
    double rate;                   /* 0: as fast as answers come */
    char payload[PAYLOAD_MAX + 4]; /* encoded */
    size_t payload_len;
    uint64_t began_us, until_us;
    struct peer peers[PEERS_MAX];
    struct pollfd fds[PEERS_MAX];
    size_t count;
    uint64_t due; /* open loop: calls sent */
    struct tally tally;
};

static void payload_fill(struct load *load, size_t len)
{
    if (len > PAYLOAD_MAX) {
        die("at most %d bytes", PAYLOAD_MAX);
    }
    size_t head = url_is_websocket(load->url) ? 1 : 3;
    if (head == 1) {
        load->payload[0] = load->payload[1 + len] = '"';
    } else {
        load->payload[0] = (char)0xda;
        load->payload[1] = (char)(len >> 8);
        load->payload[2] = (char)len;
    }
    memset(load->payload + head, 'x', len);
    load->payload_len = head == 1 ? len + 2 : len + 3;
}

static void send_one(struct load *load, struct wire *wire, enum message_type type, uint64_t number)
{
    size_t opened = frame_open(wire, 5, type);
    put_uint(wire, number);
    put_empty_map(wire);
    put_text(wire, load->uri);
    put_list_of_one(wire, load->payload, load->payload_len);
    frame_close(wire, opened);
}

static void join_all(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        load->peers[i].wire = wire_join(load->url, load->realm);
        load->fds[i] = (struct pollfd){.fd = load->peers[i].wire->fd, .events = POLLIN};
    }
}

/* Until somebody has something to read, or the time has come. */
static void await(struct load *load, uint64_t until_us)
{
    uint64_t now = now_us();
    uint64_t wait = until_us > now ? until_us - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000),
                               .tv_nsec = (long)(wait % 1000000) * 1000};
    if (ppoll(load->fds, load->count, &timeout, NULL) < 0) {
        die("poll failed");
    }
}

static void call(struct load *load, struct peer *caller, uint64_t at_us)
{
    send_one(load, caller->wire, CALL, ++caller->sent);
    caller->sent_us[caller->sent % WINDOW_MAX] = at_us;
}

static uint64_t due_us(const struct load *load)
{
    return load->began_us + (uint64_t)((double)load->due * 1e6 / load->rate);
}

/* A caller with a full table holds the others back; what is due goes on to count. */
static void call_what_is_due(struct load *load, uint64_t now)
{
    for (uint64_t due = due_us(load); due <= now && due < load->until_us; due = due_us(load)) {
        struct peer *caller = &load->peers[load->due % load->count];
        if (caller->sent_us[(caller->sent + 1) % WINDOW_MAX] != 0) {
            return;
        }
        call(load, caller, due);
        load->due++;
    }
}

static void fill_windows(struct load *load, uint64_t now)
{
    for (size_t i = 0; i < load->count && now < load->until_us; i++) {
        struct peer *caller = &load->peers[i];
        while (caller->sent - caller->done < load->window) {
            call(load, caller, now);
        }
    }
}

static void take_results(struct load *load, struct peer *caller)
{
    struct frame frame;
    wire_fill(caller->wire);
    uint64_t now = now_us();
    while (wire_next(caller->wire, &frame)) {
        uint64_t number = frame_id(frame);
        uint64_t *sent_us = &caller->sent_us[number % WINDOW_MAX];
        if (frame_type(frame) != RESULT || *sent_us == 0) {
            die("message %u for call %llu: %.*s", frame_type(frame), (unsigned long long)number,
                (int)frame.len, (const char *)frame.ptr);
        }
        tally_add(&load->tally, now - *sent_us);
        *sent_us = 0;
        caller->done++;
    }
}

static bool calls_wait(const struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        if (load->peers[i].sent > load->peers[i].done) {
            return true;
        }
    }
    return false;
}

static void run_calls(struct load *load)
{
    for (;;) {
        uint64_t now = now_us();
        if (load->rate > 0) {
            call_what_is_due(load, now);
        } else {
            fill_windows(load, now);
        }
        for (size_t i = 0; i < load->count; i++) {
            if (load->peers[i].wire->out_len > 0) {
                wire_flush(load->peers[i].wire);
            }
        }
        if (now >= load->until_us && !calls_wait(load)) {
            return;
        }
        if (now > load->until_us + PATIENCE_US) {
            die("no answer for five seconds");
        }
        bool more = load->rate > 0 && due_us(load) < load->until_us;
        await(load, more ? due_us(load) : now + PATIENCE_US / 5);
        for (size_t i = 0; i < load->count; i++) {
            if (load->fds[i].revents != 0) {
                take_results(load, &load->peers[i]);
            }
        }
    }
}

static void subscribe(struct peer *receiver, const char *uri)
{
    size_t opened = frame_open(receiver->wire, 4, SUBSCRIBE);
    put_uint(receiver->wire, 1);
    put_empty_map(receiver->wire);
    put_text(receiver->wire, uri);
    frame_close(receiver->wire, opened);
    wire_flush(receiver->wire);
    wire_expect(receiver->wire, SUBSCRIBED);
}

static void take_events(struct load *load, struct peer *receiver, const struct peer *publisher)
{
    struct frame frame;
    wire_fill(receiver->wire);
    uint64_t now = now_us();
    while (wire_next(receiver->wire, &frame)) {
        unsigned type = frame_type(frame);
        if (type != EVENT && type != PUBLISH) {
            die("a message of type %u", type);
        }
        receiver->done++;
        tally_add(&load->tally, now - publisher->sent_us[receiver->done % WINDOW_MAX]);
    }
    if (receiver->wire->out_len > 0) {
        wire_flush(receiver->wire);
    }
}

static uint64_t slowest(const struct load *load)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < load->count; i++) {
        least = load->peers[i].done < least ? load->peers[i].done : least;
    }
    return least;
}

static void run_fanout(struct load *load)
{
    static struct peer publisher;
    for (size_t i = 0; i < load->count; i++) {
        subscribe(&load->peers[i], load->uri);
    }
    publisher.wire = wire_join(load->url, load->realm);
    for (uint64_t heard = now_us();;) {
        uint64_t done = slowest(load);
        uint64_t now = now_us();
        heard = done > publisher.done ? now : heard;
        publisher.done = done;
        while (now < load->until_us && publisher.sent - done < load->window) {
            send_one(load, publisher.wire, PUBLISH, ++publisher.sent);
            publisher.sent_us[publisher.sent % WINDOW_MAX] = now;
        }
        wire_flush(publisher.wire);
        if (done == publisher.sent) {
            return;
        }
        if (now > heard + PATIENCE_US) {
            die("no event for five seconds");
        }
        await(load, now + PATIENCE_US / 5);
        for (size_t i = 0; i < load->count; i++) {
            if (load->fds[i].revents != 0) {
                take_events(load, &load->peers[i], &publisher);
            }
        }
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    bool fanout = argc == 9 && strcmp(argv[1], "fanout") == 0;
    if (!fanout && ((argc != 9 && argc != 10) || strcmp(argv[1], "call") != 0)) {
        die("usage: wampload call|fanout URL REALM URI SECONDS PAYLOAD PEERS WINDOW [RATE]");
    }
    die_with_parent();
    (void)prctl(PR_SET_TIMERSLACK, 1); /* a call that is due is not rounded up */
    load.url = argv[2];
    load.realm = argv[3];
    load.uri = argv[4];
    payload_fill(&load, strtoul(argv[6], NULL, 10));
    load.count = strtoul(argv[7], NULL, 10);
    load.window = strtoull(argv[8], NULL, 10);
    load.rate = argc == 10 ? strtod(argv[9], NULL) : 0;
    if (load.window < 1 || load.window >= WINDOW_MAX || load.count < 1 || load.count > PEERS_MAX) {
        die("too many at once");
    }
    join_all(&load);
    load.began_us = now_us();
    load.until_us = load.began_us + (uint64_t)(strtod(argv[5], NULL) * 1e6);
    if (fanout) {
        run_fanout(&load);
    } else {
        run_calls(&load);
    }
    tally_print(&load.tally, now_us() - load.began_us);
    return 0;
}
