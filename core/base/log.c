#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192, TAIL_BYTES = 32 };

static atomic_int current_level = LOG_LEVEL_INFO;
static atomic_int current_format = LOG_FORMAT_TEXT;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_setup(enum log_level level, enum log_format format)
{
    atomic_store(&current_level, (int)level);
    atomic_store(&current_format, (int)format);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

/* What is no UTF-8 is replaced: one client's bytes must not make a line unreadable. */
static void put_escaped(struct buf *line, struct str text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t len = 1;
        if (c >= 0x80) {
            len = utf8_len(str_from(text, i));
            (void)buf_append(line, len > 0 ? str_sub(text, i, len) : STR("\\ufffd"));
            len = len > 0 ? len : 1;
        } else if (c == '"' || c == '\\') {
            (void)buf_printf(line, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            (void)buf_printf(line, "\\u%04x", c);
        } else {
            (void)buf_byte(line, (char)c);
        }
        i += len;
    }
}

static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c == '"' || c == '\\' || c == '=' || c >= 0x7f) {
            return true;
        }
    }
    return text.len == 0;
}

static void put_value(struct buf *line, const struct log_field *field, bool json)
{
    if (field->kind == LOG_FIELD_U64) {
        (void)buf_printf(line, "%llu", (unsigned long long)field->number);
    } else if (field->kind == LOG_FIELD_I64) {
        (void)buf_printf(line, "%lld", (long long)(int64_t)field->number);
    } else if (json || needs_quotes(field->text)) {
        (void)buf_byte(line, '"');
        put_escaped(line, field->text);
        (void)buf_byte(line, '"');
    } else {
        (void)buf_append(line, field->text);
    }
}

static void put_head(struct buf *line, enum log_level level, const char *event, bool json)
{
    char now[CLOCK_ISO_SIZE];
    clock_iso(clock_wall_ms(), now);
    if (json) {
        (void)buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"", now,
                         level_names[level]);
        put_escaped(line, str_of(event));
        (void)buf_byte(line, '"');
    } else {
        (void)buf_printf(line, "%s %-5s %s", now, level_names[level], event);
    }
}

/* A field that does not fit is left out whole, so that a line stays readable. */
static void put_field(struct buf *line, const struct log_field *field, bool json)
{
    if (line->full) {
        return;
    }
    size_t before = line->len;
    (void)buf_printf(line, json ? ",\"%s\":" : " %s=", field->key);
    put_value(line, field, json);
    if (line->full) {
        line->len = before;
    }
}

void log_write(enum log_level level, const char *event, ...)
{
    if (!log_enabled(level)) {
        return;
    }
    bool json = atomic_load(&current_format) == LOG_FORMAT_JSON;
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    put_head(&line, level, event, json);

    va_list args;
    va_start(args, event);
    for (;;) {
        struct log_field field = va_arg(args, struct log_field);
        if (field.kind == LOG_FIELD_END) {
            break;
        }
        put_field(&line, &field, json);
    }
    va_end(args);
    bool cut = line.full;
    line.full = false;
    line.max = LINE_MAX_BYTES + TAIL_BYTES;
    if (cut) {
        (void)buf_append(&line, json ? STR(",\"cut\":true") : STR(" cut=true"));
    }
    (void)buf_append(&line, json ? STR("}\n") : STR("\n"));
    ssize_t written = write(STDERR_FILENO, line.ptr, line.len);
    (void)written; /* nobody left to tell */
    buf_done(&line);
}
