/* realm_record.c - a realm object as users write it: checked whole, then turned into writes. */
#include "rbac/realm_record.h"

#include "base/log.h"
#include "base/mem.h"
#include "rbac/record_inside.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 100 * 1000 };

bool realm_mistaken(
    struct realm_parse *parse, const json_t *node, const char *key, const char *format, ...)
{
    struct realm_mistake *mistake = parse->mistake;
    mistake->node = node;
    mistake->key = key;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(mistake->text, sizeof(mistake->text), format, args);
    va_end(args);
    return false;
}

static bool has_room(struct realm_parse *parse, size_t size)
{
    return arena_room(parse->arena, size + 2 * sizeof(max_align_t)) ||
           realm_mistaken(parse, parse->object, NULL, "the realm is too large");
}

struct str realm_text(struct realm_parse *parse, const char *format, ...)
{
    char text[2 * RECORD_URI_MAX + RECORD_NAME_MAX]; /* the longest key */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < sizeof(text));
    if (!has_room(parse, (size_t)len)) {
        return (struct str){0};
    }
    return arena_str(parse->arena, str_make(text, (size_t)len));
}

struct str realm_folded(struct realm_parse *parse, struct str text)
{
    if (!has_room(parse, text.len)) {
        return (struct str){0};
    }
    char *copy = arena_cstr(parse->arena, text);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] | 0x20) : copy[i];
    }
    return str_make(copy, text.len);
}

bool realm_line_add(struct realm_parse *parse, struct str kind, struct str key, json_t *value)
{
    struct realm_line *line = map_get(&parse->index, key);
    if (line != NULL) {
        if (str_eq(kind, STR("grant"))) {
            grant_unite(line->value, value);
            json_decref(value);
        } else {
            json_decref(line->value);
            line->value = value;
        }
        return true;
    }
    if (parse->count >= LINES_MAX) {
        json_decref(value);
        return realm_mistaken(parse, parse->object, NULL, "more than %d grants and sources",
                              LINES_MAX);
    }
    if (!has_room(parse, sizeof(*line))) {
        json_decref(value);
        return false;
    }
    line = ARENA_NEW(parse->arena, struct realm_line);
    *line = (struct realm_line){.kind = kind, .realm = parse->uri, .key = key, .value = value};
    if (parse->last == NULL) {
        parse->first = line;
    } else {
        parse->last->next = line;
    }
    parse->last = line;
    parse->count++;
    (void)map_put(&parse->index, key, line);
    return true;
}

/* The members of a realm object. `keep`: part of the realm's own record. */
struct member {
    const char *key;
    bool keep;
    bool (*check)(struct realm_parse *parse, const char *key, const json_t *value);
};

static bool is_bool(struct realm_parse *parse, const char *key, const json_t *value)
{
    return json_is_boolean(value) ||
           realm_mistaken(parse, parse->object, key, "must be true or false");
}

static bool is_object(struct realm_parse *parse, const char *key, const json_t *value)
{
    return json_is_object(value) || realm_mistaken(parse, parse->object, key, "must be an object");
}

static bool is_list(struct realm_parse *parse, const char *key, const json_t *value)
{
    return json_is_array(value) || realm_mistaken(parse, parse->object, key, "must be a list");
}

static bool is_uri(struct realm_parse *parse, const char *key, const json_t *value)
{
    return (json_is_string(value) && record_uri_valid(record_str(value), GRANT_EXACT)) ||
           realm_mistaken(parse, parse->object, key, "must be a URI such as com.example.app");
}

static bool is_description(struct realm_parse *parse, const char *key, const json_t *value)
{
    return (json_is_string(value) && json_string_length(value) <= RECORD_DESCRIPTION_MAX) ||
           realm_mistaken(parse, parse->object, key, "must be a string of at most %d bytes",
                          RECORD_DESCRIPTION_MAX);
}

