/* realm_grants.c - grants and sources as users write them, split into lines.
 *
 * A grant of several permissions on several resources to several roles becomes a line for each
 * resource and role; a source for several users a line for each. */
#include "base/mem.h"
#include "rbac/record_inside.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a;
    const json_t *right = *(json_t *const *)b;
    return str_cmp(record_str(left), record_str(right));
}

void grant_unite(json_t *grant, const json_t *more)
{
    json_t *own = json_object_get(grant, "permissions");
    const json_t *other = json_object_get(more, "permissions");
    size_t count = json_array_size(own);
    json_t **names = NEW_ARRAY(json_t *, count + json_array_size(other) + 1);
    for (size_t i = 0; i < count; i++) {
        names[i] = json_array_get(own, i);
    }
    for (size_t i = 0; i < json_array_size(other); i++) {
        names[count++] = json_array_get(other, i);
    }
    qsort(names, count, sizeof(json_t *), by_name);
    json_t *united = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_is_string(names[i]) && (i == 0 || by_name(&names[i - 1], &names[i]) != 0)) {
            (void)json_array_append(united, names[i]);
        }
    }
    (void)json_object_set_new(grant, "permissions", united);
    mem_free(names);
}

struct resource {
    struct str uri;
    enum grant_match match;
};

static bool is_everywhere(struct str uri)
{
    return uri.len == 0 || str_eq(uri, STR("*")) || str_eq(uri, STR("any"));
}

static enum grant_match derived_match(struct str uri)
{
    if (rbac_uri_valid(uri, GRANT_EXACT)) {
        return GRANT_EXACT;
    }
    return rbac_uri_valid(uri, GRANT_WILDCARD) ? GRANT_WILDCARD : GRANT_PREFIX;
}

/* {uri, match}, of a grant in the first form or of an element of "resources". */
static bool read_resource(struct realm_parse *parse, const json_t *node, struct resource *out)
{
    struct resource resource = {0};
    if (!record_member(node, "uri", &resource.uri)) {
        return realm_mistaken(parse, node, json_object_get(node, "uri") == NULL ? NULL : "uri",
                              "\"uri\" must be there and be a string");
    }
    const json_t *match = json_object_get(node, "match");
    bool derive = match == NULL || json_is_null(match);
    if (!derive &&
        (!json_is_string(match) || !rbac_match_find(record_str(match), &resource.match))) {
        return realm_mistaken(parse, node, "match",
                              "must be \"exact\", \"prefix\" or \"wildcard\"");
    }
    if (is_everywhere(resource.uri)) {
        resource = (struct resource){.uri = STR_EMPTY, .match = GRANT_PREFIX};
    } else if (derive) {
        resource.match = derived_match(resource.uri);
    }
    if (!rbac_uri_valid(resource.uri, resource.match)) {
        return realm_mistaken(
            parse, node, "uri", "is no URI for a match of \"%s\"%s",
            rbac_match_name(resource.match),
            resource.match == GRANT_EXACT
                ? ": write \"match\": \"prefix\" or \"wildcard\" if it is a pattern"
                : "");
    }
    *out = resource;
    return true;
}

/* Each role and each resource has them all again. */
enum { PERMISSIONS_MAX = 256 };

static bool check_permissions(struct realm_parse *parse, const json_t *grant)
{
    const json_t *list = json_object_get(grant, "permissions");
    if (!json_is_array(list) || json_array_size(list) == 0) {
        return realm_mistaken(parse, grant, list == NULL ? NULL : "permissions",
                              "\"permissions\" must be a list such as [\"wamp.call\"]");
    }
    if (json_array_size(list) > PERMISSIONS_MAX) {
        return realm_mistaken(parse, grant, "permissions", "has more than %d", PERMISSIONS_MAX);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *name = json_array_get(list, i);
        if (!json_is_string(name) || !rbac_uri_valid(record_str(name), GRANT_EXACT)) {
            return realm_mistaken(parse, list, NULL,
                                  "permission %zu is no name such as \"wamp.call\"", i + 1);
        }
    }
    return true;
}

