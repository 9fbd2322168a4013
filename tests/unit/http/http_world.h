/* http_world.h - a front of either kind with a handler that does what the path says, and a
 * blocking client. */
#ifndef POSTERN_TESTS_HTTP_HTTP_WORLD_H
#define POSTERN_TESTS_HTTP_HTTP_WORLD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/front.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    WORLD_BODY_MAX = 4 << 20,
    WORLD_EARLY_MAX = 1000,
    WORLD_LATE_MS = 20,
    WORLD_STREAMED = 8 << 20,
    WORLD_PIECE = 16 << 10,
    WORLD_PATIENCE_S = 10,
};

typedef struct front *(*front_new_fn)(const struct front_options *options);

struct http_world {
    struct workers *workers;
    struct net *net;
    struct front *front;
    struct net_protocol protocol;
    struct net_listener *listener;
    uint16_t port;
    atomic_int asked;
    atomic_int gone;
    atomic_int answered;
    atomic_int bodies_while_paused;
    atomic_int inside; /* on_gone came from inside a stream_ function */
    atomic_size_t written;
    atomic_int given_away;
};

/* The handler's part of a stream. */
struct world_task {
    struct http_world *world;
    struct stream *stream;
    struct timer timer;
    struct buf body;
    size_t written;
    bool busy; /* in a stream_ function */
    bool paused;
};

static inline bool world_path(const struct stream *stream, const char *path)
{
    return str_eq(stream->head.path, str_of(path));
}

static inline void
world_answer(struct world_task *task, unsigned status, struct str body, const char *connection)
{
    struct header headers[] = {{STR("content-type"), STR("text/plain")},
                               {STR("connection"), str_of(connection)}};
    task->busy = true;
    stream_begin(task->stream, status, headers, connection == NULL ? 1 : 2, (int64_t)body.len);
    (void)stream_write(task->stream, body);
    stream_end(task->stream);
    task->busy = false;
}

/* The request as it was understood, one item a line, the body behind an empty line. */
static inline void world_describe(struct world_task *task)
{
    const struct request_head *head = &task->stream->head;
    struct buf out;
    buf_init(&out, WORLD_BODY_MAX);
    (void)buf_printf(&out, PRISTR "\n" PRISTR "\n" PRISTR "\n" PRISTR "\n%u\n",
                     STRARG(head->method), STRARG(head->path), STRARG(head->query),
                     STRARG(head->host), (unsigned)head->port);
    for (size_t i = 0; i < head->header_count; i++) {
        (void)buf_append(&out, head->headers[i].name);
        (void)buf_byte(&out, '=');
        (void)buf_append(&out, head->headers[i].value);
        (void)buf_byte(&out, '\n');
    }
    (void)buf_byte(&out, '\n');
    (void)buf_append(&out, buf_str(&task->body));
    world_answer(task, 200, buf_str(&out), NULL);
    buf_done(&out);
}

static inline void world_stream(struct world_task *task)
{
    static const char piece[WORLD_PIECE] = {'x'};
    bool full = false;
    task->busy = true;
    while (task->written < WORLD_STREAMED && !full) {
        full = stream_write(task->stream, str_make(piece, sizeof(piece)));
        task->written += sizeof(piece);
    }
    atomic_store(&task->world->written, task->written);
    if (task->written == WORLD_STREAMED) {
        stream_end(task->stream);
    }
    task->busy = false;
}

/* The request is complete. */
static inline void world_act(struct world_task *task)
{
    struct stream *stream = task->stream;
    if (world_path(stream, "/hang")) {
        return;
    }
    if (world_path(stream, "/late") || world_path(stream, "/broken")) {
        timer_start(&task->timer, WORLD_LATE_MS);
    }
    if (world_path(stream, "/broken")) {
        stream_begin(stream, 200, NULL, 0, LENGTH_STREAM);
        (void)stream_write(stream, STR("half"));
    } else if (world_path(stream, "/stream")) {
        stream_begin(stream, 200, NULL, 0, LENGTH_STREAM);
        world_stream(task);
    } else if (world_path(stream, "/pieces")) {
        stream_begin(stream, 200, NULL, 0, LENGTH_STREAM);
        (void)stream_write(stream, STR("hello"));
        (void)stream_write(stream, STR_EMPTY);
        (void)stream_write(stream, STR(", 0123456789"));
        stream_end(stream);
    } else if (world_path(stream, "/echo")) {
        world_answer(task, 200, buf_str(&task->body), NULL);
    } else if (world_path(stream, "/nothing")) {
        world_answer(task, 204, STR_EMPTY, NULL);
    } else if (world_path(stream, "/close")) {
        world_answer(task, 200, STR("bye"), "close");
    } else if (world_path(stream, "/short")) {
        stream_begin(stream, 200, NULL, 0, 10);
        (void)stream_write(stream, STR("short"));
        stream_end(stream);
    } else if (world_path(stream, "/abort")) {
        stream_abort(stream);
    } else if (!world_path(stream, "/late")) {
        world_describe(task);
    }
}

