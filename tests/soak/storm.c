/* storm.c - two stores of one database, written through both at once: soak_storm URL URL CHANGES
 * FOLDER.
 *
 * Eight writers make CHANGES each, half of them through the first store and half through the
 * second, whose connection may be cut as often as one likes: what fails is written again. Prints
 * the number of changes now and then. In the end what the watchers of both stores were told must
 * be what is in the database, or the exit status is 1. One key in ten is written only once, so that
 * no later transaction makes good for one that was passed over. */
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    WRITERS = 8,
    KEYS = 200,
    TOLD_EVERY = 800,
    PATIENCE_MS = 120 * 1000,
    TEXT_SIZE = 48,
    DIR_SIZE = 256
};

struct entry {
    char key[TEXT_SIZE];
    char value[TEXT_SIZE];
    uint64_t version;
};

/* What a watcher was told; filled on the store's thread. */
struct told {
    struct map entries;
    atomic_uint_fast64_t seq;
    size_t transactions;
    size_t backwards;
};

struct writer {
    pthread_t thread;
    struct store *store;
    unsigned number;
    unsigned changes;
    atomic_uint *done;
    unsigned refused; /* and then written again */
};

struct asked {
    struct store_request request;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool is_answered;
};

static void stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "soak_storm: %s: %s\n", what, why);
    exit(1);
}

static void on_told(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct told *told = ctx;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = map_get(&told->entries, records[i].key);
        if (entry == NULL) {
            entry = NEW(struct entry);
            *entry = (struct entry){0};
            (void)snprintf(entry->key, sizeof(entry->key), PRISTR, STRARG(records[i].key));
            (void)map_put(&told->entries, str_of(entry->key), entry);
        }
        (void)snprintf(entry->value, sizeof(entry->value), PRISTR, STRARG(records[i].value));
        entry->version = records[i].version;
    }
    told->transactions++;
    if (seq <= atomic_load(&told->seq) && seq > 0) {
        told->backwards++;
        (void)fprintf(stderr, "transaction %llu of %zu records is told after %llu\n",
                      (unsigned long long)seq, count, (unsigned long long)atomic_load(&told->seq));
    }
    atomic_store(&told->seq, seq);
}

static void told_free(struct told *told)
{
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&told->entries, &cursor)) != NULL) {
        mem_free(slot->value);
    }
    map_done(&told->entries);
}

static struct store *open_store(const char *url, const char *dir, struct told *told)
{
    struct err err = {0};
    struct store *store = store_open(str_of(url), str_of(dir), &err);
    map_init(&told->entries);
    if (store == NULL || !store_load(store, on_told, told, &err)) {
        stop("cannot open", err.text);
    }
    return store;
}

static void on_answer(struct store_request *request)
{
    struct asked *asked = CONTAINER_OF(request, struct asked, request);
    (void)pthread_mutex_lock(&asked->lock);
    asked->is_answered = true;
    (void)pthread_cond_signal(&asked->answered);
    (void)pthread_mutex_unlock(&asked->lock);
}

static enum err_code commit(struct store *store, const struct store_write *write)
{
    struct asked asked = {.request = {.op = STORE_COMMIT,
                                      .author = STR("storm"),
                                      .writes = write,
                                      .write_count = 1,
                                      .finish = on_answer},
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .answered = PTHREAD_COND_INITIALIZER};
    arena_init(&asked.request.arena, 1 << 20);
    store_submit(store, &asked.request);
    (void)pthread_mutex_lock(&asked.lock);
    while (!asked.is_answered) {
        (void)pthread_cond_wait(&asked.answered, &asked.lock);
    }
    (void)pthread_mutex_unlock(&asked.lock);
    enum err_code code = asked.request.ok ? ERR_NONE : asked.request.err.code;
    if (code != ERR_NONE && code != ERR_UNAVAILABLE) {
        stop("a write was refused", asked.request.err.text);
    }
    arena_done(&asked.request.arena);
    return code;
}

static void pause_ms(unsigned ms)
{
    const struct timespec time = {.tv_nsec = (long)ms * 1000 * 1000};
    (void)nanosleep(&time, NULL);
}

