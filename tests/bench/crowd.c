/* crowd.c - many sessions at once, driven by lines on the standard input, each answered by a line
 * of JSON:
 *
 *     crowd URL REALM
 *     open COUNT RATE          sessions until there are COUNT, RATE due each second: an open loop;
 *                              what one took counts from when it was due to its WELCOME
 *     subscribe URI            all of them, to one topic
 *     publish TIMES PAYLOAD    by one session more, each when all have got the one before
 *
 * A session takes a few bytes here, so that as many as the kernel allows have room.  They come from
 * addresses 127.0.1.1 and up, because one has ports for some 28,000 only. */
#include "tally.h"
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MATES_MAX = 1 << 20, AN_ADDRESS = 20000, TURN_EVENTS = 1024, PATIENCE_US = 20000000 };
enum { HEAD_MAX = 8, TYPE_BYTES = 3, LEN_16 = 126 };

enum step { GREETING, JOINING, JOINED };

struct mate {
    int fd;
    uint8_t step;
    uint8_t have; /* of the head */
    uint8_t head[HEAD_MAX];
    uint32_t left; /* of the frame behind its head */
    uint64_t due_us;
};

struct bytes {
    unsigned char ptr[1024];
    size_t len;
};

struct crowd {
    const char *url, *realm;
    bool websocket;
    int epoll;
    struct sockaddr_in to;
    struct bytes greeting, hello;
    struct mate *mates;
    size_t count, joined, subscribed;
    uint64_t events, published;
    struct wire *scratch, *publisher;
    char topic[256];
    struct tally tally;
};

static void keep(struct bytes *to, struct wire *scratch)
{
    if (scratch->out_len > sizeof(to->ptr)) {
        die("%zu bytes to begin with", scratch->out_len);
    }
    memcpy(to->ptr, scratch->out, scratch->out_len);
    to->len = scratch->out_len;
    scratch->out_len = 0;
}

static void say(const struct mate *mate, const void *ptr, size_t len)
{
    if (send(mate->fd, ptr, len, MSG_NOSIGNAL) != (ssize_t)len) {
        die("send failed");
    }
}

/* Where the node is, and the first words of each session. */
static void prepare(struct crowd *crowd)
{
    char host[64];
    unsigned port = 0;
    char path[128] = "/";
    if (sscanf(crowd->url + 5, "%63[^:]:%u%127s", host, &port, path) < 2) {
        die("no address: %s", crowd->url);
    }
    crowd->websocket = url_is_websocket(crowd->url);
    crowd->to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &crowd->to.sin_addr) != 1) {
        die("no address: %s", host);
    }
    crowd->scratch = wire_new(-1);
    crowd->scratch->websocket = crowd->websocket;
    if (crowd->websocket) {
        static const char keys[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Version: 13\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                   "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";
        crowd->greeting.len =
            (size_t)snprintf((char *)crowd->greeting.ptr, sizeof(crowd->greeting.ptr),
                             "GET %s HTTP/1.1\r\nHost: localhost\r\n%s", path, keys);
    } else {
        crowd->greeting = (struct bytes){{0x7f, 0xf2, 0, 0}, 4};
    }
    say_hello(crowd->scratch, crowd->realm);
    keep(&crowd->hello, crowd->scratch);
}

static void open_one(struct crowd *crowd, uint64_t due_us)
{
    int on = 1;
    struct mate *mate = &crowd->mates[crowd->count];
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000101u + (uint32_t)(crowd->count / AN_ADDRESS));
    *mate = (struct mate){.fd = socket(AF_INET, SOCK_STREAM, 0), .due_us = due_us};
    (void)setsockopt(mate->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (mate->fd < 0 || bind(mate->fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(mate->fd, (struct sockaddr *)&crowd->to, sizeof(crowd->to)) != 0) {
        die("cannot connect number %zu: %m", crowd->count);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mate};
    if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, mate->fd, &event) != 0) {
        die("no epoll");
    }
    say(mate, crowd->greeting.ptr, crowd->greeting.len);
    crowd->count++;
}

