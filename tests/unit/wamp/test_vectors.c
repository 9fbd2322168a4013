/* Every message as bytes, in each serializer: tests/wamp/vectors, written from the specification.
 * They are decoded, encoded, cut at every length, bent in every bit, and misshapen. */
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "wamp/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILE_SIZE_MAX = 1 << 20, BUF_MAX = 1 << 16, SCRATCH_MAX = 1 << 20, BYTES_MAX = 2048 };

static const char *const files[] = {"tests/wamp/vectors/session.json",
                                    "tests/wamp/vectors/pubsub.json",
                                    "tests/wamp/vectors/rpc.json"};
static const char *const names[SERIALIZERS] = {
    [SERIALIZER_JSON] = "json", [SERIALIZER_MSGPACK] = "msgpack", [SERIALIZER_CBOR] = "cbor"};

struct vector {
    struct str name;
    struct slice message;
    size_t least; /* elements */
    size_t most;
    struct str bytes[SERIALIZERS];
};

static size_t number_of(struct slice value)
{
    struct scan scan;
    uint64_t number = 0;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    assert_true(scan_u64(&scan, &number));
    return (size_t)number;
}

static struct str text_of(struct slice value)
{
    struct scan scan;
    struct str text = STR_EMPTY;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    assert_true(scan_str(&scan, &text));
    return text;
}

static struct str bytes_of_hex(struct arena *arena, struct str hex)
{
    char *bytes = arena_alloc(arena, hex.len / 2);
    for (size_t i = 0; i < hex.len / 2; i++) {
        char digits[3] = {hex.ptr[2 * i], hex.ptr[2 * i + 1], '\0'};
        bytes[i] = (char)strtoul(digits, NULL, 16);
    }
    return str_make(bytes, hex.len / 2);
}

static struct vector vector_of(struct arena *arena, struct slice row)
{
    struct slice elements = slice_get(row, STR("elements"));
    struct vector vector = {.name = text_of(slice_get(row, STR("name"))),
                            .message = slice_get(row, STR("message")),
                            .least = number_of(slice_nth(elements, 0)),
                            .most = number_of(slice_nth(elements, 1))};
    for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
        vector.bytes[form] = bytes_of_hex(arena, text_of(slice_get(row, str_of(names[form]))));
        assert_in_range(vector.bytes[form].len, 1, BYTES_MAX);
    }
    return vector;
}

/* Calls `check` for each vector with an arena that is emptied behind it. */
static void for_each(void (*check)(const struct vector *vector, struct arena *scratch))
{
    struct arena arena;
    struct arena scratch;
    size_t seen = 0;
    arena_init(&arena, SCRATCH_MAX);
    arena_init(&scratch, SCRATCH_MAX);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buf text;
        struct err err = {0};
        buf_init(&text, FILE_SIZE_MAX);
        if (!file_read(files[i], &text, &err)) {
            fail_msg("%s: %s", files[i], err.text);
        }
        struct slice rows = {SERIALIZER_JSON, buf_str(&text)};
        assert_true(slice_valid(rows, NULL, NULL));
        for (size_t row = 0; row < slice_count(rows); row++) {
            struct vector vector = vector_of(&arena, slice_nth(rows, row));
            check(&vector, &scratch);
            arena_reset(&arena);
            arena_reset(&scratch);
            seen++;
        }
        buf_done(&text);
    }
    assert_true(seen > 50);
    arena_done(&arena);
    arena_done(&scratch);
}

static void same(const struct message *a, const struct message *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->request_type, b->request_type);
    assert_int_equal(a->request, b->request);
    assert_int_equal(a->id, b->id);
    assert_true(str_eq(a->uri, b->uri));
}

static bool decodes(enum serializer form,
                    struct str bytes,
                    struct arena *scratch,
                    struct message *out,
                    struct err *err)
{
    memset(err, 0, sizeof *err);
    return message_decode(form, bytes, scratch, out, err);
}

