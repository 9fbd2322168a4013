/* links: realm rbac credential */
/* Who an HTTP request is: remembered, asked about again after changes, refused alike. */
#include "../../support/realm_world.h"
#include "access/access_inside.h"
#include "auth/throttle.h"
#include "base/encode.h"
#include "base/log.h"
#include "credential/credential.h"
#include "crypto/hash.h"
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <unistd.h>

#define REALM  "com.shop"
#define SECRET "0123456789abcdef0123456789abcdef"

static struct world world;
static struct access *access_made;
static char here[32];    /* of each test, as failures count by address */
static char *records[2]; /* of "the first one" and "the second one" */

struct ask {
    struct request_head head;
    struct header headers[3];
    char header_text[3][512];
    struct peer_info peer;
    struct access_visit visit;
    struct access_answer answer;
    enum access_step first; /* what access_check said */
    enum access_step step;  /* what it came to */
    atomic_bool done;
    unsigned schemes;
};

static void prepare(struct world *made)
{
    access_made = access_new(&(struct access_options){
        .workers = made->workers, .rbac = made->slot, .auth = router_auth(made->router)});
}

static void put_user(const char *name, const char *credential, const char *groups, bool enabled)
{
    json_t *user = json_pack("{s:s, s:s, s:o, s:b}", "username", name, "credential", credential,
                             "groups", json_loads(groups, 0, NULL), "enabled", enabled);
    char *text = json_dumps(user, JSON_COMPACT);
    world_record(&world, "user", REALM, name, text);
    free(text);
    json_decref(user);
}

static void put_source(const char *method, const char *cidr)
{
    char key[128];
    char value[256];
    (void)snprintf(key, sizeof(key), "%s %s all", method, cidr);
    (void)snprintf(value, sizeof(value),
                   "{\"username\":\"all\",\"authmethod\":\"%s\",\"cidr\":\"%s\"}", method, cidr);
    world_record(&world, "source", REALM, key, value);
}

static void remove_record(const char *kind, const char *key)
{
    struct store_record record = {.kind = str_of(kind),
                                  .realm = STR(REALM),
                                  .key = str_of(key),
                                  .version = 2,
                                  .deleted = true};
    assert_true(rbac_builder_apply(world.builder, &record));
}

static void put_key(const char *id, const char *user, const char *expires)
{
    struct hash_sha256 hash = hash_sha256(STR(SECRET));
    struct buf hex;
    char key[128];
    char value[512];
    buf_init(&hex, 128);
    assert_true(hex_encode(hash_str(&hash), &hex));
    (void)snprintf(key, sizeof(key), "%s %s", user, id);
    (void)snprintf(value, sizeof(value),
                   "{\"id\":\"%s\",\"username\":\"%s\",\"sha256\":\"%.*s\",\"expires_at\":%s}", id,
                   user, (int)hex.len, hex.ptr, expires);
    world_record(&world, "api_key", REALM, key, value);
    buf_done(&hex);
}

static void publish_now(void)
{
    world_publish_rbac(&world);
    settle(&world);
}

static void everything_as_it_was(void)
{
    world_record(&world, "realm", "", REALM,
                 "{\"uri\":\"" REALM "\",\"authmethods\":[\"password\",\"api_key\"]}");
    world_record(&world, "group", REALM, "clerks", "{\"name\":\"clerks\"}");
    world_record(&world, "group", REALM, "staff", "{\"name\":\"staff\"}");
    put_source("password", "0.0.0.0/0");
    put_source("api_key", "0.0.0.0/0");
    put_user("ann", records[0], "[\"clerks\"]", true);
    put_user("off", records[0], "[]", false);
}

static void on_done(void *ctx, enum access_step step, const struct access_answer *answer)
{
    struct ask *ask = ctx;
    ask->answer = *answer;
    ask->step = step;
    atomic_store(&ask->done, true);
}

static void check_here(void *ctx)
{
    struct ask *ask = ctx;
    ask->visit.done = on_done;
    ask->visit.ctx = ask;
    ask->first = access_check(
        access_made, &ask->visit,
        &(struct access_request){.realm = STR(REALM), .schemes = ask->schemes, .head = &ask->head},
        &ask->answer);
    if (ask->first != ACCESS_LATER) {
        ask->step = ask->first;
        atomic_store(&ask->done, true);
    }
}

static void leave_here(void *ctx)
{
    struct ask *ask = ctx;
    access_leave(&ask->visit);
}

