/* file.c - settings from a YAML or JSON file, as nested maps, dotted keys or a mixture. */
#include "base/mem.h"
#include "conf/inside.h"
#include "document/document.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct file_reader {
    struct conf *conf;
    struct conf_problems *problems;
    const struct document *document;
    bool seen[CONF_ROWS_MAX];
};

/* A value in the file: what it is called and where it stands. */
struct leaf {
    struct str key; /* whole, dotted */
    const json_t *value;
    unsigned line;
    unsigned column;
};

static void leaf_problem(struct file_reader *reader, const struct leaf *leaf, const char *text)
{
    char where[TEXT_MAX];
    (void)snprintf(where, sizeof(where), "%s:%u:%u", reader->conf->file, leaf->line, leaf->column);
    struct conf_problem place = {.line = leaf->line, .column = leaf->column, .where = where};
    conf_problem(reader->problems, false, &place, PRISTR ": %s", STRARG(leaf->key), text);
}

static void unknown(struct file_reader *reader, const struct leaf *leaf)
{
    char text[160];
    struct str nearest = conf_row_nearest(leaf->key);
    (void)snprintf(text, sizeof(text), "no such setting%s" PRISTR "%s",
                   nearest.len > 0 ? "; did you mean " : "", STRARG(nearest),
                   nearest.len > 0 ? "?" : "");
    leaf_problem(reader, leaf, text);
}

static void set_list(struct file_reader *reader, const struct conf_row *row, const json_t *list)
{
    struct err err = {0};
    size_t count = json_array_size(list);
    struct str *items = NEW_ARRAY(struct str, count + 1);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        const json_t *item = json_array_get(list, i);
        unsigned line = 0;
        unsigned column = 0;
        (void)document_at(reader->document, list, NULL, i, &line, &column);
        if (!json_is_string(item)) {
            struct leaf leaf = {str_of(row->key), item, line, column};
            leaf_problem(reader, &leaf, "expected text; put it in quotes");
            ok = false;
        }
        items[i] = str_make(json_string_value(item), json_string_length(item));
    }
    if (ok && !conf_list_set(row, reader->conf, items, count, &err)) {
        conf_row_problem(reader->problems, reader->conf, row, false, err.text);
    }
    mem_free(items);
}

/* A scalar as the text that --set would take; false when it is of the wrong kind. */
static bool scalar_text(
    const struct conf_row *row, const json_t *value, char *out, size_t size, struct str *text)
{
    *text = str_make(out, 0);
    switch (json_typeof(value)) {
    case JSON_STRING:
        *text = str_make(json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
        text->len = (size_t)snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return row->kind != CONF_BOOL && row->kind != CONF_LIST && row->kind != CONF_WORD;
    case JSON_TRUE:
    case JSON_FALSE:
        *text = json_is_true(value) ? STR("true") : STR("false");
        return row->kind == CONF_BOOL;
    default:
        return false;
    }
}

static const char *wanted(enum conf_kind kind)
{
    switch (kind) {
    case CONF_BOOL:
        return "expected true or false";
    case CONF_COUNT:
        return "expected a whole number";
    case CONF_SIZE:
        return "expected a size such as 512, 8k, 25m or 1g";
    case CONF_DURATION:
        return "expected a time such as 500ms, 20s, 5m or 1h";
    case CONF_LIST:
        return "expected a list of texts";
    case CONF_TEXT:
    case CONF_WORD:
        break;
    }
    return "expected text; put it in quotes";
}

static void
set_leaf(struct file_reader *reader, const struct conf_row *row, const struct leaf *leaf)
{
    size_t index = (size_t)(row - conf_rows);
    if (reader->seen[index]) {
        leaf_problem(reader, leaf, "is set twice");
        return;
    }
    reader->seen[index] = true;
    if (json_is_null(leaf->value)) {
        return;
    }
    struct err err = {0};
    char number[32];
    struct str text = STR_EMPTY;
    reader->conf->origins[index] = (struct conf_origin){CONF_FILE, leaf->line, leaf->column};
    if (json_is_array(leaf->value) && row->kind == CONF_LIST) {
        set_list(reader, row, leaf->value);
    } else if (!scalar_text(row, leaf->value, number, sizeof(number), &text)) {
        leaf_problem(reader, leaf, wanted(row->kind));
    } else if (!conf_value_set(row, reader->conf, text, &err)) {
        leaf_problem(reader, leaf, err.text);
    }
}

static void read_object(struct file_reader *reader, const json_t *object, struct str prefix);

static void
read_member(struct file_reader *reader, const json_t *object, const char *name, struct str prefix)
{
    char key[256];
    int len =
        snprintf(key, sizeof(key), PRISTR "%s%s", STRARG(prefix), prefix.len > 0 ? "." : "", name);
    struct leaf leaf = {.key = str_make(key, (size_t)len < sizeof(key) ? (size_t)len : 255),
                        .value = json_object_get(object, name)};
    const struct conf_row *row = conf_row_find(leaf.key);
    /* What is wrong with a key is told at the key, what is wrong with a value at the value. */
    if (row == NULL) {
        (void)document_key_position(reader->document, object, name, &leaf.line, &leaf.column);
    } else {
        (void)document_at(reader->document, object, name, 0, &leaf.line, &leaf.column);
    }
    if (row != NULL) {
        set_leaf(reader, row, &leaf);
    } else if (!conf_is_section(leaf.key)) {
        unknown(reader, &leaf);
    } else if (json_is_object(leaf.value)) {
        read_object(reader, leaf.value, leaf.key);
    } else if (!json_is_null(leaf.value)) {
        leaf_problem(reader, &leaf, "is a section: expected a map of settings");
    }
}

static void read_object(struct file_reader *reader, const json_t *object, struct str prefix)
{
    void *iter = json_object_iter((json_t *)(uintptr_t)object);
    while (iter != NULL) {
        read_member(reader, object, json_object_iter_key(iter), prefix);
        iter = json_object_iter_next((json_t *)(uintptr_t)object, iter);
    }
}

bool conf_read_file(struct conf *conf, const char *path, struct conf_problems *problems)
{
    char where[TEXT_MAX];
    struct document_problem problem = {0};
    struct conf_problem place = {.where = where};
    conf->file = arena_cstr(&conf->arena, str_of(path));
    struct document *document = document_load(path, NULL, &problem);
    if (document == NULL) {
        place.line = problem.line;
        place.column = problem.column;
        if (problem.line == 0) {
            (void)snprintf(where, sizeof(where), "%s", path);
        } else {
            (void)snprintf(where, sizeof(where), "%s:%u:%u", path, problem.line, problem.column);
        }
        conf_problem(problems, false, &place, "%s", problem.text);
        return false;
    }
    struct file_reader reader = {.conf = conf, .problems = problems, .document = document};
    const json_t *root = document_root(document);
    if (json_is_object(root)) {
        read_object(&reader, root, STR_EMPTY);
    } else if (!json_is_null(root)) {
        (void)snprintf(where, sizeof(where), "%s:1:1", path);
        place.line = 1;
        place.column = 1;
        conf_problem(problems, false, &place, "expected a map of settings");
    }
    document_free(document);
    return true;
}
