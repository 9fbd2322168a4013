/* test_model_races.c - random steps of eight peers and the gateway, on workers that take their
 * turns at any time: whatever is under way between them, the books of all clients agree. */
#include "model_books.h"
#include "model_runner.h"
#include "realm/dealer.h"
#include "realm/session_inside.h"

static struct books books;
static struct rig rig;

static const char *const patterns[3][4] = {{"a.b.c", "a.b.d", "a.x.c", "a.b"},
                                           {"a.b", "a.", "a.b.c", "a"},
                                           {"a..c", "a.b.", "a..", ".b.c"}};
static const char *const invokes[] = {"single",
                                      "roundrobin",
                                      "random",
                                      "first",
                                      "last",
                                      "queue_least_loaded",
                                      "queue_least_loaded_sample",
                                      "jump_consistent_hash"};

static const char *yes(bool value)
{
    return value ? "true" : "false";
}

static unsigned features_of(unsigned player)
{
    return (player != 3 && player != 6 ? (unsigned)CALLEE_CANCELING : 0u) |
           (player / 2 % 2 == 0 ? (unsigned)CALLEE_PROGRESSIVE_CALLS : 0u) |
           (player == 5 ? (unsigned)CALLEE_REROUTE : 0u) |
           (unsigned)(CALLEE_REVOCATION | SUBSCRIBER_REVOCATION);
}

static void join(unsigned player)
{
    struct book *book = &books.all[player];
    if (!book->connected) {
        rig_connect(&rig, player);
        book->connected = true;
        book->features = features_of(player);
    }
    rig_say(&rig, player,
            "[1,\"com.test\",{\"roles\":{\"caller\":{\"features\":{"
            "\"progressive_call_invocations\":true}},\"callee\":{\"features\":{"
            "\"call_canceling\":%s,\"progressive_call_invocations\":%s,\"call_reroute\":%s,"
            "\"registration_revocation\":true}},\"publisher\":{},\"subscriber\":{\"features\":{"
            "\"subscription_revocation\":true}}}}]",
            yes((book->features & CALLEE_CANCELING) != 0),
            yes((book->features & CALLEE_PROGRESSIVE_CALLS) != 0),
            yes((book->features & CALLEE_REROUTE) != 0));
}

static void lose(unsigned player)
{
    if (rig.aloud) {
        (void)fprintf(stderr, "    p%u is lost\n", player);
    }
    rig_lose(&rig, player);
    books_hear(&books);
    book_ends(&books, player);
    rig_forget(&rig, player);
    books.all[player].connected = false;
}

static uint64_t request_of(unsigned player)
{
    return ++books.all[player].last_request;
}

static void do_register(const struct step *step)
{
    unsigned match = step->a % 8 < 5 ? 0 : step->a % 3;
    if (books.all[step->player].offer_count == BOOK_IDS) {
        return;
    }
    rig_say(&rig, step->player,
            "[64,%llu,{\"match\":\"%s\",\"invoke\":\"%s\",\"concurrency\":%u,"
            "\"force_reregister\":%s},\"%s\"]",
            (unsigned long long)request_of(step->player),
            match_policy_name((enum match_policy)match),
            invokes[step->c % 5 == 0 ? 0 : step->b % 8], step->c / 8 % 3,
            yes(step->c / 32 % 4 == 0), patterns[match][step->b % 4]);
}

static void do_unregister(const struct step *step)
{
    struct book *book = &books.all[step->player];
    if (book->offer_count == 0) {
        return;
    }
    uint64_t id = book->offers[step->a % book->offer_count];
    rig_say(&rig, step->player, "[66,%llu,%llu]", (unsigned long long)request_of(step->player),
            (unsigned long long)id);
    book_offer_ends(book, id);
}

static struct book_call *call_new(unsigned caller, const struct step *step)
{
    struct book_call *call = &books.calls[++books.tags];
    *call = (struct book_call){
        .caller = caller, .open = true, .pieces = 1, .uri = book_topics[step->a % 4]};
    return call;
}

