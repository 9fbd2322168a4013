/* directory_source.c - bondy.source.*: who may come in by which method from which addresses. */
#include "base/cidr.h"
#include "base/mem.h"
#include "directory/directory_inside.h"

#include <stdlib.h>

#define SOURCE         STR("source")
#define SOURCE_ADDED   STR("bondy.source.added")
#define SOURCE_DELETED STR("bondy.source.deleted")

enum { LINES_MAX = 10 * 1000 }; /* of one call */

static json_t *external(struct directory_call *call, const json_t *value)
{
    json_t *meta = json_object_get(value, "meta");
    (void)call;
    return json_pack("{s:s, s:s, s:O, s:O, s:O, s:o}", "type", "source", "version", "1.1",
                     "username", json_object_get(value, "username"), "authmethod",
                     json_object_get(value, "authmethod"), "cidr", json_object_get(value, "cidr"),
                     "meta", meta == NULL ? json_object() : json_incref(meta));
}

/* [realm, username(s), cidr, method(s)]. */
static void tell(struct directory_call *call,
                 struct str topic,
                 json_t *users /* stolen */,
                 const json_t *cidr,
                 json_t *methods /* stolen */)
{
    directory_tell(
        call, topic,
        json_pack("[s%, o, O, o]", call->realm.ptr, call->realm.len, users, cidr, methods));
}

static struct str username_of(struct str key)
{
    struct str head;
    struct str rest = STR_EMPTY;
    struct str name = STR_EMPTY;
    return str_cut(key, ' ', &head, &rest) && str_cut(rest, ' ', &head, &name) ? name : STR_EMPTY;
}

static bool not_for_anybody(struct directory_call *call, const struct realm_writes *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (!directory_anybody_allowed(call, username_of(lines->writes[i].key))) {
            return false;
        }
    }
    return true;
}

static bool read_lines(struct directory_call *call, struct realm_writes *out)
{
    static const char *const keys[] = {"usernames", "username", "authmethod", "cidr",
                                       "meta",      "type",     "version",    NULL};
    const json_t *source = NULL;
    if (!directory_arg_object(call, 0, &source) || !directory_only_keys(call, source, keys)) {
        return false;
    }
    json_t *element = directory_keep(call, json_deep_copy(source));
    json_t *name = json_object_get(source, "username");
    if (name != NULL && json_object_get(source, "usernames") == NULL) {
        (void)json_object_set(element, "usernames", name); /* as a source is shown */
    }
    bool few = json_array_size(json_object_get(element, "usernames")) <= LINES_MAX;
    if (few && !directory_lines(call, "sources", json_incref(element), SOURCE, out)) {
        return false;
    }
    if (!few || out->count == 0) {
        return directory_refuse_at(call, DIRECTORY_INVALID, source, "usernames",
                                   "\"usernames\" must be \"all\" or a list of 1 to %d names",
                                   LINES_MAX);
    }
    return not_for_anybody(call, out);
}

/* The source as it was given, in its one spelling. */
static json_t *given(struct directory_call *call, const struct realm_writes *lines)
{
    const struct str text = lines->writes[0].value;
    json_t *first = json_loadb(text.ptr, text.len, 0, NULL);
    json_t *source = external(call, first);
    json_t *users = json_array();
    for (size_t i = 0; i < lines->count; i++) {
        struct str name = username_of(lines->writes[i].key);
        (void)json_array_append_new(users, json_stringn(name.ptr, name.len));
    }
    json_decref(first);
    (void)json_object_del(source, "username");
    (void)json_object_set_new(source, "usernames", users);
    return source;
}

static bool source_add(struct directory_call *call)
{
    struct realm_writes lines = {0};
    if (!read_lines(call, &lines) || lines.count == 0) {
        return false;
    }
    json_t *source = directory_keep(call, given(call, &lines));
    if (!directory_merge(call, &lines)) {
        return false;
    }
    if (lines.count > 0) {
        tell(call, SOURCE_ADDED, json_incref(json_object_get(source, "usernames")),
             json_object_get(source, "cidr"),
             json_pack("[O]", json_object_get(source, "authmethod")));
    }
    return directory_answer(call, json_incref(source), 0);
}