static void
written(const struct vector *vector, enum serializer from, const struct message *message)
{
    for (enum serializer to = SERIALIZER_JSON; to < SERIALIZERS; to++) {
        struct buf out;
        buf_init(&out, BUF_MAX);
        assert_true(message_encode(message, to, &out));
        if (!str_eq(buf_str(&out), vector->bytes[to])) {
            fail_msg(PRISTR " from %s is other bytes in %s", STRARG(vector->name), names[from],
                     names[to]);
        }
        buf_done(&out);
    }
}

static void read_and_written(const struct vector *vector, struct arena *scratch)
{
    struct message messages[SERIALIZERS];
    struct err err;
    for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
        if (!decodes(form, vector->bytes[form], scratch, &messages[form], &err)) {
            fail_msg(PRISTR " in %s: %s", STRARG(vector->name), names[form], err.text);
        }
        same(&messages[SERIALIZER_JSON], &messages[form]);
        written(vector, form, &messages[form]);
    }
    const char *name = message_name(messages[SERIALIZER_JSON].type);
    assert_true(str_starts(vector->name, str_of(name)));
}

static void every_message_is_read_and_written_byte_for_byte(void **state)
{
    (void)state;
    for_each(read_and_written);
}

static uint64_t types_seen[2];

static void note_type(const struct vector *vector, struct arena *scratch)
{
    struct message message;
    struct err err;
    assert_true(decodes(SERIALIZER_JSON, vector->bytes[SERIALIZER_JSON], scratch, &message, &err));
    types_seen[message.type / 64] |= (uint64_t)1 << message.type % 64;
}

static void no_type_is_without_a_vector(void **state)
{
    (void)state;
    for_each(note_type);
    for (unsigned type = 0; type <= MESSAGE_TYPE_MAX; type++) {
        bool known = strncmp(message_name((enum message_type)type), "message ", 8) != 0;
        assert_int_equal(types_seen[type / 64] >> type % 64 & 1, known);
    }
}

static void cut_everywhere(const struct vector *vector, struct arena *scratch)
{
    for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
        for (size_t len = 0; len < vector->bytes[form].len; len++) {
            struct message message;
            struct err err;
            char *copy = malloc(len == 0 ? 1 : len);
            memcpy(copy, vector->bytes[form].ptr, len);
            assert_false(decodes(form, str_make(copy, len), scratch, &message, &err));
            assert_int_equal(err.code, ERR_INVALID);
            assert_true(err.text[0] != '\0');
            free(copy);
        }
    }
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for_each(cut_everywhere);
}

/* What was accepted, encoded and decoded again, is the same; it may lack a form elsewhere. */
static void encodes_to(enum serializer from, const struct message *message, enum serializer to)
{
    struct arena arena;
    struct buf out;
    struct message again;
    struct err err;
    arena_init(&arena, SCRATCH_MAX);
    buf_init(&out, BUF_MAX);
    if (!message_encode(message, to, &out)) {
        assert_true(to == SERIALIZER_JSON && from != to);
    } else if (!decodes(to, buf_str(&out), &arena, &again, &err)) {
        fail_msg("%s to %s: %s", names[from], names[to], err.text);
    } else {
        same(message, &again);
        assert_true(to != from || str_eq(message->payload.args, again.payload.args));
    }
    buf_done(&out);
    arena_done(&arena);
}

static void encodes_to_itself(enum serializer from, const struct message *message)
{
    for (enum serializer to = SERIALIZER_JSON; to < SERIALIZERS; to++) {
        encodes_to(from, message, to);
    }
}

static void bent_everywhere(const struct vector *vector, struct arena *scratch)
{
    for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
        size_t len = vector->bytes[form].len;
        char *copy = malloc(len);
        memcpy(copy, vector->bytes[form].ptr, len);
        for (size_t bit = 0; bit < len * 8; bit++) {
            struct message message;
            struct err err;
            copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
            if (decodes(form, str_make(copy, len), scratch, &message, &err)) {
                encodes_to_itself(form, &message);
            } else {
                assert_int_equal(err.code, ERR_INVALID);
            }
            copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
            arena_reset(scratch);
        }
        free(copy);
    }
}

static void a_message_with_a_flipped_bit_is_refused_or_means_the_same_everywhere(void **state)
{
    (void)state;
    for_each(bent_everywhere);
}

