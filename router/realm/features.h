/* features.h - the roles that WELCOME announces: only what works. */
#ifndef POSTERN_REALM_FEATURES_H
#define POSTERN_REALM_FEATURES_H

#include "payload/emit.h"

#include <stdbool.h>

/* Writes {broker: {features}, dealer: {features}}; `lean`: without features, for peers that
 * accept only the shortest messages. */
void features_emit(struct emit *emit, bool lean);

#endif
