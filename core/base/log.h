/* log.h - what happened, as a fixed sentence and fields; text or JSON lines on stderr.
 *
 *     log_info("session opened", KV_STR("realm", realm), KV_U64("session", id));
 *
 * error: a person must act; warn; info; debug. A function either returns an
 * error or logs it, never both. Never log tokens, passwords or bodies. One
 * write a line, any thread. Values are escaped: a client cannot forge a line.
 */
#ifndef POSTERN_BASE_LOG_H
#define POSTERN_BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum log_field_kind { LOG_FIELD_END, LOG_FIELD_STR, LOG_FIELD_U64, LOG_FIELD_I64 };

struct log_field {
    const char *key;
    enum log_field_kind kind;
    struct str text;
    uint64_t number;
};

#define KV_STR(k, v)  ((struct log_field){(k), LOG_FIELD_STR, (v), 0})
#define KV_CSTR(k, v) ((struct log_field){(k), LOG_FIELD_STR, str_of(v), 0})
#define KV_U64(k, v)  ((struct log_field){(k), LOG_FIELD_U64, {0}, (uint64_t)(v)})
#define KV_I64(k, v)  ((struct log_field){(k), LOG_FIELD_I64, {0}, (uint64_t)(int64_t)(v)})
#define KV_ERR(e)     ((struct log_field){"error", LOG_FIELD_STR, str_of((e)->text), 0})
#define KV_END        ((struct log_field){.kind = LOG_FIELD_END})

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__, KV_END)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__, KV_END)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__, KV_END)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__, KV_END)

/* Before the first thread starts. */
void log_setup(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);

/* Fields are struct log_field by value, the last is KV_END. Use the macros. */
void log_write(enum log_level level, const char *event, ...);

#endif