/* "user/x" and "group/x" as they are; a bare name is looked up. */
static bool resolve_role(struct realm_parse *parse, const json_t *node, struct str *role)
{
    struct str name = *role;
    struct str head = STR_EMPTY;
    bool spelled = str_starts(name, STR("user/")) || str_starts(name, STR("group/"));
    if (spelled) {
        (void)str_cut(*role, '/', &head, &name);
    }
    if (!record_name_valid(name) || (spelled && role_is_anybody(name))) {
        return realm_mistaken(parse, node, NULL, "\"%.100s\" is not the name of a role", role->ptr);
    }
    if (role_is_anybody(name)) {
        return true;
    }
    bool user = !str_eq(head, STR("group")) && realm_knows_user(parse, name);
    bool group = !str_eq(head, STR("user")) && realm_knows_group(parse, name);
    if (user && group) {
        return realm_mistaken_as(parse, "bondy.error.duplicate_roles", node, NULL,
                                 "\"%.60s\" is a user and a group: write user/%.60s or"
                                 " group/%.60s",
                                 name.ptr, name.ptr, name.ptr);
    }
    if (!user && !group) {
        return realm_mistaken_as(parse, "bondy.error.unknown_roles", node, NULL,
                                 "there is no user or group \"%.100s\"", role->ptr);
    }
    *role = realm_text(parse, "%s/" PRISTR, user ? "user" : "group", STRARG(name));
    return role->ptr != NULL;
}

/* How long the "user/" or "group/" before a name is. */
static size_t spelled_kind(struct str role)
{
    static const struct str heads[] = {STR_INIT("user/"), STR_INIT("group/")};
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        if (str_eq_nocase(str_sub(role, 0, heads[i].len), heads[i])) {
            return heads[i].len;
        }
    }
    return 0;
}

static bool
read_role(struct realm_parse *parse, const json_t *node, const json_t *value, struct str *out)
{
    if (!json_is_string(value)) {
        return realm_mistaken(parse, node, NULL, "a role must be a string");
    }
    struct str name = record_str(value);
    size_t head = spelled_kind(name);
    *out = realm_name(parse, node, NULL, str_from(name, head));
    if (out->ptr != NULL && head > 0) {
        *out = realm_text(parse, "%s/" PRISTR, head == STR("user/").len ? "user" : "group",
                          STRARG(*out));
    }
    return out->ptr != NULL && resolve_role(parse, node, out);
}

static bool add_grant(struct realm_parse *parse,
                      const json_t *grant,
                      const struct resource *resource,
                      struct str role)
{
    if (parse->skip_anybody && role_is_anybody(role)) {
        parse->skipped++;
        return true;
    }
    const char *match = rbac_match_name(resource->match);
    struct str uri = resource->uri.len == 0 ? STR("*") : resource->uri;
    struct str key = realm_text(parse, "%s " PRISTR " " PRISTR, match, STRARG(uri), STRARG(role));
    if (key.ptr == NULL) {
        return false;
    }
    json_t *value =
        json_pack("{s:s%, s:s, s:s%, s:[]}", "uri", resource->uri.ptr, resource->uri.len, "match",
                  match, "role", role.ptr, role.len, "permissions");
    grant_unite(value, grant);
    return realm_line_add(parse, STR("grant"), key, value);
}

static bool
add_roles(struct realm_parse *parse, const json_t *grant, const struct resource *resource)
{
    const json_t *roles = json_object_get(grant, "roles");
    struct str role = STR_EMPTY;
    if (json_is_string(roles)) {
        return read_role(parse, grant, roles, &role) && add_grant(parse, grant, resource, role);
    }
    if (!json_is_array(roles)) {
        return realm_mistaken(parse, grant, roles == NULL ? NULL : "roles",
                              "\"roles\" must be \"all\" or a list of names");
    }
    for (size_t i = 0; i < json_array_size(roles); i++) {
        if (!read_role(parse, roles, json_array_get(roles, i), &role) ||
            !add_grant(parse, grant, resource, role)) {
            return false;
        }
    }
    return true;
}

static bool read_resources(struct realm_parse *parse, const json_t *grant, const json_t *resources)
{
    static const struct resource everywhere = {.uri = STR_INIT(""), .match = GRANT_PREFIX};
    if (json_is_string(resources) && is_everywhere(record_str(resources))) {
        return add_roles(parse, grant, &everywhere);
    }
    if (!json_is_array(resources)) {
        return realm_mistaken(parse, grant, "resources",
                              "must be \"any\" or a list of {\"uri\", \"match\"}");
    }
    for (size_t i = 0; i < json_array_size(resources); i++) {
        const json_t *node = json_array_get(resources, i);
        struct resource resource = {0};
        if (!json_is_object(node)) {
            return realm_mistaken(parse, resources, NULL, "resource %zu is not an object", i + 1);
        }
        if (!read_resource(parse, node, &resource) || !add_roles(parse, grant, &resource)) {
            return false;
        }
    }
    return true;
}

