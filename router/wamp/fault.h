/* fault.h - error URIs, and the one table between them and our error codes. */
#ifndef POSTERN_WAMP_FAULT_H
#define POSTERN_WAMP_FAULT_H

#include "base/err.h"
#include "base/str.h"

#define FAULT_NO_SUCH_PROCEDURE STR("wamp.error.no_such_procedure")
#define FAULT_PROCEDURE_EXISTS  STR("wamp.error.procedure_already_exists")
#define FAULT_PROCEDURE_OTHER_POLICY \
    STR("wamp.error.procedure_exists_with_different_invocation_policy")
#define FAULT_NO_SUCH_REGISTRATION  STR("wamp.error.no_such_registration")
#define FAULT_NO_SUCH_SUBSCRIPTION  STR("wamp.error.no_such_subscription")
#define FAULT_NO_SUCH_SESSION       STR("wamp.error.no_such_session")
#define FAULT_NO_SUCH_REALM         STR("wamp.error.no_such_realm")
#define FAULT_NO_SUCH_ROLE          STR("wamp.error.no_such_role")
#define FAULT_NOT_AUTHORIZED        STR("wamp.error.not_authorized")
#define FAULT_NOT_AUTH_METHOD       STR("wamp.error.not_auth_method")
#define FAULT_AUTHENTICATION_FAILED STR("wamp.error.authentication_failed")
#define FAULT_CANCELED              STR("wamp.error.canceled")
#define FAULT_TIMEOUT               STR("wamp.error.timeout")
#define FAULT_UNAVAILABLE           STR("wamp.error.unavailable")
#define FAULT_NO_ELIGIBLE_CALLEE    STR("wamp.error.no_eligible_callee")
#define FAULT_INVALID_ARGUMENT      STR("wamp.error.invalid_argument")
#define FAULT_INVALID_URI           STR("wamp.error.invalid_uri")
#define FAULT_OPTION_NOT_ALLOWED    STR("wamp.error.option_not_allowed")
#define FAULT_DISCLOSE_ME           STR("wamp.error.option_disallowed.disclose_me")
#define FAULT_NO_AVAILABLE_CALLEE   STR("wamp.error.no_available_callee")
#define FAULT_FEATURE_NOT_SUPPORTED STR("wamp.error.feature_not_supported")
#define FAULT_PAYLOAD_SIZE_EXCEEDED STR("wamp.error.payload_size_exceeded")
#define FAULT_PROTOCOL_VIOLATION    STR("wamp.error.protocol_violation")
#define FAULT_NETWORK_FAILURE       STR("wamp.error.network_failure")
#define CLOSE_NORMAL                STR("wamp.close.normal")
#define CLOSE_GOODBYE_AND_OUT       STR("wamp.close.goodbye_and_out")
#define CLOSE_SYSTEM_SHUTDOWN       STR("wamp.close.system_shutdown")
#define CLOSE_LOGOUT                STR("wamp.close.logout")
#define CLOSE_REALM                 STR("wamp.close.close_realm")
#define CLOSE_KILLED                STR("wamp.close.killed")
#define CLOSE_OVERFLOW              STR("wamp.close.overflow")
#define BONDY_NOT_FOUND             STR("bondy.error.not_found")
#define BONDY_ALREADY_EXISTS        STR("bondy.error.already_exists")
#define BONDY_INTERNAL_ERROR        STR("bondy.error.internal_error")

struct str fault_of(enum err_code code);

/* HTTP status of an error URI: the table of docs/errors.md; 500 for what it does not name. */
unsigned fault_http_status(struct str uri);

#endif
