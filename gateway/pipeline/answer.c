#include "pipeline/answer.h"

#include "base/log.h"
#include "base/mem.h"
#include "http/strict.h"

static bool framing(struct str name)
{
    static const struct str names[] = {
        STR_INIT("content-length"),
        STR_INIT("transfer-encoding"),
        STR_INIT("connection"),
        STR_INIT("keep-alive"),
        STR_INIT("upgrade"),
        STR_INIT("trailer"),
        STR_INIT("te"),
        STR_INIT("proxy-connection"),
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq_nocase(names[i], name)) {
            return true;
        }
    }
    return false;
}

static size_t find(const struct answer *answer, struct str name)
{
    size_t at = 0;
    while (at < answer->header_count && !str_eq_nocase(answer->headers[at].name, name)) {
        at++;
    }
    return at;
}

static struct str lower(struct arena *arena, struct str name)
{
    char *text = arena_cstr(arena, name);
    for (size_t i = 0; i < name.len; i++) {
        text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
    }
    return str_make(text, name.len);
}

void answer_init(struct answer *answer, struct buf *body, struct str media)
{
    answer->status = 0;
    answer->header_count = 0;
    answer->header_bytes = 0;
    answer->headers_full = false;
    answer->body = body;
    answer->media = media;
    answer->code = STR_EMPTY;
    answer->location = STR_EMPTY;
}

void answer_add_header(struct answer *answer, struct str name, struct str value)
{
    size_t at = find(answer, name);
    size_t bytes = name.len + value.len;
    if (at == ANSWER_HEADERS_MAX || bytes > ANSWER_HEADER_BYTES_MAX - answer->header_bytes) {
        answer->headers_full = true;
        return;
    }
    answer->headers[at] = (struct header){name, value};
    answer->header_bytes += bytes;
    answer->header_count += at == answer->header_count;
}

void answer_put_header(struct answer *answer, struct str name, struct str value)
{
    if (!token_valid(name) || !value_valid(value) || framing(name)) {
        log_debug("response header left out: not for an answer", KV_U64("bytes", value.len));
    } else if (!arena_room(answer->run.arena, name.len + 64)) {
        answer->headers_full = true;
    } else {
        answer_add_header(answer, lower(answer->run.arena, name), value);
    }
}

bool answer_has_header(const struct answer *answer, struct str name)
{
    return find(answer, name) < answer->header_count;
}
