#include "token/tokens.h"

#include "base/mem.h"
#include "token/tokens_inside.h"

static const struct realm_tokens *find(const struct tokens *tokens, struct str realm)
{
    struct hamt_entry *entry = tokens == NULL ? NULL : hamt_get(&tokens->realms, realm);
    return entry == NULL ? NULL : CONTAINER_OF(entry, struct realm_tokens, entry);
}

const struct token_key *
tokens_key(const struct tokens *tokens, struct str realm, struct str id, uint64_t now_s)
{
    const struct realm_tokens *here = find(tokens, realm);
    for (size_t i = 0; here != NULL && i < here->key_count; i++) {
        const struct token_key *key = here->keys[i];
        if (str_eq(str_of(key->id), id)) {
            return token_key_verifies(key, now_s) ? key : NULL;
        }
    }
    return NULL;
}

/* One that is announced signs before its time only where there is no other. */
const struct token_key *
tokens_signing_key(const struct tokens *tokens, struct str realm, uint64_t now_s)
{
    const struct realm_tokens *here = find(tokens, realm);
    const struct token_key *announced = NULL;
    for (size_t i = 0; here != NULL && i < here->key_count; i++) {
        const struct token_key *key = here->keys[i];
        if (!token_key_verifies(key, now_s)) {
            continue;
        }
        if (key->activated_s <= now_s) {
            return key;
        }
        announced = key;
    }
    return announced;
}

struct due_look {
    uint64_t now_s;
    uint64_t period_s;
    tokens_due_fn fn;
    void *ctx;
};

static void look(void *ctx, struct hamt_entry *entry)
{
    const struct due_look *look = ctx;
    const struct realm_tokens *here = CONTAINER_OF(entry, struct realm_tokens, entry);
    struct key_due due = {.rotate = false};
    bool ended = false;
    for (size_t i = 0; i < here->key_count; i++) {
        const struct token_key *key = here->keys[i];
        ended = ended || !token_key_verifies(key, look->now_s);
    }
    if (here->key_count > 0 && token_key_is_old(here->keys[0], look->now_s, look->period_s)) {
        due.rotate = true;
        due.algorithm = sign_key_algorithm(here->keys[0]->sign);
    }
    if (ended || due.rotate) {
        look->fn(look->ctx, entry->key, &due);
    }
}

void tokens_due(
    const struct tokens *tokens, uint64_t now_s, uint64_t period_s, tokens_due_fn fn, void *ctx)
{
    struct due_look at = {now_s, period_s, fn, ctx};
    hamt_each(&tokens->realms, look, &at);
}

json_t *tokens_public_keys(const struct tokens *tokens, struct str realm, uint64_t now_s)
{
    const struct realm_tokens *here = find(tokens, realm);
    json_t *list = json_array();
    for (size_t i = 0; here != NULL && i < here->key_count; i++) {
        if (token_key_verifies(here->keys[i], now_s)) {
            (void)json_array_append_new(list, token_key_jwk(here->keys[i]));
        }
    }
    return list;
}

const struct ticket_entry *
tokens_ticket(const struct tokens *tokens, struct str realm, struct str place)
{
    const struct realm_tokens *here = find(tokens, realm);
    struct hamt_entry *entry = here == NULL ? NULL : hamt_get(&here->tickets, place);
    return entry == NULL ? NULL : &CONTAINER_OF(entry, struct held_ticket, entry)->ticket;
}

uint64_t tokens_revoked(const struct tokens *tokens, struct str realm, struct str key)
{
    const struct realm_tokens *here = find(tokens, realm);
    struct hamt_entry *entry =
        here == NULL || key.len == 0 ? NULL : hamt_get(&here->revocations, key);
    return entry == NULL ? 0 : CONTAINER_OF(entry, struct held_revocation, entry)->seq;
}

uint64_t tokens_version(const struct tokens *tokens)
{
    return tokens == NULL ? 0 : tokens->snapshot.version;
}
