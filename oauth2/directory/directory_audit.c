/* directory_audit.c - bondy.audit.list: who did what, newest first. */
#include "directory/directory_inside.h"

enum { FILTER_MAX = 512 };

static void set_text(json_t *row, const char *key, struct str text)
{
    (void)json_object_set_new(row, key, json_stringn(text.ptr, text.len));
}

/* What is not known is left out. */
static void set_if_any(json_t *row, const char *key, struct str text)
{
    if (text.len > 0) {
        set_text(row, key, text);
    }
}

static json_t *external(const struct store_audit_row *row)
{
    const struct store_audit *what = &row->what;
    json_t *out = json_pack("{s:I, s:I, s:I}", "id", (json_int_t)row->id, "time",
                            (json_int_t)what->time_ms, "count", (json_int_t)what->times);
    set_text(out, "action", what->action);
    set_text(out, "outcome", what->outcome);
    set_text(out, "realm", what->realm);
    set_text(out, "actor", what->actor);
    set_if_any(out, "actor_realm", what->actor_realm);
    set_if_any(out, "authmethod", what->authmethod);
    set_if_any(out, "address", what->address);
    set_if_any(out, "request_id", what->request_id);
    set_if_any(out, "target", what->target);
    set_if_any(out, "error", what->error);
    set_if_any(out, "detail", what->detail);
    set_if_any(out, "before", row->before);
    set_if_any(out, "after", row->after);
    return out;
}

static bool option_ms(struct directory_call *call, const char *key, uint64_t *out)
{
    const json_t *value = directory_option(call, key);
    return value == NULL || directory_number(value, out) ||
           directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, key,
                               "%s is a time in milliseconds since 1970", key);
}

static bool read_query(struct directory_call *call, struct store_audit_query *out)
{
    out->limit = call->page.limit;
    if (call->page.after.len > 0 &&
        (!str_to_u64(call->page.after, &out->before) || out->before == 0)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "cursor",
                                   "cursor is what \"next\" of the page before was");
    }
    return directory_option_text(call, "realm", FILTER_MAX, &out->realm) &&
           directory_option_text(call, "actor", FILTER_MAX, &out->actor) &&
           directory_option_text(call, "action", FILTER_MAX, &out->action) &&
           directory_option_text(call, "outcome", FILTER_MAX, &out->outcome) &&
           option_ms(call, "since", &out->since_ms) && option_ms(call, "until", &out->until_ms);
}

static bool audit_list(struct directory_call *call)
{
    struct store_audit_query query = {0};
    const struct store_audit_row *rows = NULL;
    uint64_t next = 0;
    if (!read_query(call, &query)) {
        return false;
    }
    size_t count = store_view_audit(call->view, &query, &rows, &next);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, external(&rows[i]));
    }
    (void)directory_answer(call, list, 0);
    call->details = directory_keep(call, json_object());
    if (next > 0) {
        struct str text = arena_printf(call->arena, "%llu", (unsigned long long)next);
        set_text(call->details, "next", text);
    }
    return true;
}

const struct directory_operation directory_audit_operations[] = {
    {STR_INIT("bondy.audit.list"), DIRECTORY_MASTER | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL,
     audit_list},
    {.run = NULL},
};
