/* refresh.c - refresh tokens: one row a family, rotated at each use (RFC 9700, 4.14.2).
 *
 * A token is "rt_SELECTOR.GENERATION.SECRET". The selector, which is a secret too, finds the row;
 * the row has the digests of the secrets of the present generation and of the one before. Who
 * comes with the one before within the grace gets another token of the present generation: an
 * answer may be lost on its way. Whoever comes with an older one, or too late, has a token that
 * was used: one of two has stolen it, and the family ends. */
#include "base/mem.h"
#include "crypto/secret.h"
#include "flow/flow_inside.h"

#include <string.h>

#define LEASE STR("refresh")

enum { SELECTOR_BYTES = 18, SECRET_BYTES = 32, FAMILY_BYTES = 12, REUSES_MAX = 3 };

/* The parts of a token's text. */
struct presented {
    struct str selector;
    uint64_t generation;
    struct str secret;
};

struct refresh_state {
    struct presented presented;
    struct str key;    /* the selector's digest */
    struct str answer; /* the new token */
    struct flow_grantee grantee;
};

static bool read_token(struct str text, struct presented *out)
{
    struct str rest = STR_EMPTY;
    struct str generation = STR_EMPTY;
    return str_starts(text, STR("rt_")) && text.len < 256 &&
           str_cut(str_from(text, 3), '.', &out->selector, &rest) &&
           str_cut(rest, '.', &generation, &out->secret) &&
           str_to_u64(generation, &out->generation) && out->selector.len > 0 && out->secret.len > 0;
}

static bool
put_row(struct flow_call *call, struct store_view *view, struct str key, const json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
    uint64_t idle_s = call->now_s + call->options->refresh_idle_s;
    uint64_t end_s = flow_number(row, "end");
    const struct store_lease lease = {
        .kind = LEASE,
        .key = key,
        .realm = call->request.realm,
        .owner = flow_text(row, "authid"),
        .family = flow_text(row, "family"),
        .value = arena_str(call->arena, str_of(text)),
        .expires_ms = 1000 * (idle_s < end_s ? idle_s : end_s),
    };
    free(text);
    return store_view_lease_put(view, &lease);
}

/* A new secret of the present generation; the token's text. */
static struct str
add_secret(struct flow_call *call, json_t *row, struct str selector, uint64_t generation)
{
    struct str secret = flow_random_text(call, SECRET_BYTES);
    struct str hash = flow_digest(call, secret);
    (void)json_array_append_new(json_object_get(row, "present"), json_stringn(hash.ptr, hash.len));
    return arena_printf(call->arena, "rt_" PRISTR ".%llu." PRISTR, STRARG(selector),
                        (unsigned long long)generation, STRARG(secret));
}

/* The oldest families of a user and client go when there are too many. */
static bool make_room(struct flow_call *call,
                      struct store_view *view,
                      const struct flow_grantee *grantee,
                      struct str device)
{
    const struct store_lease *leases = NULL;
    size_t count =
        store_view_leases(view, LEASE, call->request.realm, grantee->user->username, &leases);
    size_t same = 0;
    for (size_t i = count; i > 0; i--) { /* what ends last comes first */
        json_t *row = json_loadb(leases[i - 1].value.ptr, leases[i - 1].value.len, 0, NULL);
        bool ours = str_eq(flow_text(row, "client"), grantee->client);
        bool replaced = ours && device.len > 0 && str_eq(flow_text(row, "device"), device);
        same += ours ? 1 : 0;
        bool good = (!replaced && (!ours || same < call->options->families_max)) ||
                    flow_family_revoke(call, view, leases[i - 1].family);
        json_decref(row);
        if (!good) {
            return false;
        }
    }
    return true;
}

