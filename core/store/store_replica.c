/* store_replica.c - the copy of the records that this node keeps. On the store's thread. */
#include "store/store_replica.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_inside.h"
#include "store/store_missed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All is read from the database for it, so not every second while the disk stays full. */
enum { AGAIN_FIRST_MS = 1000, AGAIN_LAST_MS = 60 * 1000 };

struct store_replica {
    struct store_backend *backend; /* NULL: there can be no file now */
    char *path;
    char *source;
    struct store_place place;
    bool behind; /* something could not be written, or read */
    struct store_missed missed;
    uint64_t again_ms; /* when it is tried again, once it is behind */
    uint64_t pause_ms;
};

static const char own_table[] = "CREATE TABLE IF NOT EXISTS replica"
                                " (one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL)";
static const char own_source[] = "SELECT source FROM replica WHERE one = 1";
static const char own_source_set[] = "INSERT INTO replica (one, source) VALUES (1, $1)";

static bool run_text(struct store_backend *backend, const char *sql, struct err *err)
{
    const struct store_query query = {.sql = sql};
    return backend->ops->query(backend, &query, err);
}

static void roll_back(struct store_backend *backend)
{
    if (backend->ops->in_transaction(backend)) {
        (void)store_exec(backend, SQL_ROLLBACK, NULL);
    }
}

struct source {
    const char *wanted;
    bool found;
    bool same;
};

static bool read_source(void *ctx, const struct store_value *columns, struct err *err)
{
    struct source *source = ctx;
    (void)err;
    source->found = true;
    source->same = str_eq(columns[0].text, str_of(source->wanted));
    return true;
}

/* False: it is no replica of the source, or none at all. */
static bool claim(struct store_backend *backend, const char *name, struct err *err)
{
    struct source source = {.wanted = name};
    const struct store_value param = STORE_TEXT(str_of(name));
    const struct store_query ask = {.sql = own_source, .row = read_source, .ctx = &source};
    const struct store_query set = {.sql = own_source_set, .params = &param, .param_count = 1};
    if (!run_text(backend, own_table, err) || !backend->ops->query(backend, &ask, err)) {
        return false;
    }
    if (source.found) {
        return source.same || err_set(err, ERR_INVALID, "it is the replica of another database");
    }
    return backend->ops->query(backend, &set, err);
}

static struct store_backend *open_file(struct store_replica *replica, struct err *err)
{
    struct store_backend *backend = store_sqlite_open(str_of(replica->path), err);
    if (backend == NULL) {
        return NULL;
    }
    if (store_migrate(backend, err) && run_text(backend, "PRAGMA synchronous = NORMAL", err) &&
        claim(backend, replica->source, err) && store_head_place(backend, &replica->place, err)) {
        return backend;
    }
    backend->ops->close(backend);
    return NULL;
}

static void remove_file(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        const struct str name = arena_printf(&arena, "%s%s", path, suffixes[i]);
        (void)unlink(arena_cstr(&arena, name));
    }
    arena_done(&arena);
}

/* `problem`: why; then why that cannot be. */
static void make_anew(struct store_replica *replica, struct err *problem)
{
    log_warn("the replica of the database is made anew", KV_CSTR("path", replica->path),
             KV_ERR(problem));
    if (replica->backend != NULL) {
        replica->backend->ops->close(replica->backend);
    }
    remove_file(replica->path);
    replica->place = (struct store_place){0};
    replica->backend = open_file(replica, problem);
}

struct store_replica *store_replica_open(struct str data_dir, const char *source, struct err *err)
{
    struct store_replica *replica = NEW(struct store_replica);
    struct arena arena;
    struct err problem = {0};
    arena_init(&arena, SIZE_MAX / 2);
    replica->path = str_dup(arena_printf(&arena, PRISTR "/replica.db", STRARG(data_dir)));
    replica->source = str_dup(str_of(source));
    store_missed_init(&replica->missed);
    arena_done(&arena);
    replica->backend = open_file(replica, &problem);
    if (replica->backend == NULL && problem.code != ERR_UNAVAILABLE) {
        make_anew(replica, &problem);
    }
    if (replica->backend == NULL) {
        store_replica_close(replica);
        (void)err_set(err, problem.code, "%s", problem.text);
        return NULL;
    }
    return replica;
}

void store_replica_close(struct store_replica *replica)
{
    if (replica == NULL) {
        return;
    }
    if (replica->backend != NULL) {
        replica->backend->ops->close(replica->backend);
    }
    store_missed_done(&replica->missed);
    mem_free(replica->path);
    mem_free(replica->source);
    mem_free(replica);
}

struct store_place store_replica_place(const struct store_replica *replica)
{
    return replica->place;
}

struct store_backend *store_replica_reader(const struct store_replica *replica)
{
    return replica->behind ? NULL : replica->backend;
}

static void fall_behind(struct store_replica *replica)
{
    uint64_t pause_ms = 2 * replica->pause_ms;
    pause_ms = pause_ms < AGAIN_FIRST_MS ? AGAIN_FIRST_MS : pause_ms;
    replica->behind = true;
    replica->pause_ms = pause_ms < AGAIN_LAST_MS ? pause_ms : AGAIN_LAST_MS;
    replica->again_ms = clock_mono_ms() + replica->pause_ms;
}

bool store_replica_is_broken(struct store_replica *replica)
{
    if (replica->behind || !replica->backend->broken) {
        return false;
    }
    log_error("the replica of the database cannot be read, and is made anew",
              KV_CSTR("path", replica->path));
    fall_behind(replica);
    return true;
}

