/* scope.c - a token that may not do what its user might: insufficient_scope (RFC 6750, 3.1).
 *
 * Asked after the router has refused, which is rare, so that nothing is asked before it does. */
#include "pipeline/exchange.h"
#include "token/bearer.h"
#include "wamp/fault.h"

enum { SCOPE_MAX = 2048 };

struct asking {
    const struct rbac *rbac;
    const struct rbac_realm *realm;
    enum permission permission;
    struct str uri;
};

static bool may(const struct asking *asking, const struct principal *principal)
{
    return rbac_may(asking->rbac, asking->realm, principal, asking->permission, asking->uri);
}

/* By one group that the token does not name. */
static bool group_would_do(const struct asking *asking,
                           const struct principal *all,
                           const struct bearer *bearer,
                           struct str group)
{
    struct principal one = *all;
    one.roles = &group;
    one.role_count = 1;
    one.groups_alone = true;
    return !bearer_has_role(bearer, group) && str_find(group, ' ') < 0 && may(asking, &one);
}

static bool put_word(struct buf *text, struct str word)
{
    return (text->len == 0 || buf_byte(text, ' ')) && buf_append(text, word);
}

/* Grants to his name come with no word but "all". */
static struct str
words(const struct asking *asking, const struct principal *all, const struct exchange *exchange)
{
    struct buf text;
    buf_init(&text, SCOPE_MAX);
    for (size_t i = 0; i < all->role_count; i++) {
        if (group_would_do(asking, all, exchange->bearer, all->roles[i])) {
            (void)put_word(&text, all->roles[i]);
        }
    }
    if (text.len == 0) {
        (void)put_word(&text, STR("all"));
    }
    struct str out = arena_str(exchange->arena, buf_str(&text));
    buf_done(&text);
    return out;
}

bool exchange_scope_lacks(const struct exchange *exchange, struct str *out)
{
    struct asking asking = {
        .rbac = (const struct rbac *)(const void *)snapshot_peek(exchange->pipeline->options.rbac),
        .permission =
            exchange->operation->action == ACTION_PUBLISH ? PERMISSION_PUBLISH : PERMISSION_CALL,
        .uri = exchange->asked,
    };
    struct principal all = {0};
    if (exchange->bearer == NULL || exchange->reply == NULL || exchange->reply->ok ||
        !str_eq(exchange->reply->error, FAULT_NOT_AUTHORIZED)) {
        return false;
    }
    asking.realm = rbac_realm_find(asking.rbac, exchange->match.route->realm);
    if (asking.realm == NULL ||
        !rbac_principal_of(asking.realm, exchange->principal->authid, exchange->arena, &all)) {
        return false;
    }
    all.authmethod = exchange->principal->authmethod;
    if (may(&asking, exchange->principal) || !may(&asking, &all)) {
        return false;
    }
    *out = words(&asking, &all, exchange);
    return true;
}

/* What would end a quoted string is not said. */
static struct str quotable(const struct exchange *exchange, struct str text)
{
    char *copy = arena_cstr(exchange->arena, text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)copy[i];
        copy[i] = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? copy[i] : '_';
    }
    return str_make(copy, text.len);
}

struct str exchange_scope_challenge(const struct exchange *exchange, struct str scope)
{
    return arena_printf(exchange->arena,
                        "Bearer realm=\"" PRISTR "\", error=\"insufficient_scope\", scope=\"" PRISTR
                        "\"",
                        STRARG(quotable(exchange, exchange->match.route->realm)),
                        STRARG(quotable(exchange, scope)));
}