static bool arg_cidr(struct directory_call *call, size_t at, struct str *out)
{
    char *text = arena_alloc(call->arena, CIDR_TEXT_SIZE);
    struct cidr block;
    struct str given_text = STR_EMPTY;
    if (!directory_arg_text(call, at, &given_text)) {
        return false;
    }
    if (!cidr_parse(given_text, &block)) {
        return directory_refuse(call, DIRECTORY_INVALID,
                                "argument %zu must be an address block such as 10.0.0.0/8 or"
                                " ::1/128",
                                at + 1);
    }
    *out = cidr_text(&block, text);
    return true;
}

static struct str
source_key(struct directory_call *call, const char *method, struct str cidr, struct str name)
{
    return arena_printf(call->arena, "%s " PRISTR " " PRISTR, method, STRARG(cidr), STRARG(name));
}

/* Removes what a name has in a block, by whichever method, or the one asked for. */
static bool
delete_of(struct directory_call *call, struct str name, struct str cidr, struct str only)
{
    json_t *gone = directory_keep(call, json_array());
    size_t count = 0;
    const struct str *methods = rbac_authmethods(&count);
    for (size_t i = 0; i < count; i++) {
        struct str method = methods[i];
        const struct store_record *record = NULL;
        struct str key = source_key(call, method.ptr, cidr, name);
        if ((only.len > 0 && !str_eq(only, method)) ||
            directory_get(call, SOURCE, key, &record) == NULL) {
            continue;
        }
        if (!directory_expected(call, record) || !directory_remove(call, SOURCE, key)) {
            return false;
        }
        (void)json_array_append_new(gone, json_stringn(method.ptr, method.len));
    }
    if (json_array_size(gone) > 0) {
        json_t *block = directory_keep(call, json_stringn(cidr.ptr, cidr.len));
        tell(call, SOURCE_DELETED, json_pack("[s%]", name.ptr, name.len), block, json_incref(gone));
    }
    return true;
}

/* A request without that in its query has "" for it. */
static bool is_nothing(const json_t *value)
{
    return value == NULL || (json_is_string(value) && json_string_length(value) == 0);
}

static bool source_delete(struct directory_call *call)
{
    struct str name = STR_EMPTY;
    struct str cidr = STR_EMPTY;
    struct str method = STR_EMPTY;
    bool one = !is_nothing(json_array_get(call->args, 2));
    enum directory_care before = directory_care(call);
    return directory_arg_name(call, 0, &name) && arg_cidr(call, 1, &cidr) &&
           (!one || directory_arg_text(call, 2, &method)) && delete_of(call, name, cidr, method) &&
           directory_keeps_care(call, before);
}

static bool source_get(struct directory_call *call)
{
    struct str name = STR_EMPTY;
    struct str cidr = STR_EMPTY;
    struct str method = STR_EMPTY;
    const struct store_record *record = NULL;
    if (!directory_arg_name(call, 0, &name) || !arg_cidr(call, 1, &cidr) ||
        !directory_arg_text(call, 2, &method)) {
        return false;
    }
    struct str key =
        source_key(call, arena_str(call->arena, str_sub(method, 0, 64)).ptr, cidr, name);
    const json_t *source = directory_get(call, SOURCE, key, &record);
    if (source == NULL) {
        return directory_refuse(call, DIRECTORY_NOT_FOUND, "no source for \"%.*s\" in %.*s by that",
                                (int)name.len, name.ptr, (int)cidr.len, cidr.ptr);
    }
    return directory_answer(call, external(call, source), record->version);
}

static bool source_list(struct directory_call *call)
{
    return directory_answer_list(call, SOURCE, external);
}

/* One that matches, and where it stands among them. */
struct match {
    const struct store_record *record;
    struct cidr cidr;
    unsigned rank; /* 0: the user's, 1: of `all`, 2: the prototype's */
};

