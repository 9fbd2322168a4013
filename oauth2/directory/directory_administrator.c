/* directory_administrator.c - somebody must always be able to administer the node: the last one is
 * kept, and so is his last way in.
 *
 * Each change of the master realm asks before and after. It is enough to find one such user, and
 * nearly always it is who is asking, or `admin`: of them a small snapshot is made. Only where
 * neither is one all users are looked through. */
#include "base/cidr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "directory/directory_user_inside.h"
#include "rbac/rbac_builder.h"

#include <string.h>

enum { ROLES_ARENA_MAX = 16 << 20 }; /* a user may be in all of a realm's groups */

#define ADMIN STR("admin")
#define GROUP STR("group")

static void release(void *rbac)
{
    snapshot_unref(rbac);
}

/* Of whom the question is; none: of any. */
struct whom {
    const struct store_record *users;
    size_t count;
};

static bool is_of(struct str key, struct str name)
{
    struct str role = directory_grant_role(key); /* the third word of a source's key, too */
    return str_eq(role, name) || str_eq(role, STR("all"));
}

static bool is_of_them(void *ctx, struct str key, struct str value)
{
    const struct whom *whom = ctx;
    (void)value;
    return whom->count != 1 || is_of(key, whom->users[0].key);
}

/* Users, and what says whether and how they come in. */
struct look {
    const struct rbac *rbac;
    const struct rbac_realm *realm;
    const struct store_record *sources;
    size_t source_count;
};

static void apply(struct rbac_builder *builder, const struct store_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)rbac_builder_apply(builder, &records[i]);
    }
}

static void look_at(struct directory_call *call, struct whom *whom, struct look *out)
{
    struct rbac_builder *builder = rbac_builder_new();
    const struct store_record *groups = NULL;
    const struct store_record *realm =
        store_view_get(call->view, STR("realm"), STR_EMPTY, MASTER_REALM);
    size_t count = store_view_list(call->view, GROUP, MASTER_REALM, NULL, &groups);
    out->source_count =
        store_view_select(call->view, STR("source"), MASTER_REALM, is_of_them, whom, &out->sources);
    rbac_builder_allow_anonymous_admin(builder, call->allow_anonymous_admin);
    apply(builder, realm, realm == NULL ? 0 : 1);
    apply(builder, groups, count);
    apply(builder, whom->users, whom->count);
    apply(builder, out->sources, out->source_count);
    struct rbac *rbac = rbac_builder_build(builder, 0);
    arena_defer(call->arena, release, rbac);
    rbac_builder_free(builder);
    out->rbac = rbac;
    out->realm = rbac_realm_find(rbac, MASTER_REALM);
}

static bool has_api_key(struct directory_call *call, struct str name)
{
    const struct store_record *keys = NULL;
    const struct store_page his = {.prefix = arena_printf(call->arena, PRISTR " ", STRARG(name))};
    size_t count = store_view_list(call->view, STR("api_key"), MASTER_REALM, &his, &keys);
    int64_t now_s = (int64_t)(clock_wall_ms() / 1000);
    bool good = false;
    for (size_t i = 0; i < count && !good; i++) {
        json_t *value = json_loadb(keys[i].value.ptr, keys[i].value.len, 0, NULL);
        const json_t *end = json_object_get(value, "expires_at");
        good = !json_is_integer(end) || json_integer_value(end) > now_s;
        json_decref(value);
    }
    return good;
}

/* Tickets and tokens are had by coming in, and nobody knows here who has which certificate. */
static bool is_a_way(struct directory_call *call, struct str name, struct str method)
{
    static const struct str ways[] = {STR_INIT("password"), STR_INIT("wampcra"),
                                      STR_INIT("wamp-scram"), STR_INIT("cryptosign"),
                                      STR_INIT("trust")};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (str_eq(method, ways[i])) {
            return true;
        }
    }
    return str_eq(method, STR("api_key")) && has_api_key(call, name);
}

static bool
comes_in(struct directory_call *call, const struct look *look, const struct rbac_account *account)
{
    for (size_t i = 0; i < look->source_count; i++) {
        struct str methods[RBAC_METHODS_MAX];
        struct str method = STR_EMPTY;
        struct str rest = STR_EMPTY;
        struct str text = STR_EMPTY;
        struct cidr block;
        struct str key = look->sources[i].key;
        (void)str_cut(key, ' ', &method, &rest);
        (void)str_cut(rest, ' ', &text, &rest);
        bool his = is_of(key, account->user->username) && cidr_parse(text, &block);
        size_t count = his ? rbac_methods(look->realm, account, &block.address, methods) : 0;
        for (size_t at = 0; at < count; at++) {
            if (is_a_way(call, account->user->username, methods[at])) {
                return true;
            }
        }
    }
    return false;
}

