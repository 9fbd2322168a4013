/* store_copy.c - all rows of a store, from one database into another one, and what they come to.
 *
 * A table is read in pages, in the order of its primary key, which every database has by the bytes:
 * no statement takes long, and no more than a row is held. `nodes` is not among the tables: who
 * serves is no data. */
#include "store/store_copy.h"

#include "base/arena.h"
#include "base/mem.h"

#include <string.h>

enum { PAGE_ROWS = 500, KEYS_MAX = 4, ARENA_MAX = 64 * 1024 };

struct table {
    const char *name;
    int64_t since;    /* the schema that has it first */
    const char *keys; /* of each column of the primary key, which come first: 't'ext or 'n'umber */
    size_t columns;
    const char *page; /* behind a key; the last parameter is how many */
    const char *put;
    const char *count;
    const char *used; /* how many rows there are that a new store has not */
};

/* `behind`: the parameters of the key; `limit`, the one after them. */
#define PAGE(name, columns, key, behind, limit)                                              \
    "SELECT " columns " FROM " name " WHERE (" key ") > (" behind ") ORDER BY " key " LIMIT" \
    " " limit

#define VERSION_KEY     "kind, realm, key, version"
#define VERSION_COLUMNS VERSION_KEY ", seq, time_ms, author, comment, deleted, value"
#define RECORD_KEY      "kind, realm, key"
#define RECORD_COLUMNS  RECORD_KEY ", version, deleted"
#define CHANGE_KEY      "seq, part"
#define CHANGE_COLUMNS  CHANGE_KEY ", tag, kind, realm, key, version"
#define HEAD_COLUMNS    "one, seq, tag"
#define LEASE_KEY       "kind, key"
#define LEASE_COLUMNS   LEASE_KEY ", realm, owner, family, value, expires_ms"
#define AUDIT_COLUMNS                                                                          \
    "id, refused, time_ms, times, realm, actor, actor_realm, authmethod, address, request_id," \
    " action, target, outcome, error, before_digest, after_digest, detail"
#define AUDIT_HEAD_COLUMNS "one, id, kept, kept_refused"

/* What is referred to comes before what refers to it. */
static const struct table tables[STORE_TABLES] = {
    {"versions", 1, "tttn", 10,
     PAGE("versions", VERSION_COLUMNS, VERSION_KEY, "$1, $2, $3, $4", "$5"),
     "INSERT INTO versions (" VERSION_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
     "SELECT COUNT(*) FROM versions", "SELECT COUNT(*) FROM versions"},
    {"records", 1, "ttt", 5, PAGE("records", RECORD_COLUMNS, RECORD_KEY, "$1, $2, $3", "$4"),
     "INSERT INTO records (" RECORD_COLUMNS ") VALUES ($1, $2, $3, $4, $5)",
     "SELECT COUNT(*) FROM records", "SELECT COUNT(*) FROM records"},
    {"changes", 1, "nn", 7, PAGE("changes", CHANGE_COLUMNS, CHANGE_KEY, "$1, $2", "$3"),
     "INSERT INTO changes (" CHANGE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)",
     "SELECT COUNT(*) FROM changes", "SELECT COUNT(*) FROM changes"},
    {"head", 1, "n", 3, PAGE("head", HEAD_COLUMNS, "one", "$1", "$2"),
     "INSERT INTO head (" HEAD_COLUMNS ") VALUES ($1, $2, $3)"
     " ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, tag = excluded.tag",
     "SELECT COUNT(*) FROM head", "SELECT COUNT(*) FROM head WHERE seq <> 0"},
    {"leases", 2, "tt", 7, PAGE("leases", LEASE_COLUMNS, LEASE_KEY, "$1, $2", "$3"),
     "INSERT INTO leases (" LEASE_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)",
     "SELECT COUNT(*) FROM leases", "SELECT COUNT(*) FROM leases"},
    {"audit", 3, "n", 17, PAGE("audit", AUDIT_COLUMNS, "id", "$1", "$2"),
     "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
     " $12, $13, $14, $15, $16, $17)",
     "SELECT COUNT(*) FROM audit", "SELECT COUNT(*) FROM audit"},
    {"audit_head", 3, "n", 4, PAGE("audit_head", AUDIT_HEAD_COLUMNS, "one", "$1", "$2"),
     "INSERT INTO audit_head (" AUDIT_HEAD_COLUMNS ") VALUES ($1, $2, $3, $4)"
     " ON CONFLICT (one) DO UPDATE SET id = excluded.id, kept = excluded.kept,"
     " kept_refused = excluded.kept_refused",
     "SELECT COUNT(*) FROM audit_head", "SELECT COUNT(*) FROM audit_head WHERE id <> 0"},
};

static bool read_number(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(uint64_t *)ctx = (uint64_t)columns[0].number;
    return true;
}

static bool ask_number(struct store_backend *backend,
                       const struct table *table,
                       const char *sql,
                       uint64_t *out,
                       struct err *err)
{
    const struct store_query query = {.sql = sql, .row = read_number, .ctx = out};
    *out = 0;
    return backend->ops->query(backend, &query, err) || err_wrap(err, "table %s", table->name);
}

bool store_copy_count(struct store_backend *backend, struct store_contents *out, struct err *err)
{
    out->table_count = 0;
    for (size_t i = 0; i < STORE_TABLES && tables[i].since <= out->schema; i++) {
        struct store_table *table = &out->tables[out->table_count++];
        *table = (struct store_table){.name = tables[i].name};
        if (!ask_number(backend, &tables[i], tables[i].count, &table->rows, err)) {
            return false;
        }
    }
    return true;
}

