/* builder.c - puts values into the tree and their places into the side table. */
#include "base/mem.h"
#include "document/inside.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool builder_fail(struct builder *builder, struct position at, const char *format, ...)
{
    if (builder->failed) {
        return false;
    }
    builder->failed = true;
    builder->problem.line = at.line;
    builder->problem.column = at.column;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(builder->problem.text, sizeof(builder->problem.text), format, args);
    va_end(args);
    return false;
}

/* CR, LF and CRLF end a line. */
struct position cursor_to(struct cursor *cursor, size_t offset)
{
    if (offset < cursor->offset) {
        *cursor = cursor_of(cursor->text);
    }
    offset = offset < cursor->text.len ? offset : cursor->text.len;
    for (size_t i = cursor->offset; i < offset; i++) {
        char c = cursor->text.ptr[i];
        if (c == '\n' && i > 0 && cursor->text.ptr[i - 1] == '\r') {
            continue;
        }
        if (c == '\n' || c == '\r') {
            cursor->at.line++;
            cursor->at.column = 1;
        } else if (((unsigned char)c & 0xc0) != 0x80) {
            cursor->at.column++;
        }
    }
    cursor->offset = offset;
    return cursor->at;
}

const char *quoted(struct str text, char out[QUOTED_SIZE])
{
    enum { ROOM = 48 };
    size_t len = text.len;
    if (len > ROOM) {
        len = ROOM;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        out[i] = c < ' ' || c == 0x7f ? '?' : text.ptr[i];
    }
    (void)snprintf(out + len, QUOTED_SIZE - len, "%s", len < text.len ? "..." : "");
    return out;
}

static bool is_shared(const json_t *node)
{
    return json_is_boolean(node) || json_is_null(node);
}

/* By the end of murmur3, so that neighbouring addresses and indexes part. */
static uint64_t slot_hash(const struct place *parent, struct str key, size_t index)
{
    uint64_t h = (uint64_t)(uintptr_t)parent;
    h ^= json_is_object(parent->node) ? str_hash(key) : (uint64_t)index * 0x9e3779b97f4a7c15u;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

struct place *document_place(const struct document *document, const json_t *node)
{
    if (document->root_place != NULL && node == document->root) {
        return document->root_place;
    }
    return idmap_get(&document->by_node, (uint64_t)(uintptr_t)node);
}

struct place *document_child(const struct place *parent,
                             const struct document *document,
                             struct str key,
                             size_t index)
{
    bool keyed = json_is_object(parent->node);
    struct place *place = idmap_get(&document->by_slot, slot_hash(parent, key, index));
    while (place != NULL) {
        if (place->parent == parent && (keyed ? str_eq(place->key, key) : place->index == index)) {
            return place;
        }
        place = place->chain;
    }
    return NULL;
}

bool builder_key_ok(struct builder *builder, const struct slot *slot)
{
    char text[QUOTED_SIZE];
    if (memchr(slot->key.ptr, '\0', slot->key.len) != NULL) {
        return builder_fail(builder, slot->key_at, "a key may not hold a NUL character");
    }
    const struct place *there = document_child(slot->parent, builder->document, slot->key, 0);
    if (there != NULL) {
        return builder_fail(builder, slot->key_at, "duplicate key \"%s\", first seen in line %u",
                            quoted(slot->key, text), there->key_at.line);
    }
    return true;
}

/* Refuses what would pass a limit. */
static bool builder_room(struct builder *builder,
                         const struct slot *slot,
                         struct position at,
                         const json_t *value)
{
    unsigned depth = slot->parent == NULL ? 0 : slot->parent->depth + 1;
    if ((json_is_object(value) || json_is_array(value)) && depth >= builder->limits.depth) {
        return builder_fail(builder, at, "nested deeper than %u levels", builder->limits.depth);
    }
    if (builder->nodes >= builder->limits.nodes) {
        return builder_fail(builder, at, "more than %zu values", builder->limits.nodes);
    }
    size_t bytes = slot->key.len + (json_is_string(value) ? json_string_length(value) : 0);
    if (bytes > builder->limits.bytes - builder->bytes) {
        return builder_fail(builder, at, "expands to more than %zu bytes", builder->limits.bytes);
    }
    builder->nodes++;
    builder->bytes += bytes;
    return true;
}

/* The tree's part: jansson's setters take the value. */
static void tree_add(struct document *document, const struct place *place, json_t *value)
{
    if (place->parent == NULL) {
        document->root = value;
        return;
    }
    /* The table holds borrowed, const nodes; the tree above is still ours to build. */
    json_t *around = (json_t *)(uintptr_t)place->parent->node;
    if (json_is_array(around)) {
        (void)json_array_append_new(around, value);
    } else {
        (void)json_object_setn_new_nocheck(around, place->key.ptr, place->key.len, value);
    }
}

struct place *
builder_add(struct builder *builder, const struct slot *slot, struct position at, json_t *value)
{
    struct document *document = builder->document;
    if (builder->failed || !builder_room(builder, slot, at, value)) {
        json_decref(value);
        return NULL;
    }
    struct place *place = ARENA_NEW(&document->arena, struct place);
    *place = (struct place){.node = value, .parent = slot->parent, .at = at};
    if (slot->parent == NULL) {
        document->root_place = place;
    } else {
        place->depth = slot->parent->depth + 1;
        if (json_is_array(slot->parent->node)) {
            place->index = json_array_size(slot->parent->node);
        } else {
            place->key = arena_str(&document->arena, slot->key);
            place->key_at = slot->key_at;
        }
        uint64_t hash = slot_hash(place->parent, place->key, place->index);
        place->chain = idmap_get(&document->by_slot, hash);
        (void)idmap_put(&document->by_slot, hash, place);
    }
    if (!is_shared(value)) {
        (void)idmap_put(&document->by_node, (uint64_t)(uintptr_t)value, place);
    }
    tree_add(document, place, value);
    return place;
}
