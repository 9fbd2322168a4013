/* features.c - two tables: what our broker and our dealer can do. docs/wamp.md has a row for each,
 * with the test that proves it. */
#include "realm/features.h"

#include "base/mem.h"

static const struct str broker_features[] = {
    STR_INIT("event_history"),
    STR_INIT("event_retention"),
    STR_INIT("pattern_based_subscription"),
    STR_INIT("payload_passthru_mode"),
    STR_INIT("publication_trustlevels"),
    STR_INIT("publisher_exclusion"),
    STR_INIT("publisher_identification"),
    STR_INIT("session_meta_api"),
    STR_INIT("subscriber_blackwhite_listing"),
    STR_INIT("subscription_meta_api"),
    STR_INIT("subscription_revocation"),
};

static const struct str dealer_features[] = {
    STR_INIT("call_canceling"),
    STR_INIT("call_reroute"),
    STR_INIT("call_timeout"),
    STR_INIT("call_trustlevels"),
    STR_INIT("caller_identification"),
    STR_INIT("pattern_based_registration"),
    STR_INIT("payload_passthru_mode"),
    STR_INIT("progressive_call_invocations"),
    STR_INIT("progressive_call_results"),
    STR_INIT("registration_meta_api"),
    STR_INIT("registration_revocation"),
    STR_INIT("session_meta_api"),
    STR_INIT("shared_registration"),
    STR_INIT("testament_meta_api"),
};

static const struct {
    struct str role;
    const struct str *features;
    uint32_t count;
} roles[] = {
    {STR_INIT("broker"), broker_features, COUNT_OF(broker_features)},
    {STR_INIT("dealer"), dealer_features, COUNT_OF(dealer_features)},
};

size_t features_count(void)
{
    return COUNT_OF(broker_features) + COUNT_OF(dealer_features);
}

struct feature features_at(size_t index)
{
    size_t role = 0;
    while (index >= roles[role].count) {
        index -= roles[role].count;
        role++;
    }
    return (struct feature){roles[role].role, roles[role].features[index]};
}

void features_emit(struct emit *emit, bool lean)
{
    emit_map(emit, COUNT_OF(roles));
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        emit_key(emit, roles[i].role);
        emit_map(emit, lean ? 0 : 1);
        if (lean) {
            continue;
        }
        emit_key(emit, STR("features"));
        emit_map(emit, roles[i].count);
        for (uint32_t f = 0; f < roles[i].count; f++) {
            emit_key(emit, roles[i].features[f]);
            emit_bool(emit, true);
        }
    }
}
