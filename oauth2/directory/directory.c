/* directory.c - the list of tables, and what every operation needs: arguments, records, answers. */
#include "base/mem.h"
#include "base/utf8.h"
#include "directory/directory_inside.h"

#include <stdarg.h>
#include <stdio.h>

enum { LIMIT_MAX = 10000, NUMBER_TEXT_MAX = 20, DUMP_ROOM = 64 << 10, EVENTS_FIRST = 8 };

const struct directory_operation *const directory_operations[] = {
    directory_audit_operations, directory_grant_operations,       directory_group_operations,
    directory_rbac_operations,  directory_api_key_operations,     directory_source_operations,
    directory_user_operations,  directory_user_change_operations, directory_realm_operations,
    directory_key_operations,   directory_ticket_operations,      directory_client_operations,
    directory_owner_operations, directory_oauth_token_operations, NULL,
};

bool directory_refuse_at(struct directory_call *call,
                         const char *uri,
                         const json_t *node,
                         const char *key,
                         const char *format,
                         ...)
{
    va_list args;
    call->error.uri = str_of(uri);
    call->error.node = node;
    call->error.key = key;
    va_start(args, format);
    (void)vsnprintf(call->error.text, sizeof(call->error.text), format, args);
    va_end(args);
    utf8_mend(call->error.text); /* names were cut by bytes */
    return false;
}

bool directory_refuse(struct directory_call *call, const char *uri, const char *format, ...)
{
    va_list args;
    call->error = (struct directory_error){.uri = str_of(uri)};
    va_start(args, format);
    (void)vsnprintf(call->error.text, sizeof(call->error.text), format, args);
    va_end(args);
    utf8_mend(call->error.text); /* names were cut by bytes */
    return false;
}

static void release(void *value)
{
    json_decref(value);
}

json_t *directory_keep(struct directory_call *call, json_t *value)
{
    if (value != NULL) {
        arena_defer(call->arena, release, value);
    }
    return value;
}

bool directory_arg_text(struct directory_call *call, size_t at, struct str *out)
{
    const json_t *arg = json_array_get(call->args, at);
    if (!json_is_string(arg) || json_string_length(arg) == 0) {
        return directory_refuse(call, DIRECTORY_INVALID, "argument %zu must be a text", at + 1);
    }
    *out = str_make(json_string_value(arg), json_string_length(arg));
    return true;
}

bool directory_arg_name(struct directory_call *call, size_t at, struct str *out)
{
    char *folded = arena_alloc(call->arena, RBAC_NAME_MAX);
    struct str name = STR_EMPTY;
    if (!directory_arg_text(call, at, &name)) {
        return false;
    }
    return rbac_name_fold(name, folded, out) ||
           directory_refuse(call, DIRECTORY_NOT_FOUND, "argument %zu is nobody's name", at + 1);
}

bool directory_arg_object(struct directory_call *call, size_t at, const json_t **out)
{
    *out = json_array_get(call->args, at);
    return json_is_object(*out) ||
           directory_refuse(call, DIRECTORY_INVALID, "argument %zu must be a map", at + 1);
}

bool directory_only_keys(struct directory_call *call, const json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        struct str allowed[32];
        size_t count = 0;
        bool known = false;
        for (; keys[count] != NULL && count < COUNT_OF(allowed); count++) {
            allowed[count] = str_of(keys[count]);
            known = known || str_eq(allowed[count], str_of(key));
        }
        if (!known) {
            struct str near = str_nearest(str_of(key), allowed, count);
            return directory_refuse_at(
                call, DIRECTORY_INVALID, object, key, "unknown key \"%.64s\"%s" PRISTR "%s", key,
                near.len > 0 ? ", is \"" : "", STRARG(near), near.len > 0 ? "\" meant?" : "");
        }
    }
    return true;
}

struct str directory_member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

struct str directory_folded(struct directory_call *call, struct str text)
{
    char *copy = arena_cstr(call->arena, text);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] | 0x20) : copy[i];
    }
    return str_make(copy, text.len);
}

json_t *directory_get_in(struct directory_call *call,
                         struct str realm,
                         struct str kind,
                         struct str key,
                         const struct store_record **out_record)
{
    const struct store_record *record = store_view_get(call->view, kind, realm, key);
    if (out_record != NULL) {
        *out_record = record;
    }
    return record == NULL
               ? NULL
               : directory_keep(call, json_loadb(record->value.ptr, record->value.len, 0, NULL));
}

