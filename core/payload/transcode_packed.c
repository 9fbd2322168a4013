/* transcode_packed.c - MsgPack and CBOR to JSON and to each other. A CBOR list or map of indefinite
 * length gets its count when it ends, as those of JSON do.
 */
#include "base/mem.h"
#include "payload/transcode_inside.h"

PER_PAIR bool take_head(struct scan *scan, enum serializer from, struct head *out)
{
    return from == SERIALIZER_CBOR ? cbor_head(scan, out) : msgpack_head(scan, out);
}

/* A CBOR string in chunks, put together on the way. */
static bool
put_chunks(struct writer *writer, struct scan *scan, enum serializer to, const struct head *head)
{
    bool text = head->kind == HEAD_STR_CHUNKS;
    if (to != SERIALIZER_JSON) {
        if (!(text ? put_str_head(writer, to, head->value)
                   : put_bin_head(writer, to, head->value)) ||
            !writer_room(writer, head->value)) {
            return false;
        }
        cbor_join(scan, writer->at);
        writer->at += head->value;
        return true;
    }
    char *bytes = mem_alloc(head->value + 1);
    cbor_join(scan, bytes);
    struct str joined = str_make(bytes, head->value);
    bool ok = text ? write_json_str(writer, joined) : write_json_bin(writer, joined);
    mem_free(bytes);
    return ok;
}

static bool put_f32(struct writer *writer, enum serializer to, const struct head *head)
{
    if (to == SERIALIZER_JSON) {
        return write_json_f64(writer, head_f64(*head));
    }
    return to == SERIALIZER_CBOR ? write_cbor_f32(writer, (uint32_t)head->value)
                                 : write_msgpack_f32(writer, (uint32_t)head->value);
}

PER_PAIR bool
put_scalar(struct writer *writer, struct scan *scan, enum serializer to, const struct head *head)
{
    struct str bytes = str_make(scan->at, head->value);
    switch (head->kind) {
    case HEAD_STR:
        scan->at += bytes.len;
        return put_str(writer, to, bytes);
    case HEAD_BIN:
        scan->at += bytes.len;
        return put_bin(writer, to, bytes);
    case HEAD_UINT:
        return put_uint(writer, to, head->value);
    case HEAD_INT:
        return put_int(writer, to, (int64_t)head->value);
    case HEAD_F32:
        return put_f32(writer, to, head);
    case HEAD_F64:
        return put_f64(writer, to, head_f64(*head));
    case HEAD_TRUE:
    case HEAD_FALSE:
        return put_bool(writer, to, head->kind == HEAD_TRUE);
    case HEAD_STR_CHUNKS:
    case HEAD_BIN_CHUNKS:
        return put_chunks(writer, scan, to, head);
    default:
        return put_null(writer, to);
    }
}

static inline bool is_map(const struct head *head)
{
    return head->kind == HEAD_MAP || head->kind == HEAD_MAP_OPEN;
}

static inline bool is_open(const struct head *head)
{
    return head->kind == HEAD_LIST_OPEN || head->kind == HEAD_MAP_OPEN;
}

static inline bool is_container(const struct head *head)
{
    return head->kind == HEAD_LIST || head->kind == HEAD_MAP || head->kind >= HEAD_LIST_OPEN;
}

/* JSON's keys are strings: a map with others does not exist there. */
PER_PAIR bool key_to_json(struct writer *writer, struct scan *scan, enum serializer from)
{
    struct head head;
    if (!take_head(scan, from, &head)) {
        return false;
    }
    if (head.kind != HEAD_STR && head.kind != HEAD_STR_CHUNKS) {
        return scan_fail(scan, "a key must be a string");
    }
    return put_scalar(writer, scan, SERIALIZER_JSON, &head) && write_byte(writer, ':');
}

/* Whether the container has another member, which is then no longer to come. */
PER_PAIR bool another(struct scan *scan, enum serializer from, struct level *level)
{
    if (from == SERIALIZER_CBOR && level->open) {
        return !cbor_break(scan);
    }
    if (level->count == 0) {
        return false;
    }
    level->count--;
    return true;
}

/* After a value: closes what is complete, or writes what must stand before the next. */
PER_PAIR bool closings_to_json(struct writer *writer,
                               struct scan *scan,
                               enum serializer from,
                               struct level *levels,
                               uint32_t *depth)
{
    while (*depth > 0) {
        struct level *level = &levels[*depth - 1];
        if (another(scan, from, level)) {
            return write_byte(writer, ',') && (!level->map || key_to_json(writer, scan, from));
        }
        if (!write_byte(writer, level->map ? '}' : ']')) {
            return false;
        }
        (*depth)--;
    }
    return true;
}

