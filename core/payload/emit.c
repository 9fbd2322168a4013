/* emit.c - the emitter: tokens of each serializer, commas, and the count of what is open. */
#include "payload/emit.h"

#include "base/mem.h"
#include "payload/emit_inside.h"

#include <assert.h>

/* `open` is left as it is: only levels that were entered are read. */
void emit_init(struct emit *emit, enum serializer serializer, struct buf *out)
{
    assert(serializer > SERIALIZER_NONE && serializer < SERIALIZERS);
    emit->serializer = serializer;
    emit->out = out;
    emit->depth = 0;
    emit->failed = false;
}

static bool is_json(const struct emit *emit)
{
    return emit->serializer == SERIALIZER_JSON;
}

/* Opens the writer, and writes the comma that is due. */
static bool begin(struct emit *emit, struct writer *writer)
{
    writer_open(writer, emit->out);
    if (emit->failed || emit->out->full) {
        return false;
    }
    if (emit->depth == 0) {
        return true;
    }
    size_t level = emit->depth - 1;
    assert(!emit->open[level].key);
    bool comma = is_json(emit) && !emit->open[level].map && !emit->open[level].first;
    emit->open[level].first = false;
    return !comma || write_byte(writer, ',');
}

/* A value is complete, and so is each container whose last member it was. */
static void end(struct emit *emit, struct writer *writer, bool ok)
{
    if (!ok) {
        return;
    }
    while (emit->depth > 0) {
        size_t level = emit->depth - 1;
        emit->open[level].key = emit->open[level].map;
        if (--emit->open[level].left > 0) {
            break;
        }
        if (is_json(emit) && !write_byte(writer, emit->open[level].map ? '}' : ']')) {
            break;
        }
        emit->depth--;
    }
    writer_close(writer);
}

void emit_null(struct emit *emit)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_null(&writer, emit->serializer));
    }
}

void emit_bool(struct emit *emit, bool value)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_bool(&writer, emit->serializer, value));
    }
}

void emit_i64(struct emit *emit, int64_t value)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_int(&writer, emit->serializer, value));
    }
}

void emit_u64(struct emit *emit, uint64_t value)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_uint(&writer, emit->serializer, value));
    }
}

void emit_f64(struct emit *emit, double value)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_f64(&writer, emit->serializer, value));
    }
}

void emit_str(struct emit *emit, struct str value)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_str(&writer, emit->serializer, value));
    }
}

void emit_bin(struct emit *emit, struct str value)
{
    struct writer writer;
    if (begin(emit, &writer)) {
        end(emit, &writer, put_bin(&writer, emit->serializer, value));
    }
}

static void container(struct emit *emit, uint32_t count, bool map)
{
    struct writer writer;
    if (!begin(emit, &writer)) {
        return;
    }
    if (count > 0 && emit->depth == COUNT_OF(emit->open)) {
        emit->failed = true;
        return;
    }
    bool ok;
    if (is_json(emit)) {
        ok = write_byte(&writer, map ? '{' : '[') &&
             (count > 0 || write_byte(&writer, map ? '}' : ']'));
    } else {
        ok = map ? put_map(&writer, emit->serializer, count)
                 : put_list(&writer, emit->serializer, count);
    }
    if (count == 0 || !ok) {
        end(emit, &writer, ok);
        return;
    }
    emit->open[emit->depth].left = count;
    emit->open[emit->depth].map = map;
    emit->open[emit->depth].key = map;
    emit->open[emit->depth].first = true;
    emit->depth++;
    writer_close(&writer);
}

void emit_list(struct emit *emit, uint32_t count)
{
    container(emit, count, false);
}

void emit_map(struct emit *emit, uint32_t count)
{
    container(emit, count, true);
}

void emit_key(struct emit *emit, struct str key)
{
    struct writer writer;
    writer_open(&writer, emit->out);
    if (emit->failed || emit->out->full) {
        return;
    }
    assert(emit->depth > 0 && emit->open[emit->depth - 1].key);
    size_t level = emit->depth - 1;
    bool ok = is_json(emit) ? (emit->open[level].first || write_byte(&writer, ',')) &&
                                  write_json_str(&writer, key) && write_byte(&writer, ':')
                            : put_str(&writer, emit->serializer, key);
    emit->open[level].first = false;
    emit->open[level].key = false;
    if (ok) {
        writer_close(&writer);
    }
}

void emit_map_members(struct emit *emit, struct slice map, uint32_t count)
{
    struct writer writer;
    writer_open(&writer, emit->out);
    if (emit->failed || emit->out->full || count == 0) {
        return;
    }
    assert(map.serializer == emit->serializer && emit->depth > 0 && count <= 15);
    size_t level = emit->depth - 1;
    assert(emit->open[level].key && emit->open[level].left >= count);
    bool json = is_json(emit);
    bool comma = json && !emit->open[level].first;
    struct str members = str_sub(map.bytes, 1, map.bytes.len - (json ? 2 : 1));
    emit->open[level].first = false;
    emit->open[level].left -= count - 1;
    end(emit, &writer, (!comma || write_byte(&writer, ',')) && write_bytes(&writer, members));
}

void emit_slice(struct emit *emit, struct slice value)
{
    struct writer writer;
    if (!begin(emit, &writer)) {
        return;
    }
    bool same = value.serializer == emit->serializer;
    bool ok =
        same ? write_bytes(&writer, value.bytes) : transcode(&writer, value, emit->serializer);
    emit->failed = !ok && !emit->out->full;
    end(emit, &writer, ok);
}
