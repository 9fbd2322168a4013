/* tokens_inside.h - what a snapshot is made of. Inside oauth2/token only. */
#ifndef POSTERN_TOKEN_TOKENS_INSIDE_H
#define POSTERN_TOKEN_TOKENS_INSIDE_H

#include "base/hamt.h"
#include "token/tokens.h"

/* Few keys: a realm with more has lost count of them. */
enum { REALM_KEYS_MAX = 64 };

struct tokens {
    struct snapshot snapshot;
    struct hamt realms; /* URI -> struct realm_tokens */
};

/* What one realm has; replaced whole. */
struct realm_tokens {
    struct hamt_entry entry;
    size_t key_count;
    struct token_key *keys[REALM_KEYS_MAX]; /* the one that was activated last comes first */
    struct hamt tickets;                    /* place -> struct held_ticket */
    struct hamt revocations;                /* key -> struct held_revocation */
};

struct held_revocation {
    struct hamt_entry entry;
    uint64_t seq; /* never 0 */
    uint64_t until_s;
};

struct held_ticket {
    struct hamt_entry entry;
    struct ticket_entry ticket;
};

#endif