/* The message as a JSON list of its first `count` elements, with `text` for the element `at`, in
 * each serializer: refused with words that name the message. */
static void misshapen(const struct vector *vector, size_t count, size_t at, const char *text)
{
    struct arena arena;
    struct buf json;
    size_t have = slice_count(vector->message);
    arena_init(&arena, SCRATCH_MAX);
    buf_init(&json, BUF_MAX);
    for (size_t i = 0; i < count; i++) {
        struct str element =
            i == at || i >= have ? str_of(text) : slice_nth(vector->message, i).bytes;
        (void)buf_byte(&json, i == 0 ? '[' : ',');
        (void)buf_append(&json, element);
    }
    (void)buf_append(&json, count == 0 ? STR("[]") : STR("]"));
    for (enum serializer form = SERIALIZER_JSON; form < SERIALIZERS; form++) {
        struct buf out;
        struct emit emit;
        struct message message;
        struct err err;
        buf_init(&out, BUF_MAX);
        emit_init(&emit, form, &out);
        emit_slice(&emit, (struct slice){SERIALIZER_JSON, buf_str(&json)});
        if (decodes(form, buf_str(&out), &arena, &message, &err)) {
            fail_msg("accepted in %s: " PRISTR, names[form], STRARG(buf_str(&json)));
        }
        size_t word = (size_t)(strcspn(vector->name.ptr, " \""));
        bool named = strncmp(err.text, vector->name.ptr, word) == 0;
        if (!named && count > 0 && at != 0) {
            fail_msg(PRISTR ": %s", STRARG(buf_str(&json)), err.text);
        }
        buf_done(&out);
    }
    buf_done(&json);
    arena_done(&arena);
}

enum { NOWHERE = 99 };

static void wrong_counts(const struct vector *vector, struct arena *scratch)
{
    (void)scratch;
    for (size_t count = 0; count < vector->least; count++) {
        misshapen(vector, count, NOWHERE, "");
    }
    if (vector->most == slice_count(vector->message)) {
        misshapen(vector, vector->most + 1, NOWHERE, "{}");
        misshapen(vector, vector->most + 2, NOWHERE, "[]");
    }
}

static void a_message_of_too_few_or_too_many_elements_is_refused(void **state)
{
    (void)state;
    for_each(wrong_counts);
}

static void wrong_kinds(const struct vector *vector, struct arena *scratch)
{
    (void)scratch;
    static const struct {
        enum scan_kind kind;
        const char *text;
    } values[] = {{SCAN_NULL, "null"},
                  {SCAN_BOOL, "true"},
                  {SCAN_FLOAT, "1.5"},
                  {SCAN_STRING, "\"x\""},
                  {SCAN_LIST, "[]"},
                  {SCAN_MAP, "{}"},
                  {SCAN_BINARY, "\"\\u0000AQID\""}};
    /* What is no id, and no type of a message. */
    static const char *const integers[] = {"0", "-1", "9007199254740993", "18446744073709551615"};
    size_t count = slice_count(vector->message);
    for (size_t i = 0; i < count; i++) {
        enum scan_kind kind = slice_kind(slice_nth(vector->message, i));
        for (size_t j = 0; j < COUNT_OF(values); j++) {
            /* In JSON binary is a string. */
            if (values[j].kind != kind && !(values[j].kind == SCAN_BINARY && kind == SCAN_STRING)) {
                misshapen(vector, count, i, values[j].text);
            }
        }
        bool revoked = i == 1 && str_ends(vector->name, STR("revocation"));
        for (size_t j = revoked ? 1 : 0; j < COUNT_OF(integers); j++) {
            misshapen(vector, count, i, integers[j]);
        }
    }
}

static void an_element_of_another_kind_and_an_id_out_of_range_are_refused(void **state)
{
    (void)state;
    for_each(wrong_kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_read_and_written_byte_for_byte),
        cmocka_unit_test(no_type_is_without_a_vector),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(a_message_with_a_flipped_bit_is_refused_or_means_the_same_everywhere),
        cmocka_unit_test(a_message_of_too_few_or_too_many_elements_is_refused),
        cmocka_unit_test(an_element_of_another_kind_and_an_id_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
