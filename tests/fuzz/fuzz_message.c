/* links: wamp payload base
 * fuzz_message.c - any bytes as a WAMP message, the first choosing the serializer: what is decoded
 * is the same after it was encoded, in its own serializer and in the others. */
#include "wamp/message.h"
#include "wamp/options.h"
#include "wamp/uri.h"

#include <stdlib.h>

#define MUST(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

struct seen {
    bool flag;
    uint64_t number;
    struct str text;
    enum match_policy match;
    struct option_list ids;
    struct option_list strs;
};

static const struct option_row rows[] = {
    {"f", OPTION_BOOL, offsetof(struct seen, flag)},
    {"n", OPTION_U64, offsetof(struct seen, number)},
    {"t", OPTION_STR, offsetof(struct seen, text)},
    {"m", OPTION_MATCH, offsetof(struct seen, match)},
    {"i", OPTION_IDS, offsetof(struct seen, ids)},
    {"s", OPTION_STRS, offsetof(struct seen, strs)},
};

static void same(const struct message *a, const struct message *b)
{
    MUST(a->type == b->type && a->request_type == b->request_type);
    MUST(a->request == b->request && a->id == b->id && str_eq(a->uri, b->uri));
    MUST(payload_elements(&a->payload) == payload_elements(&b->payload));
}

static void encoded_again(const struct message *message, enum serializer to, struct arena *arena)
{
    struct buf out;
    struct message again;
    struct err err;
    buf_init(&out, 1 << 24);
    if (message_encode(message, to, &out)) {
        MUST(message_decode(to, buf_str(&out), arena, &again, &err));
        same(message, &again);
        if (to == message->payload.serializer) {
            MUST(str_eq(message->payload.args, again.payload.args));
            MUST(str_eq(message->payload.kwargs, again.payload.kwargs));
        }
    } else {
        MUST(to != message->payload.serializer);
    }
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena arena;
    struct message message;
    struct err err = {0};
    enum serializer serializer = (enum serializer)(SERIALIZER_JSON + data[0] % 3);
    arena_init(&arena, 1 << 22);
    if (message_decode(serializer, str_make((const char *)data + 1, size - 1), &arena, &message,
                       &err)) {
        struct seen seen = {0};
        struct slice details = {serializer, message.details};
        (void)options_read(details, rows, sizeof rows / sizeof *rows, &arena, &seen, &err);
        if (uri_valid(message.uri, MATCH_WILDCARD)) {
            MUST(uri_match(message.uri, MATCH_WILDCARD, message.uri));
        }
        for (enum serializer to = SERIALIZER_JSON; to < SERIALIZERS; to++) {
            encoded_again(&message, to, &arena);
        }
    } else {
        MUST(err.code == ERR_INVALID && err.text[0] != '\0');
    }
    arena_done(&arena);
    return 0;
}