PER_PAIR bool opening_to_json(struct writer *writer,
                              struct scan *scan,
                              enum serializer from,
                              const struct head *head,
                              struct level *levels,
                              uint32_t *depth)
{
    bool map = is_map(head);
    if (*depth == SCAN_DEPTH_MAX || !write_byte(writer, map ? '{' : '[')) {
        return false;
    }
    struct level *level = &levels[*depth];
    level->count = (uint32_t)head->value;
    level->map = map;
    level->open = is_open(head);
    if (!another(scan, from, level)) {
        return write_byte(writer, map ? '}' : ']') &&
               closings_to_json(writer, scan, from, levels, depth);
    }
    (*depth)++;
    return !map || key_to_json(writer, scan, from);
}

PER_PAIR bool packed_to_json(struct writer *writer, struct scan *scan, enum serializer from)
{
    struct level levels[SCAN_DEPTH_MAX];
    uint32_t depth = 0;
    do {
        struct head head;
        if (!take_head(scan, from, &head)) {
            return false;
        }
        if (is_container(&head)) {
            if (!opening_to_json(writer, scan, from, &head, levels, &depth)) {
                return false;
            }
        } else if (!put_scalar(writer, scan, SERIALIZER_JSON, &head) ||
                   !closings_to_json(writer, scan, from, levels, &depth)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

/* What is around the place: how many values are to come, of an open container negative how many
 * there were. */
struct around {
    int64_t left;
    size_t head;
    bool map;
};

PER_PAIR bool opening_to_packed(struct writer *writer,
                                enum serializer to,
                                const struct head *head,
                                struct around *out)
{
    bool map = is_map(head);
    out->left = (int64_t)(map ? head->value * 2 : head->value);
    out->map = map;
    if (!(map ? put_map(writer, to, (uint32_t)head->value)
              : put_list(writer, to, (uint32_t)head->value))) {
        return false;
    }
    out->head = (size_t)(writer->at - writer->buf->ptr) - 1;
    return true;
}

/* An open container is at its end. */
static bool open_ends(struct writer *writer, enum serializer to, const struct around *around)
{
    int64_t values = -1 - around->left;
    if (around->map && values % 2 != 0) {
        return false;
    }
    struct level level = {.head = around->head,
                          .count = (uint32_t)(around->map ? values / 2 : values),
                          .map = around->map};
    return level_close(writer, &level, to);
}

PER_PAIR bool
packed_to_packed(struct writer *writer, struct scan *scan, enum serializer from, enum serializer to)
{
    struct around levels[SCAN_DEPTH_MAX + 1];
    struct around *here = &levels[0];
    *here = (struct around){.left = 1};
    for (;;) {
        while (here->left == 0 || (from == SERIALIZER_CBOR && here->left < 0 && cbor_break(scan))) {
            if (here == &levels[0]) {
                return true;
            }
            if (here->left < 0 && !open_ends(writer, to, here)) {
                return false;
            }
            here--;
        }
        struct head head;
        here->left--;
        if (!take_head(scan, from, &head)) {
            return false;
        }
        if (!is_container(&head)) {
            if (!put_scalar(writer, scan, to, &head)) {
                return false;
            }
            continue;
        }
        if (here == &levels[SCAN_DEPTH_MAX] || !opening_to_packed(writer, to, &head, here + 1)) {
            return false;
        }
        here++;
        here->left = is_open(&head) ? -1 : here->left;
    }
}

bool msgpack_to_json(struct writer *writer, struct scan *scan)
{
    return packed_to_json(writer, scan, SERIALIZER_MSGPACK);
}

bool cbor_to_json(struct writer *writer, struct scan *scan)
{
    return packed_to_json(writer, scan, SERIALIZER_CBOR);
}

bool msgpack_to_cbor(struct writer *writer, struct scan *scan)
{
    return packed_to_packed(writer, scan, SERIALIZER_MSGPACK, SERIALIZER_CBOR);
}

bool cbor_to_msgpack(struct writer *writer, struct scan *scan)
{
    return packed_to_packed(writer, scan, SERIALIZER_CBOR, SERIALIZER_MSGPACK);
}
