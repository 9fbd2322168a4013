/* flow_world.h - one realm with clients and users, a store of its own, and requests that run at
 * once: logins are a table, transactions are real. */
#ifndef POSTERN_TESTS_FLOW_WORLD_H
#define POSTERN_TESTS_FLOW_WORLD_H

#include "../rbac/rbac_helper.h"
#include "../store/store_helper.h"
#include "flow/flow.h"
#include "token/token.h"
#include "token/tokens_builder.h"

#define WORLD_REALM  STR("com.x")
#define WORLD_ISSUER STR("http://127.0.0.1:18080/realms/com.x")

enum { WORLD_NOW_S = 1800000000, WORLD_ARENA_MAX = 1 << 20 };

struct world {
    struct place *place;
    struct store *store;
    struct rbac_builder *rbac_builder;
    struct rbac *rbac;
    struct tokens_builder *tokens_builder;
    struct tokens *tokens;
    struct flow_options options;
    uint64_t now_s;
    bool busy_logins;      /* every login is one too many */
    bool store_away;       /* what is written is not kept */
    bool store_fails;      /* at the first row that is read or written */
    char consent_mark[64]; /* of the last consent page */
};

/* One request and its answer, until world_end. */
struct asked {
    struct store_request store;
    struct flow_call call;
    struct form form;
    struct form query;
    bool store_fails;
};

/* In real time, since leases end by the clock. */
static inline uint64_t world_time_s(void)
{
    return clock_wall_ms() / 1000;
}

static const char world_realm[] =
    "{'uri': 'com.x', 'authmethods': ['password', 'oauth2'],"
    " 'groups': [{'name': 'staff'}, {'name': 'ops'}, {'name': 'power users'}],"
    " 'users': [{'username': 'ann', 'groups': ['resource_owners', 'staff', 'ops']},"
    "           {'username': 'bob', 'groups': ['staff']},"
    "           {'username': 'off', 'groups': ['resource_owners'], 'enabled': false},"
    "           {'username': 'machine', 'groups': ['api_clients', 'staff', 'power users']},"
    "           {'username': 'other', 'groups': ['api_clients']}]}";

static inline void world_client(struct world *world, const char *value)
{
    json_t *json = json_of(value);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_true(rbac_builder_apply(
        world->rbac_builder,
        &(struct store_record){.kind = STR("user"),
                               .realm = WORLD_REALM,
                               .key = str_of(json_string_value(json_object_get(json, "username"))),
                               .value = str_of(text),
                               .version = 1}));
    free(text);
    json_decref(json);
}

static inline void world_rebuild(struct world *world)
{
    if (world->rbac != NULL) {
        snapshot_unref((struct snapshot *)(void *)world->rbac);
    }
    world->rbac = rbac_builder_build(world->rbac_builder, 2);
}

