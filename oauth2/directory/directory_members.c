/* directory_members.c - lists of those who are in a group: users, and groups that it is nested in.
 *
 * Runs in the store's thread. Of the realm's records only those are read that have the group's name
 * in their text, and copied are only those of the page. */
#include "directory/directory_inside.h"

#include <string.h>

struct members {
    struct directory_call *call;
    struct str group;
    struct str quoted; /* as a record has it */
    size_t total;      /* of the search, whatever the page */
    size_t ahead;      /* of those, how many the cursor leaves */
    size_t first;      /* of `ahead`, those that are answered */
    size_t end;
};

static bool has_in_groups(struct str text, struct str group)
{
    json_t *value = json_loadb(text.ptr, text.len, 0, NULL);
    const json_t *groups = json_object_get(value, "groups");
    bool found = false;
    for (size_t i = 0; i < json_array_size(groups) && !found; i++) {
        const json_t *name = json_array_get(groups, i);
        found = json_is_string(name) &&
                str_eq(str_make(json_string_value(name), json_string_length(name)), group);
    }
    json_decref(value);
    return found;
}

static bool contains(struct str key, struct str part)
{
    for (size_t i = 0; i + part.len <= key.len; i++) {
        if (str_eq_nocase(str_sub(key, i, part.len), part)) {
            return true;
        }
    }
    return false;
}

static bool is_ahead(const struct store_page *page, struct str key)
{
    int order = page->after.len == 0 ? 0 : str_cmp(key, page->after);
    return page->after.len == 0 || (page->descending ? order < 0 : order > 0);
}

/* Takes those of the page; their order is that of the keys. */
static bool on_page(void *ctx, struct str key, struct str value)
{
    struct members *members = ctx;
    const struct store_page *page = &members->call->page;
    if (memmem(value.ptr, value.len, members->quoted.ptr, members->quoted.len) == NULL ||
        !contains(key, page->contains) || !has_in_groups(value, members->group)) {
        return false;
    }
    members->total++;
    if (!is_ahead(page, key)) {
        return false;
    }
    size_t at = members->ahead++;
    return at >= members->first && at < members->end;
}

static size_t look(struct members *members, struct str kind, const struct store_record **out)
{
    members->total = 0;
    members->ahead = 0;
    return store_view_select(members->call->view, kind, members->call->realm, on_page, members,
                             out);
}

static bool answer_members(struct directory_call *call,
                           struct str kind,
                           struct str group,
                           directory_external_fn external)
{
    const struct store_record *records = NULL;
    struct members members = {
        .call = call, .group = group, .quoted = directory_quoted(call, group)};
    size_t limit = call->page.limit == 0 ? SIZE_MAX : call->page.limit;
    bool down = call->page.descending;
    members.end = limit;
    if (down) { /* the page is the end of what is ahead, so that is counted first */
        members.end = 0;
        (void)look(&members, kind, &records);
        members.end = members.ahead;
        members.first = members.ahead > limit ? members.ahead - limit : 0;
    }
    size_t count = look(&members, kind, &records);
    json_t *list = directory_keep(call, json_array());
    for (size_t i = 0; i < count; i++) {
        const struct store_record *record = &records[down ? count - 1 - i : i];
        json_t *value = json_loadb(record->value.ptr, record->value.len, 0, NULL);
        (void)json_array_append_new(list, external(call, value));
        json_decref(value);
    }
    call->result = list;
    call->details = directory_keep(call, json_pack("{s:I}", "total", (json_int_t)members.total));
    if (count > 0 && count < members.ahead) {
        struct str last = records[down ? 0 : count - 1].key;
        (void)json_object_set_new(call->details, "next", json_stringn(last.ptr, last.len));
    }
    return true;
}

bool directory_answer_list_of(struct directory_call *call,
                              struct str kind,
                              directory_external_fn external)
{
    char bytes[RBAC_NAME_MAX];
    struct str text = STR_EMPTY;
    struct str group = STR_EMPTY;
    if (!directory_option_text(call, "group", RBAC_NAME_MAX, &text)) {
        return false;
    }
    if (text.len == 0) {
        return directory_answer_list(call, kind, external);
    }
    (void)rbac_name_fold(text, bytes, &group);
    return answer_members(call, kind, arena_str(call->arena, group), external);
}
