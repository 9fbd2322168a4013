/* revocation.h - what was issued and is worth nothing any more, before its time is up.
 *
 * A record of the kind `revocation`: the realm, {"until": seconds}, and as its key
 * the id of an access token, the family that tokens belong to, or everything that
 * a user, or a user through one client, was given up to then. An access token
 * names the snapshot by which it was issued (`rev`), and one that names an older
 * one than the record's is dead: so that nothing depends on clocks, and whoever is
 * let in again the moment after gets tokens that count.
 */
#ifndef POSTERN_TOKEN_REVOCATION_H
#define POSTERN_TOKEN_REVOCATION_H

#include "base/str.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { REVOCATION_KEY_MAX = 640 };

/* The key for all of a user's tokens, of one client's or ("") of any. */
struct str revocation_of_user(struct str authid, struct str client, char out[REVOCATION_KEY_MAX]);

/* Within a transaction: from its commit on. `key` as above. False: the view has failed. */
bool revocation_put(struct store_view *view, struct str realm, struct str key, uint64_t now_s);

#endif
