/* security_file.h - the realms of a security file, in whatever order they stand in it.
 *
 * A file is a realm object or a list of them. Each realm is read after those it
 * refers to, against what the store has and what the file has said so far. For
 * start-up and offline commands: it blocks.
 */
#ifndef POSTERN_RBAC_SECURITY_FILE_H
#define POSTERN_RBAC_SECURITY_FILE_H

#include "rbac/rbac_builder.h"
#include "rbac/realm_record.h"

typedef void (*security_mistake_fn)(void *ctx, const struct realm_mistake *mistake);

/* Alone, beside nothing that a store may have. Every realm with a mistake is said. */
bool security_file_check(const json_t *file, security_mistake_fn say, void *ctx);

/* Before store_start: reads everything, then commits realm by realm. `settings`: NULL is the usual.
 * `out_changed` (may be NULL): whether anything had to be written. A mistake is ERR_INVALID and in
 * `mistake`, and nothing has been written. */
bool security_file_apply(struct store *store,
                         const json_t *file,
                         const struct rbac_settings *settings,
                         struct str author,
                         bool *out_changed,
                         struct realm_mistake *mistake,
                         struct err *err);

#endif
