/* login.c - postern login: a person's login at a node, by its browser or any
 * other one (RFC 8628), or by his password where realm and client have that
 * grant; kept in a file of his (token_file.h). */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/display.h"
#include "cli/login_token.h"
#include "cli/server.h"
#include "cli/token_file.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLIENT "postern-cli"
#define DEVICE STR("urn:ietf:params:oauth:grant-type:device_code")

enum {
    INTERVAL_S = 5, /* where the node says none (RFC 8628, 3.2), and what slow_down adds (3.5) */
    INTERVAL_MAX_S = 60,
    LIFE_S = 600,
    LIFE_MAX_S = 3600,
    TALK_MAX = 64 << 10,
};

struct login {
    const struct command *command;
    struct oauth_place place;
    const char *client;
    struct oauth_answer answer; /* the last one */
    uint64_t interval_s;
    uint64_t until_ms; /* by the monotonic clock */
};

static bool ask(struct login *login, const char *endpoint, struct buf *form, struct err *err)
{
    struct oauth_question question = {.command = login->command,
                                      .place = &login->place,
                                      .endpoint = endpoint,
                                      .form = buf_str(form)};
    oauth_answer_done(&login->answer);
    bool ok = oauth_ask(&question, &login->answer, err);
    crypto_wipe(form->ptr, form->cap);
    buf_done(form);
    return ok;
}

static struct str said(const struct login *login, const char *key)
{
    const char *text = json_string_value(json_object_get(login->answer.body, key));
    return text == NULL ? STR_EMPTY : str_of(text);
}

static uint64_t
said_number(const struct login *login, const char *key, uint64_t usual, uint64_t max)
{
    json_int_t number = json_integer_value(json_object_get(login->answer.body, key));
    uint64_t value = number <= 0 ? usual : (uint64_t)number;
    return value > max ? max : value;
}

static void tell_where(const struct login *login)
{
    struct buf talk;
    struct str whole = said(login, "verification_uri_complete");
    buf_init(&talk, TALK_MAX);
    (void)buf_append(&talk, STR("Open this page in a browser:\n  "));
    display_append(&talk, said(login, "verification_uri"));
    (void)buf_append(&talk, STR("\nand type in this code:\n  "));
    display_append(&talk, said(login, "user_code"));
    if (whole.len > 0) {
        (void)buf_append(&talk, STR("\nor open this one and compare the code:\n  "));
        display_append(&talk, whole);
    }
    (void)fprintf(stderr, PRISTR "\nwaiting, %llu minutes at most\n", STRARG(buf_str(&talk)),
                  (unsigned long long)(said_number(login, "expires_in", LIFE_S, LIFE_MAX_S) + 59) /
                      60);
    buf_done(&talk);
}

static void wait_a_while(const struct login *login)
{
    struct timespec left = {.tv_sec = (time_t)login->interval_s};
    while (nanosleep(&left, &left) != 0) {
    }
}

/* Whether it is worth asking again: a person who has not answered yet, a node that is busy, or that
 * nobody reaches just now (RFC 8628, 3.5: then more slowly). */
static bool may_go_on(struct login *login, bool answered)
{
    struct str error = str_of(login->answer.error);
    bool slower = !answered || str_eq(error, STR("slow_down")) || login->answer.status >= 500;
    if (slower) {
        login->interval_s += INTERVAL_S;
        if (login->interval_s > INTERVAL_MAX_S) {
            login->interval_s = INTERVAL_MAX_S;
        }
    }
    return slower || str_eq(error, STR("authorization_pending"));
}

static int complain_end(const struct login *login)
{
    struct str error = str_of(login->answer.error);
    if (str_eq(error, STR("access_denied"))) {
        command_complain("it was not allowed");
        return EXIT_NOT_AUTHORIZED;
    }
    if (str_eq(error, STR("expired_token"))) {
        command_complain("nobody has allowed it in time");
        return EXIT_FAILED;
    }
    return oauth_complain(&login->answer);
}

static int poll_until_allowed(struct login *login, const char *device_code)
{
    for (;;) {
        struct buf form;
        struct err err = {0};
        wait_a_while(login);
        buf_init(&form, OAUTH_FORM_MAX);
        oauth_form_put(&form, "grant_type", DEVICE);
        oauth_form_put(&form, "client_id", str_of(login->client));
        oauth_form_put(&form, "device_code", str_of(device_code));
        bool answered = ask(login, "token", &form, &err);
        if (answered && login->answer.status == 200) {
            return EXIT_OK;
        }
        if (!may_go_on(login, answered)) {
            return complain_end(login);
        }
        if (clock_mono_ms() >= login->until_ms) {
            if (!answered) {
                server_complain(login->place.url, &err);
            } else {
                command_complain("nobody has allowed it in time");
            }
            return EXIT_FAILED;
        }
    }
}