static void on_message(struct crowd *crowd, struct mate *mate, struct frame begins)
{
    unsigned type = begins.ptr[1];
    if (begins.json) {
        type = begins.ptr[2] == ',' ? type - '0' : (type - '0') * 10 + begins.ptr[2] - '0';
    }
    if (type == WELCOME && mate->step == JOINING) {
        mate->step = JOINED;
        crowd->joined++;
        tally_add(&crowd->tally, now_us() - mate->due_us);
    } else if (type == SUBSCRIBED) {
        crowd->subscribed++;
    } else if (type == EVENT || type == PUBLISH) { /* a relay leaves it as it was */
        crowd->events++;
    } else {
        die("a message of type %u", type);
    }
}

/* Framing and the first bytes behind it: enough to know what it is. */
static void take_head(struct crowd *crowd, struct mate *mate, unsigned char byte)
{
    const unsigned char *head = mate->head;
    mate->head[mate->have++] = byte;
    size_t framing = !crowd->websocket ? 4 : mate->have >= 2 && head[1] == LEN_16 ? 4 : 2;
    if (mate->have < framing + TYPE_BYTES) {
        return;
    }
    size_t len = (size_t)head[1];
    if (!crowd->websocket || head[1] == LEN_16) {
        len = (size_t)head[2] << 8 | head[3];
    }
    if (head[0] != (crowd->websocket ? 0x81 : 0) || (crowd->websocket && head[1] > LEN_16) ||
        (!crowd->websocket && head[1] != 0) || len < TYPE_BYTES) {
        die("a frame that begins with %02x %02x", head[0], head[1]);
    }
    mate->left = (uint32_t)(len - TYPE_BYTES);
    mate->have = 0;
    on_message(crowd, mate, (struct frame){head + framing, TYPE_BYTES, crowd->websocket});
}

/* The handshake's answer ends with four octets, or with an empty line. */
static void take_greeting(struct crowd *crowd, struct mate *mate, unsigned char byte)
{
    static const char end[] = "\r\n\r\n";
    if (!crowd->websocket) {
        mate->have++;
    } else if (byte == end[mate->have]) {
        mate->have++;
    } else {
        mate->have = byte == end[0];
    }
    if (mate->have == 4) {
        mate->have = 0;
        mate->step = JOINING;
        say(mate, crowd->hello.ptr, crowd->hello.len);
    }
}

static void mate_readable(struct crowd *crowd, struct mate *mate)
{
    static unsigned char in[1 << 16];
    ssize_t got = recv(mate->fd, in, sizeof(in), MSG_DONTWAIT);
    if (got <= 0) {
        die("a session was lost");
    }
    for (size_t at = 0; at < (size_t)got;) {
        if (mate->left > 0) {
            size_t rest = (size_t)got - at;
            size_t skip = mate->left < rest ? mate->left : rest;
            mate->left -= (uint32_t)skip;
            at += skip;
        } else if (mate->step == GREETING) {
            take_greeting(crowd, mate, in[at++]);
        } else {
            take_head(crowd, mate, in[at++]);
        }
    }
}

static int turn(struct crowd *crowd, int wait_ms)
{
    struct epoll_event events[TURN_EVENTS];
    int count = epoll_wait(crowd->epoll, events, TURN_EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        mate_readable(crowd, events[i].data.ptr);
    }
    return count;
}

/* Until `*counter` is `wanted`. */
static void await(struct crowd *crowd, const uint64_t *counter, uint64_t wanted, const char *what)
{
    uint64_t began = now_us();
    while (*counter < wanted) {
        (void)turn(crowd, 100);
        if (now_us() > began + PATIENCE_US) {
            die("%llu of %llu %s", (unsigned long long)*counter, (unsigned long long)wanted, what);
        }
    }
}

static void open_more(struct crowd *crowd, size_t count, double rate)
{
    size_t before = crowd->count;
    uint64_t began = now_us();
    if (count > MATES_MAX) {
        die("at most %d sessions", MATES_MAX);
    }
    while (crowd->count < count) {
        uint64_t due = began + (uint64_t)((double)(crowd->count - before) * 1e6 / rate);
        uint64_t now = now_us();
        if (due <= now) {
            open_one(crowd, due);
            (void)turn(crowd, 0);
        } else {
            (void)turn(crowd, due - now > 1000 ? (int)((due - now) / 1000) : 0);
        }
    }
    uint64_t wanted = crowd->count;
    await(crowd, &crowd->joined, wanted, "sessions have joined");
    tally_print(&crowd->tally, now_us() - began);
}

