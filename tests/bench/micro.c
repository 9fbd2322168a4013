/* micro.c - parts of the program alone, in nanoseconds: bench_micro SECONDS transcode JSON,
 * bench_micro SECONDS match ROUTES.
 *
 * Prints a line of JSON for each figure. Linked to the modules themselves, so that it sees what the
 * compiler made of them. */
#include "base/mem.h"
#include "payload/emit.h"
#include "piece.h"
#include "spec/spec.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_MAX = 64 << 20, PATH_LEN = 64 };

struct transcoding {
    struct slice from;
    enum serializer to;
    struct buf out;
};

static void transcode_one(void *ctx, size_t number)
{
    struct transcoding *one = ctx;
    struct emit emit;
    (void)number;
    buf_clear(&one->out);
    emit_init(&emit, one->to, &one->out);
    emit_slice(&emit, one->from);
    assert(!emit.failed && !one->out.full);
}

/* What a tree costs, for comparison. */
static void jansson_one(void *ctx, size_t number)
{
    struct transcoding *one = ctx;
    json_t *tree = json_loadb(one->from.bytes.ptr, one->from.bytes.len, 0, NULL);
    (void)number;
    buf_clear(&one->out);
    assert(tree != NULL && buf_reserve(&one->out, one->from.bytes.len * 2) != NULL);
    (void)json_dumpb(tree, one->out.ptr, one->from.bytes.len * 2, JSON_COMPACT);
    json_decref(tree);
}

static const struct {
    const char *name;
    enum serializer serializer;
} serializers[] = {
    {"JSON", SERIALIZER_JSON}, {"MsgPack", SERIALIZER_MSGPACK}, {"CBOR", SERIALIZER_CBOR}};

static void transcode_pair(double seconds, struct str json, size_t from, size_t to)
{
    char name[64];
    struct transcoding source = {.from = {SERIALIZER_JSON, json},
                                 .to = serializers[from].serializer};
    struct transcoding pair = {.to = serializers[to].serializer};
    buf_init(&source.out, BUF_MAX);
    buf_init(&pair.out, BUF_MAX);
    transcode_one(&source, 0);
    pair.from = (struct slice){serializers[from].serializer, buf_str(&source.out)};
    (void)snprintf(name, sizeof(name), "%s to %s", serializers[from].name, serializers[to].name);
    time_piece(name, seconds, transcode_one, &pair);
    buf_done(&pair.out);
    buf_done(&source.out);
}

static void transcode_all(double seconds, struct str json)
{
    for (size_t from = 0; from < COUNT_OF(serializers); from++) {
        for (size_t to = 0; to < COUNT_OF(serializers); to++) {
            if (from != to) {
                transcode_pair(seconds, json, from, to);
            }
        }
    }
    struct transcoding tree = {.from = {SERIALIZER_JSON, json}};
    buf_init(&tree.out, BUF_MAX);
    time_piece("jansson, JSON to tree to JSON", seconds, jansson_one, &tree);
    buf_done(&tree.out);
}

struct matching {
    struct route_table *table;
    char (*paths)[PATH_LEN];
    size_t count;
};

static void match_one(void *ctx, size_t number)
{
    struct matching *matching = ctx;
    struct route_match match;
    struct str path = str_of(matching->paths[number % matching->count]);
    bool found = route_find(matching->table, STR("localhost"), SCHEME_HTTP, path, &match);
    assert(found && match.param_count == 1);
    (void)found;
}

static struct route_table *table_of(struct buf *text)
{
    struct problems problems;
    problems_init(&problems);
    struct spec *spec = spec_compile(buf_str(text), NULL, &problems);
    assert(spec != NULL);
    struct route_table *table = route_table_build(&spec, 1, 1, &problems);
    assert(table != NULL);
    problems_done(&problems);
    spec_unref(spec);
    return table;
}

static void match_all(double seconds, size_t count)
{
    struct matching matching = {.count = count, .paths = mem_calloc(count, PATH_LEN)};
    struct buf text;
    buf_init(&text, BUF_MAX);
    (void)buf_append(&text,
                     STR("{\"id\":\"b\",\"name\":\"b\",\"host\":\"_\",\"realm_uri\":\"com.b\","
                         "\"versions\":{\"1\":{\"base_path\":\"/bench\",\"paths\":{"));
    for (size_t i = 0; i < count; i++) {
        size_t area = i % 100;
        size_t part = i / 100;
        (void)buf_printf(&text,
                         "%s\"/area%zu/part%zu/:id\":{\"get\":{\"action\":{\"type\":\"static\"},"
                         "\"response\":{}}}",
                         i > 0 ? "," : "", area, part);
        (void)snprintf(matching.paths[i], PATH_LEN, "/bench/area%zu/part%zu/1042", area, part);
    }
    (void)buf_append(&text, STR("}}}}"));
    matching.table = table_of(&text);
    buf_done(&text);
    time_piece("match", seconds, match_one, &matching);
    snapshot_unref((struct snapshot *)matching.table);
    mem_free(matching.paths);
}

int main(int argc, char **argv)
{
    double seconds = argc == 4 ? strtod(argv[1], NULL) : 0;
    if (seconds > 0 && strcmp(argv[2], "transcode") == 0) {
        transcode_all(seconds, str_of(argv[3]));
        return 0;
    }
    size_t count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (seconds > 0 && strcmp(argv[2], "match") == 0 && count > 0) {
        match_all(seconds, count);
        return 0;
    }
    (void)fputs("usage: bench_micro SECONDS transcode JSON | SECONDS match ROUTES\n", stderr);
    return 64;
}