bool store_copy_check_empty(struct store_backend *backend, struct err *err)
{
    for (size_t i = 0; i < STORE_TABLES; i++) {
        uint64_t used = 0;
        if (!ask_number(backend, &tables[i], tables[i].used, &used, err)) {
            return false;
        }
        if (used > 0) {
            return err_set(err, ERR_CONFLICT,
                           "it has data of Postern already (in its table %s), which stays"
                           " as it is: name a database without any",
                           tables[i].name);
        }
    }
    return true;
}

/* The way through a table. */
struct walk {
    const struct table *table;
    struct store_backend *to; /* NULL: nothing is written */
    struct hash_stream *digest;
    uint64_t rows;
    size_t in_page;
    struct store_value key[KEYS_MAX + 1]; /* where the page begins, and how many */
    size_t keys;
    struct arena arena; /* the texts of the key */
};

/* Type, length or number, then the text: so no two rows look alike. */
static void digest_row(struct walk *walk, const struct store_value *columns)
{
    for (size_t i = 0; i < walk->table->columns; i++) {
        const struct store_value *column = &columns[i];
        uint64_t number = column->is_text ? column->text.len : (uint64_t)column->number;
        char mark[1 + sizeof(number)];
        mark[0] = column->is_text ? 't' : 'n';
        memcpy(mark + 1, &number, sizeof(number));
        hash_stream_add(walk->digest, str_make(mark, sizeof(mark)));
        if (column->is_text) {
            hash_stream_add(walk->digest, column->text);
        }
    }
}

static void remember_key(struct walk *walk, const struct store_value *columns)
{
    arena_reset(&walk->arena);
    for (size_t i = 0; i < walk->keys; i++) {
        walk->key[i] = columns[i];
        if (columns[i].is_text) {
            walk->key[i].text = arena_str(&walk->arena, columns[i].text);
        }
    }
}

static bool take_row(void *ctx, const struct store_value *columns, struct err *err)
{
    struct walk *walk = ctx;
    digest_row(walk, columns);
    walk->rows++;
    if (++walk->in_page == PAGE_ROWS) {
        remember_key(walk, columns);
    }
    if (walk->to == NULL) {
        return true;
    }
    const struct store_query put = {
        .sql = walk->table->put, .params = columns, .param_count = walk->table->columns};
    return walk->to->ops->query(walk->to, &put, err);
}

static bool walk_pages(struct walk *walk, struct store_backend *from, struct err *err)
{
    const struct store_query page = {.sql = walk->table->page,
                                     .params = walk->key,
                                     .param_count = walk->keys + 1,
                                     .row = take_row,
                                     .ctx = walk};
    do {
        walk->in_page = 0;
        if (!from->ops->query(from, &page, err)) {
            return err_wrap(err, "table %s", walk->table->name);
        }
    } while (walk->in_page == PAGE_ROWS);
    /* Else the pages were not read in one transaction. */
    return from->ops->in_transaction(from) ||
           err_set(err, ERR_UNAVAILABLE, "the connection was lost while table %s was read",
                   walk->table->name);
}

static bool walk_table(const struct table *table,
                       struct store_backend *from,
                       struct store_backend *to,
                       struct store_table *out,
                       struct err *err)
{
    struct walk walk = {
        .table = table, .to = to, .digest = hash_stream_new(), .keys = strlen(table->keys)};
    arena_init(&walk.arena, ARENA_MAX);
    for (size_t i = 0; i < walk.keys; i++) {
        walk.key[i] = table->keys[i] == 't' ? STORE_TEXT(STR_EMPTY) : STORE_NUMBER(-1);
    }
    walk.key[walk.keys] = STORE_NUMBER(PAGE_ROWS);
    bool ok = walk_pages(&walk, from, err);
    arena_done(&walk.arena);
    *out = (struct store_table){
        .name = table->name, .rows = walk.rows, .digest = hash_stream_end(walk.digest)};
    uint64_t counted = 0;
    if (!ok || !ask_number(from, table, table->count, &counted, err)) {
        return false;
    }
    return counted == walk.rows ||
           err_set(err, ERR_INTERNAL, "table %s has %llu rows, and %llu of them can be read",
                   table->name, (unsigned long long)counted, (unsigned long long)walk.rows);
}

bool store_copy_tables(struct store_backend *from,
                       struct store_backend *to,
                       struct store_contents *out,
                       struct err *err)
{
    out->table_count = STORE_TABLES;
    for (size_t i = 0; i < STORE_TABLES; i++) {
        if (!walk_table(&tables[i], from, to, &out->tables[i], err)) {
            return false;
        }
    }
    return true;
}

bool store_copy_verify(struct store_backend *backend,
                       const struct store_contents *copied,
                       struct err *err)
{
    for (size_t i = 0; i < STORE_TABLES; i++) {
        struct store_table found;
        if (!walk_table(&tables[i], backend, NULL, &found, err)) {
            return false;
        }
        if (found.rows != copied->tables[i].rows ||
            !str_eq(hash_str(&found.digest), hash_str(&copied->tables[i].digest))) {
            return err_set(err, ERR_INTERNAL,
                           "table %s is not in the target as it was in the source: nothing was"
                           " copied",
                           tables[i].name);
        }
    }
    return true;
}
