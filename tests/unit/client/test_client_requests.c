/* links: realm transport jansson */
#include "client_helper.h"
#include "wamp/options.h"

/* Progressive results, calls in pieces, cancels and revocations, between two clients. */
static struct house house;

static struct {
    atomic_int parts;  /* progressive results */
    atomic_int pieces; /* of calls, but for the last ones */
    atomic_int revoked;
    bool registration;
    uint64_t revoked_id;
    char reason[80]; /* of the last INTERRUPT or revocation */
    bool sent;
    uint64_t call;
} seen;

static bool details_say(const struct client_invocation *in, const char *name)
{
    const struct option_row rows[] = {{name, OPTION_BOOL, 0}};
    struct arena arena;
    struct err err;
    bool said = false;
    arena_init(&arena, 1 << 16);
    if (in->details.bytes.len > 0) {
        assert_true(options_read(in->details, rows, 1, &arena, &said, &err));
    }
    arena_done(&arena);
    return said;
}

/* Every piece but the last is told as a progressive result, the last one is the result. ["never"]
 * is left to on_interrupt. */
static void answer(struct client *client, void *ctx, const struct client_invocation *in)
{
    struct speaker *speaker = ctx;
    struct str never = STR("never");
    (void)atomic_fetch_add(&speaker->invocations, 1);
    if (memmem(in->payload.args.ptr, in->payload.args.len, never.ptr, never.len) != NULL) {
        return;
    }
    if (details_say(in, "progress")) {
        (void)atomic_fetch_add(&seen.pieces, 1);
        client_yield_progress(client, in->request, &in->payload);
        return;
    }
    if (details_say(in, "receive_progress")) {
        struct payload part = {.serializer = SERIALIZER_JSON, .args = STR("[\"part\"]")};
        struct payload none = payload_none();
        client_yield_progress(client, in->request, &part);
        client_yield_progress(client, in->request, &none);
    }
    client_yield(client, in->request, &in->payload);
}

static void interrupted(struct client *client, void *ctx, uint64_t request, struct str reason)
{
    (void)snprintf(seen.reason, sizeof(seen.reason), PRISTR, STRARG(reason));
    on_interrupt(client, ctx, request, reason);
}

static void revoked(struct client *client, void *ctx, const struct client_revocation *revocation)
{
    (void)client;
    (void)ctx;
    seen.registration = revocation->registration;
    seen.revoked_id = revocation->id;
    (void)snprintf(seen.reason, sizeof(seen.reason), PRISTR, STRARG(revocation->reason));
    (void)atomic_fetch_add(&seen.revoked, 1);
}

static const struct client_ops all_ops = {.promises = CLIENT_TAKES_PIECES,
                                          .on_joined = on_joined,
                                          .on_closed = on_closed,
                                          .on_invocation = answer,
                                          .on_interrupt = interrupted,
                                          .on_event = on_event,
                                          .on_revoked = revoked};

static int start(void **state)
{
    (void)state;
    speakers_ops = &all_ops;
    house_start(&house);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    house_stop(&house);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    return 0;
}

static void on_part(void *ctx, const struct client_reply *reply)
{
    if (reply->more) {
        assert_true(reply->ok);
        (void)atomic_fetch_add(&seen.parts, 1);
    } else {
        on_reply(ctx, reply);
    }
}

/* What a test has one speaker do, on its worker. */
struct deed {
    struct speaker *speaker;
    const char *options; /* of a call; of a further piece; or the mode of a cancel */
    struct str args;
};

static void call_here(void *ctx)
{
    struct deed *deed = ctx;
    struct payload payload = {.serializer = SERIALIZER_JSON, .args = deed->args};
    seen.call = client_call(deed->speaker->client, STR("com.test.parts"),
                            (struct slice){SERIALIZER_JSON, str_of(deed->options)}, &payload,
                            on_part, deed->speaker);
}

static void piece_here(void *ctx)
{
    struct deed *deed = ctx;
    struct payload payload = {.serializer = SERIALIZER_JSON, .args = deed->args};
    seen.sent = client_call_piece(deed->speaker->client, seen.call, STR("com.test.parts"),
                                  (struct slice){SERIALIZER_JSON, str_of(deed->options)}, &payload);
}

