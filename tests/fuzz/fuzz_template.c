/* links: spec document payload base */
/* fuzz_template.c - any text as an expression in the body of a response, rendered over an
 * exchange: first line the expression, the rest the JSON of `request.body`. */
#include "base/mem.h"
#include "spec/spec.h"

#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

static const char before[] =
    "{\"id\":\"t\",\"name\":\"t\",\"host\":\"_\",\"realm_uri\":\"com.t\",\"variables\":"
    "{\"m\":{\"a\":1,\"b\":[1,2]},\"s\":\"x\",\"e\":\"\",\"l\":[3,1.5,\"q\"]},\"versions\":{\"1\":"
    "{\"base_path\":\"/\",\"paths\":{\"/x/:id\":{\"get\":{\"action\":{\"type\":\"static\"},"
    "\"response\":{\"on_result\":{\"body\":";
static const char after[] = "}}}}}}}}";

static bool lookup(void *ctx,
                   enum template_root root,
                   const struct str *path,
                   size_t path_len,
                   struct arena *arena,
                   struct slice *out,
                   size_t *used)
{
    (void)path;
    (void)arena;
    const struct slice *body = ctx;
    *out = *body;
    *used = path_len > 0 ? 1 : 0;
    return root != TEMPLATE_ACTION || path_len > 0;
}

static void render(const struct template *template, struct slice body)
{
    static const enum serializer serializers[] = {SERIALIZER_JSON, SERIALIZER_MSGPACK};
    struct template_source source = {.lookup = lookup, .ctx = &body};
    for (size_t i = 0; i < COUNT_OF(serializers); i++) {
        struct arena arena;
        struct buf buf;
        struct emit emit;
        struct str text;
        int64_t integer;
        arena_init(&arena, 1 << 20);
        buf_init(&buf, 1 << 16);
        emit_init(&emit, serializers[i], &buf);
        struct template_run run = {.source = &source, .arena = &arena, .output_max = 1 << 16};
        if (template_emit(template, &run, &emit)) {
            assert(slice_valid((struct slice){serializers[i], buf_str(&buf)}, NULL, NULL));
        } else {
            assert(run.err.code != ERR_NONE && run.err.text[0] != '\0');
        }
        (void)template_text(template, &run, &text);
        (void)template_integer(template, &run, &integer);
        buf_done(&buf);
        arena_done(&arena);
    }
}

static void compile(struct str body, struct slice exchange)
{
    struct problems problems;
    struct buf text;
    problems_init(&problems);
    buf_init(&text, 1 << 20);
    json_t *string = json_stringn(body.ptr, body.len);
    char *quoted = string == NULL ? NULL : json_dumps(string, JSON_ENCODE_ANY);
    (void)buf_printf(&text, "%s%s%s", before, quoted == NULL ? "0" : quoted, after);
    struct spec *spec = spec_compile(buf_str(&text), NULL, &problems);
    if (spec != NULL) {
        struct route_table *table = route_table_build(&spec, 1, 1, &problems);
        struct route_match match;
        bool found = route_find(table, STR("h"), SCHEME_HTTP, STR("/x/1"), &match);
        assert(found);
        render(match.route->operations[HTTP_GET]->on_result.body, exchange);
        snapshot_unref((struct snapshot *)(void *)table);
        spec_unref(spec);
    }
    json_decref(string);
    mem_free(quoted);
    buf_done(&text);
    problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str head;
    struct str tail;
    (void)str_cut(str_make((const char *)data, size), '\n', &head, &tail);
    struct slice exchange = {SERIALIZER_JSON, tail};
    if (!slice_valid(exchange, NULL, NULL)) {
        exchange = (struct slice){SERIALIZER_MSGPACK, tail};
        if (!slice_valid(exchange, NULL, NULL)) {
            exchange = (struct slice){SERIALIZER_JSON, STR("{\"a\":[1,\"2\",{\"b\":null}]}")};
        }
    }
    if (size < (64 << 10)) {
        compile(head, exchange);
    }
    return 0;
}
