#include "token/bearer.h"

#include "base/mem.h"
#include "token/revocation.h"
#include "token/token_inside.h"

#include <string.h>

/* Takes over the token. NULL: it lacks what every access token has. */
static struct bearer *bearer_new(struct token *token, const struct bearer_door *door)
{
    const json_t *claims = token->claims;
    struct bearer *bearer = mem_calloc(1, sizeof(*bearer) + door->realm.len);
    memcpy(bearer + 1, door->realm.ptr, door->realm.len);
    bearer->refs = 1;
    bearer->token = *token;
    *token = (struct token){0};
    bearer->realm = str_make((const char *)(bearer + 1), door->realm.len);
    bearer->authid = json_member_str(claims, "sub");
    bearer->client = json_member_str(claims, "client_id");
    bearer->id = json_member_str(claims, "jti");
    bearer->family = json_member_str(claims, "sid");
    bearer->scope = json_member_str(claims, "scope");
    bearer->session = door->session;
    bearer->whole = door->session || json_is_true(json_object_get(claims, "whole"));
    bearer->roles = json_object_get(claims, "groups");
    (void)json_member_time(claims, "rev", &bearer->revision);
    bool whose = door->session ? json_member_time(claims, "auth_time", &bearer->began_s)
                               : bearer->client.len > 0;
    if (bearer->authid.len > 0 && whose && bearer->id.len > 0 &&
        json_member_time(claims, "iat", &bearer->issued_s) &&
        json_member_time(claims, "exp", &bearer->expires_s)) {
        return bearer;
    }
    bearer_unref(bearer);
    return NULL;
}

static struct bearer *read(const struct tokens *tokens,
                           struct str text,
                           const struct bearer_door *door,
                           const char **out_why,
                           bool past)
{
    const struct token_wanted wanted = {.realms = &door->realm,
                                        .realm_count = 1,
                                        .type = door->session ? BEARER_SESSION_TYPE : BEARER_TYPE,
                                        .issuer = door->issuer,
                                        .audience = door->realm,
                                        .now_s = door->now_s,
                                        .leeway_s = TOKEN_LEEWAY_S,
                                        .past = past};
    struct token token;
    if (!token_verify(tokens, NULL, text, &wanted, &token, out_why)) {
        return NULL;
    }
    struct bearer *bearer = bearer_new(&token, door);
    if (bearer == NULL) {
        *out_why = "its claims are no access token's";
    }
    return bearer;
}

struct bearer *bearer_read_past(const struct tokens *tokens,
                                struct str text,
                                const struct bearer_door *door,
                                const char **out_why)
{
    return read(tokens, text, door, out_why, true);
}

struct bearer *bearer_read(const struct tokens *tokens,
                           struct str text,
                           const struct bearer_door *door,
                           const char **out_why)
{
    struct bearer *bearer = read(tokens, text, door, out_why, false);
    const char *fault = bearer == NULL ? NULL : bearer_fault(bearer, tokens, door->now_s);
    if (fault != NULL) {
        *out_why = fault;
        bearer_unref(bearer);
        return NULL;
    }
    return bearer;
}

struct bearer *bearer_ref(struct bearer *bearer)
{
    if (bearer != NULL) {
        bearer->refs++;
    }
    return bearer;
}

void bearer_unref(struct bearer *bearer)
{
    if (bearer != NULL && --bearer->refs == 0) {
        token_done(&bearer->token);
        mem_free(bearer);
    }
}

/* All of the user's, or all that this client had of him. */
static bool user_revoked(const struct bearer *bearer, const struct tokens *tokens)
{
    char room[REVOCATION_KEY_MAX];
    struct str any = revocation_of_user(bearer->authid, STR_EMPTY, room);
    if (tokens_revoked(tokens, bearer->realm, any) > bearer->revision) {
        return true;
    }
    struct str by_client = revocation_of_user(bearer->authid, bearer->client, room);
    return tokens_revoked(tokens, bearer->realm, by_client) > bearer->revision;
}

const char *bearer_fault(const struct bearer *bearer, const struct tokens *tokens, uint64_t now_s)
{
    uint64_t leeway_s = bearer->session ? 0 : TOKEN_LEEWAY_S; /* a time-out is one */
    if (bearer->expires_s + leeway_s <= now_s) {
        return "the token has expired";
    }
    if (tokens_key(tokens, bearer->realm, str_of(bearer->token.key->id), now_s) == NULL) {
        return "the token's key verifies no more";
    }
    if (tokens_revoked(tokens, bearer->realm, bearer->id) > 0 ||
        tokens_revoked(tokens, bearer->realm, bearer->family) > 0) {
        return "the token has been revoked";
    }
    if (user_revoked(bearer, tokens)) {
        return "the tokens of its user have been revoked";
    }
    return NULL;
}

bool bearer_has_role(const struct bearer *bearer, struct str role)
{
    for (size_t i = 0; i < json_array_size(bearer->roles); i++) {
        const json_t *each = json_array_get(bearer->roles, i);
        if (json_is_string(each) &&
            str_eq(role, str_make(json_string_value(each), json_string_length(each)))) {
            return true;
        }
    }
    return false;
}

void bearer_narrow(const struct bearer *bearer, struct str *roles, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; !bearer->session && i < *count; i++) {
        if (bearer_has_role(bearer, roles[i])) {
            roles[kept++] = roles[i];
        }
    }
    *count = bearer->session ? *count : kept;
}
