/* place.c - which endpoint of which realm a path is. */
#include "oauth/oauth.h"
#include "rbac/rbac.h"

#define REALMS     STR("/realms/")
#define WELL_KNOWN STR("/.well-known/")

static bool is_metadata(struct str name)
{
    return str_eq(name, STR("oauth-authorization-server")) ||
           str_eq(name, STR("openid-configuration"));
}

/* "oauth/token", ".well-known/openid-configuration" */
static bool find_endpoint(struct str rest, struct oauth_place *out)
{
    struct str folder = STR_EMPTY;
    struct str name = STR_EMPTY;
    (void)str_cut(rest, '/', &folder, &name);
    if (str_eq(folder, STR(".well-known")) && is_metadata(name)) {
        out->endpoint = FLOW_METADATA;
        return true;
    }
    return str_eq(folder, STR("oauth")) && flow_endpoint_find(name, &out->endpoint);
}

/* RFC 8414, 3.1: the issuer's path comes behind the well-known one. */
static bool find_inserted(struct str path, struct oauth_place *out)
{
    struct str name = STR_EMPTY;
    struct str rest = STR_EMPTY;
    (void)str_cut(str_from(path, WELL_KNOWN.len), '/', &name, &rest);
    if (!is_metadata(name) || !str_starts(rest, STR("realms/"))) {
        return false;
    }
    out->endpoint = FLOW_METADATA;
    out->realm = str_from(rest, STR("realms/").len);
    return str_find(out->realm, '/') < 0;
}

bool oauth_find(struct str path, struct oauth_place *out)
{
    *out = (struct oauth_place){0};
    if (str_starts(path, WELL_KNOWN)) {
        return find_inserted(path, out);
    }
    struct str rest = STR_EMPTY;
    return str_starts(path, REALMS) &&
           str_cut(str_from(path, REALMS.len), '/', &out->realm, &rest) && out->realm.len > 0 &&
           find_endpoint(rest, out);
}

bool oauth_find_admin(struct str path, struct oauth_place *out)
{
    *out = (struct oauth_place){.realm = MASTER_REALM};
    return path.len > 0 && find_endpoint(str_from(path, 1), out);
}
