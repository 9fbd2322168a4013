#include "spec/spec_text.h"

#include "base/mem.h"
#include "document/document.h"
#include "spec/spec_inside.h"

struct spec_text {
    struct document *document;
};

struct spec_text *spec_text_read(struct str text, struct problems *problems)
{
    struct document_problem problem;
    struct document *document = document_parse(text, DOCUMENT_ANY, NULL, &problem);
    if (document == NULL) {
        problems_add(problems, &(struct problem){.line = problem.line,
                                                 .column = problem.column,
                                                 .text = str_of(problem.text)});
        return NULL;
    }
    struct spec_text *read = NEW(struct spec_text);
    read->document = document;
    return read;
}

void spec_text_free(struct spec_text *text)
{
    if (text != NULL) {
        document_free(text->document);
        mem_free(text);
    }
}

size_t spec_text_count(const struct spec_text *text)
{
    const json_t *root = document_root(text->document);
    return json_is_array(root) ? json_array_size(root) : 1;
}

const json_t *spec_text_object(const struct spec_text *text, size_t index)
{
    const json_t *root = document_root(text->document);
    const json_t *one = json_is_array(root) ? json_array_get(root, index) : root;
    bool there = json_is_object(one) && index < spec_text_count(text);
    return there ? one : NULL;
}

char *spec_text_canonical(const struct spec_text *text, size_t index, struct problems *problems)
{
    const json_t *one = spec_text_object(text, index);
    if (one != NULL) {
        char *dumped = json_dumps(one, JSON_COMPACT | JSON_SORT_KEYS);
        char *out = str_dup(str_of(dumped));
        mem_free(dumped);
        return out;
    }
    const json_t *root = document_root(text->document);
    const json_t *other = json_is_array(root) ? json_array_get(root, index) : NULL;
    struct problem problem = {.line = 1,
                              .column = 1,
                              .text = STR("no API object"),
                              .allowed = STR("an API object, or a list of them")};
    (void)document_position(text->document, other == NULL ? root : other, &problem.line,
                            &problem.column);
    problems_add(problems, &problem);
    return NULL;
}

struct spec *spec_text_compile(const struct spec_text *text,
                               const struct spec_options *options,
                               struct problems *problems)
{
    return spec_compile_document(text->document, options, problems);
}

struct spec *
spec_compile(struct str text, const struct spec_options *options, struct problems *problems)
{
    struct spec_text *read = spec_text_read(text, problems);
    struct spec *spec = read == NULL ? NULL : spec_text_compile(read, options, problems);
    spec_text_free(read);
    return spec;
}

char *spec_canonical(struct str text, size_t index, size_t *out_count, struct problems *problems)
{
    struct spec_text *read = spec_text_read(text, problems);
    if (read == NULL) {
        return NULL;
    }
    *out_count = spec_text_count(read);
    char *out = spec_text_canonical(read, index, problems);
    spec_text_free(read);
    return out;
}

static bool is_operation(const char *key)
{
    for (int method = 0; method < HTTP_METHODS; method++) {
        if (str_eq_nocase(http_method_name((enum http_method)method), str_of(key))) {
            return true;
        }
    }
    return false;
}

static size_t count_operations(json_t *paths)
{
    size_t count = 0;
    const char *path = NULL;
    json_t *operations = NULL;
    json_object_foreach(paths, path, operations)
    {
        const char *key = NULL;
        const json_t *operation = NULL;
        json_object_foreach(operations, key, operation)
        {
            count += is_operation(key);
        }
    }
    return count;
}

json_t *spec_summary(const json_t *api)
{
    static const char *const kept[] = {"id", "name", "host", "realm_uri", "meta"};
    json_t *summary = json_object();
    json_t *versions = json_array();
    json_t *given = json_object_get(api, "versions");
    const char *name = NULL;
    json_t *version = NULL;
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        json_t *value = json_object_get(api, kept[i]);
        if (value != NULL) {
            (void)json_object_set(summary, kept[i], value);
        }
    }
    json_object_foreach(given, name, version)
    {
        json_t *base = json_object_get(version, "base_path");
        (void)json_array_append_new(
            versions, json_pack("{s:s, s:O?, s:I}", "name", name, "base_path",
                                json_is_string(base) ? base : NULL, "routes",
                                (json_int_t)count_operations(json_object_get(version, "paths"))));
    }
    (void)json_object_set_new(summary, "versions", versions);
    return summary;
}