static enum directory_care
care_of_user(struct directory_call *call, const struct look *look, struct str name)
{
    struct rbac_account account;
    enum directory_care care = DIRECTORY_ABANDONED;
    struct arena arena;
    if (!rbac_account_find(look->rbac, look->realm, name, &account) || !account.user->enabled) {
        return care;
    }
    arena_init(&arena, ROLES_ARENA_MAX);
    struct rbac_roles roles = rbac_roles_of(look->realm, account.user, &arena);
    for (size_t i = 0; i < roles.count && care == DIRECTORY_ABANDONED; i++) {
        if (str_eq(roles.names[i], RBAC_ROLE_ADMINISTRATORS)) {
            care = comes_in(call, look, &account) ? DIRECTORY_KEPT : DIRECTORY_SHUT;
        }
    }
    arena_done(&arena);
    return care;
}

/* The best that there is of them. */
static enum directory_care care_of(struct directory_call *call, struct whom *whom)
{
    struct look look;
    enum directory_care best = DIRECTORY_ABANDONED;
    look_at(call, whom, &look);
    for (size_t i = 0; look.realm != NULL && i < whom->count && best != DIRECTORY_KEPT; i++) {
        enum directory_care care = care_of_user(call, &look, whom->users[i].key);
        best = care > best ? care : best;
    }
    return best;
}

static bool is_kept_by(struct directory_call *call, struct str name)
{
    struct whom whom = {.count = 1};
    whom.users = store_view_get(call->view, DIRECTORY_USER_KIND, MASTER_REALM, name);
    return whom.users != NULL && care_of(call, &whom) == DIRECTORY_KEPT;
}

/* The names of bondy.administrators and of the groups that it is nested in, as records have them:
 * who is none of them in his record is no administrator. */
struct chiefs {
    struct str *names; /* quoted */
    size_t count;
};

static bool has_chiefs(void *ctx, struct str key, struct str value)
{
    const struct chiefs *chiefs = ctx;
    (void)key;
    for (size_t i = 0; i < chiefs->count; i++) {
        if (memmem(value.ptr, value.len, chiefs->names[i].ptr, chiefs->names[i].len) != NULL) {
            return true;
        }
    }
    return false;
}

static bool has_chief(const struct chiefs *chiefs, struct str quoted)
{
    for (size_t i = 0; i < chiefs->count; i++) {
        if (str_eq(chiefs->names[i], quoted)) {
            return true;
        }
    }
    return false;
}

static void find_chiefs(struct directory_call *call, struct chiefs *out)
{
    const struct store_record *groups = NULL;
    size_t count = store_view_list(call->view, GROUP, MASTER_REALM, NULL, &groups);
    *out = (struct chiefs){.names = NEW_ARRAY(struct str, count + 1), .count = 1};
    out->names[0] = directory_quoted(call, RBAC_ROLE_ADMINISTRATORS);
    for (size_t before = 0; before != out->count;) {
        before = out->count;
        for (size_t i = 0; i < count && out->count <= count; i++) {
            struct str quoted = directory_quoted(call, groups[i].key);
            if (has_chiefs(out, groups[i].key, groups[i].value) && !has_chief(out, quoted)) {
                out->names[out->count++] = quoted;
            }
        }
    }
}

static enum directory_care care_of_any(struct directory_call *call)
{
    struct whom whom;
    struct chiefs chiefs;
    find_chiefs(call, &chiefs);
    whom.count = store_view_select(call->view, DIRECTORY_USER_KIND, MASTER_REALM, has_chiefs,
                                   &chiefs, &whom.users);
    mem_free(chiefs.names);
    return whom.count == 0 ? DIRECTORY_ABANDONED : care_of(call, &whom);
}

enum directory_care directory_care(struct directory_call *call)
{
    bool at_home = str_eq(call->caller_realm, MASTER_REALM);
    if (!str_eq(call->realm, MASTER_REALM)) {
        return DIRECTORY_NOT_ASKED;
    }
    if ((at_home && is_kept_by(call, call->caller.authid)) || is_kept_by(call, ADMIN)) {
        return DIRECTORY_KEPT;
    }
    return care_of_any(call);
}

bool directory_keeps_care(struct directory_call *call, enum directory_care before)
{
    enum directory_care after = before <= DIRECTORY_ABANDONED ? before : directory_care(call);
    if (after >= before) {
        return true;
    }
    return after == DIRECTORY_SHUT
               ? directory_refuse(call, DIRECTORY_INCONSISTENT,
                                  "no administrator could come into the master realm any more: "
                                  "open another way first, a source for a method that one of them "
                                  "can prove himself by")
               : directory_refuse(call, DIRECTORY_INCONSISTENT,
                                  "nobody enabled would be left in bondy.administrators of the "
                                  "master realm: put another user into the group first");
}
