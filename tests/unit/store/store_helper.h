/* store_helper.h - a store in a directory of its own, and requests that run at once.
 *
 * With POSTERN_TEST_POSTGRES, the URL of a server, the store is in a schema of its own there. */
#ifndef POSTERN_TESTS_STORE_HELPER_H
#define POSTERN_TESTS_STORE_HELPER_H

#include "base/mem.h"
#include "store/store.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { OTHERS_MAX = 8 };

struct place {
    char dir[64];
    char other_dirs[OTHERS_MAX][64]; /* of other nodes on the same database */
    size_t other_count;
    char file[96];   /* of SQLite */
    char schema[64]; /* of PostgreSQL; empty: it is SQLite */
    char url[256];
};

static inline const char *postgres_url(void)
{
    return getenv("POSTERN_TEST_POSTGRES"); /* NOLINT(concurrency-mt-unsafe) */
}

/* 77: skipped. */
static inline int without_postgres(void)
{
    (void)fprintf(stderr, "tests/support/postgres run starts this one\n");
    return 77;
}

#define RUN_ON_POSTGRES(tests) \
    (postgres_url() == NULL ? without_postgres() : cmocka_run_group_tests(tests, NULL, NULL))

static inline bool on_postgres(const struct place *place)
{
    return place->schema[0] != '\0';
}

/* One statement or several, by the server's own administrator; the number that they give. */
static inline int64_t postgres_ask(const char *schema, const char *sql)
{
    PGconn *conn = PQconnectdb(postgres_url());
    char path[128];
    (void)snprintf(path, sizeof(path), "SET search_path TO %s",
                   *schema == '\0' ? "public" : schema);
    PQclear(PQexec(conn, path));
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    }
    int64_t number = PQntuples(result) == 0 ? 0 : strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(conn);
    return number;
}

static inline void postgres_do(const char *sql)
{
    (void)postgres_ask("", sql);
}

static inline int sqlite_number(void *ctx, int count, char **columns, char **names)
{
    (void)count;
    (void)names;
    *(int64_t *)ctx = columns[0] == NULL ? 0 : strtoll(columns[0], NULL, 10);
    return 0;
}

/* The same in the place's store, which must be closed: SQLite's is for one alone. */
static inline int64_t place_ask(const struct place *place, const char *sql)
{
    int64_t number = 0;
    sqlite3 *db = NULL;
    if (on_postgres(place)) {
        return postgres_ask(place->schema, sql);
    }
    assert_int_equal(sqlite3_open(place->file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, sqlite_number, &number, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

/* In it '@' is the place's schema. */
static inline void do_in(const struct place *place, const char *format)
{
    char sql[2048];
    size_t len = 0;
    for (const char *at = format; *at != '\0' && len + 1 < sizeof(sql); at++) {
        if (*at == '@') {
            len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s", place->schema);
        } else {
            sql[len++] = *at;
        }
    }
    sql[len] = '\0';
    postgres_do(sql);
}

static inline void place_on_postgres(struct place *place)
{
    static unsigned number;
    char sql[128];
    (void)snprintf(place->schema, sizeof(place->schema), "t%d_%u", (int)getpid(), ++number);
    (void)snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", place->schema);
    postgres_do(sql);
    (void)snprintf(place->url, sizeof(place->url), "%s&options=-csearch_path%%3D%s", postgres_url(),
                   place->schema);
}

static inline struct str place_dir(const struct place *place)
{
    return str_of(place->dir);
}

static inline int place_setup(void **state)
{
    struct place *place = NEW(struct place);
    (void)snprintf(place->dir, sizeof(place->dir), "/tmp/postern-store-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    (void)snprintf(place->file, sizeof(place->file), "%s/postern.db", place->dir);
    (void)snprintf(place->url, sizeof(place->url), "sqlite:");
    if (postgres_url() != NULL) {
        place_on_postgres(place);
    }
    *state = place;
    return 0;
}

static inline void remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry;
         (entry = readdir(dir)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(path), 0);
}

static inline int place_teardown(void **state)
{
    struct place *place = *state;
    remove_dir(place->dir);
    for (size_t i = 0; i < place->other_count; i++) {
        remove_dir(place->other_dirs[i]);
    }
    mem_free(place);
    return 0;
}

static inline struct store *open_in(const struct place *place, const char *dir)
{
    struct err err = {0};
    struct store *store = store_open(str_of(place->url), str_of(dir), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    return store;
}

static inline struct store *open_store(const struct place *place)
{
    return open_in(place, place->dir);
}

/* The data.dir of another node, one more with each call. */
static inline const char *other_dir(struct place *place)
{
    assert_true(place->other_count < OTHERS_MAX);
    char *dir = place->other_dirs[place->other_count++];
    (void)snprintf(dir, sizeof(place->other_dirs[0]), "/tmp/postern-store-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static inline struct store *open_other(struct place *place)
{
    return open_in(place, other_dir(place));
}

static inline void request_init(struct store_request *request, enum store_op op)
{
    *request = (struct store_request){.op = op, .kind = STR("api_spec"), .realm = STR("com.x")};
    arena_init(&request->arena, 1 << 20);
}

/* One write of kind api_spec in realm com.x; the outcome, and the version in `out_version`. */
static inline enum err_code
put(struct store *store, struct str key, struct str value, uint64_t expect, uint64_t *out_version)
{
    struct store_request request;
    request_init(&request, STORE_COMMIT);
    const struct store_write write = {.kind = STR("api_spec"),
                                      .realm = STR("com.x"),
                                      .key = key,
                                      .value = value,
                                      .remove = value.len == 0,
                                      .expect = expect};
    request.writes = &write;
    request.write_count = 1;
    request.author = STR("ann");
    store_run(store, &request);
    enum err_code code = request.ok ? ERR_NONE : request.err.code;
    if (request.ok && out_version != NULL) {
        *out_version = request.records[0].version;
    }
    arena_done(&request.arena);
    return code;
}

#endif