static inline int world_setup(void **state)
{
    struct world *world = NEW(struct world);
    void *place = NULL;
    assert_int_equal(place_setup(&place), 0);
    world->place = place;
    world->store = open_store(world->place);
    world->rbac_builder = rbac_builder_new();
    apply_realm_text(world->rbac_builder, world_realm);
    world_client(world, "{'username': 'app', 'groups': ['api_clients'], 'enabled': true,"
                        " 'client': {'type': 'public', 'name': 'The <App>',"
                        " 'grant_types': ['authorization_code', 'refresh_token', 'password',"
                        " 'urn:ietf:params:oauth:grant-type:device_code'],"
                        " 'post_logout_redirect_uris': ['https://a/bye'],"
                        " 'redirect_uris': ['https://a/cb']}}");
    world_client(world, "{'username': 'narrow', 'groups': ['api_clients', 'staff', 'ops'],"
                        " 'client': {'type': 'confidential', 'scopes': ['staff'],"
                        " 'grant_types': ['client_credentials']}}");
    world_rebuild(world);
    world->tokens_builder = tokens_builder_new();
    struct token_key *key =
        token_key_new(WORLD_REALM, sign_key_generate(SIGN_ES256), WORLD_NOW_S, 0);
    json_t *record = token_key_write(key);
    char *text = json_dumps(record, JSON_COMPACT);
    assert_true(
        tokens_builder_apply(world->tokens_builder, &(struct store_record){.kind = STR("key"),
                                                                           .realm = WORLD_REALM,
                                                                           .key = str_of(key->id),
                                                                           .value = str_of(text)}));
    free(text);
    json_decref(record);
    token_key_unref(key);
    world->tokens = tokens_builder_build(world->tokens_builder, 1);
    world->options = (struct flow_options){.access_s = 900,
                                           .refresh_idle_s = 86400,
                                           .refresh_s = UINT64_C(30) * 86400,
                                           .refresh_grace_s = 30,
                                           .code_s = 60,
                                           .login_s = 3600,
                                           .device_s = 600,
                                           .families_max = 3};
    world->now_s = world_time_s();
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    store_close(world->store);
    snapshot_unref((struct snapshot *)(void *)world->rbac);
    rbac_builder_free(world->rbac_builder);
    snapshot_unref((struct snapshot *)(void *)world->tokens);
    tokens_builder_free(world->tokens_builder);
    void *place = world->place;
    (void)place_teardown(&place);
    mem_free(world);
    return 0;
}

static inline bool world_work(struct store_view *view, struct store_request *store)
{
    struct asked *asked = CONTAINER_OF(store, struct asked, store);
    if (asked->store_fails) { /* a kind that cannot be */
        (void)store_view_put(view, &(struct store_write){.kind = STR(" "), .key = STR("x")});
    }
    return asked->call.work(&asked->call, view);
}

/* Whoever says "secret" is believed. */
static inline void world_login(const struct world *world, struct flow_login *login)
{
    bool right = str_eq(login->password, STR("secret"));
    login->outcome = world->busy_logins ? FLOW_LOGIN_LATER
                     : right            ? FLOW_LOGIN_PASSED
                                        : FLOW_LOGIN_FAILED;
    login->wait_s = 7;
}

static inline void world_store(struct world *world, struct asked *asked)
{
    struct arena kept = asked->store.arena;
    asked->store_fails = world->store_fails;
    asked->store = (struct store_request){.op = STORE_WORK, .work = world_work, .arena = kept};
    store_run(world->store, &asked->store);
    if (world->store_away && asked->store.ok) {
        asked->store.ok = false;
        (void)err_set(&asked->store.err, ERR_UNAVAILABLE, "the disk is full");
    }
}

/* A request as it comes from outside. */
struct sent {
    enum flow_endpoint endpoint;
    bool get;          /* `form` is then the query */
    const char *basic; /* "id:secret" of an Authorization header, or NULL */
    const char *form;
    const char *cookie; /* or NULL */
    const char *origin;
};

