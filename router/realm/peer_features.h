/* peer_features.h - what a peer announced in HELLO and we act on, as bits. */
#ifndef POSTERN_REALM_PEER_FEATURES_H
#define POSTERN_REALM_PEER_FEATURES_H

#include "payload/scan.h"

enum peer_feature {
    CALLER_PROGRESSIVE_CALLS = 1 << 0,
    CALLER_PASSTHRU = 1 << 1,
    CALLEE_CANCELING = 1 << 2, /* it understands INTERRUPT */
    CALLEE_PROGRESSIVE_CALLS = 1 << 3,
    CALLEE_PASSTHRU = 1 << 4,
    CALLEE_REROUTE = 1 << 5,    /* its wamp.error.unavailable means: ask another one */
    CALLEE_REVOCATION = 1 << 6, /* it understands an UNREGISTERED that it did not ask for */
    PUBLISHER_PASSTHRU = 1 << 7,
    SUBSCRIBER_PASSTHRU = 1 << 8,
    SUBSCRIBER_REVOCATION = 1 << 9,
};

/* `roles`: HELLO.Details.roles, or nothing. Any combination of enum peer_feature. */
unsigned peer_features(struct slice roles);

#endif