static int log_in_by_device(struct login *login)
{
    struct buf form;
    struct err err = {0};
    buf_init(&form, OAUTH_FORM_MAX);
    oauth_form_put(&form, "client_id", str_of(login->client));
    oauth_form_put_scope(&form, login->command);
    if (!ask(login, "device_authorization", &form, &err)) {
        server_complain(login->place.url, &err);
        return EXIT_FAILED;
    }
    struct str code = said(login, "device_code");
    if (login->answer.status != 200 || code.len == 0) {
        return oauth_complain(&login->answer);
    }
    char *device_code = str_dup(code);
    login->interval_s = said_number(login, "interval", INTERVAL_S, INTERVAL_MAX_S);
    login->until_ms = clock_mono_ms() + 1000 * said_number(login, "expires_in", LIFE_S, LIFE_MAX_S);
    tell_where(login);
    int result = poll_until_allowed(login, device_code);
    crypto_wipe(device_code, strlen(device_code));
    mem_free(device_code);
    return result;
}

static int log_in_by_password(struct login *login)
{
    struct buf form;
    struct err err = {0};
    const char *password = server_env("POSTERN_PASSWORD");
    if (password == NULL) {
        command_complain("the password of --user comes from POSTERN_PASSWORD; without --user a "
                         "browser asks for it");
        return EXIT_USAGE;
    }
    buf_init(&form, OAUTH_FORM_MAX);
    oauth_form_put(&form, "grant_type", STR("password"));
    oauth_form_put(&form, "client_id", str_of(login->client));
    oauth_form_put(&form, "username", str_of(login->command->user));
    oauth_form_put(&form, "password", str_of(password));
    oauth_form_put_scope(&form, login->command);
    if (!ask(login, "token", &form, &err)) {
        server_complain(login->place.url, &err);
        return EXIT_FAILED;
    }
    return login->answer.status == 200 ? EXIT_OK : oauth_complain(&login->answer);
}

static void tell_done(const struct login *login, const json_t *entry, const char *path)
{
    struct buf talk;
    const char *user = json_string_value(json_object_get(entry, "user"));
    buf_init(&talk, TALK_MAX);
    display_append(&talk, user == NULL ? STR("somebody") : str_of(user));
    (void)buf_append(&talk, STR(" is logged in at "));
    display_append(&talk, login->place.url);
    (void)fprintf(stderr, PRISTR "; kept in %s\n", STRARG(buf_str(&talk)), path);
    if (json_object_get(entry, "refresh_token") == NULL) {
        (void)fputs("there is no refresh token: it is over soon\n", stderr);
    }
    if (server_env("POSTERN_TOKEN") != NULL || server_env("POSTERN_PASSWORD") != NULL) {
        (void)fputs("POSTERN_TOKEN and POSTERN_PASSWORD go before it while they are set\n", stderr);
    }
    buf_done(&talk);
}

static int keep(const struct login *login, struct token_file *file)
{
    struct err err = {0};
    json_t *entry = login_entry(&login->place, login->client, login->answer.body);
    if (entry == NULL) {
        command_complain("the node's answer has no token");
        return EXIT_FAILED;
    }
    token_file_put(file, json_incref(entry));
    bool ok = token_file_save(file, &err);
    if (ok) {
        tell_done(login, entry, token_file_path(file));
    } else {
        command_complain("%s", err.text);
    }
    json_decref(entry);
    return ok ? EXIT_OK : EXIT_FAILED;
}

/* Whether there is a place for it is known before anybody is asked for anything. */
static bool try_file(struct token_file *file)
{
    struct err err = {0};
    if (!token_file_open(file, true, &err)) {
        command_complain("%s", err.text);
        return false;
    }
    return true;
}

int login_command(const struct command *command)
{
    struct token_file file;
    struct login login = {.command = command,
                          .place = oauth_place_of(command),
                          .client = command->client_id != NULL ? command->client_id : CLIENT,
                          .answer = {.error = ""}};
    if (!try_file(&file)) {
        return EXIT_INVALID;
    }
    token_file_close(&file); /* nobody waits for a person */
    int code = command->user == NULL ? log_in_by_device(&login) : log_in_by_password(&login);
    if (code == EXIT_OK) {
        code = try_file(&file) ? keep(&login, &file) : EXIT_INVALID;
        token_file_close(&file);
    }
    oauth_answer_done(&login.answer);
    return code;
}
