/* h1_judge.h - a request as bytes through the pure parts of our own front, in pieces of any size.
 */
#ifndef POSTERN_TESTS_H1_JUDGE_H
#define POSTERN_TESTS_H1_JUDGE_H

#include "http/h1_chunked.h"
#include "http/h1_head.h"

#include <assert.h>
#include <string.h>

enum { H1_JUDGE_FIELDS = 64, H1_JUDGE_MAX = 8192 };

/* What became of a request of at most H1_JUDGE_MAX bytes: why it was refused, or what it says. */
struct h1_outcome {
    const char *rule; /* NULL: accepted; "more": it is not complete */
    struct request_head head;
    struct header fields[H1_JUDGE_FIELDS];
    char bytes[H1_JUDGE_MAX];
    char body[H1_JUDGE_MAX];
    size_t body_len;
    bool http10;
};

static inline const char *h1_judge_rule(enum h1_rule rule)
{
    return h1_refusal(rule)->rule;
}

/* The body in pieces of `step` bytes, an unconsumed rest offered again. */
static inline const char *h1_judge_chunks(struct h1_outcome *out, struct str input, size_t step)
{
    struct h1_chunked body = {0};
    size_t at = 0;
    for (size_t end = step;; end += step) {
        end = end < input.len ? end : input.len;
        size_t used = 0;
        do {
            struct str data = STR_EMPTY;
            enum h1_rule rule = h1_chunked_next(&body, str_sub(input, at, end - at), &used, &data);
            if (rule != H1_OK) {
                return h1_judge_rule(rule);
            }
            assert(used <= end - at && data.len <= used);
            memcpy(out->body + out->body_len, data.ptr, data.len);
            out->body_len += data.len;
            at += used;
        } while (used > 0 && body.state != H1_CHUNK_DONE);
        if (body.state == H1_CHUNK_DONE) {
            return NULL;
        }
        if (end == input.len) {
            return "more";
        }
    }
}

static inline const char *h1_judge_body(struct h1_outcome *out, struct str rest, size_t step)
{
    if (out->head.content_length == LENGTH_STREAM) {
        return h1_judge_chunks(out, rest, step);
    }
    if (rest.len < (size_t)out->head.content_length) {
        return "more";
    }
    out->body_len = (size_t)out->head.content_length;
    memcpy(out->body, rest.ptr, out->body_len);
    return NULL;
}

static inline const char *h1_judge_request(struct h1_outcome *out,
                                           const struct front_limits *limits,
                                           struct str raw,
                                           size_t step)
{
    struct h1_scan scan = {0};
    struct h1_head parsed;
    size_t len = 0;
    for (size_t end = step; len == 0; end += step) {
        end = end < raw.len ? end : raw.len;
        enum h1_rule rule = h1_scan(&scan, str_sub(raw, 0, end), limits, &len);
        if (rule != H1_OK) {
            return h1_judge_rule(rule);
        }
        if (len == 0 && end == raw.len) {
            return "more";
        }
    }
    assert(scan.fields <= H1_JUDGE_FIELDS);
    memcpy(out->bytes, raw.ptr + scan.begin, len - scan.begin);
    enum h1_rule rule = h1_parse(out->bytes, len - scan.begin, out->fields, &parsed);
    if (rule != H1_OK) {
        return h1_judge_rule(rule);
    }
    assert(parsed.field_count == scan.fields);
    out->head = (struct request_head){
        .method = parsed.method, .headers = out->fields, .header_count = parsed.field_count};
    out->http10 = parsed.http10;
    strict_read_target(&out->head, out->fields, parsed.target);
    const struct refusal *why = strict_check(&out->head, parsed.version, limits);
    if (why != NULL) {
        return why->rule;
    }
    if (parsed.expects_continue && out->head.content_length == 0) {
        return h1_judge_rule(H1_EXPECTATION);
    }
    return h1_judge_body(out, str_from(raw, len), step);
}

static inline void
h1_judge(struct h1_outcome *out, const struct front_limits *limits, struct str raw, size_t step)
{
    memset(out, 0, sizeof(*out));
    out->rule = h1_judge_request(out, limits, raw, step);
}

#endif
