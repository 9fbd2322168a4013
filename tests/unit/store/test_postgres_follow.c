/* test_postgres_follow.c - what watchers hear when the change log has a gap or goes back, and when
 * the replica cannot be written or read. */
#include "base/clock.h"
#include "store/store_inside.h"
#include "store_helper.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

struct heard {
    char text[512];
};

static void on_heard(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct heard *heard = ctx;
    size_t len = strlen(heard->text);
    (void)seq;
    for (size_t i = 0; i < count && len + 32 < sizeof(heard->text); i++) {
        char *key = str_dup(records[i].key); /* what is free already, sanitizers find in a copy */
        len += (size_t)snprintf(heard->text + len, sizeof(heard->text) - len, "%s%s ",
                                records[i].deleted ? "-" : "", key);
        mem_free(key);
    }
}

/* The place's store, and all that its watchers hear. */
static struct store *open_watched(struct place *place, struct heard *heard)
{
    struct store *store = open_store(place);
    *heard = (struct heard){0};
    store_watch(store, on_heard, heard);
    return store;
}

/* What was heard since the last time. */
static void hears(struct heard *heard, const char *wanted)
{
    assert_string_equal(heard->text, wanted);
    heard->text[0] = '\0';
}

static void put_one(struct store *store, const char *key, const char *value)
{
    assert_int_equal(put(store, str_of(key), str_of(value), STORE_ANY_VERSION, NULL), ERR_NONE);
}

static bool has(struct store *store, const char *key)
{
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = str_of(key);
    store_run(store, &request);
    bool found = request.ok;
    if (!found) {
        assert_int_equal(request.err.code, ERR_NOT_FOUND);
    }
    arena_done(&request.arena);
    return found;
}

/* A node that stood still, over whose connection nothing was ever said, while others have written
 * more than the log keeps. */
static void a_gap_in_the_log_is_noticed_over_the_same_connection(void **state)
{
    struct place *place = *state;
    struct heard heard;
    struct store *ours = open_watched(place, &heard);
    put_one(ours, "a", "1");
    put_one(ours, "b", "1");
    hears(&heard, "a b ");
    char sql[256];
    (void)snprintf(sql, sizeof(sql), "UPDATE @.head SET seq = seq + %d", STORE_CHANGES_KEPT + 5);
    struct store *theirs = open_other(place);
    put_one(theirs, "c", "1");
    put_one(theirs, "a", "");
    do_in(place, sql);
    do_in(place, "DELETE FROM @.changes");
    put_one(theirs, "d", "1");
    put_one(ours, "e", "1");
    hears(&heard, "-a c d e ");
    assert_false(has(ours, "a"));
    assert_true(has(ours, "c"));
    store_close(theirs);
    store_close(ours);
}

/* An older dump is restored, and the tables are made anew, under a node that runs. */
static void a_log_that_goes_back_is_noticed_over_the_same_connection(void **state)
{
    struct place *place = *state;
    struct heard heard;
    struct store *ours = open_watched(place, &heard);
    put_one(ours, "a", "1");
    put_one(ours, "b", "1");
    put_one(ours, "c", "1");
    hears(&heard, "a b c ");
    do_in(place, "UPDATE @.head SET seq = 1, tag = (SELECT tag FROM @.changes WHERE seq = 1);"
                 "DELETE FROM @.changes WHERE seq > 1; DELETE FROM @.records WHERE key <> 'a';"
                 "DELETE FROM @.versions WHERE key <> 'a'");
    put_one(ours, "d", "1");
    hears(&heard, "-b -c d ");
    put_one(ours, "b", "1");
    hears(&heard, "b ");
    store_close(ours);
}

static void another_transaction_with_the_number_of_the_last_is_noticed(void **state)
{
    struct place *place = *state;
    struct heard heard;
    struct store *ours = open_watched(place, &heard);
    put_one(ours, "a", "1");
    put_one(ours, "b", "1");
    hears(&heard, "a b ");
    do_in(place,
          "UPDATE @.head SET tag = tag / 2; UPDATE @.changes SET tag = tag / 2 WHERE seq = 2;"
          "DELETE FROM @.records WHERE key = 'b'; DELETE FROM @.versions WHERE key = 'b'");
    assert_true(store_take_turn(ours, NULL)); /* which follows */
    store_end_turn(ours);
    hears(&heard, "-b ");
    store_close(ours);
}

