/* peer_features.c - one row a feature: roles.<role>.features.<name>. */
#include "realm/peer_features.h"

#include "base/mem.h"

/* The specification spells canceling with two l where it speaks of progressive invocations. */
static const struct {
    struct str role;
    struct str name;
    enum peer_feature bit;
} rows[] = {
    {STR_INIT("caller"), STR_INIT("progressive_call_invocations"), CALLER_PROGRESSIVE_CALLS},
    {STR_INIT("caller"), STR_INIT("payload_passthru_mode"), CALLER_PASSTHRU},
    {STR_INIT("callee"), STR_INIT("call_canceling"), CALLEE_CANCELING},
    {STR_INIT("callee"), STR_INIT("call_cancelling"), CALLEE_CANCELING},
    {STR_INIT("callee"), STR_INIT("progressive_call_invocations"), CALLEE_PROGRESSIVE_CALLS},
    {STR_INIT("callee"), STR_INIT("payload_passthru_mode"), CALLEE_PASSTHRU},
    {STR_INIT("callee"), STR_INIT("call_reroute"), CALLEE_REROUTE},
    {STR_INIT("callee"), STR_INIT("registration_revocation"), CALLEE_REVOCATION},
    {STR_INIT("publisher"), STR_INIT("payload_passthru_mode"), PUBLISHER_PASSTHRU},
    {STR_INIT("subscriber"), STR_INIT("payload_passthru_mode"), SUBSCRIBER_PASSTHRU},
    {STR_INIT("subscriber"), STR_INIT("subscription_revocation"), SUBSCRIBER_REVOCATION},
};

static bool is_true(struct slice value)
{
    struct scan scan;
    bool result = false;
    if (slice_kind(value) != SCAN_BOOL) {
        return false;
    }
    scan_init(&scan, value.serializer, value.bytes, NULL);
    return scan_bool(&scan, &result) && result;
}

static struct slice member(struct slice map, struct str key)
{
    if (map.serializer == SERIALIZER_NONE || slice_kind(map) != SCAN_MAP) {
        return (struct slice){0};
    }
    return slice_get(map, key);
}

unsigned peer_features(struct slice roles)
{
    unsigned result = 0;
    struct str role = STR_EMPTY;
    struct slice features = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!str_eq(rows[i].role, role)) {
            role = rows[i].role;
            features = member(member(roles, role), STR("features"));
        }
        struct slice value = member(features, rows[i].name);
        if (value.serializer != SERIALIZER_NONE && is_true(value)) {
            result |= (unsigned)rows[i].bit;
        }
    }
    return result;
}
