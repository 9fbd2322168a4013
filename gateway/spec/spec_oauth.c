/* spec_oauth.c - the OAuth2 endpoints of a version: where a path is protected by `oauth2`, its
 * tokens can be had and asked about under the same base path. */
#include "base/mem.h"
#include "spec/spec_inside.h"

#define FLOW_PASSWORD STR("resource_owner_password_credentials")

static const struct {
    const char *name;
    const char *key; /* of the security object, where it says another path; or NULL */
} endpoints[] = {
    {"token", "token_path"}, {"revoke", "revoke_token_path"},
    {"introspect", NULL},    {"authorize", NULL},
    {"userinfo", NULL},      {"jwks", NULL},
    {"logout", NULL},        {"verify", "verify_path"},
};

static struct str text_of(const json_t *security, const char *key, struct str otherwise)
{
    const char *text = key == NULL ? NULL : json_string_value(json_object_get(security, key));
    return text == NULL ? otherwise : str_of(text);
}

static struct spec_route *find(const struct version *version, struct str pattern)
{
    const struct spec *spec = version->scope->compile->spec;
    for (struct spec_route *at = spec->routes; at != NULL; at = at->next) {
        if (at->route.oauth.len > 0 && str_eq(at->route.pattern, pattern)) {
            return at;
        }
    }
    return NULL;
}

static void add(const struct version *version,
                const struct route *protected,
                const char *name,
                struct str pattern,
                struct spot spot)
{
    struct compile *compile = version->scope->compile;
    struct spec *spec = compile->spec;
    struct spec_route *out = ARENA_NEW(compile->arena, struct spec_route);
    struct err err = {0};
    out->route = (struct route){.spec = protected->spec,
                                .api = protected->api,
                                .version = protected->version,
                                .pattern = pattern,
                                .realm = protected->realm,
                                .host = protected->host,
                                .schemes = protected->schemes,
                                .oauth = str_of(name)};
    out->hosts = spec->hosts;
    if (!path_patterns(pattern, compile->arena, &out->paths, &err)) {
        report(compile, spot, (struct hint){0}, "the path '" PRISTR "' is not valid: %s",
               STRARG(pattern), err.text);
        return;
    }
    (void)compile_position(compile, spot, &out->line, &out->column);
    out->pointer = compile_pointer(compile, spot, compile->arena);
    if (version->active) {
        *spec->routes_end = out;
        spec->routes_end = &out->next;
    }
}

/* "/oauth/token" is in "/oauth". */
static struct str folder_of(struct str path)
{
    size_t len = path.len;
    while (len > 0 && path.ptr[len - 1] != '/') {
        len--;
    }
    return str_sub(path, 0, len > 0 ? len - 1 : 0);
}

void oauth_compile(const struct version *version,
                   const struct route *protected,
                   const json_t *security,
                   struct spot spot)
{
    struct compile *compile = version->scope->compile;
    struct str base = version->base_path;
    while (str_ends(base, STR("/"))) {
        base = str_sub(base, 0, base.len - 1);
    }
    struct str folder = folder_of(text_of(security, "token_path", STR("/oauth/token")));
    for (size_t i = 0; i < COUNT_OF(endpoints); i++) {
        struct str beside =
            arena_printf(compile->arena, PRISTR "/%s", STRARG(folder), endpoints[i].name);
        struct str path = text_of(security, endpoints[i].key, beside);
        struct str pattern =
            arena_printf(compile->arena, PRISTR PRISTR, STRARG(base), STRARG(path));
        struct spec_route *there = find(version, pattern);
        if (there == NULL) {
            add(version, protected, endpoints[i].name, pattern, spot);
            there = find(version, pattern);
        }
        if (there != NULL) {
            there->route.oauth_base =
                arena_printf(compile->arena, PRISTR PRISTR, STRARG(base), STRARG(folder));
            there->route.oauth_password =
                there->route.oauth_password ||
                str_eq(text_of(security, "flow", STR_EMPTY), FLOW_PASSWORD);
        }
    }
}
