/* logout.c - postern logout, and postern token print: of what postern login has kept. */
#include "base/mem.h"
#include "cli/login_token.h"
#include "cli/server.h"
#include "cli/token_file.h"
#include "crypto/secret.h"

#include <stdio.h>

/* The refresh token takes along what was issued with it. */
static int
revoke(const struct command *command, const struct oauth_place *place, const json_t *entry)
{
    struct buf form;
    struct oauth_answer answer;
    struct err err = {0};
    const char *client = json_string_value(json_object_get(entry, "client_id"));
    const char *token = json_string_value(json_object_get(entry, "refresh_token"));
    if (token == NULL) {
        token = json_string_value(json_object_get(entry, "access_token"));
    }
    buf_init(&form, OAUTH_FORM_MAX);
    oauth_form_put(&form, "client_id", str_of(client == NULL ? "" : client));
    oauth_form_put(&form, "token", str_of(token == NULL ? "" : token));
    struct oauth_question question = {
        .command = command, .place = place, .endpoint = "revoke", .form = buf_str(&form)};
    bool answered = oauth_ask(&question, &answer, &err);
    crypto_wipe(form.ptr, form.cap);
    buf_done(&form);
    if (!answered) {
        server_complain(place->url, &err);
        return EXIT_FAILED;
    }
    int code = answer.status == 200 ? EXIT_OK : oauth_complain(&answer);
    oauth_answer_done(&answer);
    return code;
}

static int forget(const struct oauth_place *place, struct token_file *file)
{
    struct err err = {0};
    (void)token_file_drop(file, place->url, place->realm);
    if (!token_file_save(file, &err)) {
        command_complain("%s", err.text);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

int logout_command(const struct command *command)
{
    struct token_file file;
    struct err err = {0};
    struct oauth_place place = oauth_place_of(command);
    if (!token_file_open(&file, true, &err)) {
        command_complain("%s", err.text);
        return command_exit_code(err.code);
    }
    int code = EXIT_OK;
    const json_t *entry = token_file_find(&file, place.url, place.realm);
    if (entry == NULL) {
        (void)fprintf(stderr, "nobody is logged in at " PRISTR "\n", STRARG(place.url));
    } else {
        code = revoke(command, &place, entry);
        if (code == EXIT_OK || command->force) {
            code = forget(&place, &file);
        } else {
            (void)fputs("  it is kept, to be tried again; --force forgets it, and leaves it good "
                        "at the node\n",
                        stderr);
        }
    }
    token_file_close(&file);
    return code;
}

int token_print_command(const struct command *command)
{
    struct login_token token;
    struct oauth_place place = oauth_place_of(command);
    int code = login_token_find(command, &place, NULL, &token);
    if (code != EXIT_OK) {
        return code;
    }
    if (token.text == NULL) {
        command_complain("nobody is logged in at " PRISTR, STRARG(place.url));
        oauth_point_to_login(&place);
        return EXIT_NOT_AUTHORIZED;
    }
    code = printf("%s\n", token.text) > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
    login_token_done(&token);
    return code;
}
