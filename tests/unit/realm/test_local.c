/* test_local.c - the in-process peer and the built-in procedures. */
#include "../../support/realm_world.h"
#include "realm/builtin.h"

enum { REPLIES = 8 };

static struct world world;

static struct {
    unsigned count;
    bool ok[REPLIES];
    uint64_t request[REPLIES];
    char error[REPLIES][64];
    char args[REPLIES][64];
    bool inside; /* local_call has not returned yet */
    bool came_inside;
    uint64_t parked; /* the handle of a built-in call that is answered later */
} seen;

static const struct str roles[] = {STR_INIT("anonymous")};
static const struct principal anonymous = {.authid = STR_INIT("anonymous"),
                                           .roles = roles,
                                           .role_count = 1,
                                           .authmethod = STR_INIT("anonymous")};

static void copy(char *out, struct str text)
{
    size_t len = text.len < 63 ? text.len : 63;
    memcpy(out, text.ptr, len);
    out[len] = '\0';
}

static void on_reply(void *ctx, const struct local_reply *reply)
{
    struct buf json;
    struct emit emit;
    (void)ctx;
    assert_true(seen.count < REPLIES);
    seen.came_inside = seen.came_inside || seen.inside;
    seen.ok[seen.count] = reply->ok;
    seen.request[seen.count] = reply->request;
    copy(seen.error[seen.count], reply->error);
    buf_init(&json, 1 << 20);
    if (reply->payload.args.len > 0) {
        emit_init(&emit, SERIALIZER_JSON, &json);
        emit_slice(&emit, (struct slice){reply->payload.serializer, reply->payload.args});
    }
    copy(seen.args[seen.count], buf_str(&json));
    buf_done(&json);
    (void)pthread_mutex_lock(&heard_lock);
    seen.count++;
    (void)pthread_mutex_unlock(&heard_lock);
}

static void answer_now(const struct builtin_call *call)
{
    assert_true(str_eq(call->realm, STR("com.test")));
    builtin_answer(call->router, call->handle, call->payload);
    builtin_answer(call->router, call->handle, call->payload); /* once is enough */
}

static void fail_now(const struct builtin_call *call)
{
    builtin_fail(call->router, call->handle, STR("bondy.error.not_found"), call->payload);
}

static void answer_later(const struct builtin_call *call)
{
    seen.parked = call->handle;
}

static const struct builtin builtins[] = {
    {STR_INIT("bondy.now"), answer_now, NULL},
    {STR_INIT("bondy.fail"), fail_now, NULL},
    {STR_INIT("bondy.later"), answer_later, NULL},
    {{0}, NULL, NULL},
};