static inline struct asked *ask_with(struct world *world, const struct sent *sent)
{
    enum flow_endpoint endpoint = sent->endpoint;
    const char *basic = sent->basic;
    const char *form = sent->form;
    struct asked *asked = NEW(struct asked);
    const char *why = NULL;
    arena_init(&asked->store.arena, WORLD_ARENA_MAX);
    struct arena *arena = &asked->store.arena;
    struct form *into = sent->get ? &asked->query : &asked->form;
    assert_true(form_read(arena_str(arena, str_of(form)), arena, into, &why));
    struct str authorization = STR_EMPTY;
    if (basic != NULL) {
        struct buf text;
        buf_init(&text, 1 << 12);
        (void)buf_append(&text, STR("Basic "));
        (void)base64_encode(BASE64_STANDARD, str_of(basic), &text);
        authorization = arena_str(arena, buf_str(&text));
        buf_done(&text);
    }
    static const struct in6_addr address = IN6ADDR_LOOPBACK_INIT;
    asked->call = (struct flow_call){
        .options = &world->options,
        .rbac = world->rbac,
        .tokens = world->tokens,
        .realm = rbac_realm_find(world->rbac, WORLD_REALM),
        .arena = arena,
        .now_s = world->now_s,
        .request = {.endpoint = endpoint,
                    .post = !sent->get,
                    .realm = WORLD_REALM,
                    .issuer = WORLD_ISSUER,
                    .base = STR("http://127.0.0.1:18080/realms/com.x/oauth"),
                    .authorization = authorization,
                    .cookie = str_of(sent->cookie == NULL ? "" : sent->cookie),
                    .origin = str_of(sent->origin == NULL ? "" : sent->origin),
                    .form = &asked->form,
                    .query = &asked->query,
                    .password_grant = true,
                    .address = &address},
    };
    enum flow_step step = flow_begin(&asked->call);
    while (step != FLOW_ANSWERED) {
        const struct err *err = NULL;
        if (step == FLOW_LOGIN) {
            world_login(world, &asked->call.login);
        } else {
            world_store(world, asked);
            err = asked->store.ok ? NULL : &asked->store.err;
        }
        step = flow_continue(&asked->call, err);
    }
    const char *mark = json_string_value(
        json_object_get(json_object_get(asked->call.answer.json, "hidden"), "consent_mark"));
    if (mark != NULL) {
        (void)snprintf(world->consent_mark, sizeof(world->consent_mark), "%s", mark);
    }
    return asked;
}

/* A POST of `form` to an endpoint. */
static inline struct asked *
ask(struct world *world, enum flow_endpoint endpoint, const char *basic, const char *form)
{
    return ask_with(world, &(struct sent){.endpoint = endpoint, .basic = basic, .form = form});
}

/* "name=value" of the cookies that were set, in `out`, which they replace. */
enum { COOKIES_MAX = 1024 };
static inline void keep_cookies(const struct asked *asked, char out[COOKIES_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < FLOW_COOKIES_MAX; i++) {
        struct str pair = STR_EMPTY;
        struct str rest = STR_EMPTY;
        (void)str_cut(asked->call.answer.set_cookies[i], ';', &pair, &rest);
        if (pair.len > 0) {
            len += (size_t)snprintf(out + len, COOKIES_MAX - len, "%s" PRISTR, len > 0 ? "; " : "",
                                    STRARG(pair));
        }
    }
}

/* Submits a form of our page: `fields`, the mark that the cookies have, and that of the consent
 * page that was shown last. */
static inline struct asked *
submit_to(struct world *world, enum flow_endpoint endpoint, const char *fields, const char *cookies)
{
    char form[2048];
    const char *mark = strstr(cookies, "form-");
    assert_non_null(mark);
    mark = strchr(mark, '=') + 1;
    (void)snprintf(form, sizeof(form), "%s&form_mark=%.*s&consent_mark=%s", fields,
                   (int)strcspn(mark, ";"), mark, world->consent_mark);
    return ask_with(world, &(struct sent){.endpoint = endpoint,
                                          .form = form,
                                          .cookie = cookies,
                                          .origin = "http://127.0.0.1:18080"});
}

static inline const char *said(const struct asked *asked, const char *key)
{
    const char *text = json_string_value(json_object_get(asked->call.answer.json, key));
    return text == NULL ? "" : text;
}

static inline void end(struct asked *asked)
{
    arena_done(&asked->store.arena);
    mem_free(asked);
}

/* Asks, and expects a status and an error ("": none). */
static inline void expect(struct world *world,
                          enum flow_endpoint endpoint,
                          const char *basic,
                          const char *form,
                          unsigned status,
                          const char *error)
{
    struct asked *asked = ask(world, endpoint, basic, form);
    if (asked->call.answer.status != status || strcmp(said(asked, "error"), error) != 0) {
        fail_msg("%s: %u %s: %s", form, asked->call.answer.status, said(asked, "error"),
                 said(asked, "error_description"));
    }
    end(asked);
}

#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

#endif
