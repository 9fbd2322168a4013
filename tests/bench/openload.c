/* openload.c - openload PORT PATH SECONDS CONNECTIONS RATE: an open loop of HTTP requests, and what
 * came of it as one line of JSON.
 *
 * RATE requests a second are due, whatever has been answered, over CONNECTIONS kept-alive
 * connections with one request each at a time.  What a request took counts from when it was due:
 * while none of the connections is free, the waiting counts too. */
#include "tally.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, ANSWER_MAX = 16384, TURN_EVENTS = 256, PATIENCE_US = 5000000 };

struct line {
    int fd;
    uint64_t due_us; /* of the request that it waits for */
    size_t got, wanted;
    char answer[ANSWER_MAX + 1];
};

struct load {
    int port, epoll;
    char request[2048];
    size_t request_len, count;
    double rate;
    uint64_t began_us, until_us, sent;
    struct line *idle[CONNECTIONS_MAX];
    size_t idle_count;
    struct tally tally;
};

static struct line *line_open(struct load *load)
{
    struct line *line = calloc(1, sizeof(*line));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (line == NULL || fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("cannot connect to port %d: %s", load->port, strerror(errno));
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("no epoll");
    }
    line->fd = fd;
    return line;
}

/* How long the whole answer is, once its head is there; else 0. */
static size_t answer_len(const struct line *line)
{
    const char *end = strstr(line->answer, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    const char *length = strcasestr(line->answer, "\r\ncontent-length:");
    if (strncmp(line->answer, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end) {
        die("an answer without success or length: %.200s", line->answer);
    }
    return (size_t)(end - line->answer) + 4 + strtoul(length + 17, NULL, 10);
}

static void line_readable(struct load *load, struct line *line, uint64_t now)
{
    ssize_t got = read(line->fd, line->answer + line->got, ANSWER_MAX - line->got);
    if (got <= 0) {
        die("the connection ended after %zu bytes of an answer", line->got);
    }
    line->got += (size_t)got;
    line->answer[line->got] = '\0';
    line->wanted = line->wanted > 0 ? line->wanted : answer_len(line);
    if (line->wanted > ANSWER_MAX) {
        die("an answer of %zu bytes", line->wanted);
    }
    if (line->wanted > 0 && line->got >= line->wanted) {
        tally_add(&load->tally, now - line->due_us);
        line->got = line->wanted = 0;
        load->idle[load->idle_count++] = line;
    }
}

static uint64_t due_us(const struct load *load)
{
    return load->began_us + (uint64_t)((double)load->sent * 1e6 / load->rate);
}

static void send_what_is_due(struct load *load, uint64_t now)
{
    for (uint64_t due = due_us(load); due <= now && due < load->until_us && load->idle_count > 0;
         due = due_us(load)) {
        struct line *line = load->idle[--load->idle_count];
        line->due_us = due;
        load->sent++;
        if (send(line->fd, load->request, load->request_len, MSG_NOSIGNAL) !=
            (ssize_t)load->request_len) {
            die("send: %s", strerror(errno));
        }
    }
}

static void await(struct load *load, uint64_t wait_us)
{
    struct epoll_event events[TURN_EVENTS];
    struct timespec timeout = {.tv_sec = (time_t)(wait_us / 1000000),
                               .tv_nsec = (long)(wait_us % 1000000) * 1000};
    int count = epoll_pwait2(load->epoll, events, TURN_EVENTS, &timeout, NULL);
    uint64_t now = now_us();
    for (int i = 0; i < count; i++) {
        line_readable(load, events[i].data.ptr, now);
    }
}

static void run(struct load *load)
{
    for (;;) {
        uint64_t now = now_us();
        send_what_is_due(load, now);
        uint64_t due = due_us(load);
        if (due >= load->until_us && load->idle_count == load->count) {
            return;
        }
        if (now > load->until_us + PATIENCE_US) {
            die("no answer for five seconds");
        }
        bool sleep = due >= load->until_us || load->idle_count == 0;
        await(load, sleep ? PATIENCE_US / 5 : due > now ? due - now : 0);
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc != 6) {
        die("usage: openload PORT PATH SECONDS CONNECTIONS RATE");
    }
    die_with_parent();
    (void)prctl(PR_SET_TIMERSLACK, 1); /* a request that is due is not rounded up */
    load.port = atoi(argv[1]);
    load.request_len =
        (size_t)snprintf(load.request, sizeof(load.request),
                         "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", argv[2], load.port);
    load.count = strtoul(argv[4], NULL, 10);
    load.rate = strtod(argv[5], NULL);
    load.epoll = epoll_create1(0);
    if (load.count < 1 || load.count > CONNECTIONS_MAX || load.rate <= 0 || load.epoll < 0 ||
        load.request_len >= sizeof(load.request)) {
        die("too many, too few or too long");
    }
    for (size_t i = 0; i < load.count; i++) {
        load.idle[load.idle_count++] = line_open(&load);
    }
    load.began_us = now_us();
    load.until_us = load.began_us + (uint64_t)(strtod(argv[3], NULL) * 1e6);
    run(&load);
    tally_print(&load.tally, now_us() - load.began_us);
    return 0;
}
