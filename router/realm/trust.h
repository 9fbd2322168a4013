/* trust.h - how far a caller or publisher is trusted, by rules of the configuration.
 *
 * A rule is "ROLE=LEVEL" or "authid:NAME=LEVEL"; the first that fits decides. Made
 * with the router, read by every worker, never changed.
 */
#ifndef POSTERN_REALM_TRUST_H
#define POSTERN_REALM_TRUST_H

#include "base/str.h"
#include "rbac/rbac.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of INVOCATION and EVENT details. */
#define TRUST_KEY STR("trustlevel")

struct trust_rule;

struct trust {
    struct trust_rule *rules;
    size_t count;
};

/* What is no rule is left out: the configuration has refused it. */
void trust_init(struct trust *trust, const struct str *rules, size_t count);
void trust_done(struct trust *trust);

/* False when there are no rules: then nothing is said of trust. 0 when none fits. */
static inline bool trust_configured(const struct trust *trust)
{
    return trust->count > 0;
}
uint64_t trust_level(const struct trust *trust, const struct principal *principal);

#endif
