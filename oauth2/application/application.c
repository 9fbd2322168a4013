#include "application/application.h"

#include "application/jwk.h"
#include "application/member.h"
#include "application/redirect.h"
#include "base/mem.h"

enum { NAME_MAX_BYTES = 128, LIST_MAX = 64, SCOPE_WORD_MAX = 254, ORIGIN_MAX = 512 };

const char *const application_keys[] = {"type",
                                        "name",
                                        "redirect_uris",
                                        "post_logout_redirect_uris",
                                        "grant_types",
                                        "scopes",
                                        "origins",
                                        "token_endpoint_auth_method",
                                        "jwks",
                                        "consent",
                                        NULL};

bool application_is_public(const json_t *client)
{
    return str_eq(member_text(client, "type"), STR("public"));
}

bool application_has_secret(const json_t *client)
{
    struct str method = member_text(client, "token_endpoint_auth_method");
    return !application_is_public(client) && !str_eq(method, STR(APPLICATION_SIGNED));
}

static bool lists(const json_t *client, const char *key, const char *value)
{
    const json_t *list = json_object_get(client, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_eq(json_text(json_array_get(list, i)), str_of(value))) {
            return true;
        }
    }
    return false;
}

static bool is_redirect(struct str text, const char **out_why)
{
    return redirect_may_register(text, out_why);
}

static bool is_grant(struct str text, const char **out_why)
{
    static const char *const names[] = {
#define NAME(name, text) text,
        APPLICATION_GRANT_MAP(NAME)
#undef NAME
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(text, str_of(names[i]))) {
            return true;
        }
    }
    *out_why = "is none of client_credentials, password, authorization_code, refresh_token and "
               "urn:ietf:params:oauth:grant-type:device_code";
    return false;
}

/* RFC 6749, 3.3: visible ASCII without '"' and '\'; a group's name may be more than ASCII. */
static bool is_scope(struct str text, const char **out_why)
{
    bool good = text.len > 0 && text.len <= SCOPE_WORD_MAX;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        good = good && c > 0x20 && c < 0x7f && c != '"' && c != '\\';
    }
    *out_why = "is no scope: one word of visible ASCII without quotes and backslashes";
    return good;
}

/* As a browser sends it: scheme, host, and a port that is not the scheme's own. */
static bool is_origin(struct str text, const char **out_why)
{
    static const struct str schemes[] = {STR_INIT("https://"), STR_INIT("http://")};
    *out_why = "is no origin as a browser sends it: https://app.example.com, without a path";
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (!str_starts(text, schemes[i]) || text.len > ORIGIN_MAX) {
            continue;
        }
        struct str host = str_from(text, schemes[i].len);
        bool good = host.len > 0;
        for (size_t at = 0; at < host.len; at++) {
            char c = host.ptr[at];
            good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == ':' || c == '[' || c == ']');
        }
        return good;
    }
    return false;
}

static bool
check_list(const json_t *list, bool (*fits)(struct str text, const char **out_why), struct err *err)
{
    if (!json_is_array(list) || json_array_size(list) > LIST_MAX) {
        return err_set(err, ERR_INVALID, "must be a list of at most %d texts", LIST_MAX);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *why = "is no text";
        const json_t *element = json_array_get(list, i);
        if (!json_is_string(element) || !fits(json_text(element), &why)) {
            return err_set(err, ERR_INVALID, "element %zu: %s", i + 1, why);
        }
    }
    return true;
}

static bool check_type(const json_t *value, struct err *err)
{
    struct str type = json_text(value);
    return str_eq(type, STR("confidential")) || str_eq(type, STR("public")) ||
           err_set(err, ERR_INVALID, "must be \"confidential\" or \"public\"");
}

static bool check_name(const json_t *value, struct err *err)
{
    struct str name = json_text(value);
    bool good = name.len > 0 && name.len <= NAME_MAX_BYTES;
    for (size_t i = 0; i < name.len; i++) {
        good = good && (unsigned char)name.ptr[i] >= 0x20 && name.ptr[i] != 0x7f;
    }
    return good || err_set(err, ERR_INVALID, "must be a text of at most %d bytes", NAME_MAX_BYTES);
}

static bool check_method(const json_t *value, struct err *err)
{
    static const char *const names[] = {APPLICATION_NONE, APPLICATION_BASIC, APPLICATION_POST,
                                        APPLICATION_SIGNED};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(json_text(value), str_of(names[i]))) {
            return true;
        }
    }
    return err_set(err, ERR_INVALID,
                   "must be none, client_secret_basic, client_secret_post or private_key_jwt");
}