static void do_call(const struct step *step)
{
    struct book_call *call = call_new(step->player, step);
    call->session = books.all[step->player].session;
    call->request = request_of(step->player);
    call->progress = step->b % 3 == 0;
    call->more = step->b / 4 % 6 == 0;
    rig_say(&rig, step->player,
            "[48,%llu,{\"receive_progress\":%s,\"progress\":%s,\"timeout\":50000,"
            "\"_routing_key\":%u},\"%s\",[%llu,1]]",
            (unsigned long long)call->request, yes(call->progress), yes(call->more), step->c % 5,
            call->uri, (unsigned long long)books.tags);
}

/* An answer to the gateway; `ctx` is the call. */
static void gateway_answered(void *ctx, const struct local_reply *reply)
{
    struct book_call *call = ctx;
    (void)reply;
    if (!call->open) {
        rig_fail(&rig, "the gateway is answered twice");
    }
    call->open = false;
}

static const struct str roles[] = {STR_INIT("anonymous")};
static const struct principal anonymous = {.authid = STR_INIT("anonymous"),
                                           .roles = roles,
                                           .role_count = 1,
                                           .authmethod = STR_INIT("anonymous")};

static void do_gateway_call(const struct step *step)
{
    char args[32];
    struct book_call *call = call_new(GATEWAY + rig_worker(&rig, step->player), step);
    (void)snprintf(args, sizeof(args), "[%llu,1]", (unsigned long long)books.tags);
    if (rig.aloud) {
        (void)fprintf(stderr, "    gateway on worker %u calls %s %s\n",
                      rig_worker(&rig, step->player), call->uri, args);
    }
    struct local_request request = {
        .realm = STR("com.test"),
        .principal = &anonymous,
        .uri = str_of(call->uri),
        .payload = {.serializer = SERIALIZER_JSON, .args = str_of(args)},
    };
    rig_be(&rig, rig_worker(&rig, step->player));
    call->handle = local_call(rig.world.router, &request, gateway_answered, call);
}

/* An open call of this caller, or NULL. */
static struct book_call *call_of(unsigned caller, unsigned which)
{
    unsigned count = 0;
    for (unsigned round = 0; round < 2; round++) {
        for (uint64_t tag = 1; tag <= books.tags; tag++) {
            struct book_call *call = &books.calls[tag];
            if (call->open && call->caller == caller && count++ == which && round == 1) {
                return call;
            }
        }
        if (count == 0) {
            return NULL;
        }
        which %= count;
        count = 0;
    }
    return NULL;
}

static void do_gateway_cancel(const struct step *step)
{
    unsigned worker = rig_worker(&rig, step->player);
    struct book_call *call = call_of(GATEWAY + worker, step->a);
    if (call != NULL) {
        if (rig.aloud) {
            (void)fprintf(stderr, "    gateway on worker %u cancels a call\n", worker);
        }
        rig_be(&rig, worker);
        local_cancel(rig.world.router, call->handle);
    }
}

static void do_piece(const struct step *step)
{
    struct book_call *call = call_of(step->player, step->a);
    if (call == NULL || !call->more) {
        return;
    }
    call->more = step->b % 3 != 0;
    rig_say(&rig, step->player, "[48,%llu,{\"progress\":%s},\"%s\",[%llu,%u]]",
            (unsigned long long)call->request, yes(call->more), call->uri,
            (unsigned long long)(call - books.calls), ++call->pieces);
}

static void do_cancel(const struct step *step)
{
    static const char *const modes[] = {"skip", "kill", "kill", "killnowait"};
    struct book_call *call = call_of(step->player, step->a);
    if (call == NULL) {
        return;
    }
    call->skipped = call->skipped || step->b % 4 == 0;
    call->killed = call->killed || step->b % 4 == 1 || step->b % 4 == 2;
    rig_say(&rig, step->player, "[49,%llu,{\"mode\":\"%s\"}]", (unsigned long long)call->request,
            modes[step->b % 4]);
}

static void do_timeout(const struct step *step)
{
    const struct book_call *known = call_of(step->player, step->a);
    if (known == NULL) {
        return;
    }
    if (rig.aloud) {
        (void)fprintf(stderr, "    p%u: the time of call %llu is up\n", step->player,
                      (unsigned long long)known->request);
    }
    rig_be(&rig, rig_worker(&rig, step->player));
    struct idlink *link =
        idtable_find(&rig.mouths[step->player].actor->session->calls, known->request);
    if (link == NULL) {
        rig_fail(&rig, "the router has forgotten a call");
    }
    struct call *call = CONTAINER_OF(link, struct call, link);
    if (!timer_active(&call->timer)) {
        rig_fail(&rig, "a call has no time limit");
    }
    timer_stop(&call->timer);
    call->timer.fn(&call->timer);
}

