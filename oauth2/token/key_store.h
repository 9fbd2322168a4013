/* key_store.h - the keys of a realm in its store: the first one, and the change from one to the
 * next. For work on the store thread, within its transaction.
 *
 * A change of keys by schedule announces the new key before it signs, so that who
 * keeps a copy of the realm's keys has it by then, and lets the old ones verify until
 * the last token that they signed has expired. In an emergency the old ones are
 * retired at once, and what they signed with them.
 */
#ifndef POSTERN_TOKEN_KEY_STORE_H
#define POSTERN_TOKEN_KEY_STORE_H

#include "store/store.h"
#include "token/key.h"

enum {
    KEY_LIVE_MAX = 32,            /* that verify at a time */
    KEY_KEEP_S = 400 * 24 * 3600, /* no ticket or token lives longer */
};

/* Makes the realm's first key, unless it has one. False: the view has failed. */
bool token_keys_ensure(struct store_view *view, struct str realm, uint64_t now_s);

/* The key that signs now, made if there is none; the caller's. NULL: the view has failed. */
struct token_key *token_keys_signing(struct store_view *view, struct str realm, uint64_t now_s);

struct key_rotation {
    struct str realm;
    uint64_t now_s;
    bool emergency;
    uint64_t keep_s;   /* how long the old ones verify once the new one signs */
    uint64_t period_s; /* of token_keys_tend: how long one signs; 0: for ever */
};

/* `next` takes the place of the realm's active keys; its times are set. What is past its end is
 * retired on the way. False: the view has failed. */
bool token_keys_rotate(struct store_view *view,
                       const struct key_rotation *rotation,
                       struct token_key *next);

/* What the schedule is for: `next` (or NULL) takes its place if the present key is old enough, and
 * what is past its end is retired. Nothing is written when there is nothing to do, and for a realm
 * without keys. False: the view has failed, or the realm has KEY_LIVE_MAX keys already. */
bool token_keys_tend(struct store_view *view,
                     const struct key_rotation *rotation,
                     struct token_key *next);

/* How many verify now or will. */
size_t token_keys_live(struct store_view *view, struct str realm, uint64_t now_s);

/* A list of JWKs, of the keys that verify or will; the caller's. */
json_t *token_keys_public(struct store_view *view, struct str realm, uint64_t now_s);

#endif
