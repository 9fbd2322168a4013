#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum option_kind { OPTION_TEXT, OPTION_FLAG, OPTION_MANY };

struct option {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    size_t offset;
    const char *help;
};

#define TEXT(name, letter, field, help)                                        \
    {                                                                          \
        (name), (letter), OPTION_TEXT, offsetof(struct command, field), (help) \
    }
#define FLAG(name, letter, field, help)                                        \
    {                                                                          \
        (name), (letter), OPTION_FLAG, offsetof(struct command, field), (help) \
    }

static const struct option options[] = {
    TEXT("url", 0, url, "URL: where the node is (POSTERN_URL for admin commands)"),
    TEXT("realm", 0, realm, "URI: the realm to join"),
    TEXT("authid", 0, authid, "NAME: who to be"),
    TEXT("authmethod", 0, authmethod, "METHOD: how to prove it"),
    TEXT("serializer", 0, serializer, "json or msgpack"),
    TEXT("user", 0, user, "NAME: the administrator (admin); password from POSTERN_PASSWORD"),
    TEXT("config", 'c', config, "FILE: settings, YAML or JSON"),
    TEXT("data", 0, data, "DIR: the data directory"),
    {"set", 0, OPTION_MANY, 0, "KEY=VALUE: one setting, wins over file and environment"},
    TEXT("kwargs", 'k', kwargs, "JSON: an object of keyword arguments"),
    TEXT("exec", 0, exec, "CMD: run for each call; JSON in on stdin, JSON out on stdout"),
    TEXT("match", 0, match, "exact, prefix or wildcard"),
    TEXT("invoke", 0, invoke, "single, roundrobin, random, first or last"),
    TEXT("comment", 0, comment, "TEXT: why, kept with the version"),
    TEXT("output", 'o', output, "table or json"),
    TEXT("ca-file", 0, ca_file, "FILE: certificates to trust"),
    TEXT("timeout", 0, timeout, "MS: how long to wait"),
    TEXT("count", 'n', count, "N: end after so many events"),
    FLAG("insecure", 0, insecure, "do not verify the node's certificate"),
    FLAG("demo", 0, demo, "on loopback, with a demo API and its callee"),
    FLAG("open", 0, open, "anonymous may do everything in the new realm"),
    FLAG("dry-run", 0, dry_run, "check, change nothing"),
    FLAG("effective", 0, effective, "print all settings in force, and whence"),
    FLAG("json", 0, json, "as JSON"),
    FLAG("with-parent", 0, with_parent, "end when the parent process ends"),
};

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

/* Whether `name` is one of the words of a list such as "url realm". */
static bool listed(const char *list, const char *name)
{
    struct str rest = str_of(list);
    struct str word = STR_EMPTY;
    bool more = true;
    while (more) {
        more = str_cut(rest, ' ', &word, &rest);
        if (str_eq(word, str_of(name))) {
            return true;
        }
    }
    return false;
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
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (listed(row->options, options[i].name)) {
            char letter[8] = "";
            if (options[i].letter != 0) {
                (void)snprintf(letter, sizeof(letter), " -%c", options[i].letter);
            }
            (void)fprintf(stderr, "      --%s%s  %s\n", options[i].name, letter, options[i].help);
        }
    }
    return EXIT_USAGE;
}

/* "--name", "--name=value", "-x": the option, and the value behind '='. */
static const struct option *find_option(const struct row *row, struct str word, struct str *value)
{
    struct str name = STR_EMPTY;
    bool has_value = str_cut(word, '=', &name, value);
    if (!has_value) {
        value->ptr = NULL;
    }
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        bool long_form =
            str_starts(name, STR("--")) && str_eq(str_from(name, 2), str_of(options[i].name));
        bool short_form = word.len == 2 && options[i].letter != 0 &&
                          word.ptr[1] == options[i].letter && word.ptr[0] == '-';
        if ((long_form || short_form) && listed(row->options, options[i].name)) {
            return &options[i];
        }
    }
    return NULL;
}

static bool store_option(struct command *command, const struct option *option, const char *value)
{
    char *field = (char *)command + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)field = true;
        return true;
    case OPTION_TEXT:
        *(const char **)(void *)field = value;
        return true;
    case OPTION_MANY:
        if (command->set_count == COMMAND_SETS_MAX) {
            return false;
        }
        command->sets[command->set_count++] = value;
        return true;
    }
    return false;
}

/* Options and words behind the command's name, in any order; "--" ends the options. */
static bool read_words(const struct row *row, int argc, char **argv, int from, struct command *out)
{
    bool only_words = false;
    for (int i = from; i < argc; i++) {
        struct str word = str_of(argv[i]);
        struct str value = {0};
        const struct option *option = NULL;
        if (only_words || word.len < 2 || word.ptr[0] != '-' ||
            (word.ptr[1] >= '0' && word.ptr[1] <= '9')) {
            if (out->word_count == COMMAND_WORDS_MAX) {
                command_complain("too many words");
                return false;
            }
            out->words[out->word_count++] = argv[i];
            continue;
        }
        if (str_eq(word, STR("--"))) {
            only_words = true;
            continue;
        }
        option = find_option(row, word, &value);
        if (option == NULL) {
            command_complain("no such option here: %s", argv[i]);
            return false;
        }
        if (option->kind != OPTION_FLAG && value.ptr == NULL && i + 1 == argc) {
            command_complain("--%s wants a value", option->name);
            return false;
        }
        bool takes_next = option->kind != OPTION_FLAG && value.ptr == NULL;
        i += takes_next;
        if (!store_option(out, option, takes_next ? argv[i] : value.ptr)) {
            command_complain("too many --%s", option->name);
            return false;
        }
    }
    return true;
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
    if (listed("--help -h help", argv[1])) {
        (void)print_usage(NULL);
        return EXIT_OK;
    }
    const struct row *row = find_row(argc, argv, &from);
    if (row == NULL) {
        return complain_unknown(argv[1]);
    }
    for (int i = from; i < argc; i++) {
        if (listed("--help -h", argv[i])) {
            (void)print_row_usage(row);
            return EXIT_OK;
        }
    }
    if (!read_words(row, argc, argv, from, &command)) {
        return print_row_usage(row);
    }
    if (command.word_count < row->words_min || command.word_count > row->words_max) {
        return print_row_usage(row);
    }
    return row->run(&command);
}
