#include "api/admin_spec.h"

#include "api/openapi.h"
#include "base/mem.h"
#include "spec/spec.h"

#include <stdlib.h>
#include <string.h>

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

/* In variables as well as in paths: an operation may stand in either. */
static void collect(json_t *value, json_t *found)
{
    const char *key = NULL;
    json_t *each = NULL;
    size_t i = 0;
    if (json_is_array(value)) {
        json_array_foreach(value, i, each)
        {
            collect(each, found);
        }
    }
    const json_t *procedure = json_object_get(value, "procedure");
    if (json_is_string(procedure)) {
        (void)json_object_set_new(found, json_string_value(procedure), json_true());
    }
    json_object_foreach(value, key, each)
    {
        collect(each, found);
    }
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct str *admin_spec_procedures(size_t *out_count)
{
    json_t *spec = json_loadb(admin_spec, admin_spec_size, 0, NULL);
    json_t *found = json_object();
    const char *name = NULL;
    json_t *is = NULL;
    size_t bytes = 0;
    size_t count = 0;
    collect(spec, found);
    json_object_foreach(found, name, is)
    {
        bytes += str_of(name).len + 1;
    }
    size_t table = json_object_size(found) * sizeof(struct str);
    struct str *list = mem_alloc(table + bytes);
    char *at = (char *)list + table;
    json_object_foreach(found, name, is)
    {
        struct str text = str_of(name);
        memcpy(at, text.ptr, text.len + 1);
        list[count++] = str_make(at, text.len);
        at += text.len + 1;
    }
    qsort(list, count, sizeof(*list), by_name);
    json_decref(found);
    json_decref(spec);
    *out_count = count;
    return list;
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