static bool is_authmethods(struct realm_parse *parse, const char *key, const json_t *value)
{
    if (!is_list(parse, key, value)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *method = json_array_get(value, i);
        if (json_is_string(method) && record_authmethod_valid(record_str(method))) {
            continue;
        }
        struct str nearest =
            json_is_string(method)
                ? str_nearest(record_str(method), authmethod_names, authmethod_name_count)
                : STR_EMPTY;
        return realm_mistaken(parse, value, NULL, "method %zu is none: write one such as \"%s\"",
                              i + 1, nearest.len > 0 ? nearest.ptr : "anonymous");
    }
    return true;
}

static bool is_security_enabled(struct realm_parse *parse, const char *key, const json_t *value)
{
    if (!is_bool(parse, key, value)) {
        return false;
    }
    return json_is_true(value) || !str_eq(parse->uri, MASTER_REALM) ||
           realm_mistaken(parse, parse->object, key,
                          "security of the master realm cannot be switched off");
}

static bool
read_names(struct realm_parse *parse, const json_t *list, const char *name_key, struct map *out)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        struct str name;
        if (!json_is_object(element)) {
            return realm_mistaken(parse, list, NULL, "element %zu is not an object", i + 1);
        }
        if (!record_member(element, name_key, &name) || !record_name_valid(name) ||
            role_is_anybody(name)) {
            return realm_mistaken(parse, element,
                                  json_object_get(element, name_key) == NULL ? NULL : name_key,
                                  "\"%s\" must be a name, and none of the reserved ones", name_key);
        }
        struct str folded = realm_folded(parse, name);
        if (folded.ptr == NULL) {
            return false;
        }
        (void)map_put(out, folded, (void *)(uintptr_t)element);
    }
    return true;
}

static bool is_users(struct realm_parse *parse, const char *key, const json_t *value)
{
    return is_list(parse, key, value) && read_names(parse, value, "username", &parse->users);
}

static bool is_groups(struct realm_parse *parse, const char *key, const json_t *value)
{
    return is_list(parse, key, value) && read_names(parse, value, "name", &parse->groups);
}

static const struct member members[] = {
    {"uri", true, is_uri},
    {"description", true, is_description},
    {"is_prototype", true, is_bool},
    {"prototype_uri", true, is_uri},
    {"is_sso_realm", true, is_bool},
    {"sso_realm_uri", true, is_uri},
    {"allow_connections", true, is_bool},
    {"authmethods", true, is_authmethods},
    {"security_enabled", true, is_security_enabled},
    {"password_opts", true, is_object},
    {"info", true, is_object},
    {"users", false, is_users},
    {"groups", false, is_groups},
    {"sources", false, is_list},
    {"grants", false, is_list},
    {"private_keys", false, is_list},
    {"encryption_keys", false, is_list},
};

static const struct member *find_member(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (strcmp(members[i].key, key) == 0) {
            return &members[i];
        }
    }
    return NULL;
}

static void warn_unknown(const struct realm_parse *parse, const char *key)
{
    struct str names[COUNT_OF(members)];
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        names[i] = str_of(members[i].key);
    }
    log_warn("realm has a key that means nothing here and is dropped", KV_STR("realm", parse->uri),
             KV_CSTR("key", key),
             KV_STR("nearest", str_nearest(str_of(key), names, COUNT_OF(names))));
}

static bool read_uri(struct realm_parse *parse)
{
    struct str uri;
    if (!json_is_object(parse->object)) {
        return realm_mistaken(parse, parse->object, NULL, "a realm must be an object");
    }
    if (!record_member(parse->object, "uri", &uri) || !record_uri_valid(uri, GRANT_EXACT)) {
        return realm_mistaken(parse, parse->object,
                              json_object_get(parse->object, "uri") == NULL ? NULL : "uri",
                              "\"uri\" must be a URI such as com.example.app");
    }
    parse->uri = realm_folded(parse, uri);
    if (parse->uri.ptr == NULL) {
        return false;
    }
    return !str_starts(parse->uri, MASTER_REALM) || str_eq(parse->uri, MASTER_REALM) ||
           realm_mistaken(parse, parse->object, "uri",
                          "URIs that begin with com.leapsight.bondy are reserved");
}

