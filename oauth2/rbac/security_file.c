/* security_file.c - first the whole file against a builder of its own, then once more for the
 * store. A realm's records go through the builder before the next realm is read, so that what a
 * file says and what a store has are known by one and the same look. */
#include "rbac/security_file.h"

#include "base/map.h"
#include "base/mem.h"
#include "rbac/rbac_builder.h"
#include "rbac/record_inside.h"

#include <stdlib.h>

/* The realms of a file, each after those it refers to. */
struct order {
    const json_t **realms;
    size_t count;
    struct map places; /* URI as it is written, in lower case -> struct place */
    struct arena arena;
};

struct place {
    const json_t *realm;
    bool taken;
};

static struct str folded(struct arena *arena, struct str uri)
{
    char *copy = arena_cstr(arena, uri);
    for (size_t i = 0; i < uri.len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] | 0x20) : copy[i];
    }
    return str_make(copy, uri.len);
}

static struct place *place_of(struct order *order, const json_t *realm, const char *key)
{
    struct str uri;
    return record_member(realm, key, &uri) ? map_get(&order->places, folded(&order->arena, uri))
                                           : NULL;
}

/* References are followed as deep as they can be right: to an SSO realm by way of a prototype. A
 * circle of them ends there and is then found to be a mistake. */
enum { REFERENCES_MAX = 4 };

/* NOLINTNEXTLINE(misc-no-recursion): bounded */
static void take(struct order *order, struct place *place, unsigned depth)
{
    static const char *const keys[] = {"prototype_uri", "sso_realm_uri"};
    if (place == NULL || place->taken || depth > REFERENCES_MAX) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        take(order, place_of(order, place->realm, keys[i]), depth + 1);
    }
    if (!place->taken) {
        place->taken = true;
        order->realms[order->count++] = place->realm;
    }
}

static const json_t *element(const json_t *file, size_t at)
{
    return json_is_array(file) ? json_array_get(file, at) : file;
}

