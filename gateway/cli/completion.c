/* completion.c - postern completion: scripts for shells, made of the table of commands.
 *
 * A script knows, for each beginning of a command, the words that may follow, and for
 * each command its options. What else a command wants are files and names.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/option.h"

#include <stdio.h>
#include <string.h>

enum { SCRIPT_MAX = 1 << 20, BEGINNINGS_MAX = 256 };

struct script {
    struct buf text;
    const struct command_row *row; /* whose options are put */
};

/* Whether `name` goes on behind `begin` ("" or whole words), and with which word. */
static bool follows(const char *name, struct str begin, struct str *out)
{
    struct str rest = str_of(name);
    struct str behind = STR_EMPTY;
    if (begin.len > 0) {
        if (!str_starts(rest, begin) || rest.len <= begin.len || rest.ptr[begin.len] != ' ') {
            return false;
        }
        rest = str_from(rest, begin.len + 1);
    }
    (void)str_cut(rest, ' ', out, &behind);
    return true;
}

/* All words that may follow, each once, with blanks between. */
static void put_following(struct buf *out, struct str begin)
{
    size_t at = 0;
    struct str last = STR_EMPTY;
    struct str word = STR_EMPTY;
    const struct command_row *row = NULL;
    while ((row = help_next_row(&at)) != NULL) {
        if (follows(row->name, begin, &word) && !str_eq(word, last)) {
            (void)buf_printf(out, "%s" PRISTR, last.len > 0 ? " " : "", STRARG(word));
            last = word;
        }
    }
}

/* The beginnings of commands that are none themselves: "", "user", "user alias". */
static size_t beginnings(struct str out[BEGINNINGS_MAX])
{
    size_t at = 0;
    size_t count = 0;
    const struct command_row *row = NULL;
    out[count++] = STR_EMPTY;
    while ((row = help_next_row(&at)) != NULL) {
        struct str name = str_of(row->name);
        for (size_t i = 0; i < name.len; i++) {
            struct str begin = str_sub(name, 0, i);
            bool known = name.ptr[i] != ' ';
            for (size_t j = 0; j < count && !known; j++) {
                known = str_eq(out[j], begin);
            }
            if (!known && count < BEGINNINGS_MAX) {
                out[count++] = begin;
            }
        }
    }
    return count;
}

static void put_option_word(void *ctx, const char *name, char letter, bool takes, const char *help)
{
    struct script *script = ctx;
    (void)letter;
    (void)takes;
    (void)help;
    (void)buf_printf(&script->text, "--%s ", name);
}

/* Arms of a shell's case over "the words so far": what may follow, in `more`. */
static void put_case(struct script *script)
{
    struct str begins[BEGINNINGS_MAX];
    size_t count = beginnings(begins);
    size_t at = 0;
    const struct command_row *row = NULL;
    for (size_t i = 0; i < count; i++) {
        (void)buf_printf(&script->text, "    \"" PRISTR "\") more=\"", STRARG(begins[i]));
        put_following(&script->text, begins[i]);
        (void)buf_append(&script->text, STR("\" ;;\n"));
    }
    while ((row = help_next_row(&at)) != NULL) {
        (void)buf_printf(&script->text, "    \"%s\"|\"%s \"*) more=\"", row->name, row->name);
        options_list(row->options, put_option_word, script);
        (void)buf_append(&script->text, STR("--help\" ;;\n"));
    }
}

/* Behind a whole command without a dash there are files, which bash knows by itself. */
static void put_bash(struct script *script)
{
    (void)buf_append(&script->text, STR("# postern's words in bash\n"
                                        "_postern() {\n"
                                        "    local more=\"\" cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                                        "    local line=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
                                        "    case \"$line\" in\n"));
    put_case(script);
    (void)buf_append(&script->text,
                     STR("    esac\n"
                         "    COMPREPLY=()\n"
                         "    case \"$more:$cur\" in\n"
                         "    --*:-*) ;;\n"
                         "    --*) return ;;\n"
                         "    esac\n"
                         "    mapfile -t COMPREPLY < <(compgen -W \"$more\" -- \"$cur\")\n"
                         "}\n"
                         "complete -o default -F _postern postern\n"));
}

static void put_zsh(struct script *script)
{
    (void)buf_append(&script->text, STR("#compdef postern\n"
                                        "# postern's words in zsh\n"
                                        "_postern() {\n"
                                        "    local more=\"\"\n"
                                        "    local line=\"${(j: :)words[2,CURRENT-1]}\"\n"
                                        "    case \"$line\" in\n"));
    put_case(script);
    (void)buf_append(&script->text, STR("    esac\n"
                                        "    case \"$more:$PREFIX\" in\n"
                                        "    --*:-*) ;;\n"
                                        "    --*) _files; return ;;\n"
                                        "    esac\n"
                                        "    compadd -- ${=more}\n"
                                        "}\n"
                                        "if [ \"$funcstack[1]\" = _postern ]; then\n"
                                        "    _postern \"$@\"\n"
                                        "else\n"
                                        "    compdef _postern postern\n"
                                        "fi\n"));
}

static void put_fish_text(struct buf *out, const char *text)
{
    (void)buf_byte(out, '\'');
    for (const char *at = text; *at != '\0'; at++) {
        (void)buf_printf(out, *at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
    }
    (void)buf_byte(out, '\'');
}

static void put_fish_option(void *ctx, const char *name, char letter, bool takes, const char *help)
{
    struct script *script = ctx;
    (void)buf_printf(&script->text, "complete -c postern -n '__postern_in \"%s\"' -l %s",
                     script->row->name, name);
    if (letter != 0) {
        (void)buf_printf(&script->text, " -s %c", letter);
    }
    (void)buf_printf(&script->text, "%s -d ", takes ? " -r" : "");
    put_fish_text(&script->text, help);
    (void)buf_byte(&script->text, '\n');
}

static void put_fish(struct script *script)
{
    struct str begins[BEGINNINGS_MAX];
    size_t count = beginnings(begins);
    size_t at = 0;
    (void)buf_append(&script->text,
                     STR("# postern's words in fish\n"
                         "function __postern_line\n"
                         "    set -l words (commandline -opc)\n"
                         "    string join ' ' -- $words[2..-1]\n"
                         "end\n"
                         "function __postern_at\n"
                         "    set -l line (__postern_line)\n"
                         "    test \"$line\" = \"$argv[1]\"\n"
                         "end\n"
                         "function __postern_in\n"
                         "    string match -q -- \"$argv[1] *\" (__postern_line)' '\n"
                         "end\n"));
    for (size_t i = 0; i < count; i++) {
        (void)buf_printf(&script->text,
                         "complete -c postern -f -n '__postern_at \"" PRISTR "\"' -a '",
                         STRARG(begins[i]));
        put_following(&script->text, begins[i]);
        (void)buf_append(&script->text, STR("'\n"));
    }
    while ((script->row = help_next_row(&at)) != NULL) {
        options_list(script->row->options, put_fish_option, script);
    }
}

int completion_command(const struct command *command)
{
    static const struct {
        const char *shell;
        void (*put)(struct script *script);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    struct script script = {.row = NULL};
    for (size_t i = 0; i < COUNT_OF(shells); i++) {
        if (strcmp(shells[i].shell, command->words[0]) == 0) {
            buf_init(&script.text, SCRIPT_MAX);
            shells[i].put(&script);
            (void)printf(PRISTR, STRARG(buf_str(&script.text)));
            buf_done(&script.text);
            return EXIT_OK;
        }
    }
    command_complain("there are scripts for bash, zsh and fish, not for %s", command->words[0]);
    return EXIT_USAGE;
}
