/* audience_filter.h - exclude and eligible: which members of an audience an event is for.
 *
 * Read from PUBLISH's options, again on each worker that delivers. Lists that are
 * present and empty count: eligible [] is nobody.
 */
#ifndef POSTERN_REALM_AUDIENCE_FILTER_H
#define POSTERN_REALM_AUDIENCE_FILTER_H

#include "base/arena.h"
#include "realm/passthru.h"
#include "wamp/options.h"

#include <stdbool.h>
#include <stdint.h>

struct principal;

struct audience_filter {
    uint64_t except; /* the publisher's session, 0: none */
    uint64_t moment; /* reach_list's, of an event that was under way; 0: it was not */
    struct option_list exclude;
    struct option_list exclude_authid;
    struct option_list exclude_authrole;
    struct option_list eligible;
    struct option_list eligible_authid;
    struct option_list eligible_authrole;
};

struct publish_options {
    bool acknowledge;
    bool exclude_me;
    bool disclose_me;
    bool retain;
    uint64_t retained_ttl; /* seconds, 0: for ever; RETAINED_TTL_DEFAULT: not said */
    struct passthru passthru;
    struct audience_filter filter;
};

#define RETAINED_TTL_DEFAULT UINT64_MAX

/* The defaults where a key is missing, that of disclose_me as given. */
bool publish_options_read(struct slice options,
                          bool disclose_me,
                          struct arena *scratch,
                          struct publish_options *out,
                          struct err *err);
/* Nobody can pass, whoever is there. */
bool audience_filter_closed(const struct audience_filter *filter);
/* It speaks of sessions, which are others tomorrow. */
bool audience_filter_by_session(const struct audience_filter *filter);
/* Nothing but `except` needs to be looked at. */
bool audience_filter_open(const struct audience_filter *filter);
bool audience_filter_passes(const struct audience_filter *filter,
                            uint64_t session,
                            const struct principal *principal);

#endif
