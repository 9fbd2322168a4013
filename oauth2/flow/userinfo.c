/* userinfo.c - OpenID Connect Core 5.3: who the user of an access token is. What he is called and
 * where he is written to comes from the `meta` of his record, as far as the scope goes (5.4). */
#include "base/mem.h"
#include "flow/flow_inside.h"
#include "token/bearer.h"

static const struct {
    const char *scope;
    const char *claim;
} rows[] = {
    {"profile", "name"},        {"profile", "family_name"}, {"profile", "given_name"},
    {"profile", "middle_name"}, {"profile", "nickname"},    {"profile", "profile"},
    {"profile", "picture"},     {"profile", "website"},     {"profile", "gender"},
    {"profile", "birthdate"},   {"profile", "zoneinfo"},    {"profile", "locale"},
    {"profile", "updated_at"},  {"email", "email"},         {"email", "email_verified"},
};

enum flow_step flow_userinfo(struct flow_call *call)
{
    struct flow_bearer shown;
    if (!flow_bearer_read(call, &shown)) {
        return FLOW_ANSWERED;
    }
    struct str scope = shown.bearer->scope;
    if (!flow_has_word(scope, STR("openid"))) {
        return flow_bearer_refuse(call, "insufficient_scope",
                                  "the token was issued without the scope openid", STR("openid"));
    }
    struct str meta = shown.user->meta;
    const json_t *known =
        flow_keep(call, meta.len == 0 ? NULL : json_loadb(meta.ptr, meta.len, 0, NULL));
    json_t *info = json_pack("{s:s%}", "sub", shown.user->username.ptr, shown.user->username.len);
    if (flow_has_word(scope, STR("profile"))) {
        (void)json_object_set_new(info, "preferred_username",
                                  json_stringn(shown.user->username.ptr, shown.user->username.len));
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *value = json_object_get(known, rows[i].claim);
        if (value != NULL && flow_has_word(scope, str_of(rows[i].scope))) {
            (void)json_object_set(info, rows[i].claim, value);
        }
    }
    return flow_json(call, 200, info);
}
