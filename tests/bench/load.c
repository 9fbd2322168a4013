/* load.c - how long a store's records take to be read, as at a start or after a fail-over:
 * bench_load URL FOLDER.
 *
 * Fills the store with 10,000 records of about a kilobyte, and prints a line of JSON with the
 * milliseconds of each of ten loads. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 10 * 1000, VALUE_SIZE = 1024, KEY_SIZE = 32, LOADS = 10 };

static void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_load: %s: %s\n", what, why);
    exit(1);
}

static void fill(struct store *store)
{
    struct store_request request = {
        .op = STORE_COMMIT, .author = STR("bench"), .write_count = RECORDS};
    arena_init(&request.arena, 512 << 20);
    struct store_write *writes = ARENA_ARRAY(&request.arena, struct store_write, RECORDS);
    char *keys = arena_alloc(&request.arena, (size_t)RECORDS * KEY_SIZE);
    static char value[VALUE_SIZE + 1] = "{\"text\":\"";
    memset(value + strlen(value), 'x', VALUE_SIZE - strlen(value) - 2);
    value[VALUE_SIZE - 2] = '"';
    value[VALUE_SIZE - 1] = '}';
    for (size_t i = 0; i < RECORDS; i++) {
        char *key = keys + i * KEY_SIZE;
        (void)snprintf(key, KEY_SIZE, "record%zu", i);
        writes[i] = (struct store_write){.kind = STR("setting"),
                                         .realm = STR("com.example.bench"),
                                         .key = str_of(key),
                                         .value = str_make(value, VALUE_SIZE),
                                         .expect = STORE_ANY_VERSION};
    }
    request.writes = writes;
    store_run(store, &request);
    if (!request.ok) {
        fail("fill", request.err.text);
    }
    arena_done(&request.arena);
}

static void count_records(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    (void)seq;
    (void)records;
    *(size_t *)ctx += count;
}

static double load_ms(const char *url, const char *dir)
{
    struct err err = {0};
    size_t count = 0;
    struct store *store = store_open(str_of(url), str_of(dir), &err);
    if (store == NULL) {
        fail(url, err.text);
    }
    uint64_t start = clock_mono_ns();
    bool ok = store_load(store, count_records, &count, &err);
    double took = (double)(clock_mono_ns() - start) / 1e6;
    store_close(store);
    if (!ok || count < RECORDS) {
        fail("load", ok ? "records are missing" : err.text);
    }
    return took;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct store *store = argc == 3 ? store_open(str_of(argv[1]), str_of(argv[2]), &err) : NULL;
    if (store == NULL) {
        fail("usage: bench_load URL FOLDER", err.text);
    }
    fill(store);
    store_close(store);
    (void)printf("{\"records\": %d, \"ms\": [", RECORDS);
    for (size_t i = 0; i < LOADS; i++) {
        (void)printf("%s%.3f", i == 0 ? "" : ", ", load_ms(argv[1], argv[2]));
    }
    (void)printf("]}\n");
    return 0;
}
