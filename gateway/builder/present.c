#include "builder/present.h"

#include "base/log.h"
#include "base/mem.h"
#include "spec/spec_text.h"

#include <stdlib.h>
#include <string.h>

static void log_problems(const struct published *entry, const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *p = &problems->items[i];
        if (!p->warning) {
            log_error(entry->spec != NULL
                          ? "a stored specification does not compile; its last good version serves"
                          : "a stored specification does not compile, and does not serve:"
                            " postern api rollback",
                      KV_CSTR("id", entry->id), KV_U64("version", entry->version),
                      KV_STR("pointer", p->pointer), KV_STR("error", p->text));
        }
    }
}

static char *summarize(const struct spec_text *text, const struct store_record *record)
{
    json_t *summary = spec_summary(text == NULL ? NULL : spec_text_object(text, 0));
    json_t *author = json_stringn(record->author.ptr, record->author.len);
    (void)json_object_set_new(summary, "id", json_stringn(record->key.ptr, record->key.len));
    (void)json_object_set_new(summary, "version", json_integer((json_int_t)record->version));
    (void)json_object_set_new(summary, "ts", json_integer((json_int_t)record->time_ms));
    (void)json_object_set_new(summary, "author", author == NULL ? json_string("") : author);
    char *dumped = json_dumps(summary, JSON_COMPACT);
    char *out = str_dup(str_of(dumped));
    mem_free(dumped);
    json_decref(summary);
    return out;
}

struct published *
published_new(const struct store_record *record, const struct published *before, bool allow_forward)
{
    struct published *entry = NEW(struct published);
    struct problems problems;
    const struct spec_options options = {.allow_forward = allow_forward,
                                         .version = record->version};
    problems_init(&problems);
    atomic_init(&entry->refs, 1);
    entry->id = str_dup(record->key);
    entry->text = str_dup(record->value);
    entry->version = record->version;
    struct spec_text *text = spec_text_read(record->value, &problems);
    entry->summary = summarize(text, record);
    entry->spec = text == NULL ? NULL : spec_text_compile(text, &options, &problems);
    if (entry->spec == NULL) {
        entry->spec = before == NULL || before->spec == NULL ? NULL : spec_ref(before->spec);
        log_problems(entry, &problems);
    }
    spec_text_free(text);
    problems_done(&problems);
    return entry;
}

struct published *published_ref(struct published *entry)
{
    (void)atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    return entry;
}

void published_unref(struct published *entry)
{
    if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    spec_unref(entry->spec);
    mem_free(entry->id);
    mem_free(entry->text);
    mem_free(entry->summary);
    mem_free(entry);
}

static int by_id(const void *a, const void *b)
{
    const struct published *const *left = a;
    const struct published *const *right = b;
    return str_cmp(str_of((*left)->id), str_of((*right)->id));
}

struct present *present_new(struct published *const *entries, size_t count, struct rbac *rbac)
{
    struct present *present = mem_alloc(sizeof(*present) + count * sizeof(struct published *));
    *present = (struct present){.rbac = rbac, .count = count};
    atomic_init(&present->refs, 1);
    if (rbac != NULL) {
        (void)snapshot_ref((struct snapshot *)(void *)rbac);
    }
    memcpy(present->entries, entries, count * sizeof(struct published *));
    qsort(present->entries, count, sizeof(struct published *), by_id);
    return present;
}

struct present *present_ref(struct present *present)
{
    (void)atomic_fetch_add_explicit(&present->refs, 1, memory_order_relaxed);
    return present;
}

void present_unref(struct present *present)
{
    if (present == NULL ||
        atomic_fetch_sub_explicit(&present->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < present->count; i++) {
        published_unref(present->entries[i]);
    }
    if (present->rbac != NULL) {
        snapshot_unref((struct snapshot *)(void *)present->rbac);
    }
    mem_free(present);
}

const struct published *present_find(const struct present *present, struct str id)
{
    size_t low = 0;
    size_t high = present->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(str_of(present->entries[middle]->id), id);
        if (order == 0) {
            return present->entries[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}
