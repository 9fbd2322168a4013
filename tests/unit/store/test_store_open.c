#include "store_helper.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

static void open_fails(const struct place *place, enum err_code code, const char *says)
{
    struct err err = {0};
    assert_null(store_open(STR("sqlite:"), place_dir(place), &err));
    assert_int_equal(err.code, code);
    if (strstr(err.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    }
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void write_bytes(const char *path, off_t at, const char *bytes, size_t count)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, at), count);
    assert_int_equal(close(fd), 0);
}

static void the_file_is_for_its_owner_alone(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    const char *const suffixes[] = {"", "-wal"};
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        char path[128];
        struct stat status;
        (void)snprintf(path, sizeof(path), "%s%s", place->file, suffixes[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    store_close(store);
}

static void a_schema_of_a_newer_program_is_refused(void **state)
{
    const struct place *place = *state;
    store_close(open_store(place));
    run_sql(place->file, "UPDATE schema_version SET version = version + 90, oldest = version + 90");
    open_fails(place, ERR_INVALID, "the newer postern");
    run_sql(place->file, "UPDATE schema_version SET version = version - 90, oldest = 1");
    store_close(open_store(place));
}

static void an_older_schema_is_brought_up_with_all_that_is_in_it(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    run_sql(place->file, "DROP TABLE audit; DROP TABLE audit_head; DROP TABLE leases;"
                         "DROP INDEX versions_revocation; DROP TABLE nodes;"
                         "ALTER TABLE schema_version DROP COLUMN oldest;"
                         "UPDATE schema_version SET version = 1");
    store = open_store(place);
    uint64_t version = 0;
    assert_int_equal(put(store, STR("a"), STR("2"), 1, &version), ERR_NONE);
    assert_int_equal(version, 2);
    store_close(store);
}

/* One version of a record of that kind, with a text in it of `size` bytes that begin with `mark`;
 * 0: it is deleted. */
static void
put_marked(struct store *store, const char *kind, unsigned key, const char *mark, size_t size)
{
    struct store_request request;
    char name[16];
    char *value = mem_alloc(size + 32);
    (void)snprintf(name, sizeof(name), "k%u", key);
    int len = snprintf(value, size + 32, "\"%s%u-", mark, key);
    memset(value + len, 'x', size);
    value[(size_t)len + size] = '"';
    request_init(&request, STORE_COMMIT);
    const struct store_write write = {.kind = str_of(kind),
                                      .realm = STR("com.x"),
                                      .key = str_of(name),
                                      .value = str_make(value, (size_t)len + size + 1),
                                      .remove = size == 0,
                                      .expect = STORE_ANY_VERSION};
    request.writes = &write;
    request.write_count = 1;
    store_run(store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
    mem_free(value);
}

static size_t count_in_file(const char *path, const char *text)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    char *bytes = mem_alloc((size_t)status.st_size);
    assert_int_equal(read(fd, bytes, (size_t)status.st_size), status.st_size);
    assert_int_equal(close(fd), 0);
    size_t count = 0;
    size_t left = (size_t)status.st_size;
    for (const char *at = bytes; (at = memmem(at, left, text, strlen(text))) != NULL; at++) {
        left = (size_t)status.st_size - (size_t)(at + 1 - bytes);
        count++;
    }
    mem_free(bytes);
    return count;
}

static void what_a_secret_was_is_not_in_the_file_any_more(void **state)
{
    enum { KEYS = 40 };
    static const char *const kinds[] = {"user", "key", "api_key", "ticket", "setting"};
    const struct place *place = *state;
    struct store *store = open_store(place);
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        for (unsigned i = 0; i < KEYS; i++) {
            size_t size = i % 4 == 0 ? 20 * 1000 : 150 + 10 * i;
            put_marked(store, kinds[k], i, "olden", size);
            put_marked(store, kinds[k], i, "later", 100 + 20 * i);
            put_marked(store, kinds[k], i, "newest", i % 2 == 0 ? 0 : 200);
        }
    }
    put_marked(store, "api_spec", 1, "specification", 100);
    put_marked(store, "api_spec", 1, "another", 100);
    store_close(store);
    assert_int_equal(count_in_file(place->file, "olden"), 0);
    assert_int_equal(count_in_file(place->file, "later"), 0);
    assert_int_equal(count_in_file(place->file, "newest"), COUNT_OF(kinds) * KEYS / 2);
    assert_int_equal(count_in_file(place->file, "specification"), 1);
}

static void secrets_of_an_older_schema_are_forgotten_with_it(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    put_marked(store, "user", 1, "first", 100);
    put_marked(store, "user", 1, "second", 100);
    put_marked(store, "user", 2, "third", 100);
    put_marked(store, "user", 2, "fourth", 0);
    store_close(store);
    run_sql(place->file, "UPDATE versions SET value = '\"shown-before\"' WHERE deleted = 0;"
                         "DROP TABLE nodes; ALTER TABLE schema_version DROP COLUMN oldest;"
                         "UPDATE schema_version SET version = 4");
    assert_int_equal(count_in_file(place->file, "shown-before"), 3);
    store_close(open_store(place));
    assert_int_equal(count_in_file(place->file, "shown-before"), 1);
}

static void a_second_user_of_the_file_is_refused(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    open_fails(place, ERR_UNAVAILABLE, "in use by another process");
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    store_close(open_store(place));
}

static void a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
    const struct place *place = *state;
    char text[4096];
    memset(text, 'x', sizeof(text));
    write_bytes(place->file, 0, text, sizeof(text));
    open_fails(place, ERR_INTERNAL, "damaged or no database");
    struct stat status;
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_size, sizeof(text));
}