static void a_head_that_is_gone_or_makes_no_sense_is_told_and_nothing_is_written(void **state)
{
    struct place *place = *state;
    struct store *ours = open_store(place);
    struct heard heard = {0};
    put_one(ours, "a", "1");
    store_watch(ours, on_heard, &heard);
    do_in(place, "UPDATE @.head SET seq = -5");
    assert_int_not_equal(put(ours, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    do_in(place, "DELETE FROM @.head");
    assert_int_not_equal(put(ours, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_false(store_take_turn(ours, NULL));
    hears(&heard, "");
    assert_true(has(ours, "a"));
    do_in(place, "INSERT INTO @.head SELECT 1, seq, tag FROM @.changes WHERE seq = 1");
    put_one(ours, "b", "1");
    hears(&heard, "b ");
    store_close(ours);
}

/* As a disk that is full, or one that is not. */
static void room_for_files(bool room)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = room ? limit.rlim_max : 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int room_again(void **state)
{
    room_for_files(true);
    return place_teardown(state);
}

static void of_a_node_that_has_no_room_for_its_replica_watchers_hear_all(void **state)
{
    struct place *place = *state;
    struct store *ours = open_store(place);
    struct store *theirs = open_other(place);
    struct heard heard = {0};
    store_watch(ours, on_heard, &heard);
    put_one(ours, "a", "1");
    store_close(theirs);
    theirs = open_other(place);
    room_for_files(false);
    put_one(theirs, "b", "1");
    put_one(ours, "c", "1");
    hears(&heard, "a b c ");
    put_one(theirs, "b", ""); /* which the replica has never had */
    put_one(ours, "d", "1");
    hears(&heard, "-b d ");
    assert_true(has(ours, "d"));
    assert_false(has(ours, "b"));
    room_for_files(true);
    (void)usleep(1500 * 1000);
    put_one(theirs, "e", "1");
    put_one(ours, "f", "1");
    hears(&heard, "e f ");
    store_close(theirs);
    store_close(ours);
    char url[300];
    (void)snprintf(url, sizeof(url), "%s&port=1", place->url);
    ours = store_open(str_of(url), place_dir(place), NULL);
    assert_non_null(ours);
    assert_true(store_opened_away(ours));
    assert_true(has(ours, "a") && has(ours, "c") && has(ours, "d") && has(ours, "e"));
    assert_true(has(ours, "f"));
    assert_false(has(ours, "b"));
    store_close(ours);
}

static void what_was_lost_while_there_was_no_room_for_the_replica_is_gone(void **state)
{
    struct place *place = *state;
    struct heard heard;
    struct store *ours = open_watched(place, &heard);
    put_one(ours, "a", "1");
    room_for_files(false);
    put_one(ours, "b", "1");
    put_one(ours, "a", "2");
    hears(&heard, "a b a ");
    do_in(place, "UPDATE @.head SET seq = 1, tag = (SELECT tag FROM @.changes WHERE seq = 1);"
                 "DELETE FROM @.changes WHERE seq > 1; DELETE FROM @.records WHERE key = 'b';"
                 "UPDATE @.records SET version = 1 WHERE key = 'a';"
                 "DELETE FROM @.versions WHERE key = 'b' OR version = 2");
    put_one(ours, "c", "1");
    hears(&heard, "a -b c "); /* its first value again */
    store_close(ours);
}

/* All of it, under the process that has it open. */
static void damage(const struct place *place, const char *name)
{
    static char junk[1 << 16];
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", place->dir, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    memset(junk, 'x', sizeof(junk));
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 0; at < size; at += (off_t)sizeof(junk)) {
        assert_true(pwrite(fd, junk, sizeof(junk), at) > 0);
    }
    (void)close(fd);
}

enum { LARGE = 700 * 1000, MANY = 12 }; /* more than SQLite keeps in memory */

static void
a_replica_that_is_damaged_under_a_node_that_runs_keeps_nobody_from_anything(void **state)
{
    struct place *place = *state;
    struct store *ours = open_store(place);
    struct store *theirs = open_other(place);
    struct heard heard = {0};
    char *value = mem_alloc(LARGE + 1);
    char key[16];
    memset(value, '1', LARGE);
    value[LARGE] = '\0';
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(key, sizeof(key), "large%d", i);
        put_one(ours, key, value);
    }
    put_one(ours, "a", "1");
    store_watch(ours, on_heard, &heard);
    damage(place, "replica.db");
    damage(place, "replica.db-wal");
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(key, sizeof(key), "large%d", i);
        assert_true(has(ours, key));
    }
    put_one(theirs, "b", "1");
    put_one(theirs, "a", "");
    put_one(ours, "c", "1");
    hears(&heard, "b -a c ");
    (void)usleep(1500 * 1000);
    put_one(theirs, "d", "1");
    put_one(ours, "e", "1");
    hears(&heard, "d e ");
    store_close(theirs);
    store_close(ours);
    char url[300];
    (void)snprintf(url, sizeof(url), "%s&port=1", place->url);
    ours = store_open(str_of(url), place_dir(place), NULL);
    assert_non_null(ours);
    assert_true(has(ours, "large0") && has(ours, "d") && has(ours, "e"));
    assert_false(has(ours, "a"));
    store_close(ours);
    mem_free(value);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, room_again)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_gap_in_the_log_is_noticed_over_the_same_connection),
        T(a_log_that_goes_back_is_noticed_over_the_same_connection),
        T(another_transaction_with_the_number_of_the_last_is_noticed),
        T(a_head_that_is_gone_or_makes_no_sense_is_told_and_nothing_is_written),
        T(of_a_node_that_has_no_room_for_its_replica_watchers_hear_all),
        T(what_was_lost_while_there_was_no_room_for_the_replica_is_gone),
        T(a_replica_that_is_damaged_under_a_node_that_runs_keeps_nobody_from_anything),
    };
    return RUN_ON_POSTGRES(tests);
}
