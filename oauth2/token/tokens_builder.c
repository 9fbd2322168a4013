/* tokens_builder.c - edits the tries in place until a snapshot shares them. */
#include "token/tokens_builder.h"

#include "base/log.h"
#include "base/mem.h"
#include "token/token_inside.h"
#include "token/tokens_inside.h"

#include <string.h>

struct tokens_builder {
    struct hamt realms;
};

struct tokens_builder *tokens_builder_new(void)
{
    return NEW(struct tokens_builder);
}

void tokens_builder_free(struct tokens_builder *builder)
{
    if (builder != NULL) {
        hamt_done(&builder->realms);
        mem_free(builder);
    }
}

static void realm_free(struct hamt_entry *entry)
{
    struct realm_tokens *here = CONTAINER_OF(entry, struct realm_tokens, entry);
    for (size_t i = 0; i < here->key_count; i++) {
        token_key_unref(here->keys[i]);
    }
    hamt_done(&here->tickets);
    mem_free(here);
}

/* A copy that may be changed before it takes the place of the present one. */
static struct realm_tokens *edit(struct tokens_builder *builder, struct str realm)
{
    struct realm_tokens *here = mem_calloc(1, sizeof(*here) + realm.len);
    memcpy(here + 1, realm.ptr, realm.len);
    hamt_entry_init(&here->entry, str_make((const char *)(here + 1), realm.len), realm_free);
    struct hamt_entry *present = hamt_get(&builder->realms, realm);
    if (present != NULL) {
        const struct realm_tokens *old = CONTAINER_OF(present, struct realm_tokens, entry);
        here->key_count = old->key_count;
        for (size_t i = 0; i < old->key_count; i++) {
            here->keys[i] = token_key_ref(old->keys[i]);
        }
        here->tickets = hamt_share(&old->tickets);
    }
    return here;
}

static void commit(struct tokens_builder *builder, struct realm_tokens *here)
{
    if (here->key_count == 0 && here->tickets.count == 0) {
        (void)hamt_remove(&builder->realms, here->entry.key);
        realm_free(&here->entry);
    } else {
        hamt_put(&builder->realms, &here->entry);
    }
}

static void drop_key(struct realm_tokens *here, struct str id)
{
    for (size_t i = 0; i < here->key_count; i++) {
        if (str_eq(str_of(here->keys[i]->id), id)) {
            token_key_unref(here->keys[i]);
            here->key_count--;
            for (size_t j = i; j < here->key_count; j++) {
                here->keys[j] = here->keys[j + 1];
            }
            return;
        }
    }
}

/* Of two of the same age the ids decide, so that all nodes sign with the same. */
static bool comes_before(const struct token_key *a, const struct token_key *b)
{
    return a->activated_s != b->activated_s ? a->activated_s > b->activated_s
                                            : strcmp(a->id, b->id) < 0;
}

static bool put_key(struct realm_tokens *here, struct token_key *key)
{
    size_t at = 0;
    if (here->key_count == REALM_KEYS_MAX) {
        token_key_unref(key);
        return false;
    }
    while (at < here->key_count && comes_before(here->keys[at], key)) {
        at++;
    }
    for (size_t i = here->key_count++; i > at; i--) {
        here->keys[i] = here->keys[i - 1];
    }
    here->keys[at] = key;
    return true;
}

static void log_unreadable(const struct store_record *record, const struct err *err)
{
    log_error("record cannot be read and counts as absent", KV_STR("kind", record->kind),
              KV_STR("realm", record->realm), KV_U64("version", record->version), KV_ERR(err));
}

static void
apply_key(struct realm_tokens *here, const struct store_record *record, const json_t *value)
{
    struct err err = {0};
    drop_key(here, record->key);
    if (record->deleted) {
        return;
    }
    struct token_key *key = token_key_read(record->realm, record->key, value, &err);
    if (key != NULL && !put_key(here, key)) {
        (void)err_set(&err, ERR_LIMIT, "more than %d keys", REALM_KEYS_MAX);
    }
    if (err.code != ERR_NONE) {
        log_unreadable(record, &err);
    }
}

static void ticket_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct held_ticket, entry));
}

static void
apply_ticket(struct realm_tokens *here, const struct store_record *record, const json_t *value)
{
    struct str id = json_member_str(value, "id");
    if (record->deleted) {
        (void)hamt_remove(&here->tickets, record->key);
        return;
    }
    struct held_ticket *held = mem_calloc(1, sizeof(*held) + record->key.len + id.len);
    char *at = (char *)(held + 1);
    memcpy(at, record->key.ptr, record->key.len);
    memcpy(at + record->key.len, id.ptr, id.len);
    held->ticket.id = str_make(at + record->key.len, id.len);
    held->ticket.revoked = json_is_true(json_object_get(value, "revoked"));
    hamt_entry_init(&held->entry, str_make(at, record->key.len), ticket_free);
    hamt_put(&here->tickets, &held->entry);
}

bool tokens_builder_apply(struct tokens_builder *builder, const struct store_record *record)
{
    bool is_key = str_eq(record->kind, STR("key"));
    if (!is_key && !str_eq(record->kind, STR("ticket"))) {
        return false;
    }
    json_t *value = record->deleted ? NULL
                                    : json_loadb(record->value.ptr, record->value.len,
                                                 JSON_REJECT_DUPLICATES, NULL);
    struct realm_tokens *here = edit(builder, record->realm);
    (is_key ? apply_key : apply_ticket)(here, record, value);
    commit(builder, here);
    json_decref(value);
    return true;
}

static void tokens_free(struct snapshot *snapshot)
{
    struct tokens *tokens = CONTAINER_OF(snapshot, struct tokens, snapshot);
    hamt_done(&tokens->realms);
    mem_free(tokens);
}

struct tokens *tokens_builder_build(struct tokens_builder *builder, uint64_t version)
{
    struct tokens *tokens = NEW(struct tokens);
    snapshot_init(&tokens->snapshot, version, tokens_free);
    tokens->realms = hamt_share(&builder->realms);
    return tokens;
}
