/* fake_stream.h - a front that is the test: it hands requests to a handler and keeps what comes
 * out.
 *
 * Requests run on worker 0 of `world` while the test waits. The test sets
 * fake_handler and fake_ctx. */
#ifndef POSTERN_TESTS_FAKE_STREAM_H
#define POSTERN_TESTS_FAKE_STREAM_H

#include "http/front.h"
#include "realm_world.h"

#include <time.h>

enum { FAKE_FIELDS = 16, FAKE_PATIENCE = 10000 };

struct fake {
    struct stream stream;
    struct header fields[FAKE_FIELDS];
    struct str body;
    size_t piece; /* bytes of body at a time; 0: all at once */
    bool half;    /* the end of the body does not come */
    /* The answer. */
    unsigned begins;
    unsigned status;
    struct buf headers; /* "name: value\n" each, a newline before the first */
    struct buf out;
    atomic_bool ended; /* read while the worker may set it */
    bool aborted;
};

static struct world world;
static const struct front_handler *fake_handler;
static void *fake_ctx;

static inline void fake_begin(struct stream *stream,
                              unsigned status,
                              const struct header *headers,
                              size_t count,
                              int64_t length)
{
    struct fake *fake = (struct fake *)(void *)stream;
    fake->begins++;
    fake->status = status;
    (void)buf_byte(&fake->headers, '\n');
    for (size_t i = 0; i < count; i++) {
        (void)buf_printf(&fake->headers, PRISTR ": " PRISTR "\n", STRARG(headers[i].name),
                         STRARG(headers[i].value));
    }
    assert_true(length >= 0);
}

static inline bool fake_write(struct stream *stream, struct str bytes)
{
    assert_true(buf_append(&((struct fake *)(void *)stream)->out, bytes));
    return false;
}

static inline void fake_end(struct stream *stream)
{
    struct fake *fake = (struct fake *)(void *)stream;
    assert_false(fake->ended);
    assert_int_equal(fake->begins, 1);
    fake->ended = true;
}

static inline void fake_abort(struct stream *stream)
{
    ((struct fake *)(void *)stream)->aborted = true;
}

static inline void fake_pause(struct stream *stream, bool paused)
{
    (void)stream;
    (void)paused;
}

static const struct stream_ops fake_ops = {.begin = fake_begin,
                                           .write = fake_write,
                                           .end = fake_end,
                                           .abort = fake_abort,
                                           .pause = fake_pause};

static inline void fake_body_here(void *ctx)
{
    struct fake *fake = ctx;
    struct str rest = fake->body;
    while (rest.len > 0 && !fake->ended) {
        size_t size = fake->piece == 0 || fake->piece > rest.len ? rest.len : fake->piece;
        fake_handler->on_body(&fake->stream, str_sub(rest, 0, size), false);
        rest = str_from(rest, size);
    }
    if (!fake->half && !fake->ended && fake->stream.head.content_length != 0) {
        fake_handler->on_body(&fake->stream, STR_EMPTY, true);
    }
}

static inline void fake_start_here(void *ctx)
{
    struct fake *fake = ctx;
    fake_handler->on_request(fake_ctx, &fake->stream);
    fake_body_here(fake);
}

static inline void fake_gone_here(void *ctx)
{
    struct fake *fake = ctx;
    fake_handler->on_gone(&fake->stream, fake->ended);
    arena_done(&fake->stream.arena);
}

/* "name: value\n" lines; a body adds its length, or "chunked" as its first line's text. */
static inline struct fake *
fake_new(const char *method, const char *target, const char *lines, struct str body)
{
    static struct peer_info peer;
    struct fake *fake = NEW(struct fake);
    struct request_head *head = &fake->stream.head;
    struct str rest = str_of(lines);
    struct str line = STR_EMPTY;
    peer.address.s6_addr[10] = 0xff;
    peer.address.s6_addr[11] = 0xff;
    peer.address.s6_addr[12] = 127;
    peer.address.s6_addr[15] = 1;
    peer.port = 4711;
    fake->stream.ops = &fake_ops;
    arena_init(&fake->stream.arena, 64 << 20);
    buf_init(&fake->headers, 1 << 20);
    buf_init(&fake->out, 64 << 20);
    fake->body = body;
    head->method = str_of(method);
    (void)str_cut(str_of(target), '?', &head->path, &head->query);
    head->host = STR("a.example");
    head->peer = &peer;
    head->headers = fake->fields;
    head->content_length = (int64_t)body.len;
    for (bool more = rest.len > 0; more;) {
        struct header *field = &fake->fields[head->header_count];
        more = str_cut(rest, '\n', &line, &rest);
        if (str_eq(line, STR("chunked"))) {
            head->content_length = LENGTH_STREAM;
        } else if (line.len > 0) {
            assert_true(++head->header_count <= FAKE_FIELDS);
            (void)str_cut(line, ':', &field->name, &field->value);
            field->value = str_trim(field->value);
        }
    }
    return fake;
}

static inline void fake_start(struct fake *fake)
{
    on_worker(&world, 0, fake_start_here, fake);
    settle(&world);
}

/* Until the answer is there. */
static inline void fake_wait(struct fake *fake)
{
    for (unsigned i = 0; i < FAKE_PATIENCE && !fake->ended; i += 5) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        settle(&world);
    }
    assert_true(fake->ended);
}

static inline void fake_free(struct fake *fake)
{
    on_worker(&world, 0, fake_gone_here, fake);
    settle(&world);
    buf_done(&fake->headers);
    buf_done(&fake->out);
    mem_free(fake);
}

static inline struct fake *
fake_ask(const char *method, const char *target, const char *lines, const char *body)
{
    struct fake *fake = fake_new(method, target, lines, str_of(body));
    fake_start(fake);
    fake_wait(fake);
    return fake;
}

static inline bool fake_has(const struct fake *fake, const char *header_line)
{
    char line[512];
    (void)snprintf(line, sizeof(line), "\n%s\n", header_line);
    return memmem(fake->headers.ptr, fake->headers.len, line, strlen(line)) != NULL;
}

static inline bool fake_says(const struct fake *fake, const char *text)
{
    return memmem(buf_str(&fake->out).ptr, fake->out.len, text, strlen(text)) != NULL;
}

static inline void expect_answer(struct fake *fake, unsigned status, const char *body)
{
    if (fake->status != status || (body != NULL && !str_eq(buf_str(&fake->out), str_of(body)))) {
        fail_msg(PRISTR " " PRISTR ": %u " PRISTR " instead of %u %s",
                 STRARG(fake->stream.head.method), STRARG(fake->stream.head.path), fake->status,
                 STRARG(buf_str(&fake->out)), status, body == NULL ? "" : body);
    }
}

/* Asks, compares, forgets. */
static inline void answers(const char *method,
                           const char *target,
                           const char *lines,
                           const char *request_body,
                           unsigned status,
                           const char *body)
{
    struct fake *fake = fake_ask(method, target, lines, request_body);
    expect_answer(fake, status, body);
    fake_free(fake);
}

#endif
