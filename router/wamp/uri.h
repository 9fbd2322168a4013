/* uri.h - WAMP URIs and patterns: validity, prefix and wildcard matching.
 *
 * Prefix matching is by string, as everyone on the wire does;
 * "longest" then means longest string. A wildcard pattern has empty components.
 */
#ifndef POSTERN_WAMP_URI_H
#define POSTERN_WAMP_URI_H

#include "base/str.h"

#include <stdbool.h>

enum match_policy { MATCH_EXACT, MATCH_PREFIX, MATCH_WILDCARD };
enum { MATCH_POLICIES = 3, URI_LEN_MAX = 1024, URI_COMPONENTS_MAX = 64 };

/* Loose rule (WAMP 2.1.1): components without white space, '#' and '.'; empty components only in
 * a wildcard pattern; a prefix may end in a dot and may be empty. */
bool uri_valid(struct str uri, enum match_policy policy);
bool uri_match(struct str pattern, enum match_policy policy, struct str uri);
/* wamp.*, bondy.* and com.leapsight.bondy.*: not for clients to register or publish. On component
 * borders. */
bool uri_reserved(struct str uri);
/* Which of these it is in, or empty. */
struct str uri_reserved_space(struct str uri);
const char *match_policy_name(enum match_policy policy);

#endif
