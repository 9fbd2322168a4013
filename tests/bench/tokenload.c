/* tokenload.c - tokenload PORT PATH SECONDS CONNECTIONS AUTHORIZATION [USER PASSWORD]: requests to
 * a token endpoint, and what came of them as one line of JSON.
 *
 * A closed loop: each connection asks again as soon as it has been answered.  Without a user it
 * asks for client_credentials.  With one it gets a refresh token of its own by the password grant
 * first, which is not counted, and then uses each refresh token that it gets for the next. */
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
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 16384, TOKEN_MAX = 256, TURN_EVENTS = 256 };

#define PATIENCE_MS 5000
#define MEMBER      "\"refresh_token\":\""

struct line {
    int fd;
    uint64_t sent_us;
    size_t got;
    char token[TOKEN_MAX];
    char answer[ANSWER_MAX + 1];
};

struct load {
    int port, epoll;
    const char *path, *authorization, *user, *password;
    size_t count, open, waiting; /* `waiting`: for their first refresh token */
    uint64_t began_us, until_us, seconds_us;
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

static void line_ask(const struct load *load, struct line *line)
{
    char body[1024];
    char request[2048];
    int len = load->user == NULL ? snprintf(body, sizeof(body), "grant_type=client_credentials")
              : line->token[0] == '\0'
                  ? snprintf(body, sizeof(body), "grant_type=password&username=%s&password=%s",
                             load->user, load->password)
                  : snprintf(body, sizeof(body), "grant_type=refresh_token&refresh_token=%s",
                             line->token);
    int all = snprintf(request, sizeof(request),
                       "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: %s\r\n"
                       "Content-Type: application/x-www-form-urlencoded\r\n"
                       "Content-Length: %d\r\n\r\n%s",
                       load->path, load->port, load->authorization, len, body);
    if (len >= (int)sizeof(body) || all >= (int)sizeof(request)) {
        die("too long");
    }
    line->got = 0;
    line->sent_us = now_us();
    if (send(line->fd, request, (size_t)all, MSG_NOSIGNAL) != all) {
        die("send: %s", strerror(errno));
    }
}

static bool is_whole(const struct line *line)
{
    const char *end = strstr(line->answer, "\r\n\r\n");
    const char *length = strcasestr(line->answer, "\r\ncontent-length:");
    if (end == NULL) {
        return false;
    }
    if (strncmp(line->answer, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end) {
        die("an answer without success or length: %.600s", line->answer);
    }
    return line->got >= (size_t)(end - line->answer) + 4 + strtoul(length + 17, NULL, 10);
}

static void keep_token(struct line *line)
{
    const char *from = strstr(line->answer, MEMBER);
    from = from == NULL ? NULL : from + strlen(MEMBER);
    const char *to = from == NULL ? NULL : strchr(from, '"');
    if (to == NULL || to - from >= TOKEN_MAX) {
        die("no refresh token in %.600s", line->answer);
    }
    memcpy(line->token, from, (size_t)(to - from));
    line->token[to - from] = '\0';
}

static void begin(struct load *load, uint64_t now)
{
    load->began_us = now;
    load->until_us = now + load->seconds_us;
}

static void line_answered(struct load *load, struct line *line, uint64_t now)
{
    bool first = load->user != NULL && line->token[0] == '\0';
    if (load->user != NULL) {
        keep_token(line);
    }
    if (first) {
        load->waiting--;
        if (load->waiting == 0) {
            begin(load, now);
        }
    } else if (load->waiting == 0 && line->sent_us >= load->began_us) {
        tally_add(&load->tally, now - line->sent_us);
    }
    if (load->waiting > 0 || now < load->until_us) {
        line_ask(load, line);
    } else {
        load->open--;
    }
}

static void line_readable(struct load *load, struct line *line, uint64_t now)
{
    ssize_t got = read(line->fd, line->answer + line->got, ANSWER_MAX - line->got);
    if (got <= 0) {
        die("the connection ended after %zu bytes of an answer", line->got);
    }
    line->got += (size_t)got;
    line->answer[line->got] = '\0';
    if (is_whole(line)) {
        line_answered(load, line, now);
    }
}

static void run(struct load *load)
{
    while (load->open > 0) {
        struct epoll_event events[TURN_EVENTS];
        int count = epoll_wait(load->epoll, events, TURN_EVENTS, PATIENCE_MS);
        uint64_t now = now_us();
        if (count == 0) {
            die("no answer for five seconds");
        }
        for (int i = 0; i < count; i++) {
            line_readable(load, events[i].data.ptr, now);
        }
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc != 6 && argc != 8) {
        die("usage: tokenload PORT PATH SECONDS CONNECTIONS AUTHORIZATION [USER PASSWORD]");
    }
    die_with_parent();
    load.port = atoi(argv[1]);
    load.path = argv[2];
    load.seconds_us = (uint64_t)(strtod(argv[3], NULL) * 1e6);
    load.count = load.open = strtoul(argv[4], NULL, 10);
    load.authorization = argv[5];
    load.user = argc == 8 ? argv[6] : NULL;
    load.password = argc == 8 ? argv[7] : NULL;
    load.waiting = load.user == NULL ? 0 : load.count;
    load.epoll = epoll_create1(0);
    if (load.count < 1 || load.count > CONNECTIONS_MAX || load.epoll < 0) {
        die("too many or too few");
    }
    begin(&load, now_us());
    for (size_t i = 0; i < load.count; i++) {
        line_ask(&load, line_open(&load));
    }
    run(&load);
    tally_print(&load.tally, now_us() - load.began_us);
    return 0;
}
