/* print.c - the settings in force as YAML, and the reference page. */
#include "conf/inside.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* As a double-quoted YAML scalar, which a JSON string is. */
static void print_quoted(struct str text, struct buf *out)
{
    json_t *string = json_stringn(text.ptr, text.len);
    char *quoted = string == NULL ? NULL : json_dumps(string, JSON_ENCODE_ANY);
    (void)buf_append(out, quoted == NULL ? STR("\"\"") : str_of(quoted));
    free(quoted);
    json_decref(string);
}

/* Up to the comma before the next URL of a list; a password may hold commas too. */
static struct str first_url(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct str rest = str_from(text, i + 1);
        if (text.ptr[i] == ',' &&
            (str_starts(rest, STR("nats://")) || str_starts(rest, STR("tls://")))) {
            return str_sub(text, 0, i + 1);
        }
    }
    return text;
}

/* scheme://user:secret@host becomes scheme://user:***@host; too much rather than too little. */
static void mask_user(struct str url, struct buf *out)
{
    const char *at = memrchr(url.ptr, '@', url.len);
    const char *scheme = memmem(url.ptr, url.len, "://", 3);
    if (at == NULL || scheme == NULL || at < scheme) {
        (void)buf_append(out, url);
        return;
    }
    size_t from = (size_t)(scheme - url.ptr) + 3;
    size_t end = (size_t)(at - url.ptr);
    ptrdiff_t colon = str_find(str_sub(url, from, end - from), ':');
    (void)buf_append(out, str_sub(url, 0, from + (colon < 0 ? 0 : (size_t)colon + 1)));
    (void)buf_append(out, STR("***"));
    (void)buf_append(out, str_from(url, end));
}

static void print_masked(struct str text, struct buf *out)
{
    static const struct str parameter = STR_INIT("password=");
    struct buf masked;
    buf_init(&masked, (size_t)4 * TEXT_MAX);
    while (text.len > 0) {
        struct str url = first_url(text);
        text = str_from(text, url.len);
        const char *secret = memmem(url.ptr, url.len, parameter.ptr, parameter.len);
        if (secret != NULL) {
            url.len = (size_t)(secret - url.ptr) + parameter.len;
        }
        mask_user(url, &masked);
        (void)buf_append(&masked, secret != NULL ? STR("***") : STR_EMPTY);
    }
    print_quoted(buf_str(&masked), out);
    buf_done(&masked);
}

void conf_value_print(const struct conf_row *row, const struct conf *conf, struct buf *out)
{
    const void *value = (const char *)conf + row->offset;
    const struct conf_list *list = value;
    switch (row->kind) {
    case CONF_TEXT:
        if (row->secret) {
            print_masked(str_of(*(const char *const *)value), out);
        } else {
            print_quoted(str_of(*(const char *const *)value), out);
        }
        break;
    case CONF_BOOL:
        (void)buf_append(out, *(const bool *)value ? STR("true") : STR("false"));
        break;
    case CONF_COUNT:
    case CONF_SIZE:
    case CONF_DURATION:
        conf_number_print(row->kind, *(const uint64_t *)value, out);
        break;
    case CONF_LIST:
        (void)buf_byte(out, '[');
        for (size_t i = 0; i < list->count; i++) {
            (void)buf_append(out, i == 0 ? STR("") : STR(", "));
            print_quoted(list->items[i], out);
        }
        (void)buf_byte(out, ']');
        break;
    case CONF_WORD:
        (void)buf_append(out, str_of(row->words[*(const int *)value]));
        break;
    }
}

static struct str section_of(const struct conf_row *row)
{
    struct str section = STR_EMPTY;
    struct str rest = STR_EMPTY;
    (void)str_cut(str_of(row->key), '.', &section, &rest);
    return section;
}

static bool begins_section(const struct conf_row *row)
{
    return row == conf_rows || !str_eq(section_of(row), section_of(row - 1));
}

