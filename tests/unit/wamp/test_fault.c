/* Errors as URIs and as HTTP statuses. */
#include "base/mem.h"
#include "wamp/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void every_code_is_an_error_uri_with_a_fitting_status(void **state)
{
    (void)state;
    static const struct {
        enum err_code code;
        unsigned status;
    } wanted[] = {
        {ERR_INVALID, 400},   {ERR_UNKNOWN, 500},     {ERR_DENIED, 403},
        {ERR_NOT_FOUND, 404}, {ERR_CONFLICT, 409},    {ERR_LIMIT, 413},
        {ERR_TIMEOUT, 504},   {ERR_UNAVAILABLE, 503}, {ERR_INTERNAL, 500},
    };
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_int_equal(fault_http_status(fault_of(wanted[i].code)), wanted[i].status);
    }
}

static void known_errors_have_their_status(void **state)
{
    (void)state;
    assert_int_equal(fault_http_status(FAULT_NO_SUCH_PROCEDURE), 503);
    assert_int_equal(fault_http_status(FAULT_NO_ELIGIBLE_CALLEE), 503);
    assert_int_equal(fault_http_status(FAULT_NO_AVAILABLE_CALLEE), 503);
    assert_int_equal(fault_http_status(FAULT_CANCELED), 502);
    assert_int_equal(fault_http_status(FAULT_NETWORK_FAILURE), 502);
    assert_int_equal(fault_http_status(STR("bondy.error.timeout")), 504);
    assert_int_equal(fault_http_status(STR("wamp.error.authorization_failed")), 403);
    assert_int_equal(fault_http_status(STR("wamp.error.no_such_session")), 404);
    assert_int_equal(fault_http_status(FAULT_PROCEDURE_EXISTS), 409);
    assert_int_equal(fault_http_status(STR("bondy.error.active_users")), 409);
    assert_int_equal(fault_http_status(FAULT_INVALID_ARGUMENT), 400);
    assert_int_equal(fault_http_status(FAULT_PAYLOAD_SIZE_EXCEEDED), 413);
    assert_int_equal(fault_http_status(STR("bondy.error.too_many_requests")), 429);
}

static void a_family_shares_its_status(void **state)
{
    (void)state;
    assert_int_equal(fault_http_status(STR("bondy.error.invalid_datatype")), 400);
    assert_int_equal(fault_http_status(STR("bondy.error.unknown_roles")), 400);
    assert_int_equal(fault_http_status(STR("bondy.error.unknown")), 500);
}

static void what_nobody_named_is_500(void **state)
{
    (void)state;
    assert_int_equal(fault_http_status(STR("com.example.error.out_of_stock")), 500);
    assert_int_equal(fault_http_status(STR("wamp.error.timeout.x")), 500);
    assert_int_equal(fault_http_status(STR("wamp.error")), 500);
    assert_int_equal(fault_http_status(STR_EMPTY), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_an_error_uri_with_a_fitting_status),
        cmocka_unit_test(known_errors_have_their_status),
        cmocka_unit_test(a_family_shares_its_status),
        cmocka_unit_test(what_nobody_named_is_500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
