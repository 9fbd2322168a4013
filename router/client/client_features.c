/* client_features.c - what a client announces in HELLO: a row a feature, and what it takes. */
#include "base/mem.h"
#include "client/client_inside.h"

#include <stddef.h>

enum need {
    NEEDS_NOTHING, /* the library does it */
    NEEDS_INTERRUPT,
    NEEDS_REVOKED,
    NEEDS_PIECES,
    NEEDS_TIMEOUTS,
    NEEDS_PASSTHRU,
};

struct feature {
    struct str name;
    enum need need;
};

struct role {
    struct str name;
    struct feature features[10]; /* up to the first empty one */
};

/* Progressive results of a callee demand that it can be interrupted. */
static const struct role roles[] = {
    {STR_INIT("caller"),
     {{STR_INIT("caller_identification"), NEEDS_NOTHING},
      {STR_INIT("call_timeout"), NEEDS_NOTHING},
      {STR_INIT("call_canceling"), NEEDS_NOTHING},
      {STR_INIT("progressive_call_results"), NEEDS_NOTHING},
      {STR_INIT("progressive_call_invocations"), NEEDS_NOTHING},
      {STR_INIT("payload_passthru_mode"), NEEDS_PASSTHRU}}},
    {STR_INIT("callee"),
     {{STR_INIT("caller_identification"), NEEDS_NOTHING},
      {STR_INIT("pattern_based_registration"), NEEDS_NOTHING},
      {STR_INIT("shared_registration"), NEEDS_NOTHING},
      {STR_INIT("call_canceling"), NEEDS_INTERRUPT},
      {STR_INIT("progressive_call_results"), NEEDS_INTERRUPT},
      {STR_INIT("progressive_call_invocations"), NEEDS_PIECES},
      {STR_INIT("call_timeout"), NEEDS_TIMEOUTS},
      {STR_INIT("registration_revocation"), NEEDS_REVOKED},
      {STR_INIT("payload_passthru_mode"), NEEDS_PASSTHRU}}},
    {STR_INIT("publisher"),
     {{STR_INIT("publisher_exclusion"), NEEDS_NOTHING},
      {STR_INIT("subscriber_blackwhite_listing"), NEEDS_NOTHING},
      {STR_INIT("publisher_identification"), NEEDS_NOTHING},
      {STR_INIT("payload_passthru_mode"), NEEDS_PASSTHRU}}},
    {STR_INIT("subscriber"),
     {{STR_INIT("pattern_based_subscription"), NEEDS_NOTHING},
      {STR_INIT("publisher_identification"), NEEDS_NOTHING},
      {STR_INIT("subscription_revocation"), NEEDS_REVOKED},
      {STR_INIT("payload_passthru_mode"), NEEDS_PASSTHRU}}},
};

static bool has(const struct client_ops *ops, enum need need)
{
    switch (need) {
    case NEEDS_NOTHING:
        return true;
    case NEEDS_INTERRUPT:
        return ops->on_interrupt != NULL;
    case NEEDS_REVOKED:
        return ops->on_revoked != NULL;
    case NEEDS_PIECES:
        return (ops->promises & CLIENT_TAKES_PIECES) != 0;
    case NEEDS_TIMEOUTS:
        return (ops->promises & CLIENT_KEEPS_TIMEOUTS) != 0;
    case NEEDS_PASSTHRU:
        return (ops->promises & CLIENT_TAKES_PASSTHRU) != 0;
    }
    return false;
}

static void emit_role(const struct client_ops *ops, const struct role *role, struct emit *emit)
{
    uint32_t count = 0;
    for (size_t i = 0; i < COUNT_OF(role->features); i++) {
        count += role->features[i].name.len > 0 && has(ops, role->features[i].need);
    }
    emit_key(emit, role->name);
    emit_map(emit, 1);
    emit_key(emit, STR("features"));
    emit_map(emit, count);
    for (size_t i = 0; i < COUNT_OF(role->features); i++) {
        if (role->features[i].name.len > 0 && has(ops, role->features[i].need)) {
            emit_key(emit, role->features[i].name);
            emit_bool(emit, true);
        }
    }
}

void client_emit_roles(const struct client_ops *ops, struct emit *emit)
{
    emit_map(emit, COUNT_OF(roles));
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        emit_role(ops, &roles[i], emit);
    }
}
