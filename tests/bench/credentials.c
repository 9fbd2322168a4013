/* credentials.c - what an HTTP request's credentials cost once they are known: bench_credentials
 * SECONDS.
 *
 * Prints a line of JSON a scheme: nanoseconds, and allocations in a thousand requests, which are
 * counted by standing in the way of malloc. */
#include "access/access.h"
#include "auth/auth.h"
#include "base/encode.h"
#include "base/mem.h"
#include "credential/credential.h"
#include "crypto/hash.h"
#include "loop/jobs.h"
#include "piece.h"
#include "rbac/rbac_builder.h"
#include "token/token.h"
#include "token/tokens_builder.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define REALM    "com.example.bench"
#define USER     "ann"
#define PASSWORD "bench-secret"
#define SECRET   "0123456789abcdef0123456789abcdef"
#define ISSUER   "http://127.0.0.1:18080"

enum { LIFE_S = 3600 };

static atomic_size_t allocations;

/* glibc's own, under the names that others may take. */
extern void *__libc_malloc(size_t size);               /* NOLINT(readability-identifier-naming) */
extern void *__libc_calloc(size_t nmemb, size_t size); /* NOLINT(readability-identifier-naming) */
extern void *__libc_realloc(void *ptr, size_t size);   /* NOLINT(readability-identifier-naming) */

void *malloc(size_t size)
{
    (void)atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    (void)atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    (void)atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_realloc(ptr, size);
}

/* One way to prove who asks. */
struct way {
    const char *name;
    struct header header;
};

enum { WAYS = 3 };

struct bench {
    struct worker *worker;
    struct access *access;
    double seconds;
    struct way ways[WAYS];
    size_t at;
    struct request_head head;
    struct peer_info peer;
    struct access_request request;
    struct access_visit visit;
    struct access_answer answer;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_credentials: %s\n", what);
    exit(1);
}

static void check(void *ctx, size_t number)
{
    struct bench *bench = ctx;
    struct access_visit visit = {0};
    (void)number;
    if (access_check(bench->access, &visit, &bench->request, &bench->answer) != ACCESS_GRANTED) {
        fail(bench->answer.detail);
    }
    access_leave(&visit);
}

static void measure(struct bench *bench)
{
    check(bench, 0);
    size_t before = atomic_load(&allocations);
    for (size_t i = 0; i < PIECE_BATCH; i++) {
        check(bench, i);
    }
    size_t allocated = atomic_load(&allocations) - before;
    (void)printf("{\"name\": \"%s\", \"ns\": %.1f, \"allocations\": %zu}\n",
                 bench->ways[bench->at].name, piece_ns(bench->seconds, check, bench, PIECE_BATCH),
                 allocated);
}

static void next(struct bench *bench);

static void on_done(void *ctx, enum access_step step, const struct access_answer *answer)
{
    struct bench *bench = ctx;
    if (step != ACCESS_GRANTED) {
        fail(answer->detail);
    }
    access_leave(&bench->visit);
    measure(bench);
    bench->at++;
    next(bench);
}

/* The first request of a kind may take long; those after it find it known. */
static void next(struct bench *bench)
{
    if (bench->at == WAYS) {
        worker_quit(bench->worker);
        return;
    }
    bench->head.headers = &bench->ways[bench->at].header;
    bench->head.header_count = 1;
    bench->visit = (struct access_visit){.done = on_done, .ctx = bench};
    enum access_step step =
        access_check(bench->access, &bench->visit, &bench->request, &bench->answer);
    if (step != ACCESS_LATER) {
        on_done(bench, step, &bench->answer);
    }
}

static void begin(struct worker *worker, void *ctx)
{
    struct bench *bench = ctx;
    bench->worker = worker;
    bench->peer.address.s6_addr[10] = bench->peer.address.s6_addr[11] = 0xff;
    bench->peer.address.s6_addr[12] = 127;
    bench->peer.address.s6_addr[15] = 1;
    bench->head.peer = &bench->peer;
    bench->request =
        (struct access_request){.realm = STR(REALM), .schemes = ACCESS_ANY, .head = &bench->head};
    next(bench);
}

static void put(struct rbac_builder *builder, const char *kind, const char *key, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    struct store_record record = {.kind = str_of(kind),
                                  .realm = strcmp(kind, "realm") == 0 ? STR_EMPTY : STR(REALM),
                                  .key = str_of(key),
                                  .value = str_of(text),
                                  .version = 1};
    if (!rbac_builder_apply(builder, &record)) {
        fail(text);
    }
    free(text);
    json_decref(value);
}

static json_t *source(const char *method)
{
    return json_pack("{s:s, s:s, s:s}", "username", "all", "authmethod", method, "cidr",
                     "0.0.0.0/0");
}