static void from(struct ask *ask, const char *address)
{
    char mapped[64];
    (void)snprintf(mapped, sizeof(mapped), "::ffff:%s", address);
    assert_int_equal(inet_pton(AF_INET6, mapped, &ask->peer.address), 1);
}

static void add_header(struct ask *ask, const char *name, const char *value)
{
    size_t at = ask->head.header_count++;
    (void)snprintf(ask->header_text[at], sizeof(ask->header_text[at]), "%s", value);
    ask->headers[at] = (struct header){str_of(name), str_of(ask->header_text[at])};
}

static struct ask *ask_new(void)
{
    struct ask *ask = NEW(struct ask);
    from(ask, here);
    ask->schemes = ACCESS_ANY;
    ask->head.headers = ask->headers;
    ask->head.peer = &ask->peer;
    return ask;
}

static struct ask *by_password(const char *user, const char *password)
{
    struct ask *ask = ask_new();
    struct buf text;
    struct buf value;
    buf_init(&text, 1024);
    buf_init(&value, 1024);
    (void)buf_printf(&text, "%s:%s", user, password);
    (void)buf_append(&value, STR("Basic "));
    (void)base64_encode(BASE64_STANDARD, buf_str(&text), &value);
    (void)buf_byte(&value, '\0');
    add_header(ask, "authorization", value.ptr);
    buf_done(&text);
    buf_done(&value);
    return ask;
}

static struct ask *by_key(const char *id, const char *secret)
{
    char text[256];
    struct ask *ask = ask_new();
    (void)snprintf(text, sizeof(text), "pk_%s_%s", id, secret);
    add_header(ask, "x-api-key", text);
    return ask;
}

static void wait_for(struct ask *ask)
{
    for (unsigned i = 0; !atomic_load(&ask->done); i++) {
        assert_true(i < 60000);
        (void)usleep(1000);
    }
}

static void end(struct ask *ask)
{
    on_worker(&world, 0, leave_here, ask);
    mem_free(ask);
}

static void run(struct ask *ask)
{
    on_worker(&world, 0, check_here, ask);
    wait_for(ask);
}

static void granted(struct ask *ask, enum access_step first)
{
    run(ask);
    assert_int_equal(ask->first, first);
    assert_int_equal(ask->step, ACCESS_GRANTED);
    end(ask);
}

static void refused(struct ask *ask, unsigned status)
{
    run(ask);
    assert_int_equal(ask->step, ACCESS_REFUSED);
    assert_int_equal(ask->answer.status, status);
    assert_true(strlen(ask->answer.detail) > 0);
    assert_int_equal(strlen(ask->answer.challenge) > 0, status == 401);
    end(ask);
}

static void what_was_right_once_is_known(void **state)
{
    (void)state;
    struct ask *ask = by_password("ann", "the first one");
    run(ask);
    assert_int_equal(ask->first, ACCESS_LATER);
    assert_int_equal(ask->step, ACCESS_GRANTED);
    assert_true(str_eq(ask->answer.principal.authid, STR("ann")));
    assert_true(str_eq(ask->answer.principal.authmethod, STR("password")));
    assert_int_equal(ask->answer.principal.role_count, 1);
    assert_non_null(ask->answer.principal.memo);
    struct ask *again = by_password("ann", "the first one");
    run(again);
    assert_int_equal(again->first, ACCESS_GRANTED);
    assert_ptr_equal(again->answer.principal.memo, ask->answer.principal.memo);
    end(ask);
    end(again);
    refused(by_password("ann", "the second one"), 401);
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
}

static void other_changes_ask_nobody_for_his_password_again(void **state)
{
    (void)state;
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
    put_user("bob", records[1], "[]", true);
    publish_now();
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
}

static void new_groups_are_in_force_with_the_next_request(void **state)
{
    (void)state;
    struct ask *before = by_password("ann", "the first one");
    run(before);
    put_user("ann", records[0], "[\"clerks\",\"staff\"]", true);
    publish_now();
    struct ask *after = by_password("ann", "the first one");
    run(after);
    assert_int_equal(after->first, ACCESS_GRANTED);
    assert_int_equal(after->answer.principal.role_count, 2);
    /* The one under way keeps what it has. */
    assert_int_equal(before->answer.principal.role_count, 1);
    assert_true(str_eq(before->answer.principal.roles[0], STR("clerks")));
    end(before);
    end(after);
}

