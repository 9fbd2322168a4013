#include "api/admin_spec.h"

#include "api/openapi.h"
#include "base/mem.h"
#include "spec/spec.h"

#include <stdlib.h>

extern const char admin_spec[];
extern const size_t admin_spec_size;

static struct str text(void)
{
    return str_make(admin_spec, admin_spec_size);
}

static bool first_problem(const struct problems *problems, struct err *err)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *p = &problems->items[i];
        if (!p->warning) {
            return err_set(err, ERR_INTERNAL, "specs/admin.json:%u:%u: " PRISTR, p->line, p->column,
                           STRARG(p->text));
        }
    }
    return err_set(err, ERR_INTERNAL, "specs/admin.json has no routes");
}

bool admin_spec_publish(struct snapshot_slot *routes, struct err *err)
{
    const struct spec_options options = {.any_path = true};
    struct problems problems;
    problems_init(&problems);
    struct spec *spec = spec_compile(text(), &options, &problems);
    struct route_table *table = spec == NULL ? NULL : route_table_build(&spec, 1, 1, &problems);
    bool good = table != NULL || first_problem(&problems, err);
    if (table != NULL) {
        snapshot_publish(routes, (struct snapshot *)(void *)table, NULL, NULL);
    }
    spec_unref(spec);
    problems_done(&problems);
    return good;
}

char *admin_spec_openapi(void)
{
    json_t *spec = json_loadb(admin_spec, admin_spec_size, 0, NULL);
    json_t *told = openapi_of(spec, POSTERN_VERSION);
    char *dumped = json_dumps(told, JSON_COMPACT);
    char *out = str_dup(str_of(dumped));
    free(dumped);
    json_decref(told);
    json_decref(spec);
    return out;
}
