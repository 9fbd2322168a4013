/* directory_rbac.c - bondy.rbac.*: who may what, asked by somebody. It is answered from what is in
 * force, as a call of that user would be. */
#include "directory/directory_inside.h"

#define NO_PRINCIPAL "wamp.error.no_such_principal"

/* Who, what, where. */
struct question {
    const struct rbac_realm *realm;
    struct principal principal;
    struct str permission;
    struct str resource;
    enum grant_match match;
};

static bool read_match(struct directory_call *call, enum grant_match *out)
{
    const json_t *match = json_object_get(call->kwargs, "match");
    const char *text = json_string_value(match);
    *out = GRANT_EXACT;
    return match == NULL || json_is_null(match) ||
           (text != NULL && rbac_match_find(str_of(text), out)) ||
           directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "match",
                               "match is \"exact\", \"prefix\" or \"wildcard\"");
}

/* A user, or "group/x": no user's name has a slash. */
static bool read_principal(struct directory_call *call, struct str authid, struct question *out)
{
    const struct str group = STR("group/");
    if (str_starts(authid, group)) {
        return rbac_principal_of_group(out->realm, str_from(authid, group.len), call->arena,
                                       &out->principal) ||
               directory_refuse(call, NO_PRINCIPAL, "no group of that name in realm %.200s",
                                call->realm.ptr);
    }
    return rbac_principal_of(out->realm, authid, call->arena, &out->principal) ||
           directory_refuse(call, NO_PRINCIPAL, "no user of that name in realm %.200s",
                            call->realm.ptr);
}

static bool read_question(struct directory_call *call, struct question *out)
{
    struct str authid;
    if (!directory_arg_text(call, 0, &authid) || !directory_arg_text(call, 1, &out->permission) ||
        !directory_arg_text(call, 2, &out->resource) || !read_match(call, &out->match)) {
        return false;
    }
    if (!rbac_uri_valid(out->permission, GRANT_EXACT)) {
        return directory_refuse(call, DIRECTORY_INVALID,
                                "argument 2 must be a permission such as wamp.call");
    }
    if (!rbac_uri_valid(out->resource, out->match)) {
        return directory_refuse(call, DIRECTORY_INVALID,
                                "argument 3 is no URI for a match of \"%s\"",
                                rbac_match_name(out->match));
    }
    out->realm = rbac_realm_find(call->present, call->realm);
    if (out->realm == NULL) {
        return directory_refuse(call, DIRECTORY_NO_REALM, "no realm %.200s", call->realm.ptr);
    }
    return read_principal(call, authid, out);
}

static bool explain(struct directory_call *call, struct rbac_explanation *out)
{
    struct question question;
    if (!read_question(call, &question)) {
        return false;
    }
    rbac_explain_named(question.realm, &question.principal, question.permission, question.resource,
                       question.match, out);
    return true;
}

static bool rbac_authorize(struct directory_call *call)
{
    struct rbac_explanation why;
    return explain(call, &why) && directory_answer(call, json_boolean(why.allowed), 0);
}

static json_t *role_of(const struct rbac_explanation *why)
{
    const char *kind = why->role_is_user ? "user/" : "group/";
    bool anybody = str_eq(why->role, STR("all")) || str_eq(why->role, RBAC_ROLE_ANONYMOUS);
    return json_sprintf("%s" PRISTR, anybody ? "" : kind, STRARG(why->role));
}

static bool rbac_why(struct directory_call *call)
{
    struct rbac_explanation why;
    if (!explain(call, &why)) {
        return false;
    }
    bool granted = why.allowed && !why.security_disabled;
    struct str realm = granted ? why.realm : call->realm;
    return directory_answer(
        call,
        json_pack("{s:b, s:s%, s:o, s:o, s:o, s:s}", "allowed", why.allowed, "realm", realm.ptr,
                  realm.len, "role", granted ? role_of(&why) : json_null(), "match",
                  granted ? json_string(rbac_match_name(why.match)) : json_null(), "uri",
                  granted ? json_string(why.uri) : json_null(), "text", why.text),
        0);
}

const struct directory_operation directory_rbac_operations[] = {
    {STR_INIT("bondy.rbac.authorize"), DIRECTORY_REALM | DIRECTORY_READ, 3, 3, NULL,
     rbac_authorize},
    {STR_INIT("bondy.rbac.explain"), DIRECTORY_REALM | DIRECTORY_READ, 3, 3, NULL, rbac_why},
    {.run = NULL},
};
