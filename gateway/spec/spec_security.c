/* spec_security.c - security objects: which scheme protects a path. */
#include "base/mem.h"
#include "spec/spec_inside.h"

static const struct key_row oauth2_rows[] = {
    {"type", VALUE_STRING, true, NULL},
    {"flow", VALUE_STRING, true, NULL},
    {"schemes", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"token_path", VALUE_STRING, false, NULL},
    {"revoke_token_path", VALUE_STRING, false, NULL},
    {"verify_path", VALUE_STRING, false, NULL},
    {"description", VALUE_STRING | VALUE_NULL, false, NULL},
};

static const struct key_row oidc_rows[] = {
    {"type", VALUE_STRING, true, NULL},
    {"provider", VALUE_STRING, true, NULL},
    {"schemes", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"verify_path", VALUE_STRING, false, NULL},
    {"description", VALUE_STRING | VALUE_NULL, false, NULL},
};

static const struct key_row basic_rows[] = {
    {"type", VALUE_STRING, true, NULL},
    {"schemes", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"description", VALUE_STRING | VALUE_NULL, false, NULL},
};

static const struct key_row api_key_rows[] = {
    {"type", VALUE_STRING, true, NULL},
    {"schemes", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"header_name", VALUE_STRING, false, NULL},
    {"description", VALUE_STRING | VALUE_NULL, false, NULL},
};

static const struct {
    struct str name;
    enum security_type type;
    const struct key_row *rows;
    size_t row_count;
    bool later; /* not all of it is to be had yet */
} schemes[] = {
    {STR_INIT("oauth2"), SECURITY_OAUTH2, oauth2_rows, COUNT_OF(oauth2_rows), false},
    {STR_INIT("oidc"), SECURITY_OIDC, oidc_rows, COUNT_OF(oidc_rows), true},
    {STR_INIT("basic"), SECURITY_BASIC, basic_rows, COUNT_OF(basic_rows), false},
    {STR_INIT("api_key"), SECURITY_API_KEY, api_key_rows, COUNT_OF(api_key_rows), false},
    {STR_INIT("identity"), SECURITY_IDENTITY, api_key_rows, COUNT_OF(api_key_rows), false},
};

static const struct str flows[] = {
    STR_INIT("authorization_code"),
    STR_INIT("implicit"),
    STR_INIT("resource_owner_password_credentials"),
    STR_INIT("client_credentials"),
};

static bool check_flow(struct compile *compile, const json_t *object)
{
    struct str flow = str_of(json_string_value(json_object_get(object, "flow")));
    for (size_t i = 0; i < COUNT_OF(flows); i++) {
        if (str_eq(flow, flows[i])) {
            return true;
        }
    }
    report(compile, spot_member(object, "flow"),
           (struct hint){STR("authorization_code, implicit, resource_owner_password_credentials, "
                             "client_credentials"),
                         str_nearest(flow, flows, COUNT_OF(flows))},
           "unknown flow '" PRISTR "'", STRARG(flow));
    return false;
}

static bool check_endpoint(struct compile *compile, const json_t *object, const char *key)
{
    const char *path = json_string_value(json_object_get(object, key));
    if (path == NULL || path[0] == '/') {
        return true;
    }
    report(compile, spot_member(object, key), (struct hint){.allowed = STR("/oauth/token")},
           "'%s' must begin with '/'", key);
    return false;
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && str_find(STR("!#$%&'*+-.^_`|~"), c) < 0) {
            return false;
        }
    }
    return name.len > 0;
}

/* A header that means something else already cannot carry a key. */
static bool read_key_header(struct compile *compile, const json_t *object, struct route *route)
{
    static const struct str taken[] = {
        STR_INIT("authorization"),     STR_INIT("connection"), STR_INIT("content-length"),
        STR_INIT("content-type"),      STR_INIT("cookie"),     STR_INIT("host"),
        STR_INIT("transfer-encoding"),
    };
    const json_t *value = json_object_get(object, "header_name");
    if (!json_is_string(value)) {
        return true;
    }
    char *lower = arena_cstr(compile->arena, str_of(json_string_value(value)));
    bool good = is_token(str_of(lower));
    for (char *at = lower; *at != '\0'; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
    }
    for (size_t i = 0; good && i < COUNT_OF(taken); i++) {
        good = !str_eq(str_of(lower), taken[i]);
    }
    if (!good) {
        report(compile, spot_member(object, "header_name"),
               (struct hint){.allowed = STR("X-API-Key, or another header of your own")},
               "no header for an API key");
        return false;
    }
    route->key_header = str_of(lower);
    return true;
}

static bool read_scheme(struct scope *scope, const json_t *object, struct route *route)
{
    struct compile *compile = scope->compile;
    struct str names[COUNT_OF(schemes)];
    struct str type = str_of(json_string_value(json_object_get(object, "type")));
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        names[i] = schemes[i].name;
        if (!str_eq(type, schemes[i].name)) {
            continue;
        }
        route->security = schemes[i].type;
        if (!check_object(compile, object, schemes[i].rows, schemes[i].row_count)) {
            return false;
        }
        if (schemes[i].later) {
            report_warning(compile, spot_node(object), (struct hint){0},
                           "security '" PRISTR
                           "': logging in through a provider is not available yet, the routes "
                           "under it take access tokens of the realm alone",
                           STRARG(type));
        }
        return read_key_header(compile, object, route) &&
               (route->security != SECURITY_OAUTH2 ||
                (check_flow(compile, object) && check_endpoint(compile, object, "token_path") &&
                 check_endpoint(compile, object, "revoke_token_path")));
    }
    report(compile, spot_member(object, "type"),
           (struct hint){STR("oauth2, oidc, basic, api_key, identity, or {} for none"),
                         str_nearest(type, names, COUNT_OF(names))},
           "unknown type of security '" PRISTR "'", STRARG(type));
    return false;
}

bool security_compile(struct scope *scope, const json_t *path, struct route *route)
{
    json_t *object = member_object(scope, path, "security");
    if (object == NULL) {
        return false;
    }
    struct slice value = {.serializer = SERIALIZER_NONE};
    const struct template *whole = template_compile(scope, object);
    bool good = whole != NULL;
    if (good && !template_constant(whole, &value)) {
        report(scope->compile, spot_node(object), (struct hint){0},
               "security must be known when the specification is loaded; it may not depend on "
               "the request");
        good = false;
    }
    route->security_object = value;
    if (json_object_size(object) > 0) {
        good = read_scheme(scope, object, route) && good;
    }
    json_decref(object);
    return good;
}
