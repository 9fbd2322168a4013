/* grant_test.c - postern grant test: whether somebody may, by which grant, or what is missing. */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/display.h"
#include "cli/output.h"
#include "cli/request.h"

#include <jansson.h>
#include <stdio.h>

enum { TALK_MAX = 64 << 10 };

static void put_option(struct buf *out, const char *name, const char *value)
{
    if (value != NULL) {
        (void)buf_printf(out, " --%s ", name);
        display_append_word(out, str_of(value));
    }
}

/* The grant that would allow just this. */
static void print_remedy(const struct command *command)
{
    struct buf talk;
    buf_init(&talk, TALK_MAX);
    (void)buf_append(&talk, STR("  postern grant create "));
    display_append_word(&talk, str_of(command->words[1]));
    (void)buf_byte(&talk, ' ');
    display_append_word(&talk, str_of(command->words[2]));
    put_option(&talk, "match", command->match);
    put_option(&talk, "to", command->words[0]);
    put_option(&talk, "realm", command->realm);
    (void)fprintf(stderr, PRISTR "\n", STRARG(buf_str(&talk)));
    buf_done(&talk);
}

static int print_sentence(const json_t *answer)
{
    json_t *text = json_object_get(answer, "text");
    return output_print(text != NULL ? text : answer, OUTPUT_TABLE, NULL);
}

int grant_test_command(const struct command *command)
{
    struct admin_answer answer = {0};
    enum output_format format = OUTPUT_TABLE;
    int code = request_ask(command, &format, &answer);
    if (code != EXIT_OK) {
        return code;
    }
    const json_t *allowed = json_object_get(answer.body, "allowed");
    if (!json_is_boolean(allowed)) {
        command_complain("the node's answer does not say whether it is allowed");
        admin_answer_done(&answer);
        return EXIT_FAILED;
    }
    int printed = format == OUTPUT_TABLE ? print_sentence(answer.body)
                                         : output_print(answer.body, format, NULL);
    if (!json_is_true(allowed)) {
        print_remedy(command);
    }
    code = json_is_true(allowed) ? EXIT_OK : EXIT_NOT_AUTHORIZED;
    admin_answer_done(&answer);
    return printed == EXIT_OK ? code : printed;
}
