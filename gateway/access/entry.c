/* entry.c - what is remembered of credentials that were right, and whether it still holds. */
#include "access/access_inside.h"
#include "auth/identity.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

enum { ROLES_ARENA_MAX = 16 << 20 }; /* a user may be in all of a realm's groups */

struct keyed_digest record_of_account(const struct access *access,
                                      const struct rbac_account *account)
{
    struct str record = account->holder == NULL ? STR_EMPTY : account->holder->credential;
    return keyed_digest(access->key, &record, 1);
}

struct keyed_digest record_of_key(const struct access *access, const struct rbac_api_key *key)
{
    const struct str parts[] = {key->sha256, key->username};
    return keyed_digest(access->key, parts, COUNT_OF(parts));
}

/* All that he has, or what of it his token gives. */
static struct rbac_roles roles_of(const struct access_look *look,
                                  const struct bearer *bearer,
                                  const struct rbac_user *user,
                                  struct arena *arena)
{
    struct rbac_roles roles = rbac_roles_of(look->realm, user, arena);
    if (bearer != NULL) {
        bearer_narrow(bearer, roles.names, &roles.count);
    }
    return roles;
}

static uint64_t tokens_version_of(const struct access_look *look)
{
    return tokens_version(auth_tokens(look->access->options.auth));
}

static struct access_entry *make(const struct access_look *look,
                                 const struct access_proved *proved,
                                 const struct rbac_user *user)
{
    struct arena arena;
    arena_init(&arena, ROLES_ARENA_MAX);
    struct rbac_roles roles = roles_of(look, proved->bearer, user, &arena);
    struct access_entry *entry = NEW(struct access_entry);
    entry->refs = 1;
    entry->digest = look->digest;
    entry->record = proved->record;
    entry->version = rbac_version(look->rbac);
    entry->address = look->visit->request.head->peer->address;
    entry->expires_ms = proved->expires_ms;
    entry->key_id = proved->key_id.len == 0 ? NULL : str_dup(proved->key_id);
    entry->identity =
        auth_identity_new(user->username, proved->authmethod, roles.names, roles.count, NULL, 0);
    entry->identity->bearer = bearer_ref(proved->bearer);
    entry->tokens_version = proved->bearer == NULL ? 0 : tokens_version_of(look);
    entry->principal =
        (struct principal){.authid = entry->identity->authid,
                           .roles = entry->identity->roles,
                           .role_count = entry->identity->role_count,
                           .authmethod = proved->authmethod,
                           .groups_alone = proved->bearer != NULL && !proved->bearer->whole,
                           .memo = rbac_memo_new()};
    arena_done(&arena);
    list_init(&entry->link);
    return entry;
}

struct access_entry *entry_new(const struct access_look *look, const struct access_proved *proved)
{
    struct rbac_account account;
    if (!rbac_account_find(look->rbac, look->realm, proved->username, &account) ||
        !account.enabled) {
        return NULL;
    }
    struct access_entry *entry = make(look, proved, account.user);
    cache_put(&access_here(look->access)->cache, entry);
    return entry;
}

/* The record behind the credentials as it is now. False: there is none any more. */
static bool present_record(const struct access_look *look,
                           const struct access_entry *entry,
                           const struct rbac_account *account,
                           struct keyed_digest *out)
{
    if (entry->key_id != NULL) {
        const struct rbac_api_key *key = rbac_api_key_find(look->realm, str_of(entry->key_id));
        if (key != NULL) {
            *out = record_of_key(look->access, key);
        }
        return key != NULL;
    }
    if (entry->identity->bearer != NULL) {
        *out = entry->record; /* token_stands */
    } else {
        *out = record_of_account(look->access, account);
    }
    return true;
}

/* After a change, of whatever: is it still him, by the same record? */
static bool is_same(const struct access_look *look,
                    const struct access_entry *entry,
                    struct rbac_account *account)
{
    struct keyed_digest record;
    return rbac_account_find(look->rbac, look->realm, entry->principal.authid, account) &&
           account->enabled && str_eq(account->user->username, entry->principal.authid) &&
           present_record(look, entry, account, &record) && keyed_equal(&record, &entry->record);
}

static bool same_roles(const struct access_look *look,
                       const struct access_entry *entry,
                       const struct rbac_user *user)
{
    struct arena arena;
    arena_init(&arena, ROLES_ARENA_MAX);
    struct rbac_roles roles = roles_of(look, entry->identity->bearer, user, &arena);
    bool same = auth_identity_has_roles(entry->identity, roles.names, roles.count);
    arena_done(&arena);
    return same;
}

/* Of requests under way the old one stays as it is. */
static struct access_entry *with_roles_of_now(const struct access_look *look,
                                              const struct access_entry *entry,
                                              const struct rbac_user *user)
{
    struct access_entry *renewed =
        make(look,
             &(struct access_proved){.authmethod = entry->principal.authmethod,
                                     .key_id = str_of(entry->key_id),
                                     .expires_ms = entry->expires_ms,
                                     .record = entry->record,
                                     .bearer = entry->identity->bearer},
             user);
    cache_put(&access_here(look->access)->cache, renewed);
    return renewed;
}

/* Neither it nor its key, nor all of its user's, have been revoked since. */
static bool token_stands(const struct access_look *look, struct access_entry *entry)
{
    const struct bearer *bearer = entry->identity->bearer;
    if (bearer == NULL || (entry->tokens_version == tokens_version_of(look) &&
                           entry->version == rbac_version(look->rbac))) {
        return true;
    }
    entry->tokens_version = tokens_version_of(look);
    return auth_bearer_fault(look->realm, auth_tokens(look->access->options.auth), bearer) == NULL;
}

struct access_entry *entry_of_now(const struct access_look *look, struct access_entry *entry)
{
    const struct in6_addr *address = &look->visit->request.head->peer->address;
    uint64_t version = rbac_version(look->rbac);
    struct rbac_account account;
    if ((entry->expires_ms != 0 && clock_wall_ms() >= entry->expires_ms) ||
        !token_stands(look, entry)) {
        return NULL;
    }
    if (entry->version == version && memcmp(&entry->address, address, sizeof(*address)) == 0) {
        return entry;
    }
    if ((entry->version != version && !is_same(look, entry, &account)) ||
        !rbac_source_allows(look->realm, entry->principal.authid, entry->principal.authmethod,
                            address)) {
        return NULL;
    }
    if (entry->version != version && !same_roles(look, entry, account.user)) {
        return with_roles_of_now(look, entry, account.user);
    }
    entry->version = version;
    entry->address = *address;
    return entry;
}
