#include "cli/table.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/display.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { CELL_MAX = 1 << 20 };

struct column {
    struct str name;
    struct str unit; /* of a time; empty: none */
    size_t width;
};

struct table {
    struct column columns[TABLE_COLUMNS_MAX];
    size_t column_count;
    struct buf cell;
};

static void put_time(struct buf *out, json_int_t value, bool in_ms)
{
    char text[32];
    struct tm parts;
    time_t seconds = (time_t)(in_ms ? value / 1000 : value);
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        (void)buf_printf(out, "%lld", (long long)value);
    } else {
        (void)buf_append(out, str_of(text));
    }
}

static void put_json(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    display_append(out, str_of(text));
    free(text);
}

static void put_text(struct buf *out, const json_t *value)
{
    struct str text = str_make(json_string_value(value), json_string_length(value));
    if (text.len == 0) {
        (void)buf_append(out, STR("\"\""));
    } else {
        display_append(out, text);
    }
}

static bool is_simple(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        if (json_is_array(value) || json_is_object(value)) {
            return false;
        }
    }
    return true;
}

static void put_cell(struct buf *out, const json_t *value, struct str unit)
{
    if (value == NULL || json_is_null(value)) {
        (void)buf_byte(out, '-');
    } else if (json_is_string(value)) {
        put_text(out, value);
    } else if (json_is_integer(value) && unit.len > 0) {
        put_time(out, json_integer_value(value), str_eq(unit, STR("ms")));
    } else if (json_is_array(value) && is_simple(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            (void)(i > 0 && buf_byte(out, ','));
            put_cell(out, json_array_get(value, i), STR_EMPTY);
        }
        (void)(json_array_size(value) == 0 && buf_byte(out, '-'));
    } else {
        put_json(out, value);
    }
}

/* "resource.uri" is a member of a member. */
static const json_t *member_of(const json_t *row, struct str path)
{
    bool more = true;
    while (more && row != NULL) {
        struct str key = STR_EMPTY;
        more = str_cut(path, '.', &key, &path);
        row = json_object_getn(row, key.ptr, key.len);
    }
    return row;
}

static struct str cell_of(struct table *table, const json_t *row, const struct column *column)
{
    /* A list of plain values has them in its first column. */
    const json_t *value = json_is_object(row)        ? member_of(row, column->name)
                          : column == table->columns ? row
                                                     : NULL;
    buf_clear(&table->cell);
    put_cell(&table->cell, value, column->unit);
    return buf_str(&table->cell);
}

static struct str last_part(struct str name)
{
    struct str head = STR_EMPTY;
    struct str rest = STR_EMPTY;
    while (str_cut(name, '.', &head, &rest)) {
        name = rest;
    }
    return name;
}

static void read_columns(struct table *table, const char *columns)
{
    struct str rest = str_of(columns);
    bool more = rest.len > 0;
    while (more && table->column_count < TABLE_COLUMNS_MAX) {
        struct str one = STR_EMPTY;
        more = str_cut(rest, ' ', &one, &rest);
        struct column *column = &table->columns[table->column_count++];
        (void)str_cut(one, ':', &column->name, &column->unit);
        column->width = last_part(column->name).len;
    }
}

static void put_line_cell(struct buf *out, const struct table *table, size_t at, struct str cell)
{
    (void)buf_append(out, cell);
    if (at + 1 == table->column_count) {
        (void)buf_byte(out, '\n');
        return;
    }
    size_t width = display_width(cell);
    size_t pad = table->columns[at].width > width ? table->columns[at].width - width : 0;
    (void)buf_printf(out, "%*s", (int)pad + 2, "");
}

static void put_head(struct buf *out, struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        struct str name = last_part(table->columns[i].name);
        buf_clear(&table->cell);
        for (size_t j = 0; j < name.len; j++) {
            char c = name.ptr[j];
            (void)buf_byte(&table->cell, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
        }
        put_line_cell(out, table, i, buf_str(&table->cell));
    }
}

static void widen(struct column *column, struct str cell)
{
    size_t width = display_width(cell);
    column->width = width > column->width ? width : column->width;
}

void table_write(struct buf *out, const json_t *list, const char *columns)
{
    struct table table = {.column_count = 0};
    if (json_array_size(list) == 0) {
        return;
    }
    buf_init(&table.cell, CELL_MAX);
    read_columns(&table, columns);
    for (size_t row = 0; row < json_array_size(list); row++) {
        for (size_t i = 0; i < table.column_count; i++) {
            widen(&table.columns[i], cell_of(&table, json_array_get(list, row), &table.columns[i]));
        }
    }
    put_head(out, &table);
    for (size_t row = 0; row < json_array_size(list); row++) {
        for (size_t i = 0; i < table.column_count; i++) {
            put_line_cell(out, &table, i,
                          cell_of(&table, json_array_get(list, row), &table.columns[i]));
        }
    }
    buf_done(&table.cell);
}

static struct str key_cell(struct table *table, const char *key)
{
    buf_clear(&table->cell);
    display_append(&table->cell, str_of(key));
    return buf_str(&table->cell);
}

void table_write_one(struct buf *out, const json_t *object)
{
    struct table table = {.column_count = 2};
    json_t *map = (json_t *)(uintptr_t)object;
    if (!json_is_object(object)) {
        put_cell(out, object, STR_EMPTY);
        (void)buf_byte(out, '\n');
        return;
    }
    buf_init(&table.cell, CELL_MAX);
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at)) {
        widen(&table.columns[0], key_cell(&table, json_object_iter_key(at)));
    }
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at)) {
        put_line_cell(out, &table, 0, key_cell(&table, json_object_iter_key(at)));
        buf_clear(&table.cell);
        put_cell(&table.cell, json_object_iter_value(at), STR_EMPTY);
        put_line_cell(out, &table, 1, buf_str(&table.cell));
    }
    buf_done(&table.cell);
}