static void subscribe_all(struct crowd *crowd, const char *uri)
{
    struct bytes request;
    uint64_t began = now_us();
    (void)snprintf(crowd->topic, sizeof(crowd->topic), "%s", uri);
    size_t opened = frame_open(crowd->scratch, 4, SUBSCRIBE);
    put_uint(crowd->scratch, 1);
    put_empty_map(crowd->scratch);
    put_text(crowd->scratch, uri);
    frame_close(crowd->scratch, opened);
    keep(&request, crowd->scratch);
    for (size_t i = 0; i < crowd->count; i++) {
        say(&crowd->mates[i], request.ptr, request.len);
        (void)turn(crowd, 0);
    }
    await(crowd, &crowd->subscribed, crowd->count, "are subscribed");
    crowd->publisher = wire_join(crowd->url, crowd->realm);
    crowd->tally.ops = crowd->count;
    tally_print(&crowd->tally, now_us() - began);
}

/* Looks now and then only: to wake a sleeping process costs a sender on the same machine several
 * times what a message does, and subscribers are elsewhere in truth. */
static void nap(struct crowd *crowd, uint64_t wanted)
{
    static const struct timespec while_ = {.tv_nsec = 2000000};
    uint64_t before = UINT64_MAX;
    while (crowd->events < wanted && crowd->events != before) {
        before = crowd->events;
        (void)nanosleep(&while_, NULL);
        while (turn(crowd, 0) == TURN_EVENTS) {
        }
    }
}

static void publish(struct crowd *crowd, size_t times, size_t payload)
{
    char text[256];
    uint64_t began = now_us();
    if (payload >= sizeof(text) - 3) {
        die("at most %zu bytes", sizeof(text) - 3);
    }
    memset(text, 'x', sizeof(text));
    text[0] = crowd->websocket ? '"' : (char)0xd9;
    text[1] = crowd->websocket ? 'x' : (char)payload;
    text[1 + payload] = crowd->websocket ? '"' : 'x'; /* two bytes more than the text, either way */
    crowd->events = 0;
    for (size_t i = 0; i < times; i++) {
        size_t opened = frame_open(crowd->publisher, 5, PUBLISH);
        put_uint(crowd->publisher, ++crowd->published);
        put_empty_map(crowd->publisher);
        put_text(crowd->publisher, crowd->topic);
        put_list_of_one(crowd->publisher, text, payload + 2);
        frame_close(crowd->publisher, opened);
        wire_flush(crowd->publisher);
        nap(crowd, (i + 1) * crowd->count);
        await(crowd, &crowd->events, (i + 1) * crowd->count, "events");
    }
    crowd->tally.ops = crowd->events;
    tally_print(&crowd->tally, now_us() - began);
}

static void obey(struct crowd *crowd, const char *line)
{
    size_t count = 0;
    size_t payload = 0;
    double rate = 0;
    char uri[256];
    memset(&crowd->tally, 0, sizeof(crowd->tally));
    if (sscanf(line, "open %zu %lf", &count, &rate) == 2 && rate > 0) {
        open_more(crowd, count, rate);
    } else if (sscanf(line, "subscribe %255s", uri) == 1) {
        subscribe_all(crowd, uri);
    } else if (sscanf(line, "publish %zu %zu", &count, &payload) == 2 && crowd->publisher != NULL) {
        publish(crowd, count, payload);
    } else {
        die("what is: %s", line);
    }
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct crowd crowd;
    char line[512];
    if (argc != 3) {
        die("usage: crowd URL REALM");
    }
    die_with_parent();
    crowd.url = argv[1];
    crowd.realm = argv[2];
    crowd.epoll = epoll_create1(0);
    crowd.mates = calloc(MATES_MAX, sizeof(*crowd.mates));
    if (crowd.mates == NULL || crowd.epoll < 0) {
        die("no memory");
    }
    prepare(&crowd);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(&crowd, line);
    }
    return 0;
}
