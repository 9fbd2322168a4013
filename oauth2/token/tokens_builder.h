/* tokens_builder.h - turns records of keys, tickets and revocations into snapshots.
 *
 * Owned by the builder thread. Records come in change order; a build shares what
 * did not change with the one before, so that one more ticket costs a path of a
 * trie. Revocations that are over are left out, some time after their end.
 */
#ifndef POSTERN_TOKEN_TOKENS_BUILDER_H
#define POSTERN_TOKEN_TOKENS_BUILDER_H

#include "store/store.h"
#include "token/tokens.h"

struct tokens_builder;

struct tokens_builder *tokens_builder_new(void);
void tokens_builder_free(struct tokens_builder *builder);
/* True if the record was of one of the three kinds. One that cannot be read is logged and counts as
 * absent. */
bool tokens_builder_apply(struct tokens_builder *builder, const struct store_record *record);
/* One reference, the caller's. */
struct tokens *tokens_builder_build(struct tokens_builder *builder, uint64_t version);

#endif