static void *write_all(void *ctx)
{
    struct writer *writer = ctx;
    for (unsigned i = 0; i < writer->changes; i++) {
        char key[TEXT_SIZE];
        char value[TEXT_SIZE];
        bool once = i % 10 == 0;
        (void)snprintf(key, sizeof(key), "%u.%s.%u", writer->number, once ? "once" : "often",
                       once ? i : i % KEYS);
        (void)snprintf(value, sizeof(value), "{\"n\":%u}", i);
        const struct store_write write = {.kind = STR("setting"),
                                          .realm = STR("com.example.storm"),
                                          .key = str_of(key),
                                          .value = str_of(value),
                                          .expect = STORE_ANY_VERSION};
        while (commit(writer->store, &write) != ERR_NONE) {
            writer->refused++;
            pause_ms(10);
        }
        unsigned done = atomic_fetch_add(writer->done, 1) + 1;
        if (done % TOLD_EVERY == 0) {
            (void)printf("%u\n", done);
            (void)fflush(stdout);
        }
    }
    arena_pool_free();
    return NULL;
}

static void write_by_all(struct store **stores, unsigned changes)
{
    struct writer writers[WRITERS];
    atomic_uint done = 0;
    unsigned refused = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] =
            (struct writer){.store = stores[i % 2], .number = i, .changes = changes, .done = &done};
        if (pthread_create(&writers[i].thread, NULL, write_all, &writers[i]) != 0) {
            stop("cannot start", "a thread");
        }
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        (void)pthread_join(writers[i].thread, NULL);
        refused += writers[i].refused;
    }
    (void)printf("%u changes, %u of them written again\n", atomic_load(&done), refused);
}

static void wait_for(struct told *told, uint64_t seq, const char *who)
{
    uint64_t until = clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(&told->seq) < seq) {
        if (clock_mono_ms() > until) {
            stop(who, "has not been told of the last transaction");
        }
        pause_ms(10);
    }
}

/* The number of keys that differ. */
static size_t compare(const struct told *truth, const struct told *told, const char *who)
{
    size_t differ = 0;
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&truth->entries, &cursor)) != NULL) {
        const struct entry *wanted = slot->value;
        const struct entry *entry = map_get(&told->entries, str_of(wanted->key));
        differ += entry == NULL || entry->version != wanted->version ||
                  strcmp(entry->value, wanted->value) != 0;
    }
    (void)printf("%s: %zu keys, %zu transactions told, %zu out of order, %zu differ\n", who,
                 told->entries.count, told->transactions, told->backwards, differ);
    return differ + told->backwards + (told->entries.count != truth->entries.count);
}

static bool run(char **argv, char (*dirs)[DIR_SIZE])
{
    struct told told[2] = {0};
    struct told truth = {0};
    struct err err = {0};
    struct store *stores[2];
    for (size_t i = 0; i < 2; i++) {
        stores[i] = open_store(argv[1 + i], dirs[i], &told[i]);
        store_watch(stores[i], on_told, &told[i]);
        if (!store_start(stores[i], &err)) {
            stop("cannot start", err.text);
        }
    }
    write_by_all(stores, (unsigned)strtoul(argv[3], NULL, 10));
    struct store *third = open_store(argv[1], dirs[2], &truth);
    wait_for(&told[0], atomic_load(&truth.seq), "the first");
    wait_for(&told[1], atomic_load(&truth.seq), "the second");
    store_close(stores[0]);
    store_close(stores[1]);
    store_close(third);
    size_t differ = compare(&truth, &told[0], "the first");
    differ += compare(&truth, &told[1], "the second");
    told_free(&told[0]);
    told_free(&told[1]);
    told_free(&truth);
    return differ == 0;
}

int main(int argc, char **argv)
{
    char dirs[3][DIR_SIZE];
    if (argc != 5) {
        (void)fprintf(stderr, "usage: soak_storm URL URL CHANGES FOLDER\n");
        return 64;
    }
    for (size_t i = 0; i < 3; i++) { /* of each store one of its own; they go with the folder */
        (void)snprintf(dirs[i], sizeof(dirs[i]), "%s/%zu", argv[4], i);
        if (mkdir(dirs[i], 0700) != 0) {
            stop("no directory", dirs[i]);
        }
    }
    bool ok = run(argv, dirs);
    arena_pool_free();
    return ok ? 0 : 1;
}
