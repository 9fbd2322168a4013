/* proc_json.c - payloads to JSON documents and back. */
#include "api/proc_inside.h"
#include "base/buf.h"
#include "payload/emit.h"

#include <stdlib.h>

enum { TEXT_MAX = 64 << 20 };

static bool load(enum serializer serializer, struct str bytes, json_t **out)
{
    struct buf text;
    struct emit emit;
    buf_init(&text, TEXT_MAX);
    emit_init(&emit, SERIALIZER_JSON, &text);
    emit_slice(&emit, (struct slice){serializer, bytes});
    *out = emit.failed || text.full ? NULL
                                    : json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    buf_done(&text);
    return *out != NULL;
}

bool proc_args(const struct payload *payload, json_t **out_args, json_t **out_kwargs)
{
    *out_args = NULL;
    *out_kwargs = NULL;
    if (payload->args.len == 0) {
        *out_args = json_array();
    } else if (!load(payload->serializer, payload->args, out_args)) {
        return false;
    }
    if (payload->kwargs.len == 0 || load(payload->serializer, payload->kwargs, out_kwargs)) {
        return true;
    }
    json_decref(*out_args);
    *out_args = NULL;
    return false;
}

struct payload proc_payload(const json_t *args, const json_t *kwargs, struct buf *out)
{
    char *args_text = json_dumps(args, JSON_COMPACT);
    char *kwargs_text = kwargs == NULL ? NULL : json_dumps(kwargs, JSON_COMPACT);
    size_t args_len = str_of(args_text).len;
    buf_clear(out);
    (void)buf_append(out, str_of(args_text));
    if (kwargs_text != NULL) {
        (void)buf_append(out, str_of(kwargs_text));
    }
    free(args_text);
    free(kwargs_text);
    struct str bytes = buf_str(out);
    return (struct payload){.serializer = SERIALIZER_JSON,
                            .args = str_sub(bytes, 0, args_len),
                            .kwargs = str_from(bytes, args_len)};
}

void proc_answer(struct router *router, uint64_t handle, const json_t *result, const json_t *kwargs)
{
    struct buf bytes;
    json_t *args = json_array();
    if (result != NULL) {
        (void)json_array_append(args, (json_t *)(uintptr_t)result);
    }
    buf_init(&bytes, TEXT_MAX);
    struct payload payload = proc_payload(args, kwargs, &bytes);
    if (bytes.full) {
        proc_fail(router, handle, STR("wamp.error.payload_size_exceeded"),
                  "the result is larger than a message may be: ask for a page (limit)", NULL);
    } else {
        builtin_answer(router, handle, &payload);
    }
    buf_done(&bytes);
    json_decref(args);
}

void proc_answer_text(struct router *router,
                      uint64_t handle,
                      struct str result,
                      const json_t *kwargs)
{
    struct buf bytes;
    char *kwargs_text = kwargs == NULL ? NULL : json_dumps(kwargs, JSON_COMPACT);
    buf_init(&bytes, TEXT_MAX);
    (void)buf_byte(&bytes, '[');
    (void)buf_append(&bytes, result);
    (void)buf_byte(&bytes, ']');
    size_t args_len = bytes.len;
    (void)buf_append(&bytes, kwargs_text == NULL ? STR_EMPTY : str_of(kwargs_text));
    struct str all = buf_str(&bytes);
    builtin_answer(router, handle,
                   &(struct payload){.serializer = SERIALIZER_JSON,
                                     .args = str_sub(all, 0, args_len),
                                     .kwargs = str_from(all, args_len)});
    free(kwargs_text);
    buf_done(&bytes);
}

/* A text that was cut where there was no more room may end inside a character. */
static struct str whole_characters(const char *text)
{
    enum { LONGEST = 4 };
    struct str words = str_of(text);
    for (unsigned i = 0; i < LONGEST && words.len > 0 && !utf8_valid(words); i++) {
        words.len--;
    }
    return utf8_valid(words) ? words : STR("the error has no text");
}

void proc_fail(
    struct router *router, uint64_t handle, struct str uri, const char *text, const json_t *more)
{
    struct buf bytes;
    struct str words = whole_characters(text);
    json_t *args = json_pack("[s%]", words.ptr, words.len);
    json_t *kwargs = json_pack("{s:s%, s:s%, s:s%}", "code", uri.ptr, uri.len, "message", words.ptr,
                               words.len, "description", words.ptr, words.len);
    if (more != NULL) {
        (void)json_object_update_missing(kwargs, (json_t *)(uintptr_t)more);
    }
    buf_init(&bytes, TEXT_MAX);
    struct payload payload = proc_payload(args, kwargs, &bytes);
    builtin_fail(router, handle, uri, &payload);
    buf_done(&bytes);
    json_decref(args);
    json_decref(kwargs);
}
