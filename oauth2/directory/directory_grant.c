/* directory_grant.c - bondy.grant.*: permissions on URIs, given to roles and taken back.
 *
 * What is given becomes one line for each resource and role, as in a security file. */
#include "directory/directory_inside.h"

#define GRANT STR("grant")

enum { LINES_MAX = 10 * 1000 }; /* of one call: it holds up other writers */

/* The argument as a grant of a realm object: `resource`, of a grant as it is shown, is a list. */
static json_t *read_argument(struct directory_call *call)
{
    static const char *const keys[] = {"permissions", "roles",    "uri", "match",
                                       "resources",   "resource", NULL};
    const json_t *argument = NULL;
    if (!directory_arg_object(call, 0, &argument) || !directory_only_keys(call, argument, keys)) {
        return NULL;
    }
    json_t *resource = json_object_get(argument, "resource");
    if (resource != NULL && (json_object_get(argument, "resources") != NULL ||
                             json_object_get(argument, "uri") != NULL)) {
        (void)directory_refuse_at(call, DIRECTORY_INVALID, argument, "resource",
                                  "\"resource\" stands beside another: write one of them");
        return NULL;
    }
    json_t *grant = json_deep_copy(argument);
    if (resource != NULL) {
        (void)json_object_set_new(grant, "resources", json_pack("[O]", resource));
        (void)json_object_del(grant, "resource");
    }
    return grant;
}

/* Before anything is made of them. */
static bool few_lines(struct directory_call *call, const json_t *grant)
{
    size_t roles = json_array_size(json_object_get(grant, "roles"));
    size_t resources = json_array_size(json_object_get(grant, "resources"));
    size_t lines = (roles == 0 ? 1 : roles) * (resources == 0 ? 1 : resources);
    return lines <= LINES_MAX ||
           directory_refuse(call, DIRECTORY_INVALID, "%zu roles and resources: at most %d at once",
                            lines, LINES_MAX);
}

static bool read_lines(struct directory_call *call, struct realm_writes *out)
{
    json_t *grant = directory_keep(call, read_argument(call));
    if (grant == NULL || !few_lines(call, grant) ||
        !directory_lines(call, "grants", json_incref(grant), GRANT, out)) {
        return false;
    }
    if (out->count == 0) {
        return directory_refuse(call, DIRECTORY_INVALID,
                                "it names no role or no resource: there is nothing to do");
    }
    return true;
}

/* The master realm is open to nobody in particular unless its owner says so. */
static bool not_for_anybody(struct directory_call *call, const struct realm_writes *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (!directory_anybody_allowed(call, directory_grant_role(lines->writes[i].key))) {
            return false;
        }
    }
    return true;
}

static bool grant_create(struct directory_call *call)
{
    struct realm_writes lines;
    return read_lines(call, &lines) && not_for_anybody(call, &lines) &&
           directory_merge(call, &lines);
}

static bool names(const json_t *list, const json_t *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), name)) {
            return true;
        }
    }
    return false;
}

/* The permissions of `grant` without those of `revoked`; false: none was among them. */
static bool subtract(json_t *grant, const json_t *revoked)
{
    const json_t *own = json_object_get(grant, "permissions");
    const json_t *taken = json_object_get(revoked, "permissions");
    json_t *left = json_array();
    for (size_t i = 0; i < json_array_size(own); i++) {
        json_t *name = json_array_get(own, i);
        if (!names(taken, name)) {
            (void)json_array_append(left, name);
        }
    }
    bool changed = json_array_size(left) < json_array_size(own);
    (void)json_object_set_new(grant, "permissions", left);
    return changed;
}

static bool revoke_line(struct directory_call *call, const struct store_write *line)
{
    const struct store_record *record = NULL;
    json_t *grant = directory_get(call, GRANT, line->key, &record);
    if (!directory_expected(call, record)) {
        return false;
    }
    json_t *revoked = json_loadb(line->value.ptr, line->value.len, 0, NULL);
    bool changed = grant != NULL && subtract(grant, revoked);
    json_decref(revoked);
    if (!changed) {
        return true; /* what is not there cannot be taken away */
    }
    return json_array_size(json_object_get(grant, "permissions")) == 0
               ? directory_remove(call, GRANT, line->key)
               : directory_put(call, GRANT, line->key, grant, record->version);
}

static bool grant_revoke(struct directory_call *call)
{
    struct realm_writes lines;
    if (!read_lines(call, &lines)) {
        return false;
    }
    for (size_t i = 0; i < lines.count; i++) {
        if (!revoke_line(call, &lines.writes[i])) {
            return false;
        }
    }
    return true;
}

const struct directory_operation directory_grant_operations[] = {
    {STR_INIT("bondy.grant.create"), DIRECTORY_REALM, 1, 1, NULL, grant_create},
    {STR_INIT("bondy.grant.revoke"), DIRECTORY_REALM, 1, 1, NULL, grant_revoke},
    {.run = NULL},
};
