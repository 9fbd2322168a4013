#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_row.h"
#include "cli/help.h"
#include "cli/option.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAME_WORDS_MAX = 3, NAMES_MAX = 128, PREFIX_MAX = 64 };

void command_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("postern: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

int command_exit_code(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return EXIT_OK;
    case ERR_INVALID:
        return EXIT_INVALID;
    case ERR_UNKNOWN:
    case ERR_DENIED:
        return EXIT_NOT_AUTHORIZED;
    case ERR_CONFLICT:
        return EXIT_CONFLICT;
    default:
        return EXIT_FAILED;
    }
}

/* How many of argv's words, from the first, are the words of `name`, all of them; else 0. */
static size_t match_name(const char *name, int argc, char **argv)
{
    struct str rest = str_of(name);
    size_t count = 0;
    bool more = true;
    while (more) {
        struct str word = STR_EMPTY;
        more = str_cut(rest, ' ', &word, &rest);
        if ((int)count + 1 >= argc || !str_eq(word, str_of(argv[count + 1]))) {
            return 0;
        }
        count++;
    }
    return count;
}

static const struct command_row *find_row(int argc, char **argv, int *from)
{
    size_t at = 0;
    const struct command_row *row = NULL;
    while ((row = help_next_row(&at)) != NULL) {
        size_t words = match_name(row->name, argc, argv);
        if (words > 0) {
            *from = (int)words + 1;
            return row;
        }
    }
    return NULL;
}

/* The words that may stand behind `prefix`, each once: those of the rows that begin with it. */
static size_t next_words(const char *prefix, struct str out[NAMES_MAX])
{
    size_t at = 0;
    size_t count = 0;
    struct str begin = str_of(prefix);
    const struct command_row *row = NULL;
    while ((row = help_next_row(&at)) != NULL && count < NAMES_MAX) {
        struct str word = STR_EMPTY;
        struct str rest = STR_EMPTY;
        if (str_starts(str_of(row->name), begin)) {
            (void)str_cut(str_from(str_of(row->name), begin.len), ' ', &word, &rest);
            if (count == 0 || !str_eq(out[count - 1], word)) {
                out[count++] = word;
            }
        }
    }
    return count;
}

/* Words that lead to no command: which of them are right, and what the first wrong one could be. */
static int complain_unknown(int argc, char **argv)
{
    struct str names[NAMES_MAX];
    char prefix[PREFIX_MAX] = "";
    size_t len = 0;
    for (int i = 1; i < argc && i <= NAME_WORDS_MAX; i++) {
        struct str word = str_of(argv[i]);
        size_t count = next_words(prefix, names);
        bool known = false;
        for (size_t j = 0; j < count; j++) {
            known = known || str_eq(names[j], word);
        }
        if (!known) {
            struct str nearest = str_nearest(word, names, count);
            bool near = nearest.len > 0;
            command_complain("no command %s%s%s" PRISTR "%s", prefix, argv[i],
                             near ? "; did you mean " : "; these are all:", STRARG(nearest),
                             near ? "?" : "");
            break;
        }
        len += (size_t)snprintf(prefix + len, sizeof(prefix) - len, PRISTR " ", STRARG(word));
    }
    if (len == 0) {
        help_print_all(stderr);
    } else {
        prefix[len - 1] = '\0';
        (void)help_print_some(stderr, prefix);
    }
    return EXIT_USAGE;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (str_eq(str_of(argv[i]), STR("--"))) {
            return false;
        }
        if (option_listed("--help -h", argv[i])) {
            return true;
        }
    }
    return argc > 1 && str_eq(str_of(argv[1]), STR("help"));
}

/* postern --help, postern user --help, postern user add --help, postern help user add. */
static int print_help(int argc, char **argv)
{
    char prefix[PREFIX_MAX] = "";
    size_t len = 0;
    int from = 0;
    if (str_eq(str_of(argv[1]), STR("help"))) {
        argc--;
        argv++;
    }
    const struct command_row *row = find_row(argc, argv, &from);
    if (row != NULL) {
        help_print_one(stdout, row);
        return EXIT_OK;
    }
    for (int i = 1; i < argc && argv[i][0] != '-' && len < sizeof(prefix); i++) {
        len +=
            (size_t)snprintf(prefix + len, sizeof(prefix) - len, "%s%s", i > 1 ? " " : "", argv[i]);
    }
    if (len == 0) {
        help_print_all(stdout);
        return EXIT_OK;
    }
    return len < sizeof(prefix) && help_print_some(stdout, prefix) ? EXIT_OK
                                                                   : complain_unknown(argc, argv);
}

int cli_main(int argc, char **argv)
{
    struct command command = {0};
    int from = 0;
    if (argc < 2) {
        help_print_all(stderr);
        return EXIT_USAGE;
    }
    if (asks_for_help(argc, argv)) {
        return print_help(argc, argv);
    }
    const struct command_row *row = find_row(argc, argv, &from);
    if (row == NULL) {
        return complain_unknown(argc, argv);
    }
    command.row = row;
    if (!option_read_words(row->options, argc, argv, from, &command)) {
        help_point(row);
        return EXIT_USAGE;
    }
    bool few = command.word_count < help_words_min(row->words);
    if (few || command.word_count > help_words_max(row->words)) {
        command_complain("too %s words: %zu given, wanted is %s", few ? "few" : "many",
                         command.word_count, row->words[0] == '\0' ? "none" : row->words);
        help_point(row);
        return EXIT_USAGE;
    }
    return row->run(&command);
}