static void order_init(struct order *order, const json_t *file)
{
    size_t count = json_is_array(file) ? json_array_size(file) : 1;
    *order = (struct order){.realms = NEW_ARRAY(const json_t *, count + 1)};
    arena_init(&order->arena, SIZE_MAX / 2);
    struct place **places = NEW_ARRAY(struct place *, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct str uri;
        places[i] = ARENA_NEW(&order->arena, struct place);
        places[i]->realm = element(file, i);
        if (record_member(places[i]->realm, "uri", &uri)) {
            (void)map_put(&order->places, folded(&order->arena, uri), places[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        take(order, places[i], 0);
    }
    mem_free(places);
}

static void order_done(struct order *order)
{
    map_done(&order->places);
    arena_done(&order->arena);
    mem_free(order->realms);
}

/* One walk through a file. */
struct walk {
    struct store *store; /* NULL: there is none */
    bool commit;
    struct rbac_settings settings;
    bool changed;
    struct str author;
    struct rbac_builder *builder;
    struct rbac *present;
    struct realm_mistake *mistake;
    struct err *err;
};

static void on_record(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct walk *walk = ctx;
    (void)seq;
    for (size_t i = 0; i < count; i++) {
        (void)rbac_builder_apply(walk->builder, &records[i]);
    }
}

static void renew(struct walk *walk)
{
    if (walk->present != NULL) {
        snapshot_unref((struct snapshot *)(void *)walk->present);
    }
    walk->present = rbac_builder_build(walk->builder, 1);
}

static bool walk_begin(struct walk *walk)
{
    walk->builder = rbac_builder_new();
    rbac_builder_set(walk->builder, &walk->settings);
    if (walk->store != NULL && !store_load(walk->store, on_record, walk, walk->err)) {
        return false;
    }
    renew(walk);
    return true;
}

static void walk_end(struct walk *walk)
{
    if (walk->present != NULL) {
        snapshot_unref((struct snapshot *)(void *)walk->present);
    }
    rbac_builder_free(walk->builder);
}

/* What the store has under the keys of the writes. */
struct found {
    struct arena arena;
    struct store_record *records;
    size_t count;
};

static bool find_present(struct store *store,
                         const struct realm_writes *writes,
                         struct found *found,
                         struct err *err)
{
    found->records = NEW_ARRAY(struct store_record, writes->count + 1);
    arena_init(&found->arena, SIZE_MAX / 2);
    for (size_t i = 0; i < writes->count; i++) {
        const struct store_write *write = &writes->writes[i];
        struct store_request get = {.op = STORE_GET,
                                    .arena = found->arena,
                                    .kind = write->kind,
                                    .realm = write->realm,
                                    .key = write->key};
        store_run(store, &get);
        found->arena = get.arena;
        if (get.ok && get.record_count > 0) {
            found->records[found->count++] = get.records[0];
        } else if (!get.ok && get.err.code != ERR_NOT_FOUND) {
            *err = get.err;
            return false;
        }
    }
    return true;
}

static bool commit(struct walk *walk, const struct realm_writes *writes)
{
    struct store_request request = {.op = STORE_COMMIT,
                                    .author = walk->author,
                                    .writes = writes->writes,
                                    .write_count = writes->count};
    arena_init(&request.arena, SIZE_MAX / 2);
    store_run(walk->store, &request);
    bool ok = request.ok;
    if (!ok) {
        *walk->err = request.err;
    }
    arena_done(&request.arena);
    return ok;
}

/* Beside what the store has, and into it. */
static bool settle(struct walk *walk, struct realm_writes *writes, struct arena *arena)
{
    struct found found = {0};
    bool ok = !walk->commit || realm_writes_hash(writes, walk->present, arena, walk->err);
    if (ok && walk->store != NULL) {
        ok = find_present(walk->store, writes, &found, walk->err) &&
             realm_writes_merge(writes, found.records, found.count, arena, walk->err);
        if (ok && walk->commit && writes->count > 0) {
            walk->changed = true;
            ok = commit(walk, writes);
        }
        arena_done(&found.arena);
        mem_free(found.records);
    }
    for (size_t i = 0; ok && i < writes->count; i++) {
        const struct store_write *write = &writes->writes[i];
        (void)rbac_builder_apply(walk->builder, &(struct store_record){.kind = write->kind,
                                                                       .realm = write->realm,
                                                                       .key = write->key,
                                                                       .value = write->value,
                                                                       .version = 1});
    }
    renew(walk);
    return ok;
}

static bool apply_realm(struct walk *walk, const json_t *realm)
{
    const struct realm_options options = {.allow_anonymous_admin =
                                              walk->settings.allow_anonymous_admin,
                                          .quiet = walk->store != NULL && !walk->commit,
                                          .present = walk->present};
    struct arena arena;
    struct realm_writes writes = {0};
    arena_init(&arena, SIZE_MAX / 2);
    bool ok = realm_record_parse(realm, &options, &arena, &writes, walk->mistake) ||
              err_set(walk->err, ERR_INVALID, "%s", walk->mistake->text);
    ok = ok && settle(walk, &writes, &arena);
    arena_done(&arena);
    return ok;
}

bool security_file_check(const json_t *file, security_mistake_fn say, void *ctx)
{
    struct realm_mistake mistake = {0};
    struct err err = {0};
    struct walk walk = {.mistake = &mistake, .err = &err};
    struct order order;
    bool ok = walk_begin(&walk);
    order_init(&order, file);
    for (size_t i = 0; i < order.count; i++) {
        if (!apply_realm(&walk, order.realms[i])) {
            say(ctx, &mistake);
            ok = false;
        }
    }
    order_done(&order);
    walk_end(&walk);
    return ok;
}

static bool apply_all(struct walk *walk, const struct order *order)
{
    bool ok = walk_begin(walk);
    for (size_t i = 0; ok && i < order->count; i++) {
        ok = apply_realm(walk, order->realms[i]);
    }
    walk_end(walk);
    return ok;
}

bool security_file_apply(struct store *store,
                         const json_t *file,
                         const struct rbac_settings *settings,
                         struct str author,
                         bool *out_changed,
                         struct realm_mistake *mistake,
                         struct err *err)
{
    struct err why = {0};
    static const struct rbac_settings usual = {0};
    struct walk trial = {.store = store,
                         .settings = settings == NULL ? usual : *settings,
                         .mistake = mistake,
                         .err = &why};
    struct walk real = trial;
    struct order order;
    real.commit = true;
    real.author = author;
    order_init(&order, file);
    bool ok = apply_all(&trial, &order) && apply_all(&real, &order);
    order_done(&order);
    if (ok && out_changed != NULL) {
        *out_changed = real.changed;
    }
    if (!ok && err != NULL) {
        *err = why;
    }
    return ok;
}
