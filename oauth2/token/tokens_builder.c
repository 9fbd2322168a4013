/* tokens_builder.c - edits the tries in place until a snapshot shares them. */
#include "token/tokens_builder.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "token/token_inside.h"
#include "token/tokens_inside.h"

#include <string.h>

/* A revocation that will be over, in the order of arrival: all are kept equally long. */
struct due {
    struct list link;
    uint64_t until_s;
    struct str realm;
    struct str key;
};

struct tokens_builder {
    struct hamt realms;
    struct list due;
};

struct tokens_builder *tokens_builder_new(void)
{
    struct tokens_builder *builder = NEW(struct tokens_builder);
    list_init(&builder->due);
    return builder;
}

static void due_free(struct due *due)
{
    list_remove(&due->link);
    mem_free(due);
}

void tokens_builder_free(struct tokens_builder *builder)
{
    if (builder != NULL) {
        while (!list_empty(&builder->due)) {
            due_free(LIST_ENTRY(builder->due.next, struct due, link));
        }
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
    hamt_done(&here->revocations);
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
        here->revocations = hamt_share(&old->revocations);
    }
    return here;
}

static void commit(struct tokens_builder *builder, struct realm_tokens *here)
{
    if (here->key_count == 0 && here->tickets.count == 0 && here->revocations.count == 0) {
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

static void revocation_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct held_revocation, entry));
}

static struct str put_text(char **at, struct str text)
{
    struct str copy = {*at, text.len};
    memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

/* One that cannot be read counts all the same, as long as the store keeps it. */
static void
apply_revocation(struct realm_tokens *here, const struct store_record *record, const json_t *value)
{
    if (record->deleted) {
        (void)hamt_remove(&here->revocations, record->key);
        return;
    }
    struct held_revocation *held = mem_calloc(1, sizeof(*held) + record->key.len);
    char *at = (char *)(held + 1);
    hamt_entry_init(&held->entry, put_text(&at, record->key), revocation_free);
    held->seq = record->seq == 0 ? 1 : record->seq;
    if (!json_member_time(value, "until", &held->until_s)) {
        held->until_s = clock_wall_ms() / 1000 + STORE_REVOCATION_MS / 1000;
    }
    hamt_put(&here->revocations, &held->entry);
}

static void expect_end(struct tokens_builder *builder, const struct store_record *record)
{
    const struct held_revocation *held = NULL;
    struct hamt_entry *realm = hamt_get(&builder->realms, record->realm);
    struct hamt_entry *entry =
        realm == NULL
            ? NULL
            : hamt_get(&CONTAINER_OF(realm, struct realm_tokens, entry)->revocations, record->key);
    if (entry == NULL) {
        return;
    }
    held = CONTAINER_OF(entry, struct held_revocation, entry);
    struct due *due = mem_calloc(1, sizeof(*due) + record->realm.len + record->key.len);
    char *at = (char *)(due + 1);
    due->until_s = held->until_s;
    due->realm = put_text(&at, record->realm);
    due->key = put_text(&at, record->key);
    list_push(&builder->due, &due->link);
}

static void drop_over(struct tokens_builder *builder, uint64_t now_s)
{
    while (!list_empty(&builder->due)) {
        struct due *due = LIST_ENTRY(builder->due.next, struct due, link);
        if (due->until_s > now_s) {
            return;
        }
        struct realm_tokens *here = edit(builder, due->realm);
        struct hamt_entry *entry = hamt_get(&here->revocations, due->key);
        if (entry != NULL && CONTAINER_OF(entry, struct held_revocation, entry)->until_s <= now_s) {
            (void)hamt_remove(&here->revocations, due->key);
        }
        commit(builder, here);
        due_free(due);
    }
}

static const struct {
    struct str kind;
    void (*apply)(struct realm_tokens *here,
                  const struct store_record *record,
                  const json_t *value);
    bool ends;
} kinds[] = {
    {STR_INIT("key"), apply_key, false},
    {STR_INIT("ticket"), apply_ticket, false},
    {STR_INIT("revocation"), apply_revocation, true},
};

bool tokens_builder_apply(struct tokens_builder *builder, const struct store_record *record)
{
    size_t kind = 0;
    while (kind < COUNT_OF(kinds) && !str_eq(record->kind, kinds[kind].kind)) {
        kind++;
    }
    if (kind == COUNT_OF(kinds)) {
        return false;
    }
    json_t *value = record->deleted ? NULL
                                    : json_loadb(record->value.ptr, record->value.len,
                                                 JSON_REJECT_DUPLICATES, NULL);
    struct realm_tokens *here = edit(builder, record->realm);
    kinds[kind].apply(here, record, value);
    commit(builder, here);
    if (kinds[kind].ends) {
        expect_end(builder, record);
    }
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
    drop_over(builder, clock_wall_ms() / 1000);
    snapshot_init(&tokens->snapshot, version, tokens_free);
    tokens->realms = hamt_share(&builder->realms);
    return tokens;
}
