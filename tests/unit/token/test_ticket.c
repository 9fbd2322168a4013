/* test_ticket.c - which doors a ticket opens. */
#include "token/ticket.h"
#include "token_helper.h"

#define SSO   STR("com.example.sso")
#define OTHER STR("com.example.other")

struct world {
    struct tokens_builder *builder;
    struct token_key *here;
    struct token_key *sso;
    struct tokens *tokens;
    struct arena arena;
    struct ticket got;
    const char *why;
};

static int world_setup(void **state)
{
    struct world *world = NEW(struct world);
    world->builder = tokens_builder_new();
    world->here = make_key(REALM, SIGN_ES256);
    world->sso = make_key(SSO, SIGN_EDDSA);
    apply_key_of(world->builder, world->here);
    apply_key_of(world->builder, world->sso);
    world->tokens = tokens_builder_build(world->builder, 1);
    arena_init(&world->arena, 1 << 20);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    drop(world->tokens);
    tokens_builder_free(world->builder);
    token_key_unref(world->here);
    token_key_unref(world->sso);
    arena_done(&world->arena);
    mem_free(world);
    return 0;
}

static struct ticket a_ticket(void)
{
    return (struct ticket){.id = STR("id-1"),
                           .authrealm = REALM,
                           .authid = STR("ann"),
                           .authmethod = STR("password"),
                           .proof = STR("what she had"),
                           .scope = {.realm = REALM},
                           .issued_s = NOW_S,
                           .expires_s = NOW_S + 60};
}

static void refresh(struct world *world)
{
    drop(world->tokens);
    world->tokens = tokens_builder_build(world->builder, 1);
}

static void keep(struct world *world, const struct ticket *ticket)
{
    char room[TICKET_PLACE_MAX];
    apply(world->builder, STR("ticket"), ticket->authrealm, ticket_place(ticket, room),
          ticket_record(ticket));
    refresh(world);
}

static bool opens(struct world *world,
                  const struct ticket *ticket,
                  struct str realm,
                  struct str sso_realm,
                  uint64_t now_s,
                  bool allow_not_found)
{
    const struct ticket_door door = {realm, sso_realm, now_s, allow_not_found};
    const struct token_key *key = str_eq(ticket->authrealm, SSO) ? world->sso : world->here;
    char *text = ticket_mint(key, ticket, STR("node"));
    assert_non_null(text);
    arena_reset(&world->arena);
    bool does =
        ticket_verify(world->tokens, str_of(text), &door, &world->arena, &world->got, &world->why);
    mem_free(text);
    return does;
}

static void a_ticket_says_what_was_put_into_it(void **state)
{
    struct world *world = *state;
    struct ticket ticket = a_ticket();
    ticket.scope.client_id = STR("app");
    ticket.scope.device_id = STR("phone");
    keep(world, &ticket);
    assert_true(opens(world, &ticket, REALM, STR_EMPTY, NOW_S, false));
    assert_true(str_eq(world->got.id, ticket.id));
    assert_true(str_eq(world->got.authid, ticket.authid));
    assert_true(str_eq(world->got.scope.device_id, STR("phone")));
    assert_string_equal(ticket_scope_name(&world->got.scope), "client_local");
    assert_int_equal(world->got.expires_s, NOW_S + 60);
    assert_true(ticket_is_of(&world->got, REALM, STR("ann"), STR("what she had")));
    assert_false(ticket_is_of(&world->got, REALM, STR("ann"), STR("what she has")));
    assert_false(ticket_is_of(&world->got, REALM, STR("bob"), STR("what she had")));
    assert_false(ticket_is_of(&world->got, SSO, STR("ann"), STR("what she had")));
}

static void a_ticket_opens_its_realm_until_it_expires(void **state)
{
    struct world *world = *state;
    const struct ticket ticket = a_ticket();
    keep(world, &ticket);
    assert_true(opens(world, &ticket, REALM, STR_EMPTY, NOW_S + 59, false));
    assert_false(opens(world, &ticket, REALM, STR_EMPTY, NOW_S + 60, false));
    assert_non_null(strstr(world->why, "expired"));
    assert_false(opens(world, &ticket, OTHER, STR_EMPTY, NOW_S, false));
    /* By its SSO realm's keys, but not for it. */
    assert_false(opens(world, &ticket, OTHER, REALM, NOW_S, false));
    assert_non_null(strstr(world->why, "another realm"));
}

static void an_sso_ticket_opens_the_realms_of_its_sso_realm(void **state)
{
    struct world *world = *state;
    struct ticket ticket = a_ticket();
    ticket.authrealm = SSO;
    ticket.scope.realm = STR_EMPTY;
    keep(world, &ticket);
    assert_string_equal(ticket_scope_name(&ticket.scope), "sso");
    assert_true(opens(world, &ticket, REALM, SSO, NOW_S, false));
    assert_true(opens(world, &ticket, OTHER, SSO, NOW_S, false));
    assert_false(opens(world, &ticket, OTHER, REALM, NOW_S, false));
    assert_false(opens(world, &ticket, REALM, STR_EMPTY, NOW_S, false));
    assert_false(opens(world, &ticket, SSO, STR_EMPTY, NOW_S, false));
}