bool flow_family_begin(struct flow_call *call,
                       struct store_view *view,
                       struct flow_grantee *grantee,
                       struct str device,
                       struct str *out_token)
{
    struct str selector = flow_random_text(call, SELECTOR_BYTES);
    if (!make_room(call, view, grantee, device)) {
        return false;
    }
    grantee->family = flow_random_text(call, FAMILY_BYTES);
    json_t *row = flow_keep(
        call, json_pack("{s:s%, s:s%, s:s%, s:s%, s:s%, s:b, s:I, s:I, s:I, s:[], s:[], s:I, s:I}",
                        "client", grantee->client.ptr, grantee->client.len, "authid",
                        grantee->user->username.ptr, grantee->user->username.len, "family",
                        grantee->family.ptr, grantee->family.len, "scope", grantee->scope.text.ptr,
                        grantee->scope.text.len, "device", device.ptr, device.len, "whole",
                        (int)grantee->scope.whole, "auth_time", (json_int_t)grantee->auth_time_s,
                        "end", (json_int_t)call->now_s + (json_int_t)call->options->refresh_s,
                        "generation", (json_int_t)0, "present", "before", "used", (json_int_t)0,
                        "reuses", (json_int_t)0));
    *out_token = add_secret(call, row, selector, 0);
    return put_row(call, view, flow_digest(call, selector), row);
}

/* For as long as an access token of the family may live. */
bool flow_family_revoke(struct flow_call *call, struct store_view *view, struct str family)
{
    uint64_t until_s = call->now_s + call->options->access_s + TOKEN_REVOCATION_SLACK_S;
    const struct store_write write = {
        .kind = STR("revocation"),
        .realm = call->request.realm,
        .key = family,
        .value = arena_printf(call->arena, "{\"until\":%llu}", (unsigned long long)until_s),
        .expect = STORE_ANY_VERSION,
    };
    return store_view_put(view, &write) &&
           store_view_lease_drop_family(view, call->request.realm, family);
}

static bool lists(const json_t *list, struct str hash)
{
    bool found = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        struct str each = str_make(json_string_value(element), json_string_length(element));
        found = crypto_equal(each, hash) || found;
    }
    return found;
}

enum use { USE_FIRST, USE_AGAIN, USE_BUSY, USE_STOLEN, USE_NONE };

static enum use judge(struct flow_call *call, const json_t *row, const struct presented *presented)
{
    struct str hash = flow_digest(call, presented->secret);
    uint64_t generation = flow_number(row, "generation");
    uint64_t used_s = flow_number(row, "used");
    if (presented->generation > generation) {
        return USE_NONE;
    }
    if (presented->generation == generation) {
        return lists(json_object_get(row, "present"), hash) ? USE_FIRST : USE_NONE;
    }
    bool before = presented->generation + 1 == generation;
    if (before && !lists(json_object_get(row, "before"), hash)) {
        return USE_NONE;
    }
    if (!before || call->now_s > used_s + call->options->refresh_grace_s) {
        return USE_STOLEN;
    }
    return flow_number(row, "reuses") < REUSES_MAX ? USE_AGAIN : USE_BUSY;
}

bool flow_family_find(struct flow_call *call,
                      struct store_view *view,
                      struct str text,
                      struct flow_family *out)
{
    struct presented presented;
    *out = (struct flow_family){0};
    if (!read_token(text, &presented)) {
        return false;
    }
    const struct store_lease *lease =
        flow_lease_find(call, view, LEASE, flow_digest(call, presented.selector));
    if (lease == NULL) {
        return false;
    }
    json_t *row = flow_lease_row(call, lease);
    enum use use = judge(call, row, &presented);
    *out = (struct flow_family){.row = row,
                                .id = lease->family,
                                .expires_s = lease->expires_ms / 1000,
                                .present = use == USE_FIRST || use == USE_AGAIN};
    return true;
}

static bool invalid(struct flow_call *call)
{
    (void)flow_refuse(call, FLOW_INVALID_GRANT,
                      "the refresh token is unknown, used, expired, or another client's");
    return false;
}

/* What is refused is refused with what it changes: the transaction stands. */
static bool end_stolen(struct flow_call *call, struct store_view *view, const json_t *row)
{
    call->note = (struct flow_note){.action = "token.reuse_detected",
                                    .client = call->client->id,
                                    .authid = arena_str(call->arena, flow_text(row, "authid"))};
    (void)invalid(call);
    return flow_family_revoke(call, view, flow_text(row, "family"));
}

