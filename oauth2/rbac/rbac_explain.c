/* rbac_explain.c - the question again, slowly, and with reasons: not for the data path. */
#include "base/buf.h"
#include "base/mem.h"
#include "rbac/rbac_inside.h"
#include "rbac/record_inside.h"

#include <stdio.h>

struct inquiry {
    const struct rbac_realm *realm;
    unsigned wanted;
    struct str named; /* the permission, if it is none of ours */
    struct str uri;
    enum grant_match match;
    struct rbac_explanation *out;
};

static bool finds(const struct inquiry *inquiry,
                  const struct rbac_rights *rights,
                  enum role_kind kind,
                  struct str role)
{
    struct rbac_explanation *out = inquiry->out;
    const struct grant_index *index = inquiry->named.len > 0
                                          ? rbac_rights_named(rights, kind, role, inquiry->named)
                                          : map_get(&rights->roles[kind], role);
    if (index == NULL || !grant_index_find(index, inquiry->wanted, inquiry->uri, inquiry->match,
                                           &out->match, out->uri, sizeof(out->uri))) {
        return false;
    }
    out->allowed = true;
    out->role = role;
    out->realm =
        rights == inquiry->realm->rights ? inquiry->realm->uri : inquiry->realm->prototype_uri;
    return true;
}

static bool finds_for_group(const struct inquiry *inquiry, struct str group)
{
    const struct rbac_realm *realm = inquiry->realm;
    return finds(inquiry, realm->rights, ROLE_EITHER, group) ||
           finds(inquiry, realm->rights, ROLE_GROUP, group) ||
           (realm->inherited != NULL && map_get(&realm->rights->groups, group) == NULL &&
            (finds(inquiry, realm->inherited, ROLE_EITHER, group) ||
             finds(inquiry, realm->inherited, ROLE_GROUP, group)));
}

static bool finds_for_anyone(const struct inquiry *inquiry, const struct principal *principal)
{
    if (finds_for_group(inquiry, STR("all"))) {
        return true;
    }
    for (size_t i = 0; i < principal->role_count; i++) {
        if (finds_for_group(inquiry, principal->roles[i])) {
            return true;
        }
    }
    const struct rbac_rights *rights = inquiry->realm->rights;
    inquiry->out->role_is_user = principal_is_named(principal) && !principal->groups_alone &&
                                 (finds(inquiry, rights, ROLE_USER, principal->authid) ||
                                  finds(inquiry, rights, ROLE_EITHER, principal->authid));
    return inquiry->out->role_is_user;
}

static void say_missing(const struct inquiry *inquiry,
                        const struct principal *principal,
                        struct str permission,
                        struct buf *text)
{
    (void)buf_printf(text, "not allowed: no grant of " PRISTR " covers %s \"" PRISTR "\" for all",
                     STRARG(permission), rbac_match_name(inquiry->match), STRARG(inquiry->uri));
    for (size_t i = 0; i < principal->role_count; i++) {
        (void)buf_printf(text, ", group " PRISTR, STRARG(principal->roles[i]));
    }
    if (principal_is_named(principal)) {
        (void)buf_printf(text, ", user " PRISTR, STRARG(principal->authid));
    }
    (void)buf_printf(text, " in " PRISTR, STRARG(inquiry->realm->uri));
    if (inquiry->realm->inherited != NULL) {
        (void)buf_printf(text, " or its prototype " PRISTR, STRARG(inquiry->realm->prototype_uri));
    }
}

static void say_grant(const struct rbac_explanation *out, struct str permission, struct buf *text)
{
    const char *kind = out->role_is_user ? "user " : "group ";
    (void)buf_printf(text, "allowed: %s" PRISTR " has " PRISTR " ",
                     role_is_anybody(out->role) ? "" : kind, STRARG(out->role), STRARG(permission));
    if (out->uri[0] == '\0') {
        (void)buf_printf(text, "everywhere");
    } else {
        (void)buf_printf(text, "on %s \"%s\"", rbac_match_name(out->match), out->uri);
    }
    (void)buf_printf(text, ", granted in " PRISTR, STRARG(out->realm));
}

static struct inquiry inquiry_of(struct str permission)
{
    enum permission known;
    if (permission_find(permission, &known)) {
        return (struct inquiry){.wanted = PERMISSION_BIT(known), .named = STR_EMPTY};
    }
    return (struct inquiry){.wanted = NAMED_BIT, .named = permission};
}

void rbac_explain_named(const struct rbac_realm *realm,
                        const struct principal *principal,
                        struct str permission,
                        struct str uri,
                        enum grant_match match,
                        struct rbac_explanation *out)
{
    struct inquiry inquiry = inquiry_of(permission);
    struct buf text;
    inquiry.realm = realm;
    inquiry.uri = uri;
    inquiry.match = match;
    inquiry.out = out;
    *out = (struct rbac_explanation){.role = STR_EMPTY, .realm = STR_EMPTY};
    buf_init(&text, RBAC_EXPLAIN_TEXT_MAX - 1);
    if (!realm->security_enabled) {
        out->allowed = true;
        out->security_disabled = true;
        (void)buf_printf(&text, "allowed: the security of " PRISTR " is switched off",
                         STRARG(realm->uri));
    } else if (finds_for_anyone(&inquiry, principal)) {
        say_grant(out, permission, &text);
    } else {
        say_missing(&inquiry, principal, permission, &text);
    }
    (void)snprintf(out->text, sizeof(out->text), PRISTR, STRARG(buf_str(&text)));
    buf_done(&text);
}

void rbac_explain(const struct rbac_realm *realm,
                  const struct principal *principal,
                  enum permission permission,
                  struct str uri,
                  enum grant_match match,
                  struct rbac_explanation *out)
{
    rbac_explain_named(realm, principal, str_of(permission_name(permission)), uri, match, out);
}

bool rbac_may_named(const struct rbac *rbac,
                    const struct rbac_realm *realm,
                    const struct principal *principal,
                    struct str permission,
                    struct str uri)
{
    enum permission known;
    if (permission_find(permission, &known)) {
        return rbac_may(rbac, realm, principal, known, uri);
    }
    struct rbac_explanation found;
    const struct inquiry inquiry = {.realm = realm,
                                    .wanted = NAMED_BIT,
                                    .named = permission,
                                    .uri = uri,
                                    .match = GRANT_EXACT,
                                    .out = &found};
    return !realm->security_enabled ||
           (permission.len > 0 && finds_for_anyone(&inquiry, principal));
}
