/* realm_record.c - a realm object as users write it: checked whole, then turned into writes. */
#include "rbac/realm_record.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rbac/record_inside.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { RIGHTS_MAX = 100 * 1000 };

static void __attribute__((format(printf, 5, 0))) say(struct realm_parse *parse,
                                                      const char *error,
                                                      const json_t *node,
                                                      const char *key,
                                                      const char *format,
                                                      va_list args)
{
    struct realm_mistake *mistake = parse->mistake;
    mistake->error = error;
    mistake->node = node;
    mistake->key = key;
    (void)vsnprintf(mistake->text, sizeof(mistake->text), format, args);
    utf8_mend(mistake->text); /* names were cut by bytes */
}

bool realm_mistaken(
    struct realm_parse *parse, const json_t *node, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(parse, "wamp.error.invalid_argument", node, key, format, args);
    va_end(args);
    return false;
}

bool realm_mistaken_as(struct realm_parse *parse,
                       const char *error,
                       const json_t *node,
                       const char *key,
                       const char *format,
                       ...)
{
    va_list args;
    va_start(args, format);
    say(parse, error, node, key, format, args);
    va_end(args);
    return false;
}

bool realm_has_room(struct realm_parse *parse, size_t size)
{
    return arena_room(parse->arena, size + 2 * sizeof(max_align_t)) ||
           realm_mistaken(parse, parse->object, NULL, "the realm is too large");
}

struct str realm_text(struct realm_parse *parse, const char *format, ...)
{
    char text[3 * RECORD_URI_MAX + RBAC_NAME_MAX]; /* the longest key */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < sizeof(text));
    if (!realm_has_room(parse, (size_t)len)) {
        return (struct str){0};
    }
    return arena_str(parse->arena, str_make(text, (size_t)len));
}

struct str realm_folded(struct realm_parse *parse, struct str text)
{
    if (!realm_has_room(parse, text.len)) {
        return (struct str){0};
    }
    char *copy = arena_cstr(parse->arena, text);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] | 0x20) : copy[i];
    }
    return str_make(copy, text.len);
}

struct str
realm_name(struct realm_parse *parse, const json_t *node, const char *key, struct str name)
{
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    struct err err = {0};
    if (!rbac_name_read(name, bytes, &folded, &err)) {
        (void)realm_mistaken(parse, node, key, "a name %s", err.text);
        return (struct str){0};
    }
    return realm_has_room(parse, folded.len) ? arena_str(parse->arena, folded) : (struct str){0};
}

static struct realm_line *line_new(struct realm_parse *parse, struct str index, json_t *value)
{
    if (!realm_has_room(parse, sizeof(struct realm_line))) {
        return NULL;
    }
    struct realm_line *line = ARENA_NEW(parse->arena, struct realm_line);
    *line = (struct realm_line){.value = value, .at = parse->count++};
    if (parse->last == NULL) {
        parse->first = line;
    } else {
        parse->last->next = line;
    }
    parse->last = line;
    (void)map_put(&parse->index, index, line);
    return line;
}

static bool right_fits(struct realm_parse *parse, struct str kind)
{
    if (str_eq(kind, STR("grant")) || str_eq(kind, STR("source"))) {
        parse->right_count++;
    }
    return parse->right_count <= RIGHTS_MAX ||
           realm_mistaken(parse, parse->object, NULL, "more than %d grants and sources",
                          RIGHTS_MAX);
}

struct realm_line *realm_line_add_in(
    struct realm_parse *parse, struct str kind, struct str realm, struct str key, json_t *value)
{
    struct str index =
        realm_text(parse, PRISTR " " PRISTR " " PRISTR, STRARG(kind), STRARG(realm), STRARG(key));
    struct realm_line *line = index.ptr == NULL ? NULL : map_get(&parse->index, index);
    if (line == NULL) {
        bool room = index.ptr != NULL && right_fits(parse, kind);
        line = room ? line_new(parse, index, value) : NULL;
        if (line == NULL) {
            json_decref(value);
            return NULL;
        }
        line->kind = kind;
        line->realm = realm;
        line->key = key;
    } else if (str_eq(kind, STR("grant"))) {
        grant_unite(line->value, value);
        json_decref(value);
    } else {
        json_decref(line->value);
        line->value = value;
    }
    return line;
}

bool realm_line_add(struct realm_parse *parse, struct str kind, struct str key, json_t *value)
{
    return realm_line_add_in(parse, kind, parse->uri, key, value) != NULL;
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
    return (json_is_string(value) && rbac_uri_valid(record_str(value), GRANT_EXACT)) ||
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

static bool is_password_opts(struct realm_parse *parse, const char *key, const json_t *value)
{
    struct credential_options options;
    struct err err = {0};
    return is_object(parse, key, value) &&
           (credential_options_read(value, &options, &err) ||
            realm_mistaken(parse, parse->object, key, "%s", err.text));
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
    {"password_opts", true, is_password_opts},
    {"info", true, is_object},
    {"users", false, is_list},
    {"groups", false, is_list},
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
    if (parse->quiet) {
        return;
    }
    struct str names[COUNT_OF(members)];
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        names[i] = str_of(members[i].key);
    }
    log_warn("realm has a key that means nothing here and is dropped", KV_STR("realm", parse->uri),
             KV_CSTR("key", key),
             KV_STR("nearest", str_nearest(str_of(key), names, COUNT_OF(names))));
}