static int set_up(void **state)
{
    (void)state;
    struct router_options options = world_limits();
    options.builtins = builtins;
    memset(&seen, 0, sizeof(seen));
    world_start(&world, 2, &options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

struct order {
    const char *realm;
    const char *uri;
    const char *options;
    const char *args;
    uint64_t timeout_ms;
    bool publish;
    bool cancel;
    struct local_handle handle;
};

static void order_here(void *ctx)
{
    struct order *order = ctx;
    struct local_request request = {
        .realm = str_of(order->realm == NULL ? "com.test" : order->realm),
        .principal = &anonymous,
        .uri = str_of(order->uri),
        .payload = payload_none(),
        .timeout_ms = order->timeout_ms,
    };
    if (order->options != NULL) {
        request.options = (struct slice){SERIALIZER_JSON, str_of(order->options)};
    }
    if (order->args != NULL) {
        request.payload =
            (struct payload){.serializer = SERIALIZER_JSON, .args = str_of(order->args)};
    }
    seen.inside = true;
    if (order->publish) {
        local_publish(world.router, &request, on_reply, NULL);
    } else {
        order->handle = local_call(world.router, &request, on_reply, NULL);
        if (order->cancel) {
            local_cancel(world.router, order->handle);
            local_cancel(world.router, order->handle);
        }
    }
    seen.inside = false;
}

static void run(struct order *order)
{
    on_worker(&world, 0, order_here, order);
    settle(&world);
    assert_false(seen.came_inside);
}

static void call(const char *uri, const char *args)
{
    struct order order = {.uri = uri, .args = args};
    run(&order);
}

static void expect_reply(unsigned at, const char *error, const char *args)
{
    assert_true(seen.count > at);
    assert_string_equal(seen.error[at], error);
    assert_int_equal(seen.ok[at], error[0] == '\0');
    if (args != NULL) {
        assert_string_equal(seen.args[at], args);
    }
}

static void calls_from_the_gateway_reach_callees_on_every_worker(void **state)
{
    (void)state;
    for (unsigned worker = 0; worker < 2; worker++) {
        struct actor *callee = actor_join(&world, worker, SERIALIZER_MSGPACK, "com.test");
        (void)actor_register(callee, 1, "com.a", "");
        call("com.a", "[1,\"x\"]");
        (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.a\",\"caller\":\"*\","
                             "\"caller_authid\":\"anonymous\",\"caller_authrole\":\"anonymous\"},"
                             "[1,\"x\"]]");
        assert_int_equal(seen.count, worker);
        say(callee, "[70,1,{},[\"y\"]]");
        expect_reply(worker, "", "[\"y\"]");
        actor_free(callee);
    }
    assert_int_equal(seen.count, 2);
}

static void a_local_call_that_cannot_start_is_answered_from_the_turn_queue(void **state)
{
    (void)state;
    call("com.nobody", NULL);
    expect_reply(0, "wamp.error.no_such_procedure", "[\"no service registered com.nobody\"]");
    struct order other = {.realm = "com.x", .uri = "com.a"};
    run(&other);
    expect_reply(1, "wamp.error.no_such_realm",
                 "[\"no realm com.x: postern realm create com.x --open\"]");
    struct order tight = {.realm = "com.tight", .uri = "com.a"};
    run(&tight);
    expect_reply(2, "wamp.error.not_authorized", NULL);
    assert_int_equal(seen.count, 3);
}

static void a_local_call_is_canceled_once(void **state)
{
    (void)state;
    struct actor *callee = actor_join(&world, 1, SERIALIZER_JSON, "com.test");
    (void)actor_register(callee, 1, "com.a", "");
    struct order order = {.uri = "com.a", .cancel = true};
    run(&order);
    expect_reply(0, "wamp.error.canceled", NULL);
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    say(callee, "[70,1,{}]");
    assert_int_equal(seen.count, 1);
    actor_free(callee);
}

static void canceling_what_is_answered_changes_nothing(void **state)
{
    (void)state;
    struct order order = {.uri = "com.nobody", .cancel = true};
    run(&order);
    expect_reply(0, "wamp.error.no_such_procedure", NULL);
    assert_int_equal(seen.count, 1);
}

static unsigned replies(void)
{
    (void)pthread_mutex_lock(&heard_lock);
    unsigned count = seen.count;
    (void)pthread_mutex_unlock(&heard_lock);
    return count;
}

static void wait_for_replies(unsigned count)
{
    for (unsigned i = 0; i < 2000 && replies() < count; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        settle(&world);
    }
}

static void the_shorter_timeout_wins(void **state)
{
    (void)state;
    struct actor *callee = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    (void)actor_register(callee, 1, "com.a", "");
    struct order first = {.uri = "com.a", .timeout_ms = 15, .options = "{\"timeout\":5000}"};
    run(&first);
    wait_for_replies(1);
    expect_reply(0, "wamp.error.timeout", "[\"no answer within 15 ms\"]");
    struct order second = {.uri = "com.a", .timeout_ms = 5000, .options = "{\"timeout\":12}"};
    run(&second);
    wait_for_replies(2);
    expect_reply(1, "wamp.error.timeout", "[\"no answer within 12 ms\"]");
    actor_free(callee);
}

static void the_gateway_publishes(void **state)
{
    (void)state;
    struct actor *near = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    struct actor *distant = actor_join(&world, 1, SERIALIZER_MSGPACK, "com.test");
    unsigned long long distant_id = number_at(distant, 1);
    char options[64];
    (void)actor_subscribe(near, 1, "com.topic", "");
    (void)actor_subscribe(distant, 1, "com.topic", "");
    struct order order = {.uri = "com.topic", .publish = true};
    run(&order); /* without args */
    expect_reply(0, "", "");
    (void)expect(near, "[36,\"*\",%llu,\"*\"]", (unsigned long long)seen.request[0]);
    (void)expect(distant, "[36,\"*\",%llu,\"*\"]", (unsigned long long)seen.request[0]);
    /* Options of another serializer than the payload cross workers, too. */
    (void)snprintf(options, sizeof(options), "{\"eligible\":[%llu]}", distant_id);
    order.options = options;
    run(&order);
    expect_silence(near);
    (void)expect(distant, "[36,\"*\",\"*\",\"*\"]");
    order.uri = "wamp.x";
    run(&order);
    expect_reply(2, "wamp.error.not_authorized", NULL);
    actor_free(near);
    actor_free(distant);
}

static void builtin_procedures_answer_sessions_and_the_gateway(void **state)
{
    (void)state;
    struct actor *caller = actor_join(&world, 1, SERIALIZER_MSGPACK, "com.test");
    say(caller, "[48,1,{},\"bondy.now\",[1],{\"a\":2}]");
    (void)expect(caller, "[50,1,{},[1],{\"a\":2}]");
    say(caller, "[48,2,{},\"bondy.fail\",[\"why\"]]");
    (void)expect(caller, "[8,48,2,{},\"bondy.error.not_found\",[\"why\"]]");
    expect_silence(caller);
    call("bondy.now", "[7]");
    expect_reply(0, "", "[7]");
    assert_int_equal(seen.count, 1);
    actor_free(caller);
}

static void answer_parked(void *ctx)
{
    struct payload payload = {.serializer = SERIALIZER_JSON, .args = str_of(ctx)};
    builtin_answer(world.router, seen.parked, &payload);
}

static void a_builtin_may_answer_later_or_too_late(void **state)
{
    (void)state;
    struct actor *caller = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    char answer[] = "[5]";
    say(caller, "[48,1,{},\"bondy.later\"]");
    expect_silence(caller);
    on_worker(&world, 0, answer_parked, answer);
    (void)expect(caller, "[50,1,{},[5]]");
    say(caller, "[48,2,{},\"bondy.later\"]");
    say(caller, "[49,2,{\"mode\":\"kill\"}]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.canceled\",[\"*\"]]");
    on_worker(&world, 0, answer_parked, answer);
    expect_silence(caller);
    say(caller, "[48,3,{},\"bondy.later\"]");
    actor_free(caller);
    on_worker(&world, 0, answer_parked, answer);
}

static void builtins_need_permission_too(void **state)
{
    (void)state;
    struct actor *caller = actor_join(&world, 0, SERIALIZER_JSON, "com.tight");
    say(caller, "[48,1,{},\"bondy.now\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.not_authorized\",[\"*\"]]");
    actor_free(caller);
}

/* A snapshot without the realm: its sessions stay, but may nothing. */
static void a_realm_that_is_deleted_grants_nothing_any_more(void **state)
{
    (void)state;
    struct actor *caller = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    struct store_record gone = {
        .kind = STR("realm"), .key = STR("com.test"), .version = 2, .deleted = true};
    assert_true(rbac_builder_apply(world.builder, &gone));
    world_publish_rbac(&world);
    settle(&world);
    say(caller, "[48,1,{},\"bondy.now\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.not_authorized\",[\"*\"]]");
    struct actor *late = actor_new(&world, 0, SERIALIZER_JSON);
    say(late, "[1,\"com.test\",{}]");
    (void)expect(late, "[3,\"*\",\"wamp.error.no_such_realm\"]");
    actor_free(caller);
    actor_free(late);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(calls_from_the_gateway_reach_callees_on_every_worker),
        CASE(a_local_call_that_cannot_start_is_answered_from_the_turn_queue),
        CASE(a_local_call_is_canceled_once),
        CASE(canceling_what_is_answered_changes_nothing),
        CASE(the_shorter_timeout_wins),
        CASE(the_gateway_publishes),
        CASE(builtin_procedures_answer_sessions_and_the_gateway),
        CASE(a_builtin_may_answer_later_or_too_late),
        CASE(builtins_need_permission_too),
        CASE(a_realm_that_is_deleted_grants_nothing_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