static void a_ticket_without_its_record_is_worth_nothing_unless_it_is_wanted(void **state)
{
    struct world *world = *state;
    struct ticket ticket = a_ticket();
    char room[TICKET_PLACE_MAX];
    assert_false(opens(world, &ticket, REALM, STR_EMPTY, NOW_S, false));
    assert_true(opens(world, &ticket, REALM, STR_EMPTY, NOW_S, true));
    struct ticket newer = ticket;
    newer.id = STR("id-2");
    keep(world, &newer);
    assert_false(opens(world, &ticket, REALM, STR_EMPTY, NOW_S, true));
    assert_true(opens(world, &newer, REALM, STR_EMPTY, NOW_S, false));
    json_t *revoked = ticket_record(&newer);
    (void)json_object_set_new(revoked, "revoked", json_true());
    apply(world->builder, STR("ticket"), REALM, ticket_place(&newer, room), revoked);
    refresh(world);
    assert_false(opens(world, &newer, REALM, STR_EMPTY, NOW_S, true));
}

static void each_scope_has_its_place(void **state)
{
    (void)state;
    struct ticket tickets[6];
    char rooms[6][TICKET_PLACE_MAX];
    struct str places[6];
    for (size_t i = 0; i < COUNT_OF(tickets); i++) {
        tickets[i] = a_ticket();
    }
    tickets[1].scope.realm = STR_EMPTY;
    tickets[2].scope.client_id = STR("app");
    tickets[3].scope.client_id = STR("ap");
    tickets[3].scope.device_id = STR("p");
    tickets[4].scope.client_id = STR("app");
    tickets[4].scope.device_id = STR("p");
    tickets[5].authid = STR("anna");
    for (size_t i = 0; i < COUNT_OF(tickets); i++) {
        places[i] = ticket_place(&tickets[i], rooms[i]);
        assert_true(str_starts(places[i], i == 5 ? STR("anna ") : STR("ann ")));
        for (size_t j = 0; j < i; j++) {
            assert_false(str_eq(places[i], places[j]));
        }
    }
}

static void a_proof_changes_with_every_part_of_it(void **state)
{
    (void)state;
    const struct str keys[] = {STR_INIT("ab"), STR_INIT("c")};
    const struct str others[] = {STR_INIT("a"), STR_INIT("bc")};
    char proofs[6][TICKET_PROOF_SIZE];
    ticket_proof(STR("record"), keys, 2, proofs[0]);
    ticket_proof(STR("record"), others, 2, proofs[1]);
    ticket_proof(STR("record"), keys, 1, proofs[2]);
    ticket_proof(STR("recordab"), keys, 0, proofs[3]);
    ticket_proof(STR_EMPTY, keys, 2, proofs[4]);
    ticket_proof(STR_EMPTY, NULL, 0, proofs[5]);
    for (size_t i = 0; i < COUNT_OF(proofs); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(proofs[i], proofs[j]);
        }
    }
}

static void a_session_stands_while_its_ticket_and_its_key_do(void **state)
{
    struct world *world = *state;
    const struct ticket ticket = a_ticket();
    keep(world, &ticket);
    assert_true(opens(world, &ticket, REALM, STR_EMPTY, NOW_S, false));
    struct ticket_stub *stub = ticket_stub_new(&world->got, false);
    assert_true(ticket_stub_stands(stub, world->tokens, NOW_S));
    apply(world->builder, STR("key"), REALM, str_of(world->here->id), NULL);
    refresh(world);
    assert_false(ticket_stub_stands(stub, world->tokens, NOW_S));
    apply_key_of(world->builder, world->here);
    struct ticket newer = ticket;
    newer.id = STR("id-2");
    keep(world, &newer);
    assert_false(ticket_stub_stands(stub, world->tokens, NOW_S));
    assert_false(ticket_stub_stands(stub, NULL, NOW_S));
    ticket_stub_free(stub);
}

static void an_access_token_is_no_ticket(void **state)
{
    struct world *world = *state;
    const struct ticket ticket = a_ticket();
    keep(world, &ticket);
    json_t *claims = ticket_record(&ticket);
    (void)json_object_set_new(claims, "iss", json_string("com.example.app"));
    (void)json_object_set_new(claims, "exp", json_integer(NOW_S + 60));
    static const char *const types[] = {"ticket+jwt", "at+jwt", "JWT"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct ticket_door door = {.realm = REALM, .now_s = NOW_S};
        char *text = token_mint(world->here, types[i], claims);
        assert_int_equal(ticket_verify(world->tokens, str_of(text), &door, &world->arena,
                                       &world->got, &world->why),
                         i == 0);
        mem_free(text);
    }
    json_decref(claims);
}

#define IT(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_ticket_says_what_was_put_into_it),
        IT(a_ticket_opens_its_realm_until_it_expires),
        IT(an_sso_ticket_opens_the_realms_of_its_sso_realm),
        IT(a_ticket_without_its_record_is_worth_nothing_unless_it_is_wanted),
        IT(each_scope_has_its_place),
        IT(a_proof_changes_with_every_part_of_it),
        IT(a_session_stands_while_its_ticket_and_its_key_do),
        IT(an_access_token_is_no_ticket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
