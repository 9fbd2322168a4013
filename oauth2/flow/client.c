/* client.c - who asks: client authentication (RFC 6749, 2.3 and 3.2.1), and what a client may.
 *
 * A client is a user in the group api_clients; what OAuth wants to know beyond that is `client`
 * of its record. Its secret is its password, or one of those that were generated for it. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/percent.h"
#include "flow/flow_inside.h"

#define GROUP_CLIENTS STR("api_clients")

enum { BASIC_MAX = 2048 };

/* What the request says of its client. */
struct client_words {
    struct str id;
    struct str secret;
    enum flow_proof proof;
    enum flow_step (*then)(struct flow_call *call);
};

static const char *const grant_names[FLOW_GRANTS] = {
#define GRANT_NAME(name, text) [FLOW_GRANT_##name] = (text),
    FLOW_GRANT_MAP(GRANT_NAME)
#undef GRANT_NAME
};

const char *flow_grant_name(enum flow_grant grant)
{
    return grant_names[grant];
}

bool flow_client_lists(const struct flow_client *client, const char *key, struct str value)
{
    const json_t *list = json_object_get(client->record, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (json_is_string(element) &&
            str_eq(value, str_make(json_string_value(element), json_string_length(element)))) {
            return true;
        }
    }
    return false;
}

/* Without a record: what Bondy lets its clients do. */
static unsigned grants_of(const struct flow_client *client)
{
    unsigned grants = 0;
    if (json_object_get(client->record, "grant_types") == NULL) {
        return 1U << FLOW_GRANT_CLIENT_CREDENTIALS | 1U << FLOW_GRANT_PASSWORD |
               1U << FLOW_GRANT_REFRESH;
    }
    for (unsigned i = 0; i < FLOW_GRANTS; i++) {
        if (flow_client_lists(client, "grant_types", str_of(grant_names[i]))) {
            grants |= 1U << i;
        }
    }
    return grants;
}

static bool is_client(struct flow_call *call, const struct rbac_user *user)
{
    struct rbac_roles roles = rbac_roles_of(call->realm, user, call->arena);
    for (size_t i = 0; i < roles.count; i++) {
        if (str_eq(roles.names[i], GROUP_CLIENTS)) {
            return true;
        }
    }
    return false;
}

struct flow_client *flow_client_find(struct flow_call *call, struct str id)
{
    const struct rbac_user *user = flow_user_find(call, id);
    if (user == NULL || !is_client(call, user)) {
        return NULL;
    }
    struct flow_client *client = ARENA_NEW(call->arena, struct flow_client);
    client->id = user->username;
    client->user = user;
    client->record = user->client.len == 0
                         ? NULL
                         : flow_keep(call, json_loadb(user->client.ptr, user->client.len, 0, NULL));
    const char *type = json_string_value(json_object_get(client->record, "type"));
    client->is_public = type != NULL && str_eq(str_of(type), STR("public"));
    client->grants = grants_of(client);
    return client;
}

struct str flow_client_name(const struct flow_client *client)
{
    struct str name = flow_text(client->record, "name");
    return name.len > 0 ? name : client->id;
}

enum flow_step flow_client_refuse(struct flow_call *call)
{
    return flow_refuse(call, FLOW_INVALID_CLIENT,
                       "the client is unknown, or did not prove that it is who it says");
}

/* What was registered, if anything was: a secret that leaks must not be good in another place. */
static bool may_prove(const struct flow_client *client, enum flow_proof proof)
{
    static const struct {
        enum flow_proof proof;
        struct str method;
    } methods[] = {
        {FLOW_PROOF_NONE, STR_INIT(APPLICATION_NONE)},
        {FLOW_PROOF_BASIC, STR_INIT(APPLICATION_BASIC)},
        {FLOW_PROOF_POST, STR_INIT(APPLICATION_POST)},
        {FLOW_PROOF_SIGNED, STR_INIT(APPLICATION_SIGNED)},
    };
    struct str registered = flow_text(client->record, "token_endpoint_auth_method");
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (methods[i].proof == proof && registered.len > 0 &&
            !str_eq(registered, methods[i].method)) {
            return false;
        }
    }
    return client->is_public == (proof == FLOW_PROOF_NONE);
}