static uint64_t some_invocation(const struct book *book, const struct step *step)
{
    if (book->last_invocation == 0) {
        return 0;
    }
    uint64_t id = 1 + step->a % book->last_invocation;
    for (uint64_t i = 0; step->b % 8 != 0 && i < book->last_invocation; i++) {
        if (book->invocations[id].open) {
            return id;
        }
        id = id % book->last_invocation + 1;
    }
    return id;
}

static void do_yield(const struct step *step)
{
    struct book *book = &books.all[step->player];
    uint64_t id = some_invocation(book, step);
    if (id == 0) {
        return;
    }
    struct book_invocation *invocation = &book->invocations[id];
    bool progress = step->c % 4 == 0;
    bool error = step->c % 4 == 1;
    invocation->open = invocation->open && progress;
    if (error) {
        rig_say(&rig, step->player, "[8,68,%llu,{},\"%s\"]", (unsigned long long)id,
                step->c / 4 % 4 == 0 ? "a.error" : "wamp.error.unavailable");
    } else {
        rig_say(&rig, step->player, "[70,%llu,{\"progress\":%s},[1]]", (unsigned long long)id,
                yes(progress));
    }
}

static void do_subscribe(const struct step *step)
{
    struct book *book = &books.all[step->player];
    unsigned match = step->a % 3;
    if (book->membership_count == BOOK_IDS) {
        return;
    }
    book->match = match;
    book->uri = patterns[match][step->b % 4];
    rig_say(&rig, step->player, "[32,%llu,{\"match\":\"%s\",\"get_retained\":%s},\"%s\"]",
            (unsigned long long)request_of(step->player),
            match_policy_name((enum match_policy)match), yes(step->c % 2 == 0), book->uri);
}

static void do_unsubscribe(const struct step *step)
{
    struct book *book = &books.all[step->player];
    if (book->membership_count == 0) {
        return;
    }
    uint64_t id = book->memberships[step->a % book->membership_count].id;
    rig_say(&rig, step->player, "[34,%llu,%llu]", (unsigned long long)request_of(step->player),
            (unsigned long long)id);
    book_unsubscribed(&books, step->player, id);
}

static void do_publish(const struct step *step)
{
    const char *topic = book_topics[step->a % BOOK_TOPICS];
    uint64_t tag = ++books.event_tags;
    for (unsigned i = 0; i < PLAYERS; i++) {
        for (unsigned k = 0; k < books.all[i].membership_count; k++) {
            const struct book_membership *membership = &books.all[i].memberships[k];
            if (i != step->player &&
                uri_match(str_of(membership->uri), (enum match_policy)membership->match,
                          str_of(topic))) {
                books.owed[books.owed_count++] = (struct book_owed){i, membership->id, tag};
            }
        }
    }
    rig_say(&rig, step->player, "[16,%llu,{\"retain\":%s},\"%s\",[%llu,%u]]",
            (unsigned long long)request_of(step->player), yes(step->b % 2 == 0), topic,
            (unsigned long long)tag, step->player);
}

static void do_leave(const struct step *step)
{
    rig_say(&rig, step->player, "[6,{},\"wamp.close.normal\"]");
}

static void do_lose(const struct step *step)
{
    lose(step->player);
}

/* What one session does to another through the router, which asks all workers. */
static void do_meta(const struct step *step)
{
    unsigned victim = step->a % PLAYERS;
    const struct book *other = &books.all[victim];
    struct book_call *call = call_new(step->player, step);
    call->session = books.all[step->player].session;
    call->request = request_of(step->player);
    call->skipped = true;
    unsigned long long id = other->session == 0 ? 1 : other->session;
    unsigned long long request = call->request;
    if (step->b % 4 == 0) {
        rig_say(&rig, step->player, "[48,%llu,{},\"wamp.session.kill\",[%llu]]", request, id);
    } else if (step->b % 4 == 1 && other->offer_count > 0) {
        rig_say(&rig, step->player, "[48,%llu,{},\"wamp.registration.remove_callee\",[%llu,%llu]]",
                request, (unsigned long long)other->offers[step->c % other->offer_count], id);
    } else if (step->b % 4 == 2 && other->membership_count > 0) {
        rig_say(&rig, step->player,
                "[48,%llu,{},\"wamp.subscription.remove_subscriber\",[%llu,%llu]]", request,
                (unsigned long long)other->memberships[step->c % other->membership_count].id, id);
    } else {
        rig_say(&rig, step->player, "[48,%llu,{},\"wamp.session.list\"]", request);
    }
}

