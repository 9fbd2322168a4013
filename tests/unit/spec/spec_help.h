/* spec_help.h - small things that the tests of gateway/spec share. */
#ifndef POSTERN_TESTS_SPEC_HELP_H
#define POSTERN_TESTS_SPEC_HELP_H

#include "base/mem.h"
#include "spec/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void print_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *p = &problems->items[i];
        print_message("%s %u:%u " PRISTR ": " PRISTR " [allowed " PRISTR "] [nearest " PRISTR "]\n",
                      p->warning ? "warning" : "error", p->line, p->column, STRARG(p->pointer),
                      STRARG(p->text), STRARG(p->allowed), STRARG(p->nearest));
    }
}

/* A spec with one path /x/:id whose GET has this action and on_result body; other parts as given.
 * A NULL part is left out. */
struct parts {
    const char *variables;
    const char *top; /* more members of the API object, with a leading comma */
    const char *action;
    const char *body;
    const char *error_body;
};

static inline char *spec_text(const struct parts *parts)
{
    struct buf buf;
    buf_init(&buf, 1 << 20);
    (void)buf_printf(
        &buf,
        "{\"id\":\"t\",\"name\":\"t\",\"host\":\"_\",\"realm_uri\":\"com.t\",\n"
        "\"variables\":%s%s,\n\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{\"/x/:id\":{\n"
        "\"get\":{\"action\":%s,\n\"response\":{\"on_result\":{\"body\":%s},\n"
        "\"on_error\":{\"body\":%s}}}}}}}}",
        parts->variables == NULL ? "{}" : parts->variables, parts->top == NULL ? "" : parts->top,
        parts->action == NULL ? "{\"type\":\"static\"}" : parts->action,
        parts->body == NULL ? "\"\"" : parts->body,
        parts->error_body == NULL ? "\"\"" : parts->error_body);
    return buf_take(&buf, NULL);
}

static inline struct spec *compile_parts(const struct parts *parts, struct problems *problems)
{
    char *text = spec_text(parts);
    problems_init(problems);
    struct spec *spec = spec_compile(str_of(text), NULL, problems);
    mem_free(text);
    return spec;
}

static inline const struct problem *problem_with(const struct problems *problems, const char *text)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (memmem(problems->items[i].text.ptr, problems->items[i].text.len, text, strlen(text)) !=
            NULL) {
            return &problems->items[i];
        }
    }
    return NULL;
}

/* One spec as a table. */
static inline struct route_table *table_of(struct spec *spec)
{
    struct problems problems;
    problems_init(&problems);
    struct route_table *table = route_table_build(&spec, 1, 1, &problems);
    if (table == NULL) {
        print_problems(&problems);
    }
    problems_done(&problems);
    assert_non_null(table);
    return table;
}

static inline void table_drop(struct route_table *table)
{
    snapshot_unref((struct snapshot *)table);
}

static inline const struct route *route_at(const struct route_table *table, const char *path)
{
    struct route_match match;
    return route_find(table, STR("example.org"), SCHEME_HTTP, str_of(path), &match) ? match.route
                                                                                    : NULL;
}

/* A source that looks in one JSON text: {"request": {...}, "action": {...}, "security": {...}}. */
static inline bool json_lookup(void *ctx,
                               enum template_root root,
                               const struct str *path,
                               size_t path_len,
                               struct arena *arena,
                               struct slice *out,
                               size_t *used)
{
    static const char *const roots[] = {"request", "action", "security"};
    struct slice all = {SERIALIZER_JSON, str_of(ctx)};
    (void)path;
    (void)arena;
    *out = slice_get(all, str_of(roots[root]));
    *used = 0;
    if (path_len > 0 && out->serializer != SERIALIZER_NONE) {
        *out = slice_get(*out, path[0]);
        *used = 1;
    }
    return out->serializer != SERIALIZER_NONE;
}

#endif