enum flow_step flow_client_accept(struct flow_call *call,
                                  struct str id,
                                  enum flow_proof proof,
                                  enum flow_step (*then)(struct flow_call *call))
{
    struct flow_client *client = flow_client_find(call, id);
    if (client == NULL || !may_prove(client, proof)) {
        return flow_client_refuse(call);
    }
    call->client = client;
    return then(call);
}

static enum flow_step on_login(struct flow_call *call)
{
    const struct client_words *words = call->state;
    switch (call->login.outcome) {
    case FLOW_LOGIN_PASSED:
        return flow_client_accept(call, words->id, words->proof, words->then);
    case FLOW_LOGIN_LATER:
        call->answer.retry_after_s = call->login.wait_s;
        return flow_refuse(call, FLOW_TEMPORARILY, "too many attempts, try again later");
    case FLOW_LOGIN_FAILED:
        break;
    }
    return flow_client_refuse(call);
}

/* As RFC 6749 wants it: each part encoded as in a form. What is not encoded is taken as it is. */
static struct str form_part(struct flow_call *call, struct str text)
{
    struct str decoded;
    return percent_decode(text, true, call->arena, &decoded) ? decoded : text;
}

/* The last colon parts them, as Bondy has it, whose names may have colons themselves. */
static bool read_basic(struct flow_call *call, struct client_words *words)
{
    struct str scheme = STR_EMPTY;
    struct str encoded = STR_EMPTY;
    struct buf plain;
    buf_init(&plain, BASIC_MAX);
    bool good = str_cut(call->request.authorization, ' ', &scheme, &encoded) &&
                str_eq_nocase(scheme, STR("Basic")) &&
                base64_decode(BASE64_STANDARD, str_trim(encoded), &plain);
    struct str text = arena_str(call->arena, buf_str(&plain));
    buf_done(&plain);
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    if (!good || colon == 0) {
        return false;
    }
    words->id = form_part(call, str_sub(text, 0, colon - 1));
    words->secret = form_part(call, str_from(text, colon));
    words->proof = FLOW_PROOF_BASIC;
    return true;
}

static bool read_words(struct flow_call *call, struct client_words *words, const char **out_why)
{
    const struct form *form = call->request.form;
    struct str id = form_value(form, STR("client_id"));
    struct str secret = form_value(form, STR("client_secret"));
    int ways = (call->request.authorization.len > 0) + (secret.len > 0) +
               (flow_assertion_given(call) ? 1 : 0);
    *out_why = NULL;
    if (ways > 1) {
        *out_why = "a client proves itself in one way only";
        return false;
    }
    if (call->request.authorization.len > 0) {
        if (!read_basic(call, words)) {
            return false;
        }
        if (id.len > 0 && !str_eq(id, words->id)) {
            *out_why = "client_id is another one than that of the Authorization header";
            return false;
        }
        return true;
    }
    words->id = id;
    words->secret = secret;
    words->proof = secret.len > 0 ? FLOW_PROOF_POST : FLOW_PROOF_NONE;
    return id.len > 0 || flow_assertion_given(call);
}

enum flow_step flow_client_prove(struct flow_call *call,
                                 enum flow_step (*then)(struct flow_call *call))
{
    struct client_words *words = ARENA_NEW(call->arena, struct client_words);
    const char *why = NULL;
    words->then = then;
    words->proof = FLOW_PROOF_NONE;
    if (!read_words(call, words, &why)) {
        return why == NULL ? flow_client_refuse(call)
                           : flow_refuse(call, FLOW_INVALID_REQUEST, why);
    }
    if (flow_assertion_given(call)) {
        return flow_assertion_prove(call, then);
    }
    if (words->proof == FLOW_PROOF_NONE) {
        return flow_client_accept(call, words->id, words->proof, then);
    }
    call->state = words;
    call->login = (struct flow_login){.name = words->id, .password = words->secret};
    call->then = on_login;
    return FLOW_LOGIN;
}
