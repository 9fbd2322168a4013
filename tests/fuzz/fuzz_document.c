/* links: document payload base
 * fuzz_document.c - any bytes as a document: parsed whole with every place known, or refused. */
#include "base/mem.h"
#include "document/document.h"

#include <stdlib.h>

static void check(const struct document *document, const json_t *parent, const char *key, size_t i)
{
    unsigned line = 0;
    unsigned column = 0;
    if (!document_at(document, parent, key, i, &line, &column) || line == 0 || column == 0) {
        abort();
    }
    mem_free(document_pointer_at(document, parent, key, i));
}

static void walk(const struct document *document, json_t *node)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t i = 0;
    json_object_foreach(node, key, value)
    {
        check(document, node, key, 0);
        walk(document, value);
    }
    json_array_foreach(node, i, value)
    {
        check(document, node, NULL, i);
        walk(document, value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct document_limits limits = {.nodes = 5000};
    struct document_problem problem;
    if (size == 0) {
        return 0;
    }
    enum document_format format = (enum document_format)(data[0] % 3);
    struct str text = str_make((const char *)data + 1, size - 1);
    struct document *document = document_parse(text, format, &limits, &problem);
    if (document != NULL) {
        walk(document, document_root(document));
    } else if (problem.line == 0 || problem.column == 0 || problem.text[0] == '\0') {
        abort();
    }
    document_free(document);
    return 0;
}
