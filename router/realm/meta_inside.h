/* meta_inside.h - what the files of the meta API share. Only for meta*.c. */
#ifndef POSTERN_REALM_META_INSIDE_H
#define POSTERN_REALM_META_INSIDE_H

#include "payload/emit.h"
#include "wamp/uri.h"

#include <stdint.h>

/* A registration or a subscription, as it is shown. */
struct meta_entry {
    uint64_t id;
    uint64_t created_ms;
    struct str uri;
    enum match_policy match;
    struct str invoke; /* empty for a subscription */
};

void meta_emit_entry(struct emit *emit, const struct meta_entry *entry);

#endif
