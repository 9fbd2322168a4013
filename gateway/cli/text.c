/* text.c - payloads from JSON and as JSON. */
#include "cli/text.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4 * TEXT_MAX };

void arguments_init(struct arguments *arguments)
{
    buf_init(&arguments->args, TEXT_MAX);
    buf_init(&arguments->kwargs, TEXT_MAX);
    arguments->payload = (struct payload){.serializer = SERIALIZER_JSON};
}

void arguments_done(struct arguments *arguments)
{
    buf_done(&arguments->args);
    buf_done(&arguments->kwargs);
}

static void settle(struct arguments *arguments)
{
    arguments->payload.args = buf_str(&arguments->args);
    arguments->payload.kwargs = buf_str(&arguments->kwargs);
}

static int add_json(struct buf *out, const char *word)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice value = {SERIALIZER_JSON, str_of(word)};
    if (!slice_valid(value, &problem, &offset)) {
        command_complain("'%.200s' is not JSON: %s at byte %zu (a text is written '\"text\"')",
                         word, problem, offset);
        return EXIT_INVALID;
    }
    if (!buf_append(out, value.bytes)) {
        command_complain("the arguments are longer than %d bytes", TEXT_MAX);
        return EXIT_INVALID;
    }
    return EXIT_OK;
}

int arguments_read(const struct command *command, struct arguments *out)
{
    (void)buf_byte(&out->args, '[');
    for (size_t i = 1; i < command->word_count; i++) {
        if (i > 1) {
            (void)buf_byte(&out->args, ',');
        }
        int code = add_json(&out->args, command->words[i]);
        if (code != EXIT_OK) {
            return code;
        }
    }
    (void)buf_byte(&out->args, ']');
    if (command->kwargs != NULL) {
        int code = add_json(&out->kwargs, command->kwargs);
        if (code != EXIT_OK) {
            return code;
        }
        if (slice_kind((struct slice){SERIALIZER_JSON, buf_str(&out->kwargs)}) != SCAN_MAP) {
            command_complain("-k wants a JSON object, such as '{\"name\": 1}'");
            return EXIT_INVALID;
        }
    }
    settle(out);
    return EXIT_OK;
}

/* Whether the value is {args: [...], kwargs: {...}}, one of both at least. */
static bool is_payload(struct slice value, struct slice *args, struct slice *kwargs)
{
    if (slice_kind(value) != SCAN_MAP) {
        return false;
    }
    *args = slice_get(value, STR("args"));
    *kwargs = slice_get(value, STR("kwargs"));
    bool has_args = args->serializer != SERIALIZER_NONE;
    bool has_kwargs = kwargs->serializer != SERIALIZER_NONE;
    return (has_args || has_kwargs) && (!has_args || slice_kind(*args) == SCAN_LIST) &&
           (!has_kwargs || slice_kind(*kwargs) == SCAN_MAP);
}

bool arguments_read_line(struct str line, struct arguments *out, struct err *err)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice value = {SERIALIZER_JSON, str_trim(line)};
    struct slice args = {0};
    struct slice kwargs = {0};
    buf_clear(&out->args);
    buf_clear(&out->kwargs);
    if (!slice_valid(value, &problem, &offset)) {
        return err_set(err, ERR_INVALID, "is not JSON: %s at byte %zu", problem, offset);
    }
    if (is_payload(value, &args, &kwargs)) {
        (void)buf_append(&out->args, args.bytes);
        (void)buf_append(&out->kwargs, kwargs.bytes);
    } else {
        (void)buf_byte(&out->args, '[');
        (void)buf_append(&out->args, value.bytes);
        (void)buf_byte(&out->args, ']');
    }
    settle(out);
    return !(out->args.full || out->kwargs.full) ||
           err_set(err, ERR_LIMIT, "is longer than %d bytes", TEXT_MAX);
}

static void emit_or(struct emit *emit, struct slice value, struct str otherwise)
{
    bool there = value.bytes.len > 0;
    emit_slice(emit, there ? value : (struct slice){SERIALIZER_JSON, otherwise});
}

bool text_write(const struct text_line *line, struct buf *out)
{
    const struct payload *payload = line->payload;
    struct emit emit;
    emit_init(&emit, SERIALIZER_JSON, out);
    emit_map(&emit, 2u + (line->topic.ptr != NULL) + (line->publication != 0) + line->detailed);
    if (line->topic.ptr != NULL) {
        emit_key(&emit, STR("topic"));
        emit_str(&emit, line->topic);
    }
    emit_key(&emit, STR("args"));
    emit_or(&emit, (struct slice){payload->serializer, payload->args}, STR("[]"));
    emit_key(&emit, STR("kwargs"));
    emit_or(&emit, (struct slice){payload->serializer, payload->kwargs}, STR("{}"));
    if (line->publication != 0) {
        emit_key(&emit, STR("publication"));
        emit_u64(&emit, line->publication);
    }
    if (line->detailed) {
        emit_key(&emit, STR("details"));
        emit_or(&emit, line->details, STR("{}"));
    }
    return !emit.failed && !out->full;
}

bool text_print_line(struct str line)
{
    bool written = fwrite(line.ptr, 1, line.len, stdout) == line.len && fputc('\n', stdout) != EOF;
    if (written && fflush(stdout) == 0) {
        return true;
    }
    command_complain("cannot write to stdout: %s", strerror(errno));
    return false;
}

bool text_print(const struct text_line *line)
{
    struct buf text;
    buf_init(&text, LINE_MAX_BYTES);
    bool fine = text_write(line, &text);
    if (fine) {
        fine = text_print_line(buf_str(&text));
    } else {
        command_complain("a payload that JSON cannot express is left out");
    }
    buf_done(&text);
    return fine;
}
