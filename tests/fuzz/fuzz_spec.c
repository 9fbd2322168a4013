/* links: spec document payload base */
/* fuzz_spec.c - any text as a specification: it compiles, or says why not. */
#include "base/mem.h"
#include "spec/spec.h"

#include <assert.h>
#include <stdint.h>

static void look(struct spec *spec, struct problems *problems)
{
    struct route_table *table = route_table_build(&spec, 1, 1, problems);
    assert(table != NULL); /* conflicts within a spec are the compiler's to find */
    static const char *const paths[] = {"/", "/inventory/v1.0/items/7", "/a/b/c", "/v2/health",
                                        "/demo/hello/%C3%A9"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct route_match match;
        if (route_find(table, STR("api.example.org"), SCHEME_HTTP, str_of(paths[i]), &match)) {
            assert(match.route->spec == spec && match.param_count <= ROUTE_PARAMS_MAX);
        }
    }
    snapshot_unref((struct snapshot *)(void *)table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems;
    struct str text = str_make((const char *)data, size);
    problems_init(&problems);
    struct spec *spec =
        spec_compile(text, &(struct spec_options){.allow_forward = true}, &problems);
    assert((spec == NULL) == (problems.errors > 0));
    if (spec != NULL) {
        look(spec, &problems);
        spec_unref(spec);
    }
    size_t count = 0;
    mem_free(spec_canonical(text, 0, &count, &problems));
    problems_done(&problems);
    return 0;
}
