/* features.h - the roles that WELCOME announces: only what works. */
#ifndef POSTERN_REALM_FEATURES_H
#define POSTERN_REALM_FEATURES_H

#include "payload/emit.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes {broker: {features}, dealer: {features}}; `lean`: without features, for peers that
 * accept only the shortest messages. */
void features_emit(struct emit *emit, bool lean);

/* The same one by one. */
struct feature {
    struct str role;
    struct str name;
};

size_t features_count(void);
struct feature features_at(size_t index);

#endif
