/* token.c - postern token issue, introspect, revoke: what a client asks its realm's endpoints for.
 *
 * The client's secret comes from POSTERN_PASSWORD; a token from a file or the first line of stdin,
 * never from the command line. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/oauth_ask.h"
#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/server.h"
#include "crypto/secret.h"

#include <string.h>

enum { TOKEN_MAX = 64 << 10 };

/* The client in the form when it has no secret. */
static int ask(const struct command *command,
               const char *endpoint,
               const char *secret,
               struct buf *form,
               struct oauth_answer *out)
{
    struct err err = {0};
    struct oauth_place place = oauth_place_of(command);
    if (secret == NULL) {
        oauth_form_put(form, "client_id", str_of(command->words[0]));
    }
    struct oauth_question question = {.command = command,
                                      .place = &place,
                                      .endpoint = endpoint,
                                      .form = buf_str(form),
                                      .client = secret == NULL ? NULL : command->words[0],
                                      .secret = secret};
    if (!oauth_ask(&question, out, &err)) {
        server_complain(place.url, &err);
        return EXIT_FAILED;
    }
    if (out->status != 200) {
        int code = oauth_complain(out);
        oauth_answer_done(out);
        return code;
    }
    return EXIT_OK;
}

static void forget(struct buf *text)
{
    if (text->ptr != NULL) {
        crypto_wipe(text->ptr, text->cap);
    }
    buf_done(text);
}

static int put_token(const struct command *command, struct buf *form)
{
    struct err err = {0};
    struct buf text;
    char *line = NULL;
    if (command->file == NULL || strcmp(command->file, "-") == 0) {
        int code = secret_input_line("token", &line);
        if (code == EXIT_OK) {
            oauth_form_put(form, "token", str_trim(str_of(line)));
        }
        secret_input_done(line);
        return code;
    }
    buf_init(&text, TOKEN_MAX);
    bool ok = file_read(command->file, &text, &err);
    struct str token = str_trim(buf_str(&text));
    if (ok && token.len > 0) {
        oauth_form_put(form, "token", token);
    } else {
        command_complain("%s%s", ok ? command->file : err.text, ok ? " has no token" : "");
    }
    ok = ok && token.len > 0;
    forget(&text);
    return ok ? EXIT_OK : EXIT_INVALID;
}

static int take_secret(const struct command *command, char **out)
{
    const char *secret = server_env("POSTERN_PASSWORD");
    *out = NULL;
    if (command->password_stdin) {
        return secret_input_line("client secret", out);
    }
    if (secret == NULL) {
        command_complain("the secret of the client comes from POSTERN_PASSWORD, or with "
                         "--password-stdin from stdin");
        return EXIT_USAGE;
    }
    *out = str_dup(str_of(secret));
    return EXIT_OK;
}

static int issue(const struct command *command, const char *secret, enum output_format format)
{
    struct oauth_answer answer;
    struct buf form;
    buf_init(&form, OAUTH_FORM_MAX);
    oauth_form_put(&form, "grant_type", STR("client_credentials"));
    oauth_form_put_scope(&form, command);
    int code = ask(command, "token", secret, &form, &answer);
    buf_done(&form);
    if (code == EXIT_OK) {
        code = output_print(answer.body, format, NULL);
        oauth_answer_done(&answer);
    }
    return code;
}

int token_issue_command(const struct command *command)
{
    char *secret = NULL;
    enum output_format format = OUTPUT_JSON;
    if (!output_format(command, OUTPUT_JSON, &format)) {
        return EXIT_USAGE;
    }
    int code = take_secret(command, &secret);
    code = code == EXIT_OK ? issue(command, secret, format) : code;
    secret_input_done(secret);
    return code;
}

int token_introspect_command(const struct command *command)
{
    struct oauth_answer answer;
    struct buf form;
    enum output_format format = OUTPUT_JSON;
    if (!output_format(command, OUTPUT_JSON, &format)) {
        return EXIT_USAGE;
    }
    buf_init(&form, OAUTH_FORM_MAX);
    int code = put_token(command, &form);
    if (code == EXIT_OK) {
        code = ask(command, "introspect", server_env("POSTERN_PASSWORD"), &form, &answer);
    }
    forget(&form);
    if (code == EXIT_OK) {
        code = output_print(answer.body, format, NULL);
        if (code == EXIT_OK && !json_is_true(json_object_get(answer.body, "active"))) {
            code = EXIT_NOT_AUTHORIZED;
        }
        oauth_answer_done(&answer);
    }
    return code;
}

int token_revoke_command(const struct command *command)
{
    struct oauth_answer answer;
    struct buf form;
    buf_init(&form, OAUTH_FORM_MAX);
    int code = put_token(command, &form);
    if (code == EXIT_OK) {
        code = ask(command, "revoke", server_env("POSTERN_PASSWORD"), &form, &answer);
    }
    forget(&form);
    if (code == EXIT_OK) {
        oauth_answer_done(&answer);
    }
    return code;
}