static void a_new_password_ends_the_old_one(void **state)
{
    (void)state;
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
    put_user("ann", records[1], "[\"clerks\"]", true);
    publish_now();
    refused(by_password("ann", "the first one"), 401);
    granted(by_password("ann", "the second one"), ACCESS_LATER);
    everything_as_it_was();
    publish_now();
    refused(by_password("ann", "the second one"), 401);
    granted(by_password("ann", "the first one"), ACCESS_LATER);
}

static void who_is_disabled_is_out_and_comes_back(void **state)
{
    (void)state;
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
    put_user("ann", records[0], "[\"clerks\"]", false);
    publish_now();
    refused(by_password("ann", "the first one"), 401);
    remove_record("user", "ann");
    publish_now();
    refused(by_password("ann", "the first one"), 401);
    everything_as_it_was();
    publish_now();
    granted(by_password("ann", "the first one"), ACCESS_LATER);
}

static void sources_are_asked_for_each_address(void **state)
{
    (void)state;
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
    remove_record("source", "password 0.0.0.0/0 all");
    put_source("password", "10.1.0.0/16");
    publish_now();
    granted(by_password("ann", "the first one"), ACCESS_GRANTED);
    struct ask *outside = by_password("ann", "the first one");
    from(outside, "10.2.0.1");
    refused(outside, 403);
    struct ask *inside = by_password("ann", "the first one");
    from(inside, "10.1.9.9");
    run(inside);
    assert_int_equal(inside->step, ACCESS_GRANTED);
    end(inside);
    remove_record("source", "password 10.1.0.0/16 all");
    everything_as_it_was();
    publish_now();
}

static void who_shows_nothing_or_too_much(void **state)
{
    (void)state;
    refused(ask_new(), 401);
    struct ask *two = by_password("ann", "the first one");
    add_header(two, "authorization", "Bearer x");
    refused(two, 400);
    two = by_password("ann", "the first one");
    add_header(two, "x-api-key", "pk_a_b");
    refused(two, 400);
    /* Where keys are not looked at they are no credentials. */
    two = by_password("ann", "the first one");
    add_header(two, "x-api-key", "pk_a_b");
    two->schemes = ACCESS_BASIC;
    run(two);
    assert_int_equal(two->step, ACCESS_GRANTED);
    end(two);
    struct ask *other = by_password("ann", "the first one");
    other->schemes = ACCESS_API_KEY;
    refused(other, 401);
}

static void everybody_else_hears_one_answer(void **state)
{
    (void)state;
    struct ask *first = by_password("nobody", "the first one");
    run(first);
    assert_int_equal(first->first, ACCESS_LATER);
    static const char *const names[] = {"off", "zoe", "keys"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct ask *ask = by_password(names[i], "the first one");
        run(ask);
        assert_int_equal(ask->first, ACCESS_LATER); /* its password is hashed as well */
        assert_int_equal(ask->answer.status, first->answer.status);
        assert_string_equal(ask->answer.detail, first->answer.detail);
        assert_string_equal(ask->answer.challenge, first->answer.challenge);
        assert_true(str_eq(ask->answer.code, first->answer.code));
        end(ask);
    }
    end(first);
}

static void a_key_works_until_it_ends(void **state)
{
    (void)state;
    put_key("a1", "ann", "null");
    put_key("a2", "ann", "1000"); /* long ago */
    put_key("a3", "off", "null");
    put_key("a4", "gone", "null");
    publish_now();
    struct ask *ask = by_key("a1", SECRET);
    run(ask);
    assert_int_equal(ask->first, ACCESS_GRANTED);
    assert_true(str_eq(ask->answer.principal.authid, STR("ann")));
    assert_true(str_eq(ask->answer.principal.authmethod, STR("api_key")));
    end(ask);
    granted(by_key("a1", SECRET), ACCESS_GRANTED);
    refused(by_key("a1", SECRET "x"), 401);
    refused(by_key("a2", SECRET), 401);
    refused(by_key("a3", SECRET), 401);
    remove_record("api_key", "ann a1");
    publish_now();
    refused(by_key("a1", SECRET), 401);
    put_key("a1", "ann", "4000000000");
    publish_now();
    struct ask *far = by_key("a1", SECRET);
    from(far, "10.7.0.1");
    run(far);
    assert_int_equal(far->step, ACCESS_GRANTED);
    end(far);
    put_user("ann", records[0], "[]", false);
    publish_now();
    far = by_key("a1", SECRET);
    from(far, "10.7.0.1");
    refused(far, 401);
    everything_as_it_was();
    publish_now();
}

