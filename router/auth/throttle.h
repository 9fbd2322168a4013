/* throttle.h - failed logins are counted, and slow down the next ones.
 *
 * Counted by account, by address prefix (/32 of IPv4, /64 of IPv6) and by both
 * together. From the fifth failure on, each doubles the time in which no attempt
 * is looked at, up to a cap; time without failures forgets them, so nobody is
 * locked out for good. Who has come in from an address before is not slowed there
 * by failures that come from others. Loopback and unix sockets are one address of
 * many clients: by account alone.
 *
 * Memory is fixed: a full table forgets who has failed least. Any thread.
 */
#ifndef POSTERN_AUTH_THROTTLE_H
#define POSTERN_AUTH_THROTTLE_H

#include "base/str.h"
#include "net/peer_info.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    THROTTLE_FREE = 5, /* failures that cost nothing */
    THROTTLE_STEP_MS = 1000,
    THROTTLE_ACCOUNT_MAX_MS = 30 * 1000,
    THROTTLE_ADDRESS_MAX_MS = 5 * 60 * 1000,
    THROTTLE_FORGET_MS = 15 * 60 * 1000,
};

struct throttle;

/* Whose failure, as hashes; 0: not counted. */
struct throttle_key {
    uint64_t account;
    uint64_t prefix;
    uint64_t both;
};

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

struct throttle_key
throttle_key(struct str realm, struct str account, const struct peer_info *info);

/* Nobody waits, as far as one look without a lock can tell. */
bool throttle_is_idle(struct throttle *throttle, uint64_t now_ms);
/* How long no attempt is looked at; 0: go on. */
uint64_t
throttle_wait_ms(struct throttle *throttle, const struct throttle_key *key, uint64_t now_ms);
void throttle_failed(struct throttle *throttle, const struct throttle_key *key, uint64_t now_ms);
void throttle_passed(struct throttle *throttle, const struct throttle_key *key, uint64_t now_ms);

#endif