/* Checks every member and makes the realm's own record. */
static bool read_members(struct realm_parse *parse, json_t *record)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)parse->object, key, value)
    {
        const struct member *member = find_member(key);
        if (member == NULL) {
            warn_unknown(parse, key);
            continue;
        }
        if (json_is_null(value)) {
            continue;
        }
        if (!member->check(parse, member->key, value)) {
            return false;
        }
        if (member->keep) {
            (void)json_object_set(record, key, value);
        }
    }
    (void)json_object_set_new(record, "uri", json_stringn(parse->uri.ptr, parse->uri.len));
    return true;
}

/* Said once a realm and never silently: what this program does not do yet. */
static void warn_skipped(const struct realm_parse *parse)
{
    static const char *const lists[] = {"users", "groups", "private_keys", "encryption_keys"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        size_t count = json_array_size(json_object_get(parse->object, lists[i]));
        if (count > 0) {
            log_warn("members of a realm are not supported yet and were skipped",
                     KV_STR("realm", parse->uri), KV_CSTR("key", lists[i]), KV_U64("count", count));
        }
    }
    if (json_is_string(json_object_get(parse->object, "prototype_uri"))) {
        log_warn("a realm does not inherit from its prototype yet", KV_STR("realm", parse->uri));
    }
    if (parse->skipped > 0) {
        log_warn("grants and sources of the master realm for anonymous or all were skipped:"
                 " admin.allow_anonymous is off",
                 KV_U64("count", parse->skipped));
    }
}

static bool read_realm(struct realm_parse *parse)
{
    json_t *record = json_object();
    if (!read_members(parse, record)) {
        json_decref(record);
        return false;
    }
    struct str key = realm_text(parse, PRISTR, STRARG(parse->uri));
    if (key.ptr == NULL) {
        json_decref(record);
        return false;
    }
    if (!realm_line_add(parse, STR("realm"), key, record)) {
        return false;
    }
    parse->first->realm = STR_EMPTY;
    return realm_sources_read(parse, json_object_get(parse->object, "sources")) &&
           realm_grants_read(parse, json_object_get(parse->object, "grants"));
}

static bool make_writes(struct realm_parse *parse, struct realm_writes *out)
{
    if (!has_room(parse, parse->count * sizeof(struct store_write))) {
        return false;
    }
    struct store_write *writes = ARENA_ARRAY(parse->arena, struct store_write, parse->count);
    size_t count = 0;
    for (const struct realm_line *line = parse->first; line != NULL; line = line->next) {
        char *text = record_canonical(line->value);
        struct str value = str_of(text);
        bool fits = has_room(parse, value.len);
        if (fits) {
            writes[count++] = (struct store_write){.kind = line->kind,
                                                   .realm = line->realm,
                                                   .key = line->key,
                                                   .value = arena_str(parse->arena, value),
                                                   .expect = STORE_ANY_VERSION};
        }
        mem_free(text);
        if (!fits) {
            return false;
        }
    }
    *out = (struct realm_writes){writes, count};
    return true;
}

bool realm_record_parse(const json_t *realm,
                        bool allow_anonymous_admin,
                        struct arena *arena,
                        struct realm_writes *out,
                        struct realm_mistake *mistake)
{
    struct realm_parse parse = {.object = realm, .arena = arena, .mistake = mistake};
    map_init(&parse.index);
    map_init(&parse.users);
    map_init(&parse.groups);
    bool ok = read_uri(&parse);
    if (ok) {
        parse.skip_anybody = str_eq(parse.uri, MASTER_REALM) && !allow_anonymous_admin;
        ok = read_realm(&parse) && make_writes(&parse, out);
    }
    if (ok) {
        warn_skipped(&parse);
    }
    for (struct realm_line *line = parse.first; line != NULL; line = line->next) {
        json_decref(line->value);
    }
    map_done(&parse.index);
    map_done(&parse.users);
    map_done(&parse.groups);
    return ok;
}
