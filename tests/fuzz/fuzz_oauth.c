/* links: flow store
 * fuzz_oauth.c - whole requests against a small realm: whatever is sent is answered, nobody is sent
 * to an address that is not registered, and who proves nothing gets no token. The one secret is
 * known to no input.
 *
 * The first byte is the endpoint and the method; then come, each ended by a newline, the query, the
 * Authorization header, the cookie, the origin, and the form. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/flow.h"
#include "rbac/rbac_builder.h"
#include "store/store.h"
#include "token/tokens_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REALM STR("com.x")

enum { ARENA_MAX = 4 << 20, LINES = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct visit {
    struct store_request store;
    struct flow_call call;
    struct form form;
    struct form query;
};

static struct rbac *rbac;
static struct tokens *tokens;
static struct store *store;
static char dir[] = "/tmp/postern-fuzz-XXXXXX";

static const struct flow_options options = {.access_s = 900,
                                            .refresh_idle_s = 86400,
                                            .refresh_s = 864000,
                                            .refresh_grace_s = 30,
                                            .code_s = 60,
                                            .login_s = 3600,
                                            .device_s = 600,
                                            .families_max = 3};

static const struct {
    const char *kind;
    const char *key;
    const char *value;
} records[] = {
    {"realm", "com.x", "{\"uri\":\"com.x\",\"authmethods\":[\"password\",\"oauth2\"]}"},
    {"group", "api_clients", "{\"name\":\"api_clients\"}"},
    {"group", "resource_owners", "{\"name\":\"resource_owners\"}"},
    {"group", "staff", "{\"name\":\"staff\"}"},
    {"user", "ann", "{\"username\":\"ann\",\"groups\":[\"resource_owners\",\"staff\"]}"},
    {"user", "machine", "{\"username\":\"machine\",\"groups\":[\"api_clients\",\"staff\"]}"},
    {"user", "app",
     "{\"username\":\"app\",\"groups\":[\"api_clients\"],\"client\":{\"type\":\"public\","
     "\"grant_types\":[\"authorization_code\",\"refresh_token\","
     "\"urn:ietf:params:oauth:grant-type:device_code\"],"
     "\"redirect_uris\":[\"https://a/cb\",\"http://127.0.0.1/cb\"],"
     "\"post_logout_redirect_uris\":[\"https://a/bye\"]}}"},
};

static void remove_dir(void)
{
    char file[64];
    static const char *const names[] = {"postern.db", "postern.db-wal", "postern.db-shm"};
    store_close(store);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", dir, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(dir);
}

static void make_world(void)
{
    struct err err = {0};
    struct rbac_builder *builder = rbac_builder_new();
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        bool realm = str_eq(str_of(records[i].kind), STR("realm"));
        if (!rbac_builder_apply(builder, &(struct store_record){.kind = str_of(records[i].kind),
                                                                .realm = realm ? STR_EMPTY : REALM,
                                                                .key = str_of(records[i].key),
                                                                .value = str_of(records[i].value),
                                                                .version = 1})) {
            abort();
        }
    }
    rbac = rbac_builder_build(builder, 1);
    rbac_builder_free(builder);
    struct tokens_builder *keys = tokens_builder_new();
    struct token_key *key = token_key_new(REALM, sign_key_generate(SIGN_ES256), 1, 0);
    json_t *record = token_key_write(key);
    char *text = json_dumps(record, JSON_COMPACT);
    (void)tokens_builder_apply(keys, &(struct store_record){.kind = STR("key"),
                                                            .realm = REALM,
                                                            .key = str_of(key->id),
                                                            .value = str_of(text)});
    free(text);
    json_decref(record);
    token_key_unref(key);
    tokens = tokens_builder_build(keys, 1);
    tokens_builder_free(keys);
    store = mkdtemp(dir) == NULL ? NULL : store_open(STR("sqlite:"), str_of(dir), &err);
    if (store == NULL || atexit(remove_dir) != 0) {
        abort();
    }
}

static bool work(struct store_view *view, struct store_request *request)
{
    struct visit *visit = CONTAINER_OF(request, struct visit, store);
    return visit->call.work(&visit->call, view);
}

/* Nobody's password is known. */
static void run(struct visit *visit)
{
    enum flow_step step = flow_begin(&visit->call);
    while (step != FLOW_ANSWERED) {
        const struct err *err = NULL;
        if (step == FLOW_STORE) {
            struct arena kept = visit->store.arena;
            visit->store = (struct store_request){.op = STORE_WORK, .work = work, .arena = kept};
            store_run(store, &visit->store);
            err = visit->store.ok ? NULL : &visit->store.err;
        } else {
            visit->call.login.outcome = FLOW_LOGIN_FAILED;
        }
        step = flow_continue(&visit->call, err);
    }
}

static void check(const struct visit *visit)
{
    const struct flow_answer *answer = &visit->call.answer;
    bool token = visit->call.request.endpoint == FLOW_TOKEN;
    bool known = str_starts(answer->location, STR("https://a/cb?")) ||
                 str_starts(answer->location, STR("https://a/bye")) ||
                 str_starts(answer->location, STR("http://127.0.0.1/cb?")) ||
                 str_starts(answer->location, STR("http://127.0.0.1:"));
    if (answer->status < 200 || answer->status > 599 || (token && answer->status == 200) ||
        (answer->kind == FLOW_REDIRECT && !known) ||
        ((answer->kind == FLOW_JSON || answer->kind == FLOW_PAGE) && answer->json == NULL)) {
        abort();
    }
    for (size_t i = 0; i < answer->location.len; i++) {
        unsigned char c = (unsigned char)answer->location.ptr[i];
        if (c <= 0x20 || c >= 0x7f) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct in6_addr address = IN6ADDR_LOOPBACK_INIT;
    const char *why = NULL;
    struct str lines[LINES] = {STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY};
    if (rbac == NULL) {
        make_world();
    }
    if (size == 0) {
        return 0;
    }
    struct str rest = str_make((const char *)data + 1, size - 1);
    for (size_t i = 0; i + 1 < LINES && rest.len > 0; i++) {
        (void)str_cut(rest, '\n', &lines[i], &rest);
    }
    lines[LINES - 1] = rest;
    struct visit *visit = NEW(struct visit);
    arena_init(&visit->store.arena, ARENA_MAX);
    struct arena *arena = &visit->store.arena;
    enum flow_endpoint endpoint = (enum flow_endpoint)(data[0] % FLOW_ENDPOINTS);
    struct str methods = flow_endpoint_methods(endpoint);
    bool post =
        str_ends(methods, STR("POST")) && (data[0] >= 128 || !str_starts(methods, STR("GET")));
    if (flow_endpoint_serves(endpoint) && form_read(lines[0], arena, &visit->query, &why) &&
        form_read(lines[LINES - 1], arena, &visit->form, &why)) {
        visit->call = (struct flow_call){
            .options = &options,
            .rbac = rbac,
            .tokens = tokens,
            .realm = rbac_realm_find(rbac, REALM),
            .arena = arena,
            .now_s = clock_wall_ms() / 1000,
            .request = {.endpoint = endpoint,
                        .post = post,
                        .realm = REALM,
                        .issuer = STR("https://id.example/realms/com.x"),
                        .base = STR("https://id.example/realms/com.x/oauth"),
                        .authorization = lines[1],
                        .cookie = lines[2],
                        .origin = lines[3],
                        .form = &visit->form,
                        .query = &visit->query,
                        .password_grant = true,
                        .address = &address},
        };
        run(visit);
        check(visit);
    }
    arena_done(arena);
    mem_free(visit);
    return 0;
}