static void fill(struct rbac_builder *builder)
{
    struct err err = {0};
    struct buf hex;
    struct credential_options options;
    (void)credential_options_read(NULL, &options, &err);
    char *credential = credential_make(STR(PASSWORD), &options, &err);
    struct hash_sha256 hash = hash_sha256(STR(SECRET));
    buf_init(&hex, 128);
    (void)hex_encode(hash_str(&hash), &hex);
    put(builder, "realm", REALM,
        json_pack("{s:s, s:[s, s, s]}", "uri", REALM, "authmethods", "password", "api_key",
                  "oauth2"));
    put(builder, "source", "password 0.0.0.0/0 all", source("password"));
    put(builder, "source", "api_key 0.0.0.0/0 all", source("api_key"));
    put(builder, "source", "oauth2 0.0.0.0/0 all", source("oauth2"));
    put(builder, "user", USER,
        json_pack("{s:s, s:s, s:[s], s:b}", "username", USER, "credential", credential, "groups",
                  "api_clients", "enabled", true));
    put(builder, "api_key", USER " k1",
        json_pack("{s:s, s:s, s:s%, s:n}", "id", "k1", "username", USER, "sha256", hex.ptr, hex.len,
                  "expires_at"));
    mem_free(credential);
    buf_done(&hex);
}

/* The realm's key in a snapshot, and an access token by it. */
static struct tokens *make_tokens(struct buf *out_header)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    struct tokens_builder *builder = tokens_builder_new();
    struct token_key *key = token_key_new(STR(REALM), sign_key_generate(SIGN_ES256), now_s, 0);
    json_t *record = token_key_write(key);
    char *text = json_dumps(record, JSON_COMPACT);
    (void)tokens_builder_apply(builder, &(struct store_record){.kind = STR("key"),
                                                               .realm = STR(REALM),
                                                               .key = str_of(key->id),
                                                               .value = str_of(text)});
    struct tokens *tokens = tokens_builder_build(builder, 1);
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:[], s:i}", "iss",
                  ISSUER "/realms/" REALM, "aud", REALM, "sub", USER, "client_id", USER, "iat",
                  (json_int_t)now_s, "exp", (json_int_t)now_s + LIFE_S, "jti",
                  "Zm9vYmFyYmF6cXV4eHl6eg", "scope", "staff", "groups", "rev", 1);
    char *token = token_mint(key, "at+jwt", claims);
    (void)buf_printf(out_header, "Bearer %s", token);
    mem_free(token);
    json_decref(claims);
    json_decref(record);
    free(text);
    token_key_unref(key);
    tokens_builder_free(builder);
    return tokens;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct buf basic;
    struct buf bearer;
    struct bench bench = {.seconds = argc == 2 ? strtod(argv[1], NULL) : 0};
    if (bench.seconds <= 0) {
        (void)fputs("usage: bench_credentials SECONDS\n", stderr);
        return 64;
    }
    buf_init(&basic, 1024);
    buf_init(&bearer, 8192);
    struct tokens *made = make_tokens(&bearer);
    (void)buf_append(&basic, STR("Basic "));
    (void)base64_encode(BASE64_STANDARD, STR(USER ":" PASSWORD), &basic);
    bench.ways[0] = (struct way){"Basic", {STR("authorization"), buf_str(&basic)}};
    bench.ways[1] = (struct way){"API key", {STR("x-api-key"), STR("pk_k1_" SECRET)}};
    bench.ways[2] = (struct way){"Bearer", {STR("authorization"), buf_str(&bearer)}};
    struct workers *workers = workers_new(1, 1 << 20, &err);
    struct jobs *jobs = jobs_new(1, 16, &err);
    struct snapshot_slot *slot = snapshot_slot_new(workers, jobs);
    struct rbac_builder *builder = rbac_builder_new();
    fill(builder);
    snapshot_publish(slot, (struct snapshot *)(void *)rbac_builder_build(builder, 1), NULL, NULL);
    struct snapshot_slot *tokens = snapshot_slot_new(workers, jobs);
    snapshot_publish(tokens, (struct snapshot *)(void *)made, NULL, NULL);
    struct auth *auth = auth_new(&(struct auth_options){
        .jobs = jobs, .secret = STR(SECRET), .tokens = tokens, .rbac = slot});
    auth_set_issuer(auth, STR(ISSUER));
    bench.access =
        access_new(&(struct access_options){.workers = workers, .rbac = slot, .auth = auth});
    workers_on_start(workers, begin, &bench);
    workers_run_here(workers);
    access_free(bench.access);
    auth_free(auth);
    snapshot_slot_free(slot);
    snapshot_slot_free(tokens);
    workers_free(workers);
    jobs_free(jobs);
    rbac_builder_free(builder);
    buf_done(&basic);
    buf_done(&bearer);
    return 0;
}