static void cancel_here(void *ctx)
{
    struct deed *deed = ctx;
    client_cancel(deed->speaker->client, seen.call, str_of(deed->options));
}

static void call(struct speaker *speaker, const char *options, struct str args)
{
    struct deed deed = {speaker, options, args};
    on_worker(&house.world, speaker->worker, call_here, &deed);
    assert_true(seen.call > 0);
}

static bool piece(struct speaker *speaker, const char *options, struct str args)
{
    struct deed deed = {speaker, options, args};
    on_worker(&house.world, speaker->worker, piece_here, &deed);
    return seen.sent;
}

static void cancel(struct speaker *speaker, const char *mode)
{
    struct deed deed = {speaker, mode, STR_EMPTY};
    on_worker(&house.world, speaker->worker, cancel_here, &deed);
}

static void progressive_results_come_before_the_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct speaker *callee = speaker_join(&house, 0, ways[i]);
        struct speaker *caller = speaker_join(&house, 1, ways[(i + 3) % COUNT_OF(ways)]);
        registers(callee, "com.test.parts");
        atomic_store(&seen.parts, 0);
        int before = atomic_load(&caller->replies);
        call(caller, "{\"receive_progress\":true}", STR("[\"whole\"]"));
        AWAIT(atomic_load(&caller->replies) == before + 1);
        assert_int_equal(atomic_load(&seen.parts), 2);
        assert_true(caller->ok);
        assert_string_equal(caller->text.ptr, "[\"whole\"]");
        before++;
        call(caller, NULL, STR("[1]"));
        AWAIT(atomic_load(&caller->replies) == before + 1);
        assert_int_equal(atomic_load(&seen.parts), 2);
        speaker_leave(caller);
        speaker_leave(callee);
    }
}

static void a_call_may_come_in_pieces_and_has_one_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct speaker *callee = speaker_join(&house, 1, ways[i]);
        struct speaker *caller = speaker_join(&house, 0, ways[(i + 2) % COUNT_OF(ways)]);
        registers(callee, "com.test.parts");
        memset(&seen, 0, sizeof(seen));
        call(caller, "{\"progress\":true,\"receive_progress\":true}", STR("[1]"));
        assert_true(piece(caller, "{\"progress\":true}", STR("[2]")));
        AWAIT(atomic_load(&seen.parts) == 2);
        assert_int_equal(atomic_load(&caller->replies), 0);
        assert_true(piece(caller, NULL, STR("[3]")));
        AWAIT(atomic_load(&caller->replies) == 1);
        assert_true(caller->ok);
        assert_string_equal(caller->text.ptr, "[3]");
        assert_int_equal(atomic_load(&seen.pieces), 2);
        /* It has ended: there is nothing to add to, or to cancel. */
        assert_false(piece(caller, NULL, STR("[4]")));
        cancel(caller, "kill");
        speaker_leave(caller);
        speaker_leave(callee);
    }
}

static void a_piece_larger_than_the_router_takes_is_not_sent(void **state)
{
    (void)state;
    struct speaker *callee = speaker_join(&house, 0, ways[0]);
    struct speaker *caller = speaker_join(&house, 1, ways[0]);
    size_t size = HOUSE_MESSAGE_MAX + 100;
    char *args = malloc(size);
    memset(args, 'x', size);
    args[0] = '[';
    args[1] = args[size - 2] = '"';
    args[size - 1] = ']';
    registers(callee, "com.test.parts");
    call(caller, "{\"progress\":true}", STR("[1]"));
    assert_false(piece(caller, NULL, str_make(args, size)));
    free(args);
    assert_true(piece(caller, NULL, STR("[2]")));
    AWAIT(atomic_load(&caller->replies) == 1);
    assert_true(caller->ok);
    speaker_leave(caller);
    speaker_leave(callee);
}

