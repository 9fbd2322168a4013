#include "pipeline/built.h"

void built_begin(struct built *built, struct arena *arena)
{
    built->arena = arena;
    buf_init(&built->buf, BUILT_MAX);
    emit_init(&built->emit, SERIALIZER_MSGPACK, &built->buf);
}

bool built_end(struct built *built, struct slice *out)
{
    bool ok = !built->buf.full && arena_room(built->arena, built->buf.len + 64);
    if (ok) {
        *out = (struct slice){SERIALIZER_MSGPACK, arena_str(built->arena, buf_str(&built->buf))};
    }
    buf_done(&built->buf);
    return ok;
}

/* Straight into the arena: how long it becomes is known. */
bool built_text(struct arena *arena, struct str text, struct slice *out)
{
    enum { HEAD_MAX = 5 };
    size_t room = text.len + HEAD_MAX;
    if (room > BUILT_MAX || !arena_room(arena, room + 64)) {
        return false;
    }
    struct buf buf = {.ptr = arena_alloc(arena, room), .cap = room, .max = room};
    struct emit emit;
    emit_init(&emit, SERIALIZER_MSGPACK, &buf);
    emit_str(&emit, text);
    *out = (struct slice){SERIALIZER_MSGPACK, buf_str(&buf)};
    return true;
}

bool built_number(struct arena *arena, uint64_t number, struct slice *out)
{
    struct built built;
    built_begin(&built, arena);
    emit_u64(&built.emit, number);
    return built_end(&built, out);
}
