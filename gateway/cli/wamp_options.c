/* wamp_options.c - checks options and writes them down as a map. */
#include "cli/wamp_options.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/duration.h"
#include "cli/option.h"
#include "payload/emit.h"
#include "wamp/message.h"

enum { LIST_MAX = 4096, WORDS_MAX = 32 };

static const char *text_of(const struct command *command, const struct wamp_option *row)
{
    return *(const char *const *)(const void *)((const char *)command + row->offset);
}

static bool given(const struct command *command, const struct wamp_option *row)
{
    const char *field = (const char *)command + row->offset;
    switch (row->kind) {
    case WAMP_FLAG:
        return *(const bool *)(const void *)field;
    case WAMP_CHOICE:
        return *(const enum choice *)(const void *)field != CHOICE_NONE;
    default:
        return text_of(command, row) != NULL;
    }
}

int wamp_option_number(const char *name, const char *text, uint64_t *out)
{
    uint64_t number = 0;
    if (text == NULL) {
        return EXIT_OK;
    }
    if (!str_to_u64(str_of(text), &number) || number == 0 || number > WAMP_ID_MAX) {
        command_complain("--%s is a number from 1 on, not '%s'", name, text);
        return EXIT_USAGE;
    }
    *out = number;
    return EXIT_OK;
}

static int option_time(const char *name, const char *text, uint64_t bare_ms, uint64_t *out)
{
    if (text == NULL || duration_read(str_of(text), bare_ms, out)) {
        return EXIT_OK;
    }
    command_complain("--%s is a time such as 500ms, 2s or 5m, not '%s'", name, text);
    return EXIT_USAGE;
}

int wamp_option_ms(const char *name, const char *text, uint64_t *out)
{
    return option_time(name, text, 1, out);
}

int wamp_option_needs(const char *name, bool is_given, const char *other, bool other_given)
{
    if (!is_given || other_given) {
        return EXIT_OK;
    }
    command_complain("--%s says nothing without --%s: give both, or none", name, other);
    return EXIT_USAGE;
}

static int emit_number(const struct wamp_option *row, const char *text, struct emit *emit)
{
    uint64_t number = 0;
    int code = EXIT_OK;
    switch (row->kind) {
    case WAMP_MS:
        code = option_time(row->name, text, 1, &number);
        break;
    case WAMP_SECONDS:
        code = option_time(row->name, text, 1000, &number);
        number /= 1000;
        break;
    default:
        code = wamp_option_number(row->name, text, &number);
        break;
    }
    emit_u64(emit, number);
    return code;
}

static int emit_word(const struct wamp_option *row, const char *text, struct emit *emit)
{
    struct str words[WORDS_MAX];
    struct str rest = str_of(row->words);
    size_t count = 0;
    emit_str(emit, str_of(text));
    if (option_listed(row->words, text)) {
        return EXIT_OK;
    }
    while (count < WORDS_MAX && str_cut(rest, ' ', &words[count], &rest)) {
        count++;
    }
    count += count < WORDS_MAX;
    struct str nearest = str_nearest(str_of(text), words, count);
    command_complain("--%s is one of %s, not '%s'%s" PRISTR "%s", row->name, row->words, text,
                     nearest.len > 0 ? "; did you mean " : "", STRARG(nearest),
                     nearest.len > 0 ? "?" : "");
    return EXIT_USAGE;
}

static int emit_items(const struct wamp_option *row, const char *text, struct emit *emit)
{
    struct str rest = str_of(text);
    uint32_t count = rest.len > 0 ? 1 : 0;
    for (size_t i = 0; i < rest.len; i++) {
        count += rest.ptr[i] == ',' ? 1u : 0u;
    }
    if (count > LIST_MAX) {
        command_complain("--%s has %u items: %d at most", row->name, count, LIST_MAX);
        return EXIT_USAGE;
    }
    emit_list(emit, count);
    for (uint32_t i = 0; i < count; i++) {
        struct str item;
        uint64_t id = 0;
        (void)str_cut(rest, ',', &item, &rest);
        item = str_trim(item);
        if (row->kind == WAMP_NAMES) {
            emit_str(emit, item);
        } else if (str_to_u64(item, &id) && id > 0 && id <= WAMP_ID_MAX) {
            emit_u64(emit, id);
        } else {
            command_complain("--%s is a list of session ids with commas between, not '%s'",
                             row->name, text);
            return EXIT_USAGE;
        }
    }
    return EXIT_OK;
}

static int
emit_option(const struct command *command, const struct wamp_option *row, struct emit *emit)
{
    const char *field = (const char *)command + row->offset;
    emit_key(emit, str_of(row->key));
    switch (row->kind) {
    case WAMP_FLAG:
        emit_bool(emit, true);
        return EXIT_OK;
    case WAMP_CHOICE:
        emit_bool(emit, *(const enum choice *)(const void *)field == CHOICE_YES);
        return EXIT_OK;
    case WAMP_FIXED:
        emit_str(emit, str_of(row->words));
        return EXIT_OK;
    case WAMP_WORD:
        return emit_word(row, text_of(command, row), emit);
    case WAMP_IDS:
    case WAMP_NAMES:
        return emit_items(row, text_of(command, row), emit);
    case WAMP_TEXT:
        emit_str(emit, str_of(text_of(command, row)));
        return EXIT_OK;
    default:
        return emit_number(row, text_of(command, row), emit);
    }
}

int wamp_options_make(const struct command *command,
                      const struct wamp_option *rows,
                      size_t count,
                      struct buf *out,
                      struct slice *options)
{
    struct emit emit;
    uint32_t number = 0;
    *options = (struct slice){0};
    for (size_t i = 0; i < count; i++) {
        const char *text = rows[i].kind < WAMP_FLAG ? text_of(command, &rows[i]) : NULL;
        number += given(command, &rows[i]) ? 1u : 0u;
        if (text != NULL && !utf8_valid(str_of(text))) {
            command_complain("--%s is not UTF-8: look at the terminal's locale", rows[i].name);
            return EXIT_USAGE;
        }
    }
    if (number == 0) {
        return EXIT_OK;
    }
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    emit_map(&emit, number);
    for (size_t i = 0; i < count; i++) {
        int code = given(command, &rows[i]) ? emit_option(command, &rows[i], &emit) : EXIT_OK;
        if (code != EXIT_OK) {
            return code;
        }
    }
    if (out->full) {
        command_complain("the options are longer than %d bytes together: give fewer",
                         (int)out->max);
        return EXIT_USAGE;
    }
    *options = (struct slice){SERIALIZER_MSGPACK, buf_str(out)};
    return EXIT_OK;
}