static void canceled_by(const char *mode, size_t way, int interrupts)
{
    struct speaker *callee = speaker_join(&house, 0, ways[way]);
    struct speaker *caller = speaker_join(&house, 1, ways[way + 1]);
    registers(callee, "com.test.parts");
    call(caller, NULL, STR("[\"never\"]"));
    AWAIT(atomic_load(&callee->invocations) == 1);
    cancel(caller, mode);
    AWAIT(atomic_load(&caller->replies) == 1);
    assert_false(caller->ok);
    assert_string_equal(caller->error, "wamp.error.canceled");
    AWAIT(atomic_load(&callee->interrupts) == interrupts);
    speaker_leave(caller);
    assert_int_equal(atomic_load(&callee->interrupts), interrupts);
    speaker_leave(callee);
}

static void a_call_is_canceled_in_the_mode_that_is_said(void **state)
{
    (void)state;
    canceled_by("skip", 0, 0);
    canceled_by("kill", 1, 1);
    canceled_by("killnowait", 2, 1);
}

static void an_interrupt_says_that_it_was_the_time(void **state)
{
    (void)state;
    struct speaker *callee = speaker_join(&house, 0, ways[2]);
    struct speaker *caller = speaker_join(&house, 1, ways[0]);
    registers(callee, "com.test.parts");
    call(caller, "{\"timeout\":50}", STR("[\"never\"]"));
    AWAIT(atomic_load(&callee->interrupts) == 1);
    assert_string_equal(seen.reason, "wamp.error.timeout");
    AWAIT(atomic_load(&caller->replies) == 1);
    speaker_leave(caller);
    speaker_leave(callee);
}

static void a_registration_that_is_taken_by_force_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct speaker *callee = speaker_join(&house, 0, ways[i]);
        struct speaker *robber = speaker_join(&house, 1, ways[i]);
        registers(callee, "com.test.parts");
        uint64_t id = callee->id;
        atomic_store(&seen.revoked, 0);
        ask((struct order){.speaker = robber,
                           .what = ORDER_REGISTER,
                           .uri = "com.test.parts",
                           .options = "{\"force_reregister\":true}"});
        assert_true(robber->ok);
        AWAIT(atomic_load(&seen.revoked) == 1);
        assert_true(seen.registration);
        assert_true(seen.revoked_id == id);
        speaker_leave(robber);
        speaker_leave(callee);
    }
}

static void a_subscription_that_is_taken_away_is_told(void **state)
{
    (void)state;
    struct speaker *subscriber = speaker_join(&house, 0, ways[0]);
    struct speaker *other = speaker_join(&house, 1, ways[2]);
    char args[128];
    uint64_t session = 0;
    ask((struct order){.speaker = subscriber, .what = ORDER_SUBSCRIBE, .uri = "com.test.topic"});
    assert_true(subscriber->ok);
    uint64_t id = subscriber->id;
    (void)snprintf(args, sizeof(args), "[%llu]", (unsigned long long)id);
    ask((struct order){
        .speaker = other, .uri = "wamp.subscription.list_subscribers", .args = str_of(args)});
    assert_true(other->ok);
    struct str list = str_of(other->text.ptr); /* [[session]] */
    assert_true(str_to_u64(str_sub(list, 2, list.len - 4), &session));
    (void)snprintf(args, sizeof(args), "[%llu,%llu]", (unsigned long long)id,
                   (unsigned long long)session);
    ask((struct order){
        .speaker = other, .uri = "wamp.subscription.remove_subscriber", .args = str_of(args)});
    if (!other->ok) {
        fail_msg("%s %s", other->error, other->text.ptr);
    }
    AWAIT(atomic_load(&seen.revoked) == 1);
    assert_false(seen.registration);
    assert_true(seen.revoked_id == id);
    assert_string_equal(seen.reason, "");
    speaker_leave(other);
    speaker_leave(subscriber);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(progressive_results_come_before_the_last, forget),
        cmocka_unit_test_setup(a_call_may_come_in_pieces_and_has_one_answer, forget),
        cmocka_unit_test_setup(a_piece_larger_than_the_router_takes_is_not_sent, forget),
        cmocka_unit_test_setup(a_call_is_canceled_in_the_mode_that_is_said, forget),
        cmocka_unit_test_setup(an_interrupt_says_that_it_was_the_time, forget),
        cmocka_unit_test_setup(a_registration_that_is_taken_by_force_is_told, forget),
        cmocka_unit_test_setup(a_subscription_that_is_taken_away_is_told, forget),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
