/* fault.c - two tables: our error codes as URIs, and URIs as HTTP statuses. */
#include "wamp/fault.h"

#include "base/mem.h"

struct str fault_of(enum err_code code)
{
    switch (code) {
    case ERR_INVALID:
        return FAULT_INVALID_ARGUMENT;
    case ERR_UNKNOWN:
        return FAULT_AUTHENTICATION_FAILED;
    case ERR_DENIED:
        return FAULT_NOT_AUTHORIZED;
    case ERR_NOT_FOUND:
        return BONDY_NOT_FOUND;
    case ERR_CONFLICT:
        return BONDY_ALREADY_EXISTS;
    case ERR_LIMIT:
        return FAULT_PAYLOAD_SIZE_EXCEEDED;
    case ERR_TIMEOUT:
        return FAULT_TIMEOUT;
    case ERR_UNAVAILABLE:
        return FAULT_UNAVAILABLE;
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return BONDY_INTERNAL_ERROR;
}

/* What is not here is 500. A row that ends in '_' stands for all that begin so. */
static const struct status_row {
    struct str uri;
    unsigned status;
} statuses[] = {
    {STR_INIT("wamp.error.timeout"), 504},
    {STR_INIT("bondy.error.timeout"), 504},
    {STR_INIT("wamp.error.no_such_procedure"), 503},
    {STR_INIT("wamp.error.no_eligible_callee"), 503},
    {STR_INIT("wamp.error.no_available_callee"), 503},
    {STR_INIT("wamp.error.unavailable"), 503},
    {STR_INIT("wamp.error.canceled"), 502},
    {STR_INIT("bondy.error.bad_gateway"), 502},
    {STR_INIT("wamp.error.network_failure"), 502},
    {STR_INIT("wamp.error.not_authorized"), 403},
    {STR_INIT("wamp.error.authorization_failed"), 403},
    {STR_INIT("bondy.error.not_found"), 404},
    {STR_INIT("wamp.error.no_such_realm"), 404},
    {STR_INIT("wamp.error.no_such_principal"), 404},
    {STR_INIT("wamp.error.no_such_session"), 404},
    {STR_INIT("wamp.error.no_such_registration"), 404},
    {STR_INIT("wamp.error.no_such_subscription"), 404},
    {STR_INIT("bondy.error.already_exists"), 409},
    {STR_INIT("bondy.error.active_users"), 409},
    {STR_INIT("bondy.error.inconsistency_error"), 409},
    {STR_INIT("wamp.error.procedure_already_exists"), 409},
    {STR_INIT("bondy.error.precondition_failed"), 412},
    {STR_INIT("bondy.error.invalid_specification"), 422},
    {STR_INIT("wamp.error.invalid_argument"), 400},
    {STR_INIT("wamp.error.invalid_uri"), 400},
    {STR_INIT("wamp.error.option_not_allowed"), 400},
    {STR_INIT("bondy.error.missing_required_value"), 400},
    {STR_INIT("bondy.error.invalid_"), 400},
    {STR_INIT("bondy.error.no_such_groups"), 400},
    {STR_INIT("bondy.error.no_such_users"), 400},
    {STR_INIT("bondy.error.property_range_limit"), 400},
    {STR_INIT("bondy.error.bad_signature"), 400},
    {STR_INIT("bondy.error.unknown_"), 400},
    {STR_INIT("wamp.error.payload_size_exceeded"), 413},
    {STR_INIT("bondy.error.too_many_requests"), 429},
};

unsigned fault_http_status(struct str uri)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        const struct status_row *row = &statuses[i];
        bool family = row->uri.ptr[row->uri.len - 1] == '_';
        if (family ? str_starts(uri, row->uri) : str_eq(uri, row->uri)) {
            return row->status;
        }
    }
    return 500;
}
