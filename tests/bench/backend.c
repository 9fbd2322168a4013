/* backend.c - backend FILE: an HTTP server that answers each request with FILE as JSON, and is as
 * cheap as one can be.  Prints the port it listens on.
 *
 * It looks for the end of a request's head and at nothing else, so requests have no bodies. */
#include "wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 4096, TURN_EVENTS = 256, READ_MAX = 65536 };

struct backend {
    int epoll, listener;
    char answer[65536];
    size_t answer_len;
    unsigned char matched[FDS_MAX]; /* a connection's progress through CR LF CR LF */
};

static void answer_load(struct backend *backend, const char *path)
{
    char body[32768];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die("cannot read %s", path);
    }
    size_t len = fread(body, 1, sizeof(body), file);
    (void)fclose(file);
    int head = snprintf(backend->answer, sizeof(backend->answer),
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                        "content-length: %zu\r\n\r\n",
                        len);
    memcpy(backend->answer + head, body, len);
    backend->answer_len = (size_t)head + len;
}

static void listen_somewhere(struct backend *backend)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        die("cannot listen");
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    backend->listener = fd;
    backend->epoll = epoll_create1(0);
    if (backend->epoll < 0 || epoll_ctl(backend->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("no epoll");
    }
    (void)printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout);
}

static void accept_all(struct backend *backend)
{
    int fd;
    while ((fd = accept4(backend->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= FDS_MAX) {
            die("too many connections");
        }
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        backend->matched[fd] = 0;
        (void)epoll_ctl(backend->epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static size_t heads_ended(unsigned char *matched, const char *bytes, size_t len)
{
    static const char end[4] = "\r\n\r\n";
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == end[*matched]) {
            *matched = (unsigned char)((*matched + 1) % 4);
            count += *matched == 0;
        } else {
            *matched = bytes[i] == '\r';
        }
    }
    return count;
}

static void answer_all(struct backend *backend, int fd)
{
    static char bytes[READ_MAX];
    ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got <= 0) {
        (void)close(fd);
        return;
    }
    for (size_t n = heads_ended(&backend->matched[fd], bytes, (size_t)got); n > 0; n--) {
        if (send(fd, backend->answer, backend->answer_len, MSG_NOSIGNAL) !=
            (ssize_t)backend->answer_len) {
            (void)close(fd);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    static struct backend backend;
    struct epoll_event events[TURN_EVENTS];
    if (argc != 2) {
        die("usage: backend FILE");
    }
    die_with_parent();
    answer_load(&backend, argv[1]);
    listen_somewhere(&backend);
    for (;;) {
        int count = epoll_wait(backend.epoll, events, TURN_EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == backend.listener) {
                accept_all(&backend);
            } else {
                answer_all(&backend, events[i].data.fd);
            }
        }
    }
}