/* Nothing invisible or turned about: two realms must not look the same. ASCII is not looked at. */
static bool readable(struct str uri)
{
    char folded[RBAC_NAME_MAX];
    struct str ignored;
    return rbac_name_is_folded(uri) || rbac_name_fold(uri, folded, &ignored);
}

static bool read_uri(struct realm_parse *parse)
{
    struct str uri;
    if (!json_is_object(parse->object)) {
        return realm_mistaken(parse, parse->object, NULL, "a realm must be an object");
    }
    if (!record_member(parse->object, "uri", &uri) || !rbac_uri_valid(uri, GRANT_EXACT) ||
        !readable(uri)) {
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
    size_t count = json_array_size(json_object_get(parse->object, "encryption_keys"));
    if (count > 0) {
        log_warn("members of a realm are not supported yet and were skipped",
                 KV_STR("realm", parse->uri), KV_CSTR("key", "encryption_keys"),
                 KV_U64("count", count));
    }
    if (parse->skipped > 0) {
        log_warn("grants and sources of the master realm for anonymous or all were skipped:"
                 " admin.allow_anonymous is off",
                 KV_U64("count", parse->skipped));
    }
}

/* The URIs of other realms are folded like its own. */
static bool fold_member(struct realm_parse *parse, json_t *record, const char *key)
{
    struct str uri;
    if (!record_member(record, key, &uri)) {
        return true;
    }
    struct str folded = realm_folded(parse, uri);
    if (folded.ptr == NULL) {
        return false;
    }
    (void)json_object_set_new(record, key, json_stringn(folded.ptr, folded.len));
    return true;
}

static bool read_realm(struct realm_parse *parse)
{
    json_t *record = json_object();
    bool ok = read_members(parse, record) && fold_member(parse, record, "prototype_uri") &&
              fold_member(parse, record, "sso_realm_uri");
    if (!ok) {
        json_decref(record);
        return false;
    }
    const json_t *object = parse->object;
    return realm_line_add_in(parse, STR("realm"), STR_EMPTY, parse->uri, record) != NULL &&
           realm_relations_read(parse) &&
           realm_keys_read(parse, json_object_get(object, "private_keys")) &&
           realm_names_read(parse) && realm_groups_read(parse, json_object_get(object, "groups")) &&
           realm_users_read(parse, json_object_get(object, "users")) &&
           realm_sources_read(parse, json_object_get(object, "sources")) &&
           realm_grants_read(parse, json_object_get(object, "grants"));
}

static bool keep_passwords(struct realm_parse *parse, struct realm_writes *out)
{
    if (!realm_has_room(parse, parse->password_count * sizeof(struct realm_password))) {
        return false;
    }
    out->passwords = ARENA_ARRAY(parse->arena, struct realm_password, parse->password_count);
    for (const struct realm_password *at = parse->passwords; at != NULL; at = at->next) {
        struct realm_password *kept = &out->passwords[out->password_count++];
        *kept = *at;
        kept->write = at->line->at;
        kept->next = NULL;
        kept->line = NULL;
    }
    return true;
}

static bool make_writes(struct realm_parse *parse, struct realm_writes *out)
{
    if (!realm_has_room(parse, parse->count * sizeof(struct store_write))) {
        return false;
    }
    struct store_write *writes = ARENA_ARRAY(parse->arena, struct store_write, parse->count);
    size_t count = 0;
    for (const struct realm_line *line = parse->first; line != NULL; line = line->next) {
        char *text = record_canonical(line->value);
        struct str value = str_of(text);
        bool fits = realm_has_room(parse, value.len);
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
    out->writes = writes;
    out->count = count;
    return keep_passwords(parse, out);
}

bool realm_record_parse(const json_t *realm,
                        const struct realm_options *options,
                        struct arena *arena,
                        struct realm_writes *out,
                        struct realm_mistake *mistake)
{
    struct realm_parse parse = {.object = realm,
                                .arena = arena,
                                .mistake = mistake,
                                .quiet = options->quiet,
                                .present = options->present};
    struct realm_writes writes = {0};
    bool ok = read_uri(&parse);
    if (ok) {
        parse.skip_anybody = str_eq(parse.uri, MASTER_REALM) && !options->allow_anonymous_admin;
        ok = read_realm(&parse) && make_writes(&parse, &writes);
    }
    if (ok) {
        *out = writes;
    }
    if (ok && !parse.quiet) {
        warn_skipped(&parse);
    }
    for (struct realm_line *line = parse.first; line != NULL; line = line->next) {
        json_decref(line->value);
    }
    map_done(&parse.index);
    map_done(&parse.users);
    map_done(&parse.groups);
    map_done(&parse.aliases);
    return ok;
}