static bool read_grant(struct realm_parse *parse, const json_t *grant)
{
    if (!check_permissions(parse, grant)) {
        return false;
    }
    const json_t *resources = json_object_get(grant, "resources");
    if (resources == NULL || json_is_null(resources)) {
        struct resource resource = {0};
        return read_resource(parse, grant, &resource) && add_roles(parse, grant, &resource);
    }
    if (json_object_get(grant, "uri") != NULL) {
        return realm_mistaken(parse, grant, "uri",
                              "stands beside \"resources\": write one of them");
    }
    return read_resources(parse, grant, resources);
}

bool realm_grants_read(struct realm_parse *parse, const json_t *grants)
{
    for (size_t i = 0; i < json_array_size(grants); i++) {
        const json_t *grant = json_array_get(grants, i);
        if (!json_is_object(grant)) {
            return realm_mistaken(parse, grants, NULL, "grant %zu is not an object", i + 1);
        }
        if (!read_grant(parse, grant)) {
            return false;
        }
    }
    return true;
}

static bool
add_source(struct realm_parse *parse, const json_t *source, const json_t *node, const json_t *user)
{
    struct str name =
        json_is_string(user) ? realm_name(parse, node, NULL, record_str(user)) : STR_EMPTY;
    if (name.ptr == NULL) {
        return false;
    }
    if (!record_name_valid(name)) {
        return realm_mistaken(parse, node, NULL, "usernames must be \"all\" or a list of names");
    }
    if (!role_is_anybody(name) && !realm_knows_user(parse, name)) {
        return realm_mistaken_as(parse, ERROR_NO_SUCH_USERS, node, NULL,
                                 "there is no user \"%.100s\"", name.ptr);
    }
    if (parse->skip_anybody && role_is_anybody(name)) {
        parse->skipped++;
        return true;
    }
    struct str method;
    struct str cidr;
    struct cidr block = {0};
    char text[CIDR_TEXT_SIZE];
    (void)record_member(source, "authmethod", &method);
    if (!record_member(source, "cidr", &cidr)) {
        cidr = STR("0.0.0.0/0");
    }
    (void)cidr_parse(cidr, &block);
    cidr = cidr_text(&block, text);
    struct str key =
        realm_text(parse, PRISTR " " PRISTR " " PRISTR, STRARG(method), STRARG(cidr), STRARG(name));
    if (key.ptr == NULL) {
        return false;
    }
    json_t *value = json_pack("{s:s%, s:s%, s:s%}", "username", name.ptr, name.len, "authmethod",
                              method.ptr, method.len, "cidr", cidr.ptr, cidr.len);
    json_t *meta = json_object_get(source, "meta");
    if (json_object_size(meta) > 0) {
        (void)json_object_set(value, "meta", meta);
    }
    return realm_line_add(parse, STR("source"), key, value);
}

static bool check_source(struct realm_parse *parse, const json_t *source)
{
    struct str method;
    if (!record_member(source, "authmethod", &method) || !record_authmethod_valid(method)) {
        struct str nearest = str_nearest(method, authmethod_names, authmethod_name_count);
        return realm_mistaken(parse, source,
                              json_object_get(source, "authmethod") == NULL ? NULL : "authmethod",
                              "\"authmethod\" must be one such as \"%s\"",
                              nearest.len > 0 ? nearest.ptr : "anonymous");
    }
    const json_t *cidr = json_object_get(source, "cidr");
    struct cidr block;
    if (cidr != NULL && !json_is_null(cidr) &&
        (!json_is_string(cidr) || !cidr_parse(record_str(cidr), &block))) {
        return realm_mistaken(parse, source, "cidr",
                              "must be an address block such as 10.0.0.0/8 or ::1/128");
    }
    const json_t *meta = json_object_get(source, "meta");
    if (meta != NULL && !json_is_null(meta) && !json_is_object(meta)) {
        return realm_mistaken(parse, source, "meta", "must be an object");
    }
    return true;
}

static bool read_source(struct realm_parse *parse, const json_t *source)
{
    if (!check_source(parse, source)) {
        return false;
    }
    const json_t *users = json_object_get(source, "usernames");
    if (!json_is_array(users)) {
        return add_source(parse, source, source, users);
    }
    for (size_t i = 0; i < json_array_size(users); i++) {
        if (!add_source(parse, source, users, json_array_get(users, i))) {
            return false;
        }
    }
    return true;
}

bool realm_sources_read(struct realm_parse *parse, const json_t *sources)
{
    for (size_t i = 0; i < json_array_size(sources); i++) {
        const json_t *source = json_array_get(sources, i);
        if (!json_is_object(source)) {
            return realm_mistaken(parse, sources, NULL, "source %zu is not an object", i + 1);
        }
        if (!read_source(parse, source)) {
            return false;
        }
    }
    return true;
}
