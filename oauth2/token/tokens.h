/* tokens.h - the keys and tickets of all realms, and what was revoked: one immutable snapshot.
 *
 * Built from records of the kinds `key`, `ticket` and `revocation` by one thread
 * (tokens_builder.h), published to all workers, read without locks. Nothing is
 * parsed when a token is looked at.
 */
#ifndef POSTERN_TOKEN_TOKENS_H
#define POSTERN_TOKEN_TOKENS_H

#include "base/str.h"
#include "loop/snapshot.h"
#include "token/key.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct tokens; /* begins with struct snapshot */

/* The key of that id if it verifies now; lives as long as the snapshot. NULL: none. */
const struct token_key *
tokens_key(const struct tokens *tokens, struct str realm, struct str id, uint64_t now_s);
/* The key that signs now; NULL: the realm has none. */
const struct token_key *
tokens_signing_key(const struct tokens *tokens, struct str realm, uint64_t now_s);
/* A list of JWKs: every key that verifies now or will sign. */
json_t *tokens_public_keys(const struct tokens *tokens, struct str realm, uint64_t now_s);

/* What a realm's keys are due for. */
struct key_due {
    bool rotate; /* the present one has signed for the period; else: some are past their end */
    enum sign_algorithm algorithm; /* of its successor */
};
/* Tells of every realm with such keys; `realm` lives as long as the snapshot. A period of 0 is
 * never over. */
typedef void (*tokens_due_fn)(void *ctx, struct str realm, const struct key_due *what);
void tokens_due(
    const struct tokens *tokens, uint64_t now_s, uint64_t period_s, tokens_due_fn fn, void *ctx);

/* What the store says of a ticket, by its place (ticket.h); lives as long as the snapshot. */
struct ticket_entry {
    struct str id;
    bool revoked; /* it, and all before it */
};
const struct ticket_entry *
tokens_ticket(const struct tokens *tokens, struct str realm, struct str place);

/* The change by which the store revoked what `key` says (revocation.h), 0: it did not. Numbers of
 * changes are those of versions of snapshots. */
uint64_t tokens_revoked(const struct tokens *tokens, struct str realm, struct str key);

uint64_t tokens_version(const struct tokens *tokens);

#endif