static void bad_keys_slow_their_address_and_no_good_key(void **state)
{
    (void)state;
    unsigned status = 0;
    for (size_t i = 0; i < THROTTLE_FREE + 2; i++) {
        struct ask *bad = by_key("zz", SECRET);
        from(bad, "10.8.0.1");
        run(bad);
        status = bad->answer.status;
        assert_true(status == 401 || (status == 429 && bad->answer.retry_after_s > 0));
        end(bad);
    }
    assert_int_equal(status, 429);
    struct ask *good = by_key("a1", SECRET);
    from(good, "10.8.0.1");
    run(good);
    assert_int_equal(good->step, ACCESS_GRANTED);
    end(good);
}

static void guesses_are_not_answered_by_what_is_remembered(void **state)
{
    (void)state;
    put_user("tim", records[0], "[]", true);
    publish_now();
    struct ask *ask = by_password("tim", "the first one");
    from(ask, "10.9.0.1");
    run(ask);
    assert_int_equal(ask->step, ACCESS_GRANTED);
    end(ask);
    for (size_t i = 0; i < THROTTLE_FREE; i++) {
        struct ask *guess = by_password("tim", "a wrong guess");
        from(guess, "10.9.0.2");
        run(guess);
        assert_int_equal(guess->answer.status, 401);
        end(guess);
    }
    struct ask *right = by_password("tim", "the first one");
    from(right, "10.9.0.2");
    run(right);
    assert_int_equal(right->first, ACCESS_REFUSED);
    assert_int_equal(right->answer.status, 429);
    assert_in_range(right->answer.retry_after_s, 1, 30);
    end(right);
    /* Where he has come in from before he is not held up by that. */
    ask = by_password("tim", "the first one");
    from(ask, "10.9.0.1");
    run(ask);
    assert_int_equal(ask->step, ACCESS_GRANTED);
    end(ask);
}

static void check_three_here(void *ctx)
{
    struct ask **asks = ctx;
    for (size_t i = 0; i < 3; i++) {
        check_here(asks[i]);
    }
    struct list *proofs = &access_here(access_made)->proofs;
    assert_ptr_equal(proofs->next->next, proofs); /* one for all */
    access_leave(&asks[1]->visit);
    assert_false(access_waits(&asks[1]->visit));
}

static void who_comes_at_once_waits_for_one_verification(void **state)
{
    (void)state;
    put_user("all-at-once", records[0], "[]", true);
    publish_now();
    struct ask *asks[3];
    for (size_t i = 0; i < 3; i++) {
        asks[i] = by_password("all-at-once", "the first one");
    }
    on_worker(&world, 0, check_three_here, asks);
    wait_for(asks[0]);
    wait_for(asks[2]);
    assert_int_equal(asks[0]->step, ACCESS_GRANTED);
    assert_int_equal(asks[2]->step, ACCESS_GRANTED);
    assert_false(atomic_load(&asks[1]->done)); /* it had left */
    for (size_t i = 0; i < 3; i++) {
        end(asks[i]);
    }
}

static void check_and_leave_here(void *ctx)
{
    check_here(ctx);
    leave_here(ctx);
}

static void who_leaves_hears_nothing(void **state)
{
    (void)state;
    struct ask *ask = by_password("bob", "the second one");
    on_worker(&world, 0, check_and_leave_here, ask);
    assert_int_equal(ask->first, ACCESS_LATER);
    granted(by_password("bob", "the second one"), ACCESS_LATER); /* behind it in the pool */
    assert_false(atomic_load(&ask->done));
    end(ask);
}

static void a_full_pool_is_said_to_be_full(void **state)
{
    (void)state;
    enum { MANY = 30 };
    struct ask *asks[MANY];
    unsigned busy = 0;
    for (size_t i = 0; i < MANY; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "crowd-%zu", i);
        asks[i] = by_password(name, "the first one");
        on_worker(&world, 0, check_here, asks[i]);
        busy += asks[i]->first == ACCESS_REFUSED && asks[i]->answer.status == 503;
    }
    assert_true(busy > 0);
    for (size_t i = 0; i < MANY; i++) {
        end(asks[i]);
    }
    settle(&world);
}

