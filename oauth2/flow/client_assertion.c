/* client_assertion.c - private_key_jwt: a client signs that it is itself (RFC 7523, 3; OpenID
 * Connect Core, 9). Its keys are those that were registered with it; each assertion is good once.
 */
#include "application/jwk.h"
#include "base/encode.h"
#include "base/mem.h"
#include "flow/flow_inside.h"
#include "token/jws.h"

#define ASSERTION_TYPE STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
#define ASSERTION      STR("assertion")

enum { LIFE_MAX_S = 600, SKEW_S = 30, JTI_MAX = 256 };

struct assertion {
    struct str client;
    struct str key; /* of the lease that says it has been used */
    uint64_t expires_s;
    bool used;
    enum flow_step (*then)(struct flow_call *call);
};

bool flow_assertion_given(const struct flow_call *call)
{
    const struct form *form = call->request.form;
    return form_value(form, STR("client_assertion")).len > 0 ||
           form_value(form, STR("client_assertion_type")).len > 0;
}

/* A whole number of seconds; no float, no text. */
static bool time_of(const json_t *claims, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(claims, name);
    const json_int_t latest = (json_int_t)1 << 53;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > latest) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool times_hold(const struct flow_call *call, const json_t *claims, uint64_t *out_expires_s)
{
    static const char *const begins[] = {"nbf", "iat"};
    if (!time_of(claims, "exp", out_expires_s) || *out_expires_s + SKEW_S <= call->now_s ||
        *out_expires_s > call->now_s + LIFE_MAX_S + SKEW_S) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(begins); i++) {
        uint64_t begin_s = 0;
        if (json_object_get(claims, begins[i]) != NULL &&
            (!time_of(claims, begins[i], &begin_s) || begin_s > call->now_s + SKEW_S)) {
            return false;
        }
    }
    return true;
}

static bool is_us(const struct flow_call *call, const json_t *name)
{
    struct str text = json_is_string(name)
                          ? str_make(json_string_value(name), json_string_length(name))
                          : STR_EMPTY;
    struct str base = call->request.base;
    struct str tail = STR("/token");
    return str_eq(text, call->request.issuer) ||
           (text.len == base.len + tail.len && str_starts(text, base) &&
            str_eq(str_from(text, base.len), tail));
}

static bool audience_holds(const struct flow_call *call, const json_t *claims)
{
    const json_t *audience = json_object_get(claims, "aud");
    for (size_t i = 0; i < json_array_size(audience); i++) {
        if (is_us(call, json_array_get(audience, i))) {
            return true;
        }
    }
    return is_us(call, audience);
}

/* An access or ID token, or whatever else was signed, is no assertion. */
static bool type_holds(const json_t *header)
{
    return json_object_get(header, "typ") == NULL || jws_type_is(header, "JWT") ||
           jws_type_is(header, "client-authentication+jwt");
}

/* By a key of the client that the header may mean; its algorithm is the key's. */
static bool
signed_by(const struct flow_client *client, const json_t *header, const struct jws_parts *parts)
{
    const json_t *keys = json_object_get(json_object_get(client->record, "jwks"), "keys");
    struct str kid = flow_text(header, "kid");
    bool named = json_object_get(header, "kid") != NULL;
    bool holds = false;
    for (size_t i = 0; i < json_array_size(keys) && !holds; i++) {
        const json_t *jwk = json_array_get(keys, i);
        struct err err = {0};
        if (named && !str_eq(kid, flow_text(jwk, "kid"))) {
            continue;
        }
        struct sign_key *key = jwk_read(jwk, &err);
        holds = key != NULL &&
                str_eq(flow_text(header, "alg"),
                       str_of(sign_algorithm_name(sign_key_algorithm(key)))) &&
                jws_holds(key, parts);
        sign_key_unref(key);
    }
    return holds;
}

static struct flow_client *
client_of(struct flow_call *call, const json_t *claims, struct str claimed)
{
    struct str subject = flow_text(claims, "sub");
    struct flow_client *client = subject.len == 0 ? NULL : flow_client_find(call, subject);
    if (client == NULL || !str_eq(subject, flow_text(claims, "iss"))) {
        return NULL;
    }
    if (claimed.len > 0) {
        const struct flow_client *named = flow_client_find(call, claimed);
        client = named != NULL && str_eq(named->id, client->id) ? client : NULL;
    }
    return client;
}

/* NULL: it proves nothing. */
static struct assertion *read_assertion(struct flow_call *call, struct str text, struct str claimed)
{
    struct jws_parts parts;
    uint64_t expires_s = 0;
    if (!jws_split(text, &parts)) {
        return NULL;
    }
    const json_t *header = flow_keep(call, jws_object(parts.header));
    const json_t *claims = flow_keep(call, jws_object(parts.claims));
    struct str jti = flow_text(claims, "jti");
    const struct flow_client *client = client_of(call, claims, claimed);
    if (header == NULL || client == NULL || jws_asks_for_more(header) || !type_holds(header) ||
        !signed_by(client, header, &parts) || !audience_holds(call, claims) ||
        !times_hold(call, claims, &expires_s) || jti.len == 0 || jti.len > JTI_MAX) {
        return NULL;
    }
    struct assertion *assertion = ARENA_NEW(call->arena, struct assertion);
    struct str name = arena_printf(call->arena, PRISTR "\n" PRISTR "\n" PRISTR,
                                   STRARG(call->request.realm), STRARG(client->id), STRARG(jti));
    *assertion = (struct assertion){
        .client = client->id, .key = flow_digest(call, name), .expires_s = expires_s};
    return assertion;
}

/* Kept as long as it could be shown again. No owner: whoever changes his keys does not make old
 * assertions good once more. */
static bool use_up(struct flow_call *call, struct store_view *view)
{
    struct assertion *assertion = call->state;
    assertion->used = store_view_lease(view, ASSERTION, assertion->key) != NULL;
    return assertion->used ||
           store_view_lease_put(view, &(struct store_lease){
                                          .kind = ASSERTION,
                                          .key = assertion->key,
                                          .realm = call->request.realm,
                                          .value = STR("{}"),
                                          .expires_ms = 1000 * (assertion->expires_s + SKEW_S + 1),
                                      });
}

static enum flow_step used_up(struct flow_call *call)
{
    const struct assertion *assertion = call->state;
    return assertion->used
               ? flow_client_refuse(call)
               : flow_client_accept(call, assertion->client, FLOW_PROOF_SIGNED, assertion->then);
}

enum flow_step flow_assertion_prove(struct flow_call *call,
                                    enum flow_step (*then)(struct flow_call *call))
{
    const struct form *form = call->request.form;
    struct assertion *assertion =
        str_eq(form_value(form, STR("client_assertion_type")), ASSERTION_TYPE)
            ? read_assertion(call, form_value(form, STR("client_assertion")),
                             form_value(form, STR("client_id")))
            : NULL;
    if (assertion == NULL) {
        return flow_client_refuse(call);
    }
    assertion->then = then;
    call->state = assertion;
    call->work = use_up;
    call->then = used_up;
    return FLOW_STORE;
}
