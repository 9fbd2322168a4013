/* context_security.c - what templates see of who acts: `security`, empty for nobody in particular.
 *
 * What only a token has (client_id, scope, session) is absent without one. */
#include "base/mem.h"
#include "pipeline/built.h"
#include "pipeline/exchange.h"
#include "token/bearer.h"

static void put_names(struct emit *emit, const struct str *names, size_t count)
{
    emit_list(emit, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        emit_str(emit, names[i]);
    }
}

static void put_realm(const struct exchange *exchange, struct emit *emit)
{
    emit_str(emit, exchange->match.route->realm);
}
static void put_authid(const struct exchange *exchange, struct emit *emit)
{
    emit_str(emit, exchange->principal->authid);
}
static void put_authmethod(const struct exchange *exchange, struct emit *emit)
{
    emit_str(emit, exchange->principal->authmethod);
}
static void put_authrole(const struct exchange *exchange, struct emit *emit)
{
    const struct principal *who = exchange->principal;
    emit_str(emit, who->role_count == 0 ? STR_EMPTY : who->roles[0]);
}
static void put_authroles(const struct exchange *exchange, struct emit *emit)
{
    put_names(emit, exchange->principal->roles, exchange->principal->role_count);
}
static void put_meta(const struct exchange *exchange, struct emit *emit)
{
    const struct rbac *rbac =
        (const struct rbac *)(const void *)snapshot_peek(exchange->pipeline->options.rbac);
    const struct rbac_realm *realm = rbac_realm_find(rbac, exchange->match.route->realm);
    const struct rbac_user *user =
        realm == NULL ? NULL : rbac_user_find(realm, exchange->principal->authid);
    if (user == NULL || user->meta.len == 0) {
        emit_map(emit, 0);
    } else {
        emit_slice(emit, (struct slice){SERIALIZER_JSON, user->meta});
    }
}

static void put_client(const struct exchange *exchange, struct emit *emit)
{
    emit_str(emit, exchange->bearer->client);
}
static void put_scope(const struct exchange *exchange, struct emit *emit)
{
    emit_str(emit, exchange->bearer->scope);
}
static void put_token_id(const struct exchange *exchange, struct emit *emit)
{
    emit_str(emit, exchange->bearer->id);
}

/* Those of a token come last. */
enum { TOKEN_MEMBERS = 3 };

static const struct {
    struct str name;
    void (*put)(const struct exchange *exchange, struct emit *emit);
} members[] = {
    {STR_INIT("realm_uri"), put_realm},   {STR_INIT("authid"), put_authid},
    {STR_INIT("username"), put_authid},   {STR_INIT("authmethod"), put_authmethod},
    {STR_INIT("authrole"), put_authrole}, {STR_INIT("authroles"), put_authroles},
    {STR_INIT("groups"), put_authroles},  {STR_INIT("meta"), put_meta},
    {STR_INIT("client_id"), put_client},  {STR_INIT("scope"), put_scope},
    {STR_INIT("session"), put_token_id},
};

static size_t member_count(const struct exchange *exchange)
{
    return exchange->bearer != NULL ? COUNT_OF(members) : COUNT_OF(members) - TOKEN_MEMBERS;
}

static bool whole(const struct exchange *exchange, struct arena *arena, struct slice *out)
{
    struct built built;
    built_begin(&built, arena);
    emit_map(&built.emit, (uint32_t)member_count(exchange));
    for (size_t i = 0; i < member_count(exchange); i++) {
        emit_key(&built.emit, members[i].name);
        members[i].put(exchange, &built.emit);
    }
    return built_end(&built, out);
}

static bool is_somebody(const struct exchange *exchange)
{
    const struct principal *who = exchange->principal;
    return who != NULL && !str_eq(who->authmethod, RBAC_METHOD_ANONYMOUS);
}

bool exchange_security(const struct exchange *exchange,
                       const struct str *path,
                       size_t path_len,
                       struct arena *arena,
                       struct slice *out,
                       size_t *used)
{
    *used = 0;
    if (!is_somebody(exchange)) {
        *out = (struct slice){SERIALIZER_MSGPACK, STR("\x80")};
        return true;
    }
    for (size_t i = 0; path_len > 0 && i < member_count(exchange); i++) {
        if (str_eq(members[i].name, path[0])) {
            struct built built;
            built_begin(&built, arena);
            members[i].put(exchange, &built.emit);
            *used = 1;
            return built_end(&built, out);
        }
    }
    return whole(exchange, arena, out);
}