static inline void world_on_timer(struct timer *timer)
{
    struct world_task *task = CONTAINER_OF(timer, struct world_task, timer);
    if (world_path(task->stream, "/late")) {
        world_answer(task, 200, STR("late"), NULL);
    } else if (world_path(task->stream, "/pause")) {
        task->paused = false;
        stream_pause(task->stream, false);
    } else {
        stream_abort(task->stream);
    }
}

static inline void world_on_request(void *ctx, struct stream *stream)
{
    struct world_task *task = ARENA_NEW(&stream->arena, struct world_task);
    task->world = ctx;
    task->stream = stream;
    stream->user = task;
    (void)atomic_fetch_add(&task->world->asked, 1);
    timer_init(&task->timer, world_on_timer);
    buf_init(&task->body, WORLD_BODY_MAX);
    if (world_path(stream, "/early")) {
        world_answer(task, 404, STR("not here"), NULL);
    } else if (world_path(stream, "/small") && (stream->head.content_length > WORLD_EARLY_MAX)) {
        world_answer(task, 413, STR("too much"), "close");
    } else if (world_path(stream, "/pause")) {
        task->paused = true;
        stream_pause(stream, true);
        timer_start(&task->timer, WORLD_LATE_MS);
    } else if (stream->head.content_length == 0) {
        world_act(task);
    }
}

static inline void world_on_body(struct stream *stream, struct str bytes, bool last)
{
    struct world_task *task = stream->user;
    (void)atomic_fetch_add(&task->world->bodies_while_paused, task->paused);
    (void)buf_append(&task->body, bytes);
    if (world_path(stream, "/small") && task->body.len > WORLD_EARLY_MAX) {
        world_answer(task, 413, STR("too much"), "close");
    } else if (last) {
        world_act(task);
    }
}

static inline void world_on_writable(struct stream *stream)
{
    world_stream(stream->user);
}

static inline void world_on_gone(struct stream *stream, bool answered)
{
    struct world_task *task = stream->user;
    struct http_world *world = task->world;
    (void)atomic_fetch_add(&world->inside, task->busy);
    timer_stop(&task->timer);
    buf_done(&task->body);
    (void)atomic_fetch_add(&world->answered, answered);
    (void)atomic_fetch_add(&world->gone, 1);
}

static const struct front_handler world_handler = {.on_request = world_on_request,
                                                   .on_body = world_on_body,
                                                   .on_writable = world_on_writable,
                                                   .on_gone = world_on_gone};

