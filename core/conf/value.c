/* value.c - one setting's value: from text, into struct conf, compared and copied. */
#include "base/mem.h"
#include "conf/inside.h"

#include <string.h>

static void *member(const struct conf_row *row, struct conf *conf)
{
    return (char *)conf + row->offset;
}

static const void *member_of(const struct conf_row *row, const struct conf *conf)
{
    return (const char *)conf + row->offset;
}

/* Units of a number, the largest first; a bare number is in the last one. */
struct unit {
    struct str name;
    uint64_t factor;
};
static const struct unit sizes[] = {
    {STR_INIT("g"), (uint64_t)1 << 30},
    {STR_INIT("m"), (uint64_t)1 << 20},
    {STR_INIT("k"), (uint64_t)1 << 10},
    {STR_INIT(""), 1},
};
static const struct unit durations[] = {
    {STR_INIT("d"), 86400000}, {STR_INIT("h"), 3600000}, {STR_INIT("m"), 60000},
    {STR_INIT("s"), 1000},     {STR_INIT("ms"), 1},
};
static const struct unit counts[] = {{STR_INIT(""), 1}};

static const struct unit *units_of(enum conf_kind kind, size_t *out_count)
{
    switch (kind) {
    case CONF_SIZE:
        *out_count = COUNT_OF(sizes);
        return sizes;
    case CONF_DURATION:
        *out_count = COUNT_OF(durations);
        return durations;
    case CONF_TEXT:
    case CONF_BOOL:
    case CONF_COUNT:
    case CONF_LIST:
    case CONF_WORD:
        break;
    }
    *out_count = COUNT_OF(counts);
    return counts;
}

void conf_number_print(enum conf_kind kind, uint64_t number, struct buf *out)
{
    size_t count = 0;
    const struct unit *units = units_of(kind, &count);
    size_t i = 0;
    while (number != 0 && i + 1 < count && number % units[i].factor != 0) {
        i++;
    }
    if (number == 0) {
        (void)buf_byte(out, '0');
        return;
    }
    (void)buf_printf(out, "%llu" PRISTR, (unsigned long long)(number / units[i].factor),
                     STRARG(units[i].name));
}

static bool number_problem(enum conf_kind kind, struct err *err)
{
    const char *expected = kind == CONF_SIZE       ? "a size such as 512, 8k, 25m or 1g"
                           : kind == CONF_DURATION ? "a time such as 500ms, 20s, 5m or 1h"
                                                   : "a whole number";
    return err_set(err, ERR_INVALID, "expected %s", expected);
}

static bool parse_number(enum conf_kind kind, struct str text, uint64_t *out, struct err *err)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
        digits++;
    }
    uint64_t number = 0;
    if (!str_to_u64(str_sub(text, 0, digits), &number)) {
        return number_problem(kind, err);
    }
    struct str name = str_from(text, digits);
    size_t count = 0;
    const struct unit *units = units_of(kind, &count);
    for (size_t i = 0; i < count; i++) {
        /* Zero needs no unit. */
        if (str_eq_nocase(units[i].name, name) || (number == 0 && name.len == 0)) {
            return __builtin_mul_overflow(number, units[i].factor, out) ? number_problem(kind, err)
                                                                        : true;
        }
    }
    return number_problem(kind, err);
}

static bool bound_problem(const struct conf_row *row, bool below, struct err *err)
{
    struct buf text;
    buf_init(&text, 64);
    conf_number_print(row->kind, below ? row->min : row->max, &text);
    (void)err_set(err, ERR_INVALID, "%s " PRISTR, below ? "must be at least" : "must be at most",
                  STRARG(buf_str(&text)));
    buf_done(&text);
    return false;
}

static bool set_number(const struct conf_row *row, uint64_t *out, struct str text, struct err *err)
{
    uint64_t number = 0;
    if (!parse_number(row->kind, text, &number, err)) {
        return false;
    }
    if (number < row->min || number > row->max) {
        return bound_problem(row, number < row->min, err);
    }
    *out = number;
    return true;
}

static bool set_bool(bool *out, struct str text, struct err *err)
{
    static const struct str truths[] = {STR_INIT("true"), STR_INIT("on"), STR_INIT("yes")};
    static const struct str lies[] = {STR_INIT("false"), STR_INIT("off"), STR_INIT("no")};
    for (size_t i = 0; i < COUNT_OF(truths); i++) {
        if (str_eq(text, truths[i]) || str_eq(text, lies[i])) {
            *out = str_eq(text, truths[i]);
            return true;
        }
    }
    return err_set(err, ERR_INVALID, "expected true or false");
}