json_t *directory_get(struct directory_call *call,
                      struct str kind,
                      struct str key,
                      const struct store_record **out_record)
{
    return directory_get_in(call, call->realm, kind, key, out_record);
}

bool directory_dump(struct directory_call *call, const json_t *value, struct str *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    struct str bytes = str_of(text);
    bool room = arena_room(call->arena, bytes.len + DUMP_ROOM);
    if (room) {
        *out = arena_str(call->arena, bytes);
    }
    free(text);
    return room || directory_refuse(call, DIRECTORY_TOO_LARGE,
                                    "it would change more than there is room for: do it in parts");
}

struct str directory_quoted(struct directory_call *call, struct str name)
{
    json_t *text = json_stringn(name.ptr, name.len);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    struct str kept = arena_str(call->arena, str_of(quoted));
    free(quoted);
    json_decref(text);
    return kept;
}

bool directory_put(struct directory_call *call,
                   struct str kind,
                   struct str key,
                   const json_t *value,
                   uint64_t expect)
{
    struct store_write write = {.kind = kind, .realm = call->realm, .key = key, .expect = expect};
    return directory_dump(call, value, &write.value) && store_view_put(call->view, &write);
}

bool directory_remove_in(struct directory_call *call,
                         struct str realm,
                         struct str kind,
                         struct str key)
{
    const struct store_write write = {
        .kind = kind, .realm = realm, .key = key, .remove = true, .expect = STORE_ANY_VERSION};
    return store_view_put(call->view, &write);
}

bool directory_remove(struct directory_call *call, struct str kind, struct str key)
{
    return directory_remove_in(call, call->realm, kind, key);
}

bool directory_expected(struct directory_call *call, const struct store_record *record)
{
    if (call->expect == STORE_ANY_VERSION || (record != NULL && record->version == call->expect)) {
        return true;
    }
    return directory_refuse(call, DIRECTORY_PRECONDITION,
                            "it is at version %llu, not %llu: read it again",
                            record == NULL ? 0ULL : (unsigned long long)record->version,
                            (unsigned long long)call->expect);
}

bool directory_answer(struct directory_call *call, json_t *result, uint64_t version)
{
    call->result = directory_keep(call, result);
    if (version > 0) {
        call->details = directory_keep(call, json_pack("{s:I}", "version", (json_int_t)version));
    }
    return true;
}

bool directory_answer_list(struct directory_call *call,
                           struct str kind,
                           directory_external_fn external)
{
    const struct store_record *records = NULL;
    struct store_page page = call->page;
    page.limit += page.limit > 0 ? 1 : 0; /* one more tells whether there is a next page */
    size_t count = store_view_list(call->view, kind, call->realm, &page, &records);
    bool more = call->page.limit > 0 && count > call->page.limit;
    count -= more ? 1 : 0;
    json_t *list = directory_keep(call, json_array());
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        (void)json_array_append_new(list, external(call, value));
        json_decref(value);
    }
    size_t total = store_view_count(call->view, kind, call->realm, &call->page);
    call->result = list;
    call->details = directory_keep(call, json_pack("{s:I}", "total", (json_int_t)total));
    if (more) {
        struct str last = records[count - 1].key;
        (void)json_object_set_new(call->details, "next", json_stringn(last.ptr, last.len));
    }
    return true;
}

/* Of so many that there is no room for more the rest is not told. */
static bool more_events(struct directory_call *call)
{
    size_t cap = call->event_cap == 0 ? EVENTS_FIRST : 2 * call->event_cap;
    if (!arena_room(call->arena, cap * sizeof(struct directory_event) + DUMP_ROOM)) {
        return false;
    }
    struct directory_event *events = ARENA_ARRAY(call->arena, struct directory_event, cap);
    for (size_t i = 0; i < call->event_count; i++) {
        events[i] = call->events[i];
    }
    call->events = events;
    call->event_cap = cap;
    return true;
}

