/* proof.h - what the two ends of a challenge compute: WAMP-CRA and SCRAM (RFC 5802, 3).
 *
 * Pure and cheap but for what says that it blocks. Any thread.
 */
#ifndef POSTERN_CREDENTIAL_PROOF_H
#define POSTERN_CREDENTIAL_PROOF_H

#include "base/buf.h"
#include "credential/credential.h"

/* The signature of a CRA challenge, in base64. `key`: a shared secret, or the text of a derived
 * key. */
void cra_sign(struct str key, struct str challenge, char out[CREDENTIAL_KEY_TEXT_SIZE]);
/* The text of the key that signs when the challenge has a salt. Blocks. False: bad parameters. */
bool cra_derive(struct str password,
                struct str salt,
                uint32_t iterations,
                char out[CREDENTIAL_KEY_TEXT_SIZE]);

/* What both ends of SCRAM sign (RFC 5802, 3), appended to `out`; false when that is full.
 * `binding`: the GS2 header, and behind it what binds the channel. */
bool scram_auth_message(const struct credential_scram *scram,
                        struct str name,
                        struct str client_nonce,
                        struct str nonces,
                        struct str binding,
                        struct buf *out);

/* Is it the proof of who knows the password? Then `out_signature` is what proves to him that we
 * know his keys. In constant time. */
bool scram_check(const struct credential_scram *scram,
                 struct str auth_message,
                 const struct hash_sha256 *proof,
                 struct hash_sha256 *out_signature);

/* The client's half. Blocks. `scram` has the costs and the salt; its keys are filled. */
bool scram_client_proof(struct str password,
                        struct credential_scram *scram,
                        struct str auth_message,
                        struct hash_sha256 *out_proof,
                        struct hash_sha256 *out_signature);

#endif