/* Takes connections that ask for "/other": sends back what was read, and ends. */
static inline void world_take(
    void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer, struct str bytes)
{
    struct http_world *world = ctx;
    assert_null(tls);
    assert_int_equal(send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
    (void)close(fd);
    net_release(peer);
    (void)atomic_fetch_add(&world->given_away, 1);
}

static inline void world_start(struct http_world *world,
                               front_new_fn front_new,
                               const struct front_limits *limits,
                               unsigned workers)
{
    struct err err = {0};
    uint64_t port = 0;
    *world = (struct http_world){0};
    world->workers = workers_new(workers, 1 << 20, &err);
    world->front = front_new(&(struct front_options){
        .name = "test",
        .workers = world->workers,
        .handler = &world_handler,
        .ctx = world,
        .limits = *limits,
        .upgrade = {.path = STR("/other"), .take = world_take, .ctx = world}});
    world->net = net_new(world->workers, &(struct net_limits){.connections = 1000,
                                                              .first_byte_timeout_ms = 30000,
                                                              .tls_handshake_timeout_ms = 30000,
                                                              .backlog = 64});
    world->protocol = front_protocol(world->front);
    world->listener = net_listen(world->net,
                                 &(struct net_listener_options){.name = STR("test"),
                                                                .address = STR("127.0.0.1:0"),
                                                                .protocols = &world->protocol,
                                                                .protocol_count = 1},
                                 &err);
    assert_non_null(world->listener);
    struct str address = net_listener_address(world->listener);
    assert_true(str_to_u64(str_from(address, STR("127.0.0.1:").len), &port));
    world->port = (uint16_t)port;
    assert_true(workers_start(world->workers, &err));
    net_start(world->net);
}

/* Every request that was handed up has been given back, every connection its place. */
static inline void world_stop(struct http_world *world)
{
    workers_stop(world->workers);
    assert_int_equal(atomic_load(&world->asked), atomic_load(&world->gone));
    assert_int_equal(atomic_load(&world->inside), 0);
    assert_int_equal(net_connections(world->net), 0);
    front_free(world->front);
    net_free(world->net);
    workers_free(world->workers);
}

static inline int world_dial(const struct http_world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(world->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = WORLD_PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    return fd;
}

/* The other side may have closed: then this does nothing more. */
static inline void world_send(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes = str_from(bytes, (size_t)sent);
    }
}

struct world_reply {
    unsigned status; /* 0: none came */
    struct str head;
    struct str body; /* decoded */
    bool whole;
    size_t len; /* of `bytes`, which may be more than this answer */
    size_t end; /* of this answer */
    char bytes[256 << 10];
    char decoded[64 << 10];
};

static inline bool world_fill(int fd, struct world_reply *reply)
{
    ssize_t got = recv(fd, reply->bytes + reply->len, sizeof(reply->bytes) - 1 - reply->len, 0);
    reply->len += got > 0 ? (size_t)got : 0;
    reply->bytes[reply->len] = '\0';
    return got > 0;
}

static inline struct str world_header(const struct world_reply *reply, struct str name)
{
    struct str rest = reply->head;
    struct str line = STR_EMPTY;
    struct str key = STR_EMPTY;
    struct str value = STR_EMPTY;
    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, name)) {
            return str_trim(value);
        }
    }
    return (struct str){NULL, 0};
}

/* False: it is not complete. */
static inline bool world_dechunk(struct world_reply *reply, size_t at)
{
    size_t to = 0;
    for (;;) {
        const char *line_end = strstr(reply->bytes + at, "\r\n");
        if (line_end == NULL) {
            return false;
        }
        size_t size = strtoul(reply->bytes + at, NULL, 16);
        size_t used = (size_t)(line_end - (reply->bytes + at)) + 2;
        if (at + used + size + 2 > reply->len) {
            return false;
        }
        assert_true(to + size <= sizeof(reply->decoded));
        memcpy(reply->decoded + to, reply->bytes + at + used, size);
        to += size;
        at += used + size + 2;
        if (size == 0) {
            reply->body = str_make(reply->decoded, to);
            reply->end = at;
            return true;
        }
    }
}

/* The next answer: what came behind the one before is its beginning. All zero at first. */
static inline void world_read(int fd, struct world_reply *reply, bool head_only)
{
    uint64_t length = 0;
    char *behind = NULL;
    reply->len -= reply->end;
    memmove(reply->bytes, reply->bytes + reply->end, reply->len);
    reply->bytes[reply->len] = '\0';
    reply->end = 0;
    reply->status = 0;
    reply->whole = false;
    reply->body = STR_EMPTY;
    while ((behind = strstr(reply->bytes, "\r\n\r\n")) == NULL) {
        if (!world_fill(fd, reply)) {
            return;
        }
    }
    size_t from = (size_t)(behind - reply->bytes) + 4;
    reply->head = str_make(reply->bytes, from);
    reply->end = from;
    assert_true(str_starts(reply->head, STR("HTTP/1.1 ")));
    reply->status = (unsigned)strtoul(reply->bytes + STR("HTTP/1.1 ").len, NULL, 10);
    struct str told = world_header(reply, STR("content-length"));
    if (world_header(reply, STR("transfer-encoding")).ptr != NULL && !head_only) {
        while (!world_dechunk(reply, from)) {
            if (!world_fill(fd, reply)) {
                return;
            }
        }
    } else if (told.ptr != NULL && !head_only) {
        assert_true(str_to_u64(told, &length));
        while (reply->len < from + length) {
            if (!world_fill(fd, reply)) {
                return;
            }
        }
        reply->end = from + (size_t)length;
        reply->body = str_make(reply->bytes + from, (size_t)length);
    }
    reply->whole = true;
}

static inline bool world_ends(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static inline bool world_becomes(atomic_int *value, int wanted)
{
    uint64_t until = clock_mono_ms() + UINT64_C(1000) * WORLD_PATIENCE_S;
    while (atomic_load(value) != wanted && clock_mono_ms() < until) {
        (void)usleep(500);
    }
    return atomic_load(value) == wanted;
}

#endif