static bool check_consent(const json_t *value, struct err *err)
{
    return json_is_boolean(value) ||
           err_set(err, ERR_INVALID, "must be true or false: whether users are asked");
}

static bool check_redirects(const json_t *value, struct err *err)
{
    return check_list(value, is_redirect, err);
}

static bool check_grants(const json_t *value, struct err *err)
{
    return check_list(value, is_grant, err);
}

static bool check_scopes(const json_t *value, struct err *err)
{
    return check_list(value, is_scope, err);
}

static bool check_origins(const json_t *value, struct err *err)
{
    return check_list(value, is_origin, err);
}

static const struct row {
    const char *key;
    bool (*check)(const json_t *value, struct err *err);
} rows[] = {
    {"type", check_type},
    {"name", check_name},
    {"redirect_uris", check_redirects},
    {"post_logout_redirect_uris", check_redirects},
    {"grant_types", check_grants},
    {"scopes", check_scopes},
    {"origins", check_origins},
    {"token_endpoint_auth_method", check_method},
    {"jwks", jwks_check},
    {"consent", check_consent},
};

static bool check_known(const json_t *client, const char **out_key, struct err *err)
{
    struct str known[COUNT_OF(rows)];
    const char *key;
    json_t *value;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        known[i] = str_of(rows[i].key);
    }
    json_object_foreach((json_t *)(uintptr_t)client, key, value)
    {
        size_t at = 0;
        while (at < COUNT_OF(rows) && !str_eq(known[at], str_of(key))) {
            at++;
        }
        if (at == COUNT_OF(rows)) {
            struct str near = str_nearest(str_of(key), known, COUNT_OF(rows));
            *out_key = NULL;
            return err_set(err, ERR_INVALID, "unknown key \"%.64s\"%s" PRISTR "%s", key,
                           near.len > 0 ? ", is \"" : "", STRARG(near),
                           near.len > 0 ? "\" meant?" : "");
        }
    }
    return true;
}

/* What contradicts another member. */
static bool check_together(const json_t *client, const char **out_key, struct err *err)
{
    struct str method = member_text(client, "token_endpoint_auth_method");
    bool is_public = application_is_public(client);
    bool none = str_eq(method, STR(APPLICATION_NONE));
    *out_key = "token_endpoint_auth_method";
    if (method.len > 0 && none != is_public) {
        return err_set(err, ERR_INVALID,
                       is_public ? "a public client proves nothing: \"none\""
                                 : "\"none\" is for public clients");
    }
    if (str_eq(method, STR(APPLICATION_SIGNED)) && json_object_get(client, "jwks") == NULL) {
        return err_set(err, ERR_INVALID, "private_key_jwt needs the client's public keys: jwks");
    }
    *out_key = "jwks";
    if (is_public && json_object_get(client, "jwks") != NULL) {
        return err_set(err, ERR_INVALID, "a public client has no keys to prove itself with");
    }
    *out_key = "grant_types";
    if (is_public && lists(client, "grant_types", "client_credentials")) {
        return err_set(err, ERR_INVALID,
                       "a public client cannot prove that it is itself: no client_credentials");
    }
    *out_key = "redirect_uris";
    return !lists(client, "grant_types", "authorization_code") ||
           json_array_size(json_object_get(client, "redirect_uris")) > 0 ||
           err_set(err, ERR_INVALID, "authorization_code needs at least one");
}

bool application_check(const json_t *client, const char **out_key, struct err *err)
{
    *out_key = NULL;
    if (!json_is_object(client)) {
        return err_set(err, ERR_INVALID, "must be a map");
    }
    if (!check_known(client, out_key, err)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const json_t *value = json_object_get(client, rows[i].key);
        *out_key = rows[i].key;
        if (value != NULL && !rows[i].check(value, err)) {
            return false;
        }
    }
    return check_together(client, out_key, err);
}

void application_complete(json_t *client)
{
    bool redirects = json_array_size(json_object_get(client, "redirect_uris")) > 0;
    if (json_object_get(client, "type") == NULL) {
        (void)json_object_set_new(client, "type", json_string("confidential"));
    }
    if (json_object_get(client, "grant_types") != NULL) {
        return;
    }
    (void)json_object_set_new(
        client, "grant_types",
        redirects || application_is_public(client)
            ? json_pack("[s, s]", "authorization_code", "refresh_token")
            : json_pack("[s, s, s]", "client_credentials", "password", "refresh_token"));
}
