#include "cli/help.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/option.h"

#include <string.h>

const struct command_row *help_next_row(size_t *at)
{
    size_t index = (*at)++;
    for (size_t table = 0; command_tables[table] != NULL; table++) {
        for (const struct command_row *row = command_tables[table]; row->name != NULL; row++) {
            if (index-- == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static void print_row(FILE *out, const struct command_row *row)
{
    char usage[80];
    (void)snprintf(usage, sizeof(usage), "%s %s", row->name, row->words);
    (void)fprintf(out, "  postern %-34s %s\n", usage, row->help);
}

static struct str first_word(const char *name)
{
    struct str first = STR_EMPTY;
    struct str rest = STR_EMPTY;
    (void)str_cut(str_of(name), ' ', &first, &rest);
    return first;
}

/* The verbs of a subject that has several, on one line. */
static void print_subject(FILE *out, struct str subject)
{
    size_t at = 0;
    size_t count = 0;
    const struct command_row *row = NULL;
    (void)fprintf(out, "  postern %-11.*s ", (int)subject.len, subject.ptr);
    while ((row = help_next_row(&at)) != NULL) {
        if (str_eq(first_word(row->name), subject)) {
            (void)fprintf(out, "%s%s", count++ > 0 ? ", " : "", row->name + subject.len + 1);
        }
    }
    (void)fputc('\n', out);
}

void help_print_all(FILE *out)
{
    size_t at = 0;
    struct str last = STR_EMPTY;
    const struct command_row *row = NULL;
    (void)fputs("usage:\n", out);
    while ((row = help_next_row(&at)) != NULL) {
        struct str subject = first_word(row->name);
        if (subject.len == strlen(row->name)) {
            print_row(out, row);
        } else if (!str_eq(subject, last)) {
            print_subject(out, subject);
        }
        last = subject;
    }
    (void)fputs("postern COMMAND --help says more\n", out);
}

bool help_print_some(FILE *out, const char *prefix)
{
    size_t at = 0;
    size_t len = strlen(prefix);
    bool any = false;
    const struct command_row *row = NULL;
    while ((row = help_next_row(&at)) != NULL) {
        if (strncmp(row->name, prefix, len) == 0 &&
            (row->name[len] == '\0' || row->name[len] == ' ')) {
            (void)(any ? 0 : fputs("usage:\n", out));
            print_row(out, row);
            any = true;
        }
    }
    return any;
}

void help_print_one(FILE *out, const struct command_row *row)
{
    (void)fputs("usage:\n", out);
    print_row(out, row);
    (void)fputs("options:\n", out);
    options_print(out, row->options);
    (void)fprintf(out, "example:\n  postern %s\n", row->example);
}

void help_point(const struct command_row *row)
{
    (void)fputs("usage:\n", stderr);
    print_row(stderr, row);
    (void)fprintf(stderr, "  postern %s --help lists its options\n", row->name);
}

size_t help_words_min(const char *words)
{
    size_t count = 0;
    struct str rest = str_of(words);
    bool more = rest.len > 0;
    while (more) {
        struct str one = STR_EMPTY;
        more = str_cut(rest, ' ', &one, &rest);
        if (str_starts(one, STR("["))) {
            break; /* what is optional is behind what is not */
        }
        count++;
    }
    return count;
}

size_t help_words_max(const char *words)
{
    size_t count = 0;
    struct str rest = str_of(words);
    bool more = rest.len > 0;
    while (more) {
        struct str one = STR_EMPTY;
        more = str_cut(rest, ' ', &one, &rest);
        count++;
        if (str_ends(one, STR("...")) || str_ends(one, STR("...]"))) {
            return COMMAND_WORDS_MAX;
        }
    }
    return count;
}