static void realms_that_let_nobody_in_say_what_is_missing(void **state)
{
    (void)state;
    world_record(&world, "realm", "", REALM,
                 "{\"uri\":\"" REALM "\",\"authmethods\":[\"wampcra\"]}");
    publish_now();
    struct ask *ask = by_password("ann", "the first one");
    run(ask);
    assert_int_equal(ask->answer.status, 401);
    assert_non_null(strstr(ask->answer.detail, "\"password\""));
    end(ask);
    refused(ask_new(), 401);
    world_record(&world, "realm", "", REALM,
                 "{\"uri\":\"" REALM "\",\"authmethods\":[\"password\",\"api_key\"],"
                 "\"allow_connections\":false}");
    publish_now();
    refused(by_password("ann", "the first one"), 401);
    everything_as_it_was();
    publish_now();
}

static struct keyed_digest digest_of(unsigned number)
{
    struct keyed_digest digest = {{(unsigned char)number, (unsigned char)(number >> 8)}};
    return digest;
}

static struct access_entry *entry_of(unsigned number)
{
    struct access_entry *entry = NEW(struct access_entry);
    entry->refs = 1;
    entry->digest = digest_of(number);
    list_init(&entry->link);
    return entry;
}

static void the_table_is_bounded_and_forgets_who_came_least(void **state)
{
    (void)state;
    enum { MAX = 8 };
    struct access_cache cache;
    cache_init(&cache, MAX);
    for (unsigned i = 0; i < MAX; i++) {
        cache_put(&cache, entry_of(i));
    }
    struct keyed_digest digest = digest_of(0);
    struct access_entry *used = cache_find(&cache, &digest);
    assert_non_null(used);
    used->refs++; /* by a request under way */
    cache_put(&cache, entry_of(100));
    assert_int_equal(cache.entries.count, MAX);
    digest = digest_of(1);
    assert_null(cache_find(&cache, &digest));
    digest = digest_of(0);
    assert_ptr_equal(cache_find(&cache, &digest), used);
    digest.bytes[31] = 1; /* the same place, another digest */
    assert_null(cache_find(&cache, &digest));
    for (unsigned i = 200; i < 200 + 3 * MAX; i++) {
        cache_put(&cache, entry_of(i));
    }
    assert_int_equal(cache.entries.count, MAX);
    assert_int_equal(used->refs, 1);
    entry_unref(used);
    cache_done(&cache);
}

static int elsewhere(void **state)
{
    static unsigned number;
    (void)state;
    (void)snprintf(here, sizeof(here), "10.1.%u.3", ++number);
    return 0;
}

static int setup(void **state)
{
    struct credential_options options;
    (void)state;
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    (void)credential_options_read(NULL, &options, NULL);
    options.iterations = 4096;
    records[0] = credential_make(STR("the first one"), &options, NULL);
    records[1] = credential_make(STR("the second one"), &options, NULL);
    world_prepare = prepare;
    world_make(&world, 1, NULL);
    everything_as_it_was();
    struct err err = {0};
    assert_true(workers_start(world.workers, &err));
    publish_now();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    settle(&world);
    jobs_stop(world.jobs);
    settle(&world);
    workers_stop(world.workers);
    access_free(access_made);
    world_free(&world);
    mem_free(records[0]);
    mem_free(records[1]);
    metrics_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_right_once_is_known, elsewhere),
        cmocka_unit_test_setup(other_changes_ask_nobody_for_his_password_again, elsewhere),
        cmocka_unit_test_setup(new_groups_are_in_force_with_the_next_request, elsewhere),
        cmocka_unit_test_setup(a_new_password_ends_the_old_one, elsewhere),
        cmocka_unit_test_setup(who_is_disabled_is_out_and_comes_back, elsewhere),
        cmocka_unit_test_setup(sources_are_asked_for_each_address, elsewhere),
        cmocka_unit_test_setup(who_shows_nothing_or_too_much, elsewhere),
        cmocka_unit_test_setup(everybody_else_hears_one_answer, elsewhere),
        cmocka_unit_test_setup(a_key_works_until_it_ends, elsewhere),
        cmocka_unit_test_setup(bad_keys_slow_their_address_and_no_good_key, elsewhere),
        cmocka_unit_test_setup(guesses_are_not_answered_by_what_is_remembered, elsewhere),
        cmocka_unit_test_setup(who_comes_at_once_waits_for_one_verification, elsewhere),
        cmocka_unit_test_setup(who_leaves_hears_nothing, elsewhere),
        cmocka_unit_test_setup(realms_that_let_nobody_in_say_what_is_missing, elsewhere),
        cmocka_unit_test_setup(a_full_pool_is_said_to_be_full, elsewhere),
        cmocka_unit_test_setup(the_table_is_bounded_and_forgets_who_came_least, elsewhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