void conf_effective(const struct conf *conf, struct buf *out)
{
    static const char *const origins[] = {"default", "file", "env", "set"};
    for (size_t i = 0; i < conf_row_count; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (i > 0 && begins_section(row)) {
            (void)buf_byte(out, '\n');
        }
        (void)buf_printf(out, "%s: ", row->key);
        conf_value_print(row, conf, out);
        (void)buf_printf(out, " # %s\n", origins[conf->origins[i].kind]);
    }
}

static const char *kind_name(enum conf_kind kind)
{
    static const char *const names[] = {"text", "true or false", "number", "size",
                                        "time", "list",          "word"};
    return names[kind];
}

/* The column "allowed": bounds of numbers, words of words. */
static void print_allowed(const struct conf_row *row, struct buf *out)
{
    if (row->kind == CONF_WORD) {
        for (size_t i = 0; row->words[i] != NULL; i++) {
            (void)buf_printf(out, "%s`%s`", i == 0 ? "" : ", ", row->words[i]);
        }
    } else if (row->max > 0) {
        conf_number_print(row->kind, row->min, out);
        (void)buf_append(out, STR(" to "));
        conf_number_print(row->kind, row->max, out);
    }
}

static void print_row(const struct conf_row *row, struct buf *out)
{
    (void)buf_printf(out, "| `%s` | %s | ", row->key, kind_name(row->kind));
    if (row->shown != NULL) {
        (void)buf_append(out, str_of(row->shown));
    } else if (row->def[0] != '\0') {
        (void)buf_printf(out, "`%s`", row->def);
    }
    (void)buf_append(out, STR(" | "));
    print_allowed(row, out);
    (void)buf_printf(out, " | %s | %s |\n", row->when == CONF_LIVE ? "live" : "restart", row->text);
}

static const char reference_head[] =
    "# Configuration\n"
    "\n"
    "This page is printed from the table in `core/conf/table.c`; a test compares the two.\n"
    "\n"
    "A node reads one file, YAML or JSON, given by `postern serve -c FILE`. Settings are nested\n"
    "(`gateway: {listen: ...}`) or dotted (`gateway.listen: ...`). Each can also come from the\n"
    "environment, with the key in capitals and dots as underscores (`POSTERN_GATEWAY_LISTEN`), "
    "and\n"
    "from the command line (`--set gateway.listen=...`). The command line wins over the "
    "environment,\n"
    "the environment over the file, the file over the default.\n"
    "\n"
    "`postern check FILE` tells every mistake of a file with line and column; an unknown key is "
    "one.\n"
    "Unknown `POSTERN_` variables are only warned about, and a variable that is set to nothing "
    "counts\n"
    "as not set. `POSTERN_URL`, `POSTERN_PASSWORD`, `POSTERN_TICKET`, `POSTERN_TOKEN` and\n"
    "`POSTERN_ADMIN_PASSWORD` are no settings. `postern check --effective` prints what is in force "
    "and\n"
    "where each value came from.\n"
    "\n"
    "- **size**: bytes, or with `k`, `m`, `g` (1024 each): `512`, `8k`, `25m`.\n"
    "- **time**: with `ms`, `s`, `m` or `h`: `500ms`, `20s`, `10m`; `0` needs no unit.\n"
    "- **list**: a list of texts; in the environment and on the command line, parted by commas.\n"
    "- **address**: `HOST:PORT`, `[V6]:PORT`, `:PORT`, `unix:/PATH`, or `off`; port 0 picks a free "
    "one.\n"
    "- **live** settings follow the file when the node gets SIGHUP, **restart** settings wait for "
    "the\n"
    "  next start. The contents of certificate and key files are read again on SIGHUP.\n";

void conf_reference(struct buf *out)
{
    (void)buf_append(out, str_of(reference_head));
    for (size_t i = 0; i < conf_row_count; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (begins_section(row)) {
            (void)buf_printf(out,
                             "\n## %.*s\n\n"
                             "| key | type | default | allowed | takes effect | meaning |\n"
                             "|---|---|---|---|---|---|\n",
                             STRARG(section_of(row)));
        }
        print_row(row, out);
    }
}
