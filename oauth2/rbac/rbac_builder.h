/* rbac_builder.h - turns records of realms, sources and grants into rbac snapshots.
 *
 * Owned by the builder thread. Records come in change order; a build shares what
 * did not change with the one before.
 */
#ifndef POSTERN_RBAC_RBAC_BUILDER_H
#define POSTERN_RBAC_RBAC_BUILDER_H

#include "credential/credential.h"
#include "rbac/rbac.h"
#include "store/store.h"

struct rbac_builder;

struct rbac_builder *rbac_builder_new(void);
void rbac_builder_free(struct rbac_builder *builder);
/* What the settings say; all zero is the usual. */
struct rbac_settings {
    bool allow_anonymous_admin; /* see below */
    bool refuse_anonymous;      /* nobody comes in anonymously, into no realm */
    struct credential_policy passwords;
};
/* Before the first record is applied. */
void rbac_builder_set(struct rbac_builder *builder, const struct rbac_settings *settings);
/* Off at first: grants and sources of the master realm for `anonymous` or `all` count as absent,
 * also those stored while it was on. Before the first record is applied. */
void rbac_builder_allow_anonymous_admin(struct rbac_builder *builder, bool allow);
/* True if the record was of a kind that concerns access. A record that cannot be read is
 * logged and counts as absent: it grants nothing. */
bool rbac_builder_apply(struct rbac_builder *builder, const struct store_record *record);
/* One reference, the caller's. */
struct rbac *rbac_builder_build(struct rbac_builder *builder, uint64_t version);

#endif
