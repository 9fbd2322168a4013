/* answer.c - answers: JSON, pages, redirects, and errors with their statuses (RFC 6749, 5.2).
 *
 * `code`, `message` and `description` stand beside the RFC's members because Bondy's clients
 * read them. */
#include "base/mem.h"
#include "flow/flow_inside.h"

static const struct {
    const char *error;
    unsigned status;
} statuses[] = {
    {FLOW_INVALID_CLIENT, 401}, {FLOW_TEMPORARILY, 503},     {FLOW_SERVER_ERROR, 500},
    {"invalid_token", 401},     {"insufficient_scope", 403}, {"slow_down", 400},
};

static unsigned status_of(const char *error)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        if (str_eq(str_of(statuses[i].error), str_of(error))) {
            return statuses[i].status;
        }
    }
    return 400;
}

static void release(void *json)
{
    json_decref(json);
}

json_t *flow_keep(struct flow_call *call, json_t *json)
{
    if (json != NULL) {
        arena_defer(call->arena, release, json);
    }
    return json;
}

enum flow_step
flow_page(struct flow_call *call, unsigned status, enum flow_page page, json_t *fields)
{
    call->answer.kind = FLOW_PAGE;
    call->answer.status = status;
    call->answer.page = page;
    call->answer.json = flow_keep(call, fields);
    return FLOW_ANSWERED;
}

/* 303: the browser must not send its form on (RFC 9700, 4.12). */
enum flow_step flow_redirect(struct flow_call *call, struct str location)
{
    call->answer.kind = FLOW_REDIRECT;
    call->answer.status = 303;
    call->answer.location = location;
    return FLOW_ANSWERED;
}

enum flow_step flow_json(struct flow_call *call, unsigned status, json_t *json)
{
    call->answer.kind = FLOW_JSON;
    call->answer.status = status;
    call->answer.json = flow_keep(call, json);
    return FLOW_ANSWERED;
}

/* What a client sent must not come back in a description (RFC 6749, 5.2 bounds its characters), so
 * descriptions are constants of this program. */
enum flow_step flow_refuse(struct flow_call *call, const char *error, const char *description)
{
    if (str_eq(str_of(error), STR(FLOW_INVALID_CLIENT)) && call->answer.challenge.len == 0) {
        call->answer.challenge = STR("Basic realm=\"oauth\", charset=\"UTF-8\"");
    }
    return flow_json(call, status_of(error),
                     json_pack("{s:s, s:s, s:s, s:s, s:s}", "error", error, "error_description",
                               description, "code", error, "message", description, "description",
                               description));
}

struct str flow_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

uint64_t flow_number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value < 0 ? 0 : (uint64_t)value;
}
