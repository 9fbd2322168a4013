/* check.c - postern check: specifications, configurations and security files, offline. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "document/document.h"
#include "rbac/security_file.h"
#include "spec/spec.h"

#include <jansson.h>
#include <stdio.h>

enum { TEXT_MAX = 16 << 20 };

/* file:line:col: text, as compilers say it. */
static void print_problem(const char *file, const struct problem *p)
{
    (void)fprintf(stderr, "%s:%u:%u: %s" PRISTR, file, p->line, p->column,
                  p->warning ? "warning: " : "", STRARG(p->text));
    if (p->allowed.len > 0) {
        (void)fprintf(stderr, " (allowed: " PRISTR ")", STRARG(p->allowed));
    }
    if (p->nearest.len > 0) {
        (void)fprintf(stderr, "; did you mean " PRISTR "?", STRARG(p->nearest));
    }
    if (p->pointer.len > 0) {
        (void)fprintf(stderr, " [" PRISTR "]", STRARG(p->pointer));
    }
    (void)fputc('\n', stderr);
}

/* The admin API's own specification, which has the paths that others may not have. */
static bool is_ours(const char *canonical)
{
    json_t *spec = json_loads(canonical, 0, NULL);
    const char *id = json_string_value(json_object_get(spec, "id"));
    bool ours = id != NULL && str_eq(str_of(id), MASTER_REALM);
    json_decref(spec);
    return ours;
}

static bool check_spec(const char *file, struct str text)
{
    struct problems problems;
    size_t count = 1;
    struct spec_options options = {0};
    problems_init(&problems);
    for (size_t i = 0; i < count; i++) {
        char *one = spec_canonical(text, i, &count, &problems);
        if (one == NULL) {
            break;
        }
        options.index = i;
        options.any_path = is_ours(one);
        spec_unref(spec_compile(text, &options, &problems));
        mem_free(one);
    }
    for (size_t i = 0; i < problems.count; i++) {
        print_problem(file, &problems.items[i]);
    }
    bool ok = problems.errors == 0;
    problems_done(&problems);
    return ok;
}

static bool check_spec_file(const char *file)
{
    struct buf text;
    struct err err = {0};
    buf_init(&text, TEXT_MAX);
    bool ok = file_read(file, &text, &err);
    if (ok) {
        ok = check_spec(file, buf_str(&text));
    } else {
        command_complain("%s", err.text);
    }
    buf_done(&text);
    return ok;
}

/* Where a mistake of a realm is said. */
struct security_check {
    const char *file;
    const struct document *document;
};

static void print_mistake(void *ctx, const struct realm_mistake *mistake)
{
    const struct security_check *check = ctx;
    unsigned line = 0;
    unsigned column = 0;
    if (mistake->key == NULL ||
        !document_key_position(check->document, mistake->node, mistake->key, &line, &column)) {
        (void)document_position(check->document, mistake->node, &line, &column);
    }
    (void)fprintf(stderr, "%s:%u:%u: %s\n", check->file, line, column, mistake->text);
}

static bool check_security(const char *file, const struct document *document)
{
    struct security_check check = {file, document};
    return security_file_check(document_root(document), print_mistake, &check);
}

static bool check_config(const struct command *command, const char *file)
{
    struct command with_file = *command;
    struct settings settings;
    with_file.config = file;
    if (!settings_load(&with_file, &settings)) {
        return false;
    }
    settings_done(&settings);
    return true;
}

/* What a document is, by the keys that only its kind has. */
static const json_t *sample(const json_t *root)
{
    return json_is_array(root) ? json_array_get(root, 0) : root;
}

static bool check_file(const struct command *command, const char *file)
{
    struct document_problem problem = {0};
    bool ok = false;
    struct document *document = document_load(file, NULL, &problem);
    if (document == NULL) {
        (void)fprintf(stderr, "%s:%u:%u: %s\n", file, problem.line, problem.column, problem.text);
    } else {
        const json_t *first = sample(document_root(document));
        if (json_object_get(first, "versions") != NULL || json_object_get(first, "host") != NULL) {
            ok = check_spec_file(file);
        } else if (json_object_get(first, "uri") != NULL ||
                   json_is_array(document_root(document))) {
            ok = check_security(file, document);
        } else {
            ok = check_config(command, file);
        }
    }
    document_free(document);
    return ok;
}

static int print_effective(const struct command *command)
{
    struct settings settings;
    struct buf text;
    if (!settings_load(command, &settings)) {
        return EXIT_INVALID;
    }
    buf_init(&text, 1 << 20);
    conf_effective(&settings.conf, &text);
    (void)printf(PRISTR, STRARG(buf_str(&text)));
    buf_done(&text);
    settings_done(&settings);
    return EXIT_OK;
}

int check_command(const struct command *command)
{
    bool ok = true;
    if (command->effective) {
        struct command with_file = *command;
        with_file.config = command->word_count > 0 ? command->words[0] : command->config;
        return print_effective(&with_file);
    }
    if (command->word_count == 0) {
        command_complain("check wants a FILE, or --effective");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < command->word_count; i++) {
        ok = check_file(command, command->words[i]) && ok;
    }
    return ok ? EXIT_OK : EXIT_INVALID;
}