static void do_turn(const struct step *step)
{
    unsigned worker = step->a % workers_count(rig.world.workers);
    if (rig_turn(&rig, worker) > 0 && rig.aloud) {
        (void)fprintf(stderr, "    worker %u has had a turn\n", worker);
    }
}

/* Nothing more is under way. */
static void settle_all(void)
{
    rig_pump(&rig);
    books_hear(&books);
    books_agree(&books);
}

static void do_settle(const struct step *step)
{
    (void)step;
    if (rig.aloud) {
        (void)fprintf(stderr, "    all workers have had their turns\n");
    }
    settle_all();
}

/* Every callee answers everything: nothing may be left open. */
static void do_answer_all(const struct step *step)
{
    (void)step;
    settle_all();
    for (unsigned i = 0; i < PLAYERS; i++) {
        struct book *book = &books.all[i];
        for (uint64_t id = 1; id <= book->last_invocation; id++) {
            if (book->invocations[id].open) {
                book->invocations[id].open = false;
                rig_say(&rig, i, "[70,%llu,{},[1]]", (unsigned long long)id);
            }
        }
    }
    settle_all();
    for (uint64_t tag = 1; tag <= books.tags; tag++) {
        if (books.calls[tag].open) {
            rig_fail(&rig, "call %llu has no answer", (unsigned long long)tag);
        }
    }
    rig_idle(&rig);
}

typedef void (*do_fn)(const struct step *step);

/* A row as often as it is likely. */
static const do_fn kinds[] = {
    do_register,  do_register,    do_register, do_unregister,   do_call,         do_call,
    do_call,      do_call,        do_call,     do_gateway_call, do_gateway_call, do_gateway_cancel,
    do_piece,     do_piece,       do_cancel,   do_cancel,       do_timeout,      do_yield,
    do_yield,     do_yield,       do_yield,    do_yield,        do_yield,        do_subscribe,
    do_subscribe, do_unsubscribe, do_publish,  do_publish,      do_publish,      do_leave,
    do_lose,      do_meta,        do_turn,     do_turn,         do_turn,         do_turn,
    do_turn,      do_turn,        do_settle,   do_answer_all,
};

static bool needs_session(do_fn kind)
{
    return kind != do_turn && kind != do_settle && kind != do_answer_all &&
           kind != do_gateway_call && kind != do_gateway_cancel;
}

static void take(const struct step *step)
{
    struct book *book = &books.all[step->player];
    if (book->connected && rig.mouths[step->player].actor->finished > 0) {
        lose(step->player);
    } else if (!book->joined && needs_session(kinds[step->kind])) {
        join(step->player);
    } else {
        kinds[step->kind](step);
    }
    books_hear(&books);
}

static void play(struct verdict *verdict, const struct run *run)
{
    struct router_options options = world_limits();
    options.any_request_ids = false;
    rig_start(&rig, verdict, run->workers, &options);
    rig.aloud = run->aloud;
    memset(&books, 0, sizeof(books));
    books.rig = &rig;
    for (verdict->step = 0; verdict->step < run->count; verdict->step++) {
        take(&run->steps[verdict->step]);
    }
    do_answer_all(NULL);
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (books.all[i].connected) {
            lose(i);
        }
    }
    rig_stop(&rig);
}

static void races_of_two_workers_end_well(void **state)
{
    (void)state;
    struct campaign campaign = {play, COUNT_OF(kinds), 2, 149, 1000};
    campaign_run(&campaign);
}

static void races_of_three_workers_end_well(void **state)
{
    (void)state;
    struct campaign campaign = {play, COUNT_OF(kinds), 3, 49, 1000};
    campaign_run(&campaign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(races_of_two_workers_end_well),
        cmocka_unit_test(races_of_three_workers_end_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
