#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/option.h"

#include <stdarg.h>
#include <stdio.h>

#define WAMP_OPTIONS  "url realm authid authmethod serializer ca-file insecure timeout"
#define ADMIN_OPTIONS "url user output ca-file insecure"

struct row {
    const char *name;
    const char *second; /* NULL: a command of one word */
    const char *words;  /* for the usage line */
    size_t words_min;
    size_t words_max;
    const char *options;
    int (*run)(const struct command *command);
    const char *help;
};

static const struct row rows[] = {
    {"serve", NULL, "", 0, 0, "config data set demo", serve_command, "run a node"},
    {"check", NULL, "FILE...", 0, COMMAND_WORDS_MAX, "config set data effective", check_command,
     "check specifications, configurations, security files; offline"},
    {"api", "publish", "FILE", 1, 1, ADMIN_OPTIONS " comment dry-run", api_publish_command,
     "publish a specification"},
    {"api", "list", "", 0, 0, ADMIN_OPTIONS, api_list_command, "list what is published"},
    {"api", "get", "ID", 1, 1, ADMIN_OPTIONS, api_get_command, "print a specification"},
    {"api", "delete", "ID", 1, 1, ADMIN_OPTIONS, api_delete_command, "take a specification down"},
    {"api", "history", "ID", 1, 1, ADMIN_OPTIONS, api_history_command, "list its versions"},
    {"api", "rollback", "ID VERSION", 2, 2, ADMIN_OPTIONS, api_rollback_command,
     "publish an older version again"},
    {"realm", "create", "URI", 1, 1, ADMIN_OPTIONS " open", realm_create_command, "create a realm"},
    {"realm", "list", "", 0, 0, ADMIN_OPTIONS, realm_list_command, "list realms"},
    {"realm", "get", "URI", 1, 1, ADMIN_OPTIONS, realm_get_command, "print a realm"},
    {"call", NULL, "URI [JSON...]", 1, COMMAND_WORDS_MAX, WAMP_OPTIONS " kwargs", call_command,
     "call a procedure, print its result"},
    {"publish", NULL, "URI [JSON...]", 1, COMMAND_WORDS_MAX, WAMP_OPTIONS " kwargs",
     publish_command, "publish an event"},
    {"subscribe", NULL, "URI", 1, 1, WAMP_OPTIONS " match count", subscribe_command,
     "print events, one JSON line each"},
    {"register", NULL, "URI", 1, 1, WAMP_OPTIONS " match invoke exec", register_command,
     "answer calls with a command"},
    {"demo-callee", NULL, "", 0, 0, WAMP_OPTIONS " with-parent", demo_callee_command,
     "the service behind the demo API"},
    {"version", NULL, "", 0, 0, "json", version_command, "print the version"},
};

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

static void print_row(const struct row *row)
{
    (void)fprintf(stderr, "  postern %s%s%s %-14s %s\n", row->name, row->second != NULL ? " " : "",
                  row->second != NULL ? row->second : "", row->words, row->help);
}

static int print_usage(const char *name)
{
    (void)fputs("usage:\n", stderr);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (name == NULL || str_eq(str_of(rows[i].name), str_of(name))) {
            print_row(&rows[i]);
        }
    }
    return EXIT_USAGE;
}

static int print_row_usage(const struct row *row)
{
    (void)fputs("usage:\n", stderr);
    print_row(row);
    options_print(row->options);
    return EXIT_USAGE;
}

static const struct row *find_row(int argc, char **argv, int *from)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!str_eq(str_of(argv[1]), str_of(rows[i].name))) {
            continue;
        }
        if (rows[i].second == NULL) {
            *from = 2;
            return &rows[i];
        }
        if (argc > 2 && str_eq(str_of(argv[2]), str_of(rows[i].second))) {
            *from = 3;
            return &rows[i];
        }
    }
    return NULL;
}

static int complain_unknown(const char *name)
{
    struct str names[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        names[i] = str_of(rows[i].name);
        if (str_eq(names[i], str_of(name))) {
            return print_usage(name); /* the first word is right */
        }
    }
    struct str nearest = str_nearest(str_of(name), names, COUNT_OF(rows));
    if (nearest.len > 0) {
        command_complain("no command %s; did you mean " PRISTR "?", name, STRARG(nearest));
    } else {
        command_complain("no command %s", name);
    }
    return print_usage(NULL);
}

int cli_main(int argc, char **argv)
{
    struct command command = {0};
    int from = 0;
    if (argc < 2) {
        return print_usage(NULL);
    }
    if (option_listed("--help -h help", argv[1])) {
        (void)print_usage(NULL);
        return EXIT_OK;
    }
    const struct row *row = find_row(argc, argv, &from);
    if (row == NULL) {
        return complain_unknown(argv[1]);
    }
    for (int i = from; i < argc; i++) {
        if (option_listed("--help -h", argv[i])) {
            (void)print_row_usage(row);
            return EXIT_OK;
        }
    }
    if (!option_read_words(row->options, argc, argv, from, &command)) {
        return print_row_usage(row);
    }
    if (command.word_count < row->words_min || command.word_count > row->words_max) {
        return print_row_usage(row);
    }
    return row->run(&command);
}
