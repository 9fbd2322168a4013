/* realm_relations.c - what a realm is to others: a prototype, an SSO realm, or one that uses them.
 */
#include "base/mem.h"
#include "rbac/record_inside.h"

/* The member, or NULL when the object leaves it out. */
static const json_t *given(const struct realm_parse *parse, const char *key)
{
    const json_t *value = json_object_get(parse->object, key);
    return json_is_null(value) ? NULL : value;
}

/* What is true once stays true. */
static bool read_flag(struct realm_parse *parse, const char *key, bool before, bool *out)
{
    const json_t *value = given(parse, key);
    if (before && json_is_false(value)) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, key,
                                 "cannot be taken back: others may rely on it");
    }
    *out = before || json_is_true(value);
    return !*out || !str_eq(parse->uri, MASTER_REALM) ||
           realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, key,
                             "the master realm stands alone");
}

/* The URI of another realm, given or from before, and that realm. */
static bool read_relation(struct realm_parse *parse,
                          const char *key,
                          struct str before,
                          const struct rbac_realm **out)
{
    const json_t *value = given(parse, key);
    struct str uri = value == NULL ? before : realm_folded(parse, record_str(value));
    *out = NULL;
    if (uri.ptr == NULL) {
        return false;
    }
    if (uri.len == 0) {
        return true;
    }
    if (str_eq(parse->uri, MASTER_REALM) || str_eq(uri, parse->uri)) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, key,
                                 str_eq(uri, parse->uri) ? "names the realm itself"
                                                         : "the master realm stands alone");
    }
    *out = parse->present == NULL ? NULL : rbac_realm_find(parse->present, uri);
    if (*out == NULL && value != NULL) {
        return realm_mistaken_as(parse, ERROR_NO_SUCH_REALM, parse->object, key,
                                 "there is no realm %.120s", uri.ptr);
    }
    return true;
}

static bool read_prototype(struct realm_parse *parse)
{
    bool is_prototype = false;
    struct str before = parse->old == NULL ? STR_EMPTY : rbac_realm_prototype_uri(parse->old);
    const struct rbac_realm *prototype = NULL;
    if (!read_flag(parse, "is_prototype", parse->old != NULL && parse->old->is_prototype,
                   &is_prototype) ||
        !read_relation(parse, "prototype_uri", before, &prototype)) {
        return false;
    }
    const char *key = given(parse, "prototype_uri") == NULL ? "is_prototype" : "prototype_uri";
    if (is_prototype && (prototype != NULL || before.len > 0)) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, key,
                                 "a prototype cannot have a prototype");
    }
    if (prototype == NULL) {
        return true;
    }
    if (before.len > 0 && !str_eq(before, prototype->uri)) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, key,
                                 "cannot be changed: it is %.120s", before.ptr);
    }
    if (!prototype->is_prototype) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, key,
                                 "%.120s is not a prototype", prototype->uri.ptr);
    }
    parse->prototype = prototype;
    return true;
}

static bool read_sso(struct realm_parse *parse)
{
    bool is_sso_realm = false;
    struct str before = parse->old == NULL ? STR_EMPTY : rbac_realm_sso_realm_uri(parse->old);
    const struct rbac_realm *sso = NULL;
    if (!read_flag(parse, "is_sso_realm", parse->old != NULL && parse->old->is_sso_realm,
                   &is_sso_realm) ||
        !read_relation(parse, "sso_realm_uri", before, &sso)) {
        return false;
    }
    if (is_sso_realm && sso != NULL) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object,
                                 given(parse, "sso_realm_uri") == NULL ? "is_sso_realm"
                                                                       : "sso_realm_uri",
                                 "an SSO realm cannot itself use same sign-on");
    }
    if (sso != NULL && !sso->is_sso_realm) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, parse->object, "sso_realm_uri",
                                 "%.120s is not an SSO realm", sso->uri.ptr);
    }
    parse->sso_realm_uri = STR_EMPTY;
    if (sso != NULL) {
        parse->sso_realm_uri = sso->uri;
    } else if (!is_sso_realm && parse->prototype != NULL) {
        parse->sso_realm_uri = parse->prototype->sso_realm_uri;
    }
    return true;
}

bool realm_relations_read(struct realm_parse *parse)
{
    parse->old = parse->present == NULL ? NULL : rbac_realm_find(parse->present, parse->uri);
    return read_prototype(parse) && read_sso(parse);
}

bool realm_knows_user(const struct realm_parse *parse, struct str name)
{
    if (map_get(&parse->users, name) != NULL ||
        (str_eq(parse->uri, MASTER_REALM) && str_eq(name, STR("admin")))) {
        return true;
    }
    const struct rbac_user *user = parse->old == NULL ? NULL : rbac_user_find(parse->old, name);
    return user != NULL && str_eq(user->username, name);
}

bool realm_knows_group(const struct realm_parse *parse, struct str name)
{
    return map_get(&parse->groups, name) != NULL || rbac_group_builtin(name) != NULL ||
           (parse->old != NULL && rbac_group_exists(parse->old, name)) ||
           (parse->prototype != NULL && rbac_group_exists(parse->prototype, name)) ||
           (str_eq(parse->uri, MASTER_REALM) && str_eq(name, RBAC_ROLE_ADMINISTRATORS));
}

/* Does the effective list of methods ask for SCRAM? */
static bool wants_scram(const struct realm_parse *parse)
{
    const json_t *list = given(parse, "authmethods");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_eq(record_str(json_array_get(list, i)), STR("wamp-scram"))) {
            return true;
        }
    }
    const struct rbac_realm *realm = parse->old != NULL ? parse->old : parse->prototype;
    for (size_t i = 0; list == NULL && realm != NULL && i < realm->authmethod_count; i++) {
        if (str_eq(realm->authmethods[i], STR("wamp-scram"))) {
            return true;
        }
    }
    return false;
}

bool realm_password_options(struct realm_parse *parse,
                            const json_t *user,
                            struct credential_options *out)
{
    static const struct credential_policy usual = {0};
    const struct credential_policy *policy =
        parse->present == NULL ? &usual : rbac_password_policy(parse->present);
    struct err err = {0};
    const json_t *own = json_object_get(user, "password_opts");
    if (own != NULL && !json_is_null(own)) {
        if (!json_is_object(own)) {
            return realm_mistaken(parse, user, "password_opts", "must be an object");
        }
        return credential_options_by(policy, own, out, &err) ||
               realm_mistaken(parse, user, "password_opts", "%s", err.text);
    }
    const struct rbac_realm *realm = parse->old != NULL ? parse->old : parse->prototype;
    const json_t *opts = given(parse, "password_opts");
    json_t *kept = NULL;
    if (opts == NULL && realm != NULL && realm->password_opts.len > 0) {
        kept = record_read(realm->password_opts, NULL);
        opts = kept;
    }
    bool ok = credential_options_by(policy, opts, out, &err) ||
              realm_mistaken(parse, parse->object, NULL, "\"password_opts\": %s", err.text);
    json_decref(kept);
    if (opts == NULL && wants_scram(parse)) {
        credential_options_usual(policy, CREDENTIAL_SCRAM, out);
    }
    return ok;
}
