/* realm_line.c - one grant, one source: what makes a valid one. */
#include "base/buf.h"
#include "base/mem.h"
#include "rbac/record_inside.h"

#include <string.h>

const struct str authmethod_names[] = {
    STR_INIT("anonymous"), STR_INIT("api_key"), STR_INIT("cookie"), STR_INIT("cryptosign"),
    STR_INIT("oauth2"),    STR_INIT("oidc"),    STR_INIT("oidcrp"), STR_INIT("password"),
    STR_INIT("ticket"),    STR_INIT("tls"),     STR_INIT("trust"),  STR_INIT("wamp-scram"),
    STR_INIT("wampcra"),
};
const size_t authmethod_name_count = COUNT_OF(authmethod_names);

const struct str *rbac_authmethods(size_t *out_count)
{
    *out_count = authmethod_name_count;
    return authmethod_names;
}

static bool str_in(struct str s, const struct str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(s, list[i])) {
            return true;
        }
    }
    return false;
}

bool record_authmethod_valid(struct str method)
{
    return str_in(method, authmethod_names, authmethod_name_count);
}

bool record_name_valid(struct str name)
{
    static const struct str reserved[] = {STR_INIT("any"), STR_INIT("from"), STR_INIT("on"),
                                          STR_INIT("to"),
                                          /* In a URL they are another place than a name. */
                                          STR_INIT("."), STR_INIT("..")};
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return name.len > 0 && name.len <= RBAC_NAME_MAX &&
           !str_in(name, reserved, COUNT_OF(reserved)) && rbac_name_is_folded(name);
}

bool record_username_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        static const char banned[] = " \",/<>\\*";
        if (memchr(banned, name.ptr[i], sizeof(banned) - 1) != NULL) {
            return false;
        }
    }
    return name.len >= USERNAME_MIN && record_name_valid(name) && !role_is_anybody(name);
}

bool role_is_anybody(struct str role)
{
    return str_eq(role, STR("all")) || str_eq(role, STR("anonymous"));
}

static bool byte_valid(unsigned char c)
{
    return c > 0x20 && c != 0x7f && c != '#';
}

bool rbac_uri_valid(struct str uri, enum grant_match match)
{
    enum { COMPONENTS_MAX = 64 };
    if (uri.len > RECORD_URI_MAX) {
        return false;
    }
    if (uri.len == 0) {
        return match != GRANT_EXACT;
    }
    size_t components = 1;
    bool empty = true;
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.ptr[i] == '.') {
            if (empty && match != GRANT_WILDCARD) {
                return false;
            }
            components++;
        } else if (!byte_valid((unsigned char)uri.ptr[i])) {
            return false;
        }
        empty = uri.ptr[i] == '.';
    }
    return components <= COMPONENTS_MAX && (!empty || match != GRANT_EXACT);
}

static const char *const match_names[] = {
    [GRANT_EXACT] = "exact",
    [GRANT_PREFIX] = "prefix",
    [GRANT_WILDCARD] = "wildcard",
};

const char *rbac_match_name(enum grant_match match)
{
    return match_names[match];
}

bool rbac_match_find(struct str text, enum grant_match *out)
{
    for (size_t i = 0; i < COUNT_OF(match_names); i++) {
        if (str_eq(text, str_of(match_names[i]))) {
            *out = (enum grant_match)i;
            return true;
        }
    }
    return false;
}

struct str record_str(const json_t *string)
{
    return str_make(json_string_value(string), json_string_length(string));
}

bool record_member(const json_t *object, const char *key, struct str *out)
{
    const json_t *value = json_object_get(object, key);
    *out = json_is_string(value) ? record_str(value) : STR_EMPTY;
    return json_is_string(value);
}

static int append(const char *bytes, size_t len, void *out)
{
    return buf_append(out, str_make(bytes, len)) ? 0 : -1;
}

char *record_canonical(const json_t *value)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    (void)json_dump_callback(value, append, &text, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    return buf_take(&text, NULL);
}

json_t *record_read(struct str text, struct err *err)
{
    json_error_t error;
    json_t *value = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (value == NULL) {
        (void)err_set(err, ERR_INVALID, "line %d: %s", error.line, error.text);
    }
    return value;
}

/* A permission that is not among ours is somebody else's to ask about. */
static bool read_permissions(const json_t *list, struct grant_line *out, struct err *err)
{
    if (!json_is_array(list) || json_array_size(list) == 0) {
        return err_set(err, ERR_INVALID, "\"permissions\" must be a list of names");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *name = json_array_get(list, i);
        if (!json_is_string(name) || !rbac_uri_valid(record_str(name), GRANT_EXACT)) {
            return err_set(err, ERR_INVALID, "permission %zu is no name such as \"wamp.call\"",
                           i + 1);
        }
        enum permission permission;
        if (permission_find(record_str(name), &permission)) {
            out->permissions |= PERMISSION_BIT(permission);
        } else {
            out->named = list;
        }
    }
    return true;
}

static struct str split_role(struct str role, enum role_kind *out_kind)
{
    *out_kind = ROLE_EITHER;
    if (str_starts(role, STR("user/"))) {
        *out_kind = ROLE_USER;
        return str_from(role, STR("user/").len);
    }
    if (str_starts(role, STR("group/"))) {
        *out_kind = ROLE_GROUP;
        return str_from(role, STR("group/").len);
    }
    return role;
}

bool grant_line_read(const json_t *value, struct grant_line *out, struct err *err)
{
    struct grant_line line = {0};
    struct str role;
    struct str match;
    if (!record_member(value, "uri", &line.uri) || !record_member(value, "match", &match) ||
        !record_member(value, "role", &role)) {
        return err_set(err, ERR_INVALID, "a grant needs \"uri\", \"match\" and \"role\"");
    }
    if (!rbac_match_find(match, &line.match)) {
        return err_set(err, ERR_INVALID, "\"match\" must be exact, prefix or wildcard");
    }
    if (!rbac_uri_valid(line.uri, line.match)) {
        return err_set(err, ERR_INVALID, "\"uri\" is no URI for a match of \"%s\"",
                       rbac_match_name(line.match));
    }
    line.role = split_role(role, &line.kind);
    if (!record_name_valid(line.role)) {
        return err_set(err, ERR_INVALID, "\"role\" is no name");
    }
    if (line.kind != ROLE_EITHER && role_is_anybody(line.role)) {
        return err_set(err, ERR_INVALID, "\"" PRISTR "\" is neither a user nor a group",
                       STRARG(line.role));
    }
    if (!read_permissions(json_object_get(value, "permissions"), &line, err)) {
        return false;
    }
    *out = line;
    return true;
}

bool source_line_read(const json_t *value, struct source_line *out, struct err *err)
{
    struct source_line line = {0};
    struct str cidr;
    if (!record_member(value, "username", &line.username) || !record_name_valid(line.username)) {
        return err_set(err, ERR_INVALID, "\"username\" is no name");
    }
    if (!record_member(value, "authmethod", &line.authmethod) ||
        !record_authmethod_valid(line.authmethod)) {
        return err_set(err, ERR_INVALID, "\"authmethod\" is no method");
    }
    if (!record_member(value, "cidr", &cidr) || !cidr_parse(cidr, &line.cidr)) {
        return err_set(err, ERR_INVALID, "\"cidr\" is no address block such as 10.0.0.0/8");
    }
    *out = line;
    return true;
}
