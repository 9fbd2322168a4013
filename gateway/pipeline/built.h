/* built.h - small values made for templates: one MsgPack piece in an exchange's arena. */
#ifndef POSTERN_PIPELINE_BUILT_H
#define POSTERN_PIPELINE_BUILT_H

#include "base/arena.h"
#include "base/buf.h"
#include "payload/emit.h"

#include <stdbool.h>
#include <stdint.h>

enum { BUILT_MAX = 1 << 20 };

struct built {
    struct arena *arena;
    struct buf buf;
    struct emit emit;
};

/* Emit the value between the two. False: larger than BUILT_MAX, or than the arena has room. */
void built_begin(struct built *built, struct arena *arena);
bool built_end(struct built *built, struct slice *out);

bool built_text(struct arena *arena, struct str text, struct slice *out);
bool built_number(struct arena *arena, uint64_t number, struct slice *out);

#endif