void directory_tell_in(struct directory_call *call,
                       struct str realm,
                       struct str topic,
                       json_t *args)
{
    (void)directory_keep(call, args);
    if (call->event_count == call->event_cap && !more_events(call)) {
        return;
    }
    call->events[call->event_count++] = (struct directory_event){realm, topic, args};
}

void directory_tell(struct directory_call *call, struct str topic, json_t *args)
{
    directory_tell_in(call, call->realm, topic, args);
}

bool directory_number(const json_t *value, uint64_t *out)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return true;
    }
    return json_is_string(value) && json_string_length(value) <= NUMBER_TEXT_MAX &&
           str_to_u64(str_of(json_string_value(value)), out);
}

const json_t *directory_option(const struct directory_call *call, const char *key)
{
    const json_t *value = json_object_get(call->kwargs, key);
    bool empty = json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
    return empty ? NULL : value;
}

bool directory_option_text(struct directory_call *call,
                           const char *key,
                           size_t max,
                           struct str *out)
{
    const json_t *value = directory_option(call, key);
    if (value == NULL) {
        return true;
    }
    if (!json_is_string(value) || json_string_length(value) > max) {
        return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, key,
                                   "%s must be a text of at most %zu bytes", key, max);
    }
    *out = str_make(json_string_value(value), json_string_length(value));
    return true;
}

/* "3" or W/"3", as our ETags are, or "*": whatever is there. */
static bool read_if_match(struct directory_call *call)
{
    struct str text = STR_EMPTY;
    const json_t *value = directory_option(call, "if_match");
    if (value == NULL) {
        return true;
    }
    if (directory_number(value, &call->expect) ||
        (directory_option_text(call, "if_match", NUMBER_TEXT_MAX + 4, &text) &&
         str_eq(text, STR("*")))) {
        return true;
    }
    text = str_starts(text, STR("W/")) ? str_from(text, 2) : text;
    bool quoted = text.len > 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return (quoted && str_to_u64(str_sub(text, 1, text.len - 2), &call->expect)) ||
           directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "if_match",
                               "if_match is an ETag as it was given: \"3\"");
}

static bool read_page(struct directory_call *call)
{
    struct str sort = STR_EMPTY;
    uint64_t limit = 0;
    const json_t *wanted = directory_option(call, "limit");
    if (wanted != NULL && (!directory_number(wanted, &limit) || limit == 0 || limit > LIMIT_MAX)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "limit",
                                   "limit is a number from 1 to %d", LIMIT_MAX);
    }
    call->page.limit = limit;
    if (!directory_option_text(call, "cursor", 4096, &call->page.after) ||
        !directory_option_text(call, "filter", 1024, &call->page.contains) ||
        !directory_option_text(call, "sort", 16, &sort)) {
        return false;
    }
    call->page.descending = str_eq(sort, STR("-name"));
    return sort.len == 0 || call->page.descending || str_eq(sort, STR("name")) ||
           directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "sort",
                               "sort is \"name\" or \"-name\"");
}

bool directory_read_options(struct directory_call *call)
{
    call->expect = STORE_ANY_VERSION;
    return read_if_match(call) &&
           ((call->operation->flags & DIRECTORY_LIST) == 0 || read_page(call));
}

static bool no_realm(struct directory_call *call)
{
    return directory_refuse(call, DIRECTORY_NO_REALM,
                            "no realm %.200s: postern realm create %.200s --open", call->realm.ptr,
                            call->realm.ptr);
}

bool directory_realm_known(struct directory_call *call)
{
    return (call->operation->flags & DIRECTORY_REALM) == 0 ||
           rbac_realm_find(call->present, call->realm) != NULL || no_realm(call);
}

bool directory_run(struct directory_call *call, struct store_view *view)
{
    const struct directory_operation *operation = call->operation;
    call->view = view;
    call->result = NULL;
    call->details = NULL;
    call->event_count = 0;
    call->error = (struct directory_error){0};
    bool ok = false;
    if ((operation->flags & DIRECTORY_REALM) != 0 &&
        store_view_get(view, STR("realm"), STR_EMPTY, call->realm) == NULL) {
        (void)no_realm(call);
    } else {
        ok = operation->run(call);
    }
    if (store_view_failed(view)) {
        call->error = (struct directory_error){0}; /* what could not be read looks like nothing */
        return false;
    }
    return ok;
}