struct matches {
    struct directory_call *call;
    struct str name;
    const struct in6_addr *address; /* NULL: from anywhere */
    struct match *items;
    size_t count;
    size_t cap;
};

static void add_matches(struct matches *matches, struct str realm, struct str name, unsigned rank)
{
    const struct store_record *records = NULL;
    const struct store_page page = {
        .contains = arena_printf(matches->call->arena, " " PRISTR, STRARG(name))};
    size_t count = store_view_list(matches->call->view, SOURCE, realm, &page, &records);
    for (size_t i = 0; i < count; i++) {
        struct match match = {.record = &records[i], .rank = rank};
        struct str method;
        struct str rest = STR_EMPTY;
        struct str block = STR_EMPTY;
        (void)str_cut(records[i].key, ' ', &method, &rest);
        (void)str_cut(rest, ' ', &block, &rest);
        if (!str_eq(rest, name) || !cidr_parse(block, &match.cidr) ||
            (matches->address != NULL && !cidr_contains(&match.cidr, matches->address))) {
            continue;
        }
        if (matches->count == matches->cap) {
            matches->cap = matches->cap == 0 ? 8 : 2 * matches->cap;
            matches->items = mem_realloc(matches->items, matches->cap * sizeof(struct match));
        }
        matches->items[matches->count++] = match;
    }
}

/* The narrowest block first; of equals the user's own. */
static int by_precedence(const void *a, const void *b)
{
    const struct match *left = a;
    const struct match *right = b;
    if (left->cidr.bits != right->cidr.bits) {
        return left->cidr.bits > right->cidr.bits ? -1 : 1;
    }
    if (left->rank != right->rank) {
        return left->rank < right->rank ? -1 : 1;
    }
    return str_cmp(left->record->key, right->record->key);
}

static bool arg_address(struct directory_call *call, size_t at, struct in6_addr *out)
{
    struct cidr block;
    struct str text = STR_EMPTY;
    if (!directory_arg_text(call, at, &text)) {
        return false;
    }
    if (str_find(text, '/') >= 0 || !cidr_parse(text, &block)) {
        return directory_refuse(call, DIRECTORY_INVALID, "argument %zu must be an address", at + 1);
    }
    *out = block.address;
    return true;
}

static bool source_match(struct directory_call *call)
{
    struct in6_addr address;
    struct matches matches = {.call = call};
    if (!directory_arg_name(call, 0, &matches.name) ||
        (json_array_size(call->args) > 1 && !arg_address(call, 1, &address))) {
        return false;
    }
    matches.address = json_array_size(call->args) > 1 ? &address : NULL;
    if (!str_eq(matches.name, STR("all"))) {
        add_matches(&matches, call->realm, matches.name, 0);
    }
    add_matches(&matches, call->realm, STR("all"), 1);
    struct str prototype = directory_prototype(call);
    if (prototype.len > 0) {
        add_matches(&matches, prototype, STR("all"), 2);
    }
    if (matches.count > 0) {
        qsort(matches.items, matches.count, sizeof(struct match), by_precedence);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < matches.count; i++) {
        const struct str text = matches.items[i].record->value;
        json_t *value = json_loadb(text.ptr, text.len, 0, NULL);
        (void)json_array_append_new(list, external(call, value));
        json_decref(value);
    }
    mem_free(matches.items);
    return directory_answer(call, list, 0);
}

const struct directory_operation directory_source_operations[] = {
    {STR_INIT("bondy.source.add"), DIRECTORY_REALM, 1, 1, NULL, source_add},
    {STR_INIT("bondy.source.delete"), DIRECTORY_REALM, 2, 3, NULL, source_delete},
    {STR_INIT("bondy.source.get"), DIRECTORY_REALM | DIRECTORY_READ, 3, 3, NULL, source_get},
    {STR_INIT("bondy.source.list"), DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL,
     source_list},
    {STR_INIT("bondy.source.match"), DIRECTORY_REALM | DIRECTORY_READ, 1, 2, NULL, source_match},
    {.run = NULL},
};