static bool set_word(const struct conf_row *row, int *out, struct str text, struct err *err)
{
    struct buf allowed;
    buf_init(&allowed, 200);
    int found = -1;
    for (int i = 0; row->words[i] != NULL; i++) {
        found = str_eq(text, str_of(row->words[i])) ? i : found;
        (void)buf_printf(&allowed, "%s%s", i == 0 ? "" : ", ", row->words[i]);
    }
    if (found < 0) {
        (void)err_set(err, ERR_INVALID, "expected one of " PRISTR, STRARG(buf_str(&allowed)));
    } else {
        *out = found;
    }
    buf_done(&allowed);
    return found >= 0;
}

/* Bounded, without controls, and right for its row. */
static bool text_ok(const struct conf_row *row, struct str text, struct err *err)
{
    if (text.len > TEXT_MAX) {
        return err_set(err, ERR_LIMIT, "longer than %d bytes", TEXT_MAX);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == 0x7f) {
            return err_set(err, ERR_INVALID, "holds a control character");
        }
    }
    return row->check == NULL || text.len == 0 || row->check(text, err);
}

bool conf_list_set(const struct conf_row *row,
                   struct conf *conf,
                   const struct str *items,
                   size_t count,
                   struct err *err)
{
    if (count > ITEMS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d items", ITEMS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].len == 0) {
            return err_set(err, ERR_INVALID, "item %zu is empty", i + 1);
        }
        if (!text_ok(row, items[i], err)) {
            return err_wrap(err, "item %zu", i + 1);
        }
    }
    struct str *copies = ARENA_ARRAY(&conf->arena, struct str, count);
    for (size_t i = 0; i < count; i++) {
        copies[i] = arena_str(&conf->arena, items[i]);
    }
    *(struct conf_list *)member(row, conf) = (struct conf_list){copies, count};
    return true;
}

/* "a,b, c" */
static bool
set_split(const struct conf_row *row, struct conf *conf, struct str text, struct err *err)
{
    struct str items[ITEMS_MAX + 1];
    size_t count = 0;
    bool more = str_trim(text).len > 0;
    while (more && count < COUNT_OF(items)) {
        struct str head = STR_EMPTY;
        more = str_cut(text, ',', &head, &text);
        items[count++] = str_trim(head);
    }
    return conf_list_set(row, conf, items, count, err);
}

static bool
set_text(const struct conf_row *row, struct conf *conf, struct str text, struct err *err)
{
    if (!text_ok(row, text, err)) {
        return false;
    }
    /* "off" is the readable way to say that there is no listener. */
    bool off = row->check == check_address && str_eq(text, STR("off"));
    *(const char **)member(row, conf) = arena_cstr(&conf->arena, off ? STR_EMPTY : text);
    return true;
}

bool conf_value_set(const struct conf_row *row, struct conf *conf, struct str text, struct err *err)
{
    switch (row->kind) {
    case CONF_TEXT:
        return set_text(row, conf, text, err);
    case CONF_BOOL:
        return set_bool(member(row, conf), text, err);
    case CONF_COUNT:
    case CONF_SIZE:
    case CONF_DURATION:
        return set_number(row, member(row, conf), text, err);
    case CONF_LIST:
        return set_split(row, conf, text, err);
    case CONF_WORD:
        return set_word(row, member(row, conf), text, err);
    }
    return false;
}

static bool list_eq(const struct conf_list *a, const struct conf_list *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        equal = str_eq(a->items[i], b->items[i]);
    }
    return equal;
}

bool conf_value_eq(const struct conf_row *row, const struct conf *a, const struct conf *b)
{
    const void *left = member_of(row, a);
    const void *right = member_of(row, b);
    switch (row->kind) {
    case CONF_TEXT:
        return strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
    case CONF_BOOL:
        return *(const bool *)left == *(const bool *)right;
    case CONF_COUNT:
    case CONF_SIZE:
    case CONF_DURATION:
        return *(const uint64_t *)left == *(const uint64_t *)right;
    case CONF_LIST:
        return list_eq(left, right);
    case CONF_WORD:
        return *(const int *)left == *(const int *)right;
    }
    return false;
}

void conf_value_copy(const struct conf_row *row, const struct conf *from, struct conf *to)
{
    const void *source = member_of(row, from);
    void *target = member(row, to);
    const struct conf_list *list = source;
    switch (row->kind) {
    case CONF_TEXT:
        *(const char **)target = arena_cstr(&to->arena, str_of(*(const char *const *)source));
        break;
    case CONF_BOOL:
        *(bool *)target = *(const bool *)source;
        break;
    case CONF_COUNT:
    case CONF_SIZE:
    case CONF_DURATION:
        *(uint64_t *)target = *(const uint64_t *)source;
        break;
    case CONF_LIST:
        (void)conf_list_set(row, to, list->items, list->count, NULL);
        break;
    case CONF_WORD:
        *(int *)target = *(const int *)source;
        break;
    }
    to->origins[row - conf_rows] = from->origins[row - conf_rows];
}
