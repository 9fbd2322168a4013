#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/option.h"

#include <stdarg.h>
#include <stdio.h>

#define WAMP_OPTIONS  "url realm authid authmethod key serializer ca-file insecure connect-timeout"
#define PASSTHRU      " ppt-scheme ppt-serializer ppt-cipher ppt-keyid"
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
    const char *example; /* behind "postern " */
};

static const struct row rows[] = {
    {"serve", NULL, "", 0, 0, "config data set demo", serve_command, "run a node",
     "serve --demo --data ./data"},
    {"check", NULL, "FILE...", 0, COMMAND_WORDS_MAX, "config set data effective", check_command,
     "check specifications, configurations, security files; offline", "check specs/demo.json"},
    {"api", "publish", "FILE", 1, 1, ADMIN_OPTIONS " comment dry-run", api_publish_command,
     "publish a specification", "api publish demo.json --comment 'first'"},
    {"api", "list", "", 0, 0, ADMIN_OPTIONS, api_list_command, "list what is published",
     "api list -o json"},
    {"api", "get", "ID", 1, 1, ADMIN_OPTIONS, api_get_command, "print a specification",
     "api get com.example.demo"},
    {"api", "delete", "ID", 1, 1, ADMIN_OPTIONS, api_delete_command, "take a specification down",
     "api delete com.example.demo"},
    {"api", "history", "ID", 1, 1, ADMIN_OPTIONS, api_history_command, "list its versions",
     "api history com.example.demo"},
    {"api", "rollback", "ID VERSION", 2, 2, ADMIN_OPTIONS, api_rollback_command,
     "publish an older version again", "api rollback com.example.demo 1"},
    {"realm", "create", "URI", 1, 1, ADMIN_OPTIONS " open", realm_create_command, "create a realm",
     "realm create com.example --open"},
    {"realm", "list", "", 0, 0, ADMIN_OPTIONS, realm_list_command, "list realms", "realm list"},
    {"realm", "get", "URI", 1, 1, ADMIN_OPTIONS, realm_get_command, "print a realm",
     "realm get com.example"},
    {"call", NULL, "URI [JSON...]", 1, COMMAND_WORDS_MAX,
     WAMP_OPTIONS " kwargs timeout disclose-me no-disclose-me progress stream cancel-after "
                  "cancel-mode rkey details" PASSTHRU,
     call_command, "call a procedure, print its result",
     "call com.example.add 2 3 -k '{\"round\": true}' --realm com.example --timeout 2s"},
    {"publish", NULL, "URI [JSON...]", 1, COMMAND_WORDS_MAX,
     WAMP_OPTIONS " kwargs ack no-ack exclude-me no-exclude-me exclude exclude-authid "
                  "exclude-authrole eligible eligible-authid eligible-authrole disclose-me "
                  "no-disclose-me retain ttl lines" PASSTHRU,
     publish_command, "publish an event",
     "publish com.example.news '\"hello\"' --realm com.example --retain --ttl 1h"},
    {"subscribe", NULL, "URI...", 1, COMMAND_WORDS_MAX,
     WAMP_OPTIONS " match count get-retained history details", subscribe_command,
     "print events, one JSON line each",
     "subscribe com.example. --match prefix --count 10 --realm com.example"},
    {"register", NULL, "URI", 1, 1,
     WAMP_OPTIONS " exec match invoke concurrency force disclose-caller forward-timeout progress "
                  "details",
     register_command, "answer calls with a command",
     "register com.example.sort --exec 'jq \".args[0] | sort\"' --realm com.example"},
    {"demo-callee", NULL, "", 0, 0, WAMP_OPTIONS " with-parent", demo_callee_command,
     "the service behind the demo API", "demo-callee --url tcp://127.0.0.1:18082"},
    {"version", NULL, "", 0, 0, "json", version_command, "print the version", "version --json"},
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

static int print_help(const struct row *row)
{
    (void)fputs("usage:\n", stderr);
    print_row(row);
    options_print(row->options);
    (void)fprintf(stderr, "example:\n  postern %s\n", row->example);
    return EXIT_OK;
}

/* After a sentence about what is wrong, which should stay in sight. */
static int point_to_help(const struct row *row)
{
    (void)fputs("usage:\n", stderr);
    print_row(row);
    (void)fprintf(stderr, "  postern %s%s%s --help lists its options\n", row->name,
                  row->second != NULL ? " " : "", row->second != NULL ? row->second : "");
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
        command_complain("no command %s; these are all:", name);
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
            return print_help(row);
        }
    }
    if (!option_read_words(row->options, argc, argv, from, &command)) {
        return point_to_help(row);
    }
    if (command.word_count < row->words_min || command.word_count > row->words_max) {
        command_complain("%s words: %zu given, wanted is %s",
                         command.word_count < row->words_min ? "too few" : "too many",
                         command.word_count, row->words_max == 0 ? "none" : row->words);
        return point_to_help(row);
    }
    return row->run(&command);
}