static bool rotate(struct flow_call *call, json_t *row, enum use use)
{
    struct refresh_state *state = call->state;
    uint64_t generation = flow_number(row, "generation");
    if (use == USE_FIRST) {
        generation++;
        (void)json_object_set(row, "before", json_object_get(row, "present"));
        (void)json_object_set_new(row, "present", json_array());
        (void)json_object_set_new(row, "generation", json_integer((json_int_t)generation));
        (void)json_object_set_new(row, "used", json_integer((json_int_t)call->now_s));
        (void)json_object_set_new(row, "reuses", json_integer(0));
    } else {
        (void)json_object_set_new(row, "reuses",
                                  json_integer((json_int_t)flow_number(row, "reuses") + 1));
    }
    state->answer = add_secret(call, row, state->presented.selector, generation);
    return true;
}

/* The user as he is now, and what of the scope is still his. */
static bool read_grantee(struct flow_call *call, const json_t *row)
{
    struct refresh_state *state = call->state;
    struct flow_grantee *grantee = &state->grantee;
    const struct rbac_user *user = flow_user_find(call, flow_text(row, "authid"));
    if (user == NULL) {
        return invalid(call);
    }
    *grantee = (struct flow_grantee){
        .client = call->client->id,
        .user = user,
        .family = arena_str(call->arena, flow_text(row, "family")),
        .auth_time_s = flow_number(row, "auth_time"),
    };
    struct str ceiling = arena_str(call->arena, flow_text(row, "scope"));
    if (flow_scope_read(call, call->client, user, form_value(call->request.form, STR("scope")),
                        &ceiling, &grantee->scope)) {
        grantee->scope.whole = form_value(call->request.form, STR("scope")).len == 0 &&
                               json_is_true(json_object_get(row, "whole")) &&
                               !json_is_array(json_object_get(call->client->record, "scopes"));
        return true;
    }
    (void)flow_refuse(call, FLOW_INVALID_SCOPE, "the scope is wider than what was granted");
    return false;
}

static bool refresh_work(struct flow_call *call, struct store_view *view)
{
    struct refresh_state *state = call->state;
    json_t *row = flow_lease_row(call, flow_lease_find(call, view, LEASE, state->key));
    if (row == NULL || !str_eq(flow_text(row, "client"), call->client->id)) {
        return invalid(call);
    }
    enum use use = judge(call, row, &state->presented);
    switch (use) {
    case USE_FIRST:
    case USE_AGAIN:
        return read_grantee(call, row) && rotate(call, row, use) &&
               put_row(call, view, state->key, row);
    case USE_BUSY:
        call->answer.retry_after_s = 1;
        (void)flow_refuse(call, FLOW_TEMPORARILY, "this token is being refreshed elsewhere");
        return false;
    case USE_STOLEN:
        return end_stolen(call, view, row);
    case USE_NONE:
        break;
    }
    return invalid(call);
}

static enum flow_step refreshed(struct flow_call *call)
{
    const struct refresh_state *state = call->state;
    json_t *answer = flow_token_answer(call, &state->grantee);
    if (answer == NULL) {
        return FLOW_ANSWERED;
    }
    (void)json_object_set_new(answer, "refresh_token",
                              json_stringn(state->answer.ptr, state->answer.len));
    return flow_json(call, 200, json_incref(answer));
}

enum flow_step flow_grant_refresh(struct flow_call *call)
{
    struct refresh_state *state = ARENA_NEW(call->arena, struct refresh_state);
    struct str token = form_value(call->request.form, STR("refresh_token"));
    if (token.len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "refresh_token is missing");
    }
    if (!read_token(token, &state->presented)) {
        (void)invalid(call);
        return FLOW_ANSWERED;
    }
    state->key = flow_digest(call, state->presented.selector);
    call->state = state;
    call->work = refresh_work;
    call->then = refreshed;
    return FLOW_STORE;
}