static void a_damaged_page_is_noticed_at_the_start(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    for (unsigned i = 0; i < 200; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "k%u", i);
        assert_int_equal(put(store, str_of(key), STR("{\"a\":\"some text\"}"), 0, NULL), ERR_NONE);
    }
    store_close(store);
    char noise[2048];
    memset(noise, 0x5a, sizeof(noise));
    struct stat status;
    assert_int_equal(stat(place->file, &status), 0);
    for (off_t at = 4096; at < status.st_size; at += 4096) {
        write_bytes(place->file, at, noise, sizeof(noise));
    }
    open_fails(place, ERR_INTERNAL, "damaged");
}

static void a_database_of_another_program_is_refused(void **state)
{
    const struct place *place = *state;
    run_sql(place->file, "CREATE TABLE songs (title TEXT)");
    open_fails(place, ERR_INVALID, "another program");
}

static void a_missing_directory_and_odd_urls_are_refused(void **state)
{
    const struct place *place = *state;
    struct err err = {0};
    assert_null(store_open(STR("sqlite:"), STR("/nonexistent/directory"), &err));
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    assert_null(store_open(STR("mysql://x"), place_dir(place), &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_null(store_open(STR("sqlite:relative.db"), place_dir(place), &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void a_path_in_the_url_is_used(void **state)
{
    const struct place *place = *state;
    char url[128];
    (void)snprintf(url, sizeof(url), "sqlite:%s/other.db", place->dir);
    struct err err = {0};
    struct store *store = store_open(str_of(url), STR("/nonexistent"), &err);
    assert_non_null(store);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
}

/* Not even for a moment: values may be secrets, and a container may have no other place. */
static void nothing_is_kept_in_files_elsewhere(void **state)
{
    enum { LONG = 200 * 1024, MORE_THAN_VERSIONS_KEPT = 110 };
    struct store *store = open_store(*state);
    char *value = mem_alloc(LONG);
    memset(value, 'x', LONG);
    for (unsigned i = 0; i < MORE_THAN_VERSIONS_KEPT; i++) {
        assert_int_equal(put(store, STR("a"), str_make(value, LONG), STORE_ANY_VERSION, NULL),
                         ERR_NONE);
    }
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    for (struct dirent *entry;
         (entry = readdir(dir)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        char target[256] = "";
        if (readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) > 0) {
            assert_null(strstr(target, "/etilqs_")); /* what SQLite calls its temporary files */
        }
    }
    (void)closedir(dir);
    mem_free(value);
    store_close(store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_file_is_for_its_owner_alone),
        T(a_schema_of_a_newer_program_is_refused),
        T(an_older_schema_is_brought_up_with_all_that_is_in_it),
        T(what_a_secret_was_is_not_in_the_file_any_more),
        T(secrets_of_an_older_schema_are_forgotten_with_it),
        T(a_second_user_of_the_file_is_refused),
        T(a_file_that_is_no_database_is_refused_and_left_alone),
        T(a_damaged_page_is_noticed_at_the_start),
        T(a_database_of_another_program_is_refused),
        T(a_missing_directory_and_odd_urls_are_refused),
        T(a_path_in_the_url_is_used),
        T(nothing_is_kept_in_files_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