bool store_replica_is_due(const struct store_replica *replica)
{
    return replica->behind && clock_mono_ms() >= replica->again_ms;
}

static bool drop(struct store_backend *backend, const struct store_record *record, struct err *err)
{
    const struct store_value address[] = {STORE_TEXT(record->kind), STORE_TEXT(record->realm),
                                          STORE_TEXT(record->key)};
    return store_exec_with(backend, SQL_REPLICA_DROP_RECORD, address, COUNT_OF(address), err) &&
           store_exec_with(backend, SQL_REPLICA_DROP_VERSIONS, address, COUNT_OF(address), err);
}

static bool put(struct store_backend *backend, const struct store_record *record, struct err *err)
{
    const struct store_value version[] = {
        STORE_TEXT(record->kind),      STORE_TEXT(record->realm),   STORE_TEXT(record->key),
        STORE_NUMBER(record->version), STORE_NUMBER(record->seq),   STORE_NUMBER(record->time_ms),
        STORE_TEXT(record->author),    STORE_TEXT(record->comment), STORE_NUMBER(false),
        STORE_TEXT(record->value),
    };
    const struct store_value present[] = {
        STORE_TEXT(record->kind),      STORE_TEXT(record->realm), STORE_TEXT(record->key),
        STORE_NUMBER(record->version), STORE_NUMBER(false),
    };
    const struct store_value only[] = {
        STORE_TEXT(record->kind),
        STORE_TEXT(record->realm),
        STORE_TEXT(record->key),
        STORE_NUMBER(record->version),
    };
    return store_exec_with(backend, SQL_REPLICA_VERSION, version, COUNT_OF(version), err) &&
           store_exec_with(backend, SQL_RECORD_UPSERT, present, COUNT_OF(present), err) &&
           store_exec_with(backend, SQL_REPLICA_VERSION_ONLY, only, COUNT_OF(only), err);
}

static bool write_all(struct store_backend *backend,
                      struct store_place place,
                      const struct store_record *records,
                      size_t count,
                      struct err *err)
{
    const struct store_value head[] = {STORE_NUMBER(place.seq), STORE_NUMBER(place.tag)};
    if (!backend->ops->begin(backend, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!(records[i].deleted ? drop : put)(backend, &records[i], err)) {
            return false;
        }
    }
    return store_exec_with(backend, SQL_REPLICA_HEAD_SET, head, COUNT_OF(head), err) &&
           store_exec(backend, SQL_COMMIT, err);
}

bool store_replica_apply(struct store_replica *replica,
                         struct store_place place,
                         const struct store_record *records,
                         size_t count)
{
    struct err err = {0};
    if (!replica->behind) {
        if (write_all(replica->backend, place, records, count, &err)) {
            replica->place = place;
            return true;
        }
        roll_back(replica->backend);
        fall_behind(replica);
        log_error("the replica of the database cannot be written", KV_ERR(&err));
    }
    store_missed_add(&replica->missed, records, count);
    return false;
}

static bool alike(const struct store_record *a, const struct store_record *b)
{
    return a->version == b->version && a->seq == b->seq && str_eq(a->value, b->value);
}

static struct store_record gone(const struct store_record *record, uint64_t seq)
{
    struct store_record out = *record;
    out.deleted = true;
    out.value = STR_EMPTY;
    out.version++;
    out.seq = seq;
    return out;
}

/* Both lists are in the order of addresses. */
static size_t differences(const struct store_list *old,
                          const struct store_list *present,
                          uint64_t seq,
                          struct store_record *out)
{
    size_t found = 0;
    for (size_t i = 0, j = 0; i < old->count || j < present->count;) {
        int order = i < old->count ? -1 : 1;
        if (i < old->count && j < present->count) {
            order = store_by_address(&old->records[i], &present->records[j]);
        }
        if (order < 0) {
            out[found++] = gone(&old->records[i++], seq);
            continue;
        }
        if (order > 0 || !alike(&old->records[i], &present->records[j])) {
            out[found++] = present->records[j];
        }
        i += order == 0;
        j++;
    }
    return found;
}

/* What watchers have been told of. */
static struct store_list read_told(struct store_replica *replica, struct arena *arena)
{
    struct store_list told = {0};
    struct err err = {0};
    if (replica->backend == NULL ||
        !store_read_all(replica->backend, arena, &told.records, &told.count, &err)) {
        make_anew(replica, &err);
        told = (struct store_list){0};
    }
    store_missed_merge(&replica->missed, arena, &told.records, &told.count);
    return told;
}

void store_replica_replace(struct store_replica *replica,
                           struct store_place place,
                           struct store_list *list,
                           struct arena *arena)
{
    const struct store_list told = read_told(replica, arena);
    struct store_record *out = ARENA_ARRAY(arena, struct store_record, told.count + list->count);
    list->count = differences(&told, list, place.seq, out);
    list->records = out;
    if (replica->backend == NULL) {
        fall_behind(replica);
    } else {
        replica->behind = false;
        replica->backend->broken = false;
    }
    if (store_replica_apply(replica, place, out, list->count)) {
        store_missed_done(&replica->missed);
        store_missed_init(&replica->missed);
        replica->pause_ms = 0;
    }
}

bool store_replica_sweep(struct store_replica *replica, bool *out_more, struct err *err)
{
    struct store_backend *backend = replica->backend;
    if (replica->behind) {
        *out_more = false;
        return true;
    }
    if (backend->ops->begin(backend, err) && store_revocation_sweep(backend, out_more, err) &&
        store_exec(backend, SQL_COMMIT, err)) {
        return true;
    }
    roll_back(backend);
    return false;
}
