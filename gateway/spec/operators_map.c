/* operators_map.c - the operators on maps: get, put, merge, with, without.
 *
 * Maps come from requests and may be large: keys are found by hash where two maps
 * or a list of keys meet, so that the time is linear.
 */
#include "base/map.h"
#include "base/mem.h"
#include "spec/template_inside.h"
#include "wamp/fault.h"

struct pair {
    struct str key;
    struct slice value;
    bool dropped;
};

struct pairs {
    struct pair *items;
    size_t count;
    size_t kept;
};

static bool read_pairs(const struct operator_call *call, struct slice map, struct pairs *out)
{
    if (slice_kind(map) != SCAN_MAP) {
        return operator_mismatch(call, map);
    }
    size_t count = slice_count(map);
    struct pair *items = NULL;
    /* A pair takes at least two bytes, so this is bounded by the value itself. */
    if (!arena_room(call->run->arena, count * sizeof(*items) + 64)) {
        return err_set(&call->run->err, ERR_LIMIT, "the map has too many keys");
    }
    items = ARENA_ARRAY(call->run->arena, struct pair, count + 1);
    struct scan scan;
    scan_init(&scan, map.serializer, map.bytes, call->run->arena);
    (void)scan_enter_map(&scan);
    size_t read = 0;
    struct str bytes;
    while (read < count && scan_key(&scan, &items[read].key) && scan_skip(&scan, &bytes)) {
        items[read++].value = (struct slice){map.serializer, bytes};
    }
    if (read != count) {
        return operator_mismatch(call, map);
    }
    *out = (struct pairs){.items = items, .count = count, .kept = count};
    return true;
}

static void drop(struct pairs *pairs, struct pair *pair)
{
    pairs->kept -= !pair->dropped;
    pair->dropped = true;
}

static void emit_pairs(struct emit *emit, const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (!pairs->items[i].dropped) {
            emit_key(emit, pairs->items[i].key);
            emit_slice(emit, pairs->items[i].value);
        }
    }
}

/* A key may be written as a number: `get(404)` and `get({{x}})` where x is one. */
static bool read_key(const struct operator_call *call, struct slice value, struct str *out)
{
    enum scan_kind kind = slice_kind(value);
    if (kind != SCAN_STRING && kind != SCAN_INT) {
        return operator_mismatch(call, value);
    }
    return slice_text(value, call->run, out);
}

bool operator_get(const struct operator_call *call, struct slice *out)
{
    struct str key = STR_EMPTY;
    if (slice_kind(call->input) != SCAN_MAP) {
        return operator_mismatch(call, call->input);
    }
    if (!read_key(call, call->args[0], &key)) {
        return false;
    }
    *out = slice_get(call->input, key);
    if (out->serializer != SERIALIZER_NONE) {
        return true;
    }
    unsigned status = call->status_codes ? fault_http_status(key) : 500;
    if (call->status_codes && (status != 500 || call->arg_count < 2)) {
        struct buf buf;
        struct emit emit;
        emit_u64(run_begin(call->run, &emit, &buf), status);
        return run_finish(call->run, &emit, out);
    }
    if (call->arg_count == 2) {
        *out = call->args[1];
        return true;
    }
    return err_set(&call->run->err, ERR_INTERNAL,
                   "There is no value for key '" PRISTR "' in the HTTP Request context.",
                   (int)(key.len < 120 ? key.len : 120), key.ptr);
}

bool operator_put(const struct operator_call *call, struct slice *out)
{
    struct pairs pairs = {0};
    struct str key = STR_EMPTY;
    if (!read_pairs(call, call->input, &pairs) || !read_key(call, call->args[0], &key)) {
        return false;
    }
    for (size_t i = 0; i < pairs.count; i++) {
        if (str_eq(pairs.items[i].key, key)) {
            drop(&pairs, &pairs.items[i]);
        }
    }
    struct buf buf;
    struct emit emit;
    emit_map(run_begin(call->run, &emit, &buf), (uint32_t)(pairs.kept + 1));
    emit_pairs(&emit, &pairs);
    emit_key(&emit, key);
    emit_slice(&emit, call->args[1]);
    return run_finish(call->run, &emit, out);
}

/* Of pairs with one key the last remains, within a map and between the two. */
static void keep_last(struct pairs *pairs, struct map *seen)
{
    for (size_t i = pairs->count; i > 0; i--) {
        struct pair *pair = &pairs->items[i - 1];
        if (map_get(seen, pair->key) != NULL) {
            drop(pairs, pair);
        } else {
            (void)map_put(seen, pair->key, pair);
        }
    }
}

bool operator_merge(const struct operator_call *call, struct slice *out)
{
    struct pairs lower = {0};
    struct pairs upper = {0};
    if (!read_pairs(call, call->piped_last ? call->args[0] : call->input, &lower) ||
        !read_pairs(call, call->piped_last ? call->input : call->args[0], &upper)) {
        return false;
    }
    struct map seen;
    map_init(&seen);
    keep_last(&upper, &seen);
    keep_last(&lower, &seen);
    map_done(&seen);
    struct buf buf;
    struct emit emit;
    emit_map(run_begin(call->run, &emit, &buf), (uint32_t)(lower.kept + upper.kept));
    emit_pairs(&emit, &lower);
    emit_pairs(&emit, &upper);
    return run_finish(call->run, &emit, out);
}

/* The keys of a list of names, or of the one name given; the map's values are not NULL. */
static bool read_names(const struct operator_call *call, struct slice list, struct map *out)
{
    struct str key = STR_EMPTY;
    if (slice_kind(list) != SCAN_LIST) {
        if (!read_key(call, list, &key)) {
            return false;
        }
        (void)map_put(out, key, out);
        return true;
    }
    struct scan scan;
    scan_init(&scan, list.serializer, list.bytes, call->run->arena);
    (void)scan_enter_list(&scan);
    while (scan_more(&scan)) {
        if (!scan_str(&scan, &key)) {
            return operator_mismatch(call, list);
        }
        (void)map_put(out, key, out);
    }
    return true;
}

static bool filter(const struct operator_call *call, bool keep, struct slice *out)
{
    struct pairs pairs = {0};
    struct map names;
    map_init(&names);
    if (!read_pairs(call, call->input, &pairs) || !read_names(call, call->args[0], &names)) {
        map_done(&names);
        return false;
    }
    for (size_t i = 0; i < pairs.count; i++) {
        if ((map_get(&names, pairs.items[i].key) != NULL) != keep) {
            drop(&pairs, &pairs.items[i]);
        }
    }
    map_done(&names);
    struct buf buf;
    struct emit emit;
    emit_map(run_begin(call->run, &emit, &buf), (uint32_t)pairs.kept);
    emit_pairs(&emit, &pairs);
    return run_finish(call->run, &emit, out);
}

bool operator_with(const struct operator_call *call, struct slice *out)
{
    return filter(call, true, out);
}

bool operator_without(const struct operator_call *call, struct slice *out)
{
    return filter(call, false, out);
}
