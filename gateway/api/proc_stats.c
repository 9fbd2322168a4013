/* proc_stats.c - bondy.stats.get: how this node does. On the caller's worker. */
#include "api/proc_inside.h"
#include "stats/stats.h"
#include "wamp/fault.h"

enum { ANSWER_MAX = 4 << 20 };

/* A number, or a text that is one; absent and "" are 0. */
static bool read_history(const json_t *kwargs, unsigned *out)
{
    const json_t *value = json_object_get(kwargs, "history");
    uint64_t number = 0;
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        number = (uint64_t)json_integer_value(value);
    } else if (json_is_string(value) && json_string_length(value) > 0) {
        if (!str_to_u64(str_make(json_string_value(value), json_string_length(value)), &number)) {
            return false;
        }
    } else if (value != NULL && !json_is_string(value)) {
        return false;
    }
    *out = (unsigned)number;
    return number <= STATS_HISTORY_MAX;
}

static void run_get(struct procs *procs, const struct builtin_call *from)
{
    json_t *args = NULL;
    json_t *kwargs = NULL;
    unsigned history = 0;
    if (procs->options.stats == NULL) {
        proc_fail(from->router, from->handle, FAULT_UNAVAILABLE, "nobody counts here", NULL);
        return;
    }
    bool good = proc_args(from->payload, &args, &kwargs) && json_array_size(args) == 0 &&
                read_history(kwargs, &history);
    json_decref(args);
    json_decref(kwargs);
    if (!good) {
        proc_fail(from->router, from->handle, FAULT_INVALID_ARGUMENT,
                  "history must be a number of seconds, of which 120 are kept; and there are no "
                  "arguments",
                  NULL);
        return;
    }
    struct buf bytes;
    buf_init(&bytes, ANSWER_MAX);
    (void)buf_byte(&bytes, '[');
    stats_write(procs->options.stats, history, &bytes);
    (void)buf_byte(&bytes, ']');
    builtin_answer(from->router, from->handle,
                   &(struct payload){.serializer = SERIALIZER_JSON, .args = buf_str(&bytes)});
    buf_done(&bytes);
}

const struct proc_entry proc_stats_entries[] = {
    {STR_INIT("bondy.stats.get"), true, run_get},
    {.run = NULL},
};
