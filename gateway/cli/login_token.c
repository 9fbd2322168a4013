#include "cli/login_token.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "cli/server.h"
#include "cli/token_file.h"
#include "crypto/secret.h"

#include <string.h>

/* A token is taken for over a little earlier than it is: a request takes its time. */
enum { EARLY_S = 20, TOKEN_MAX = 256 << 10, CLAIMS_MAX = TOKEN_MAX, LIFE_MAX_S = 365 * 86400 };

static struct str text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

/* RFC 6749, A.12 and A.17: what can be in a header, or be shown, and does not fill the file. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return text.len > 0 && text.len <= TOKEN_MAX;
}

/* For people: whose it is. What may be done with it the node says. */
static void put_user(json_t *entry, struct str token)
{
    struct buf claims;
    struct str head = STR_EMPTY;
    struct str rest = STR_EMPTY;
    struct str body = STR_EMPTY;
    buf_init(&claims, CLAIMS_MAX);
    if (str_cut(token, '.', &head, &rest) && str_cut(rest, '.', &body, &head) &&
        base64_decode(BASE64_URL, body, &claims)) {
        json_t *object = json_loadb(claims.ptr, claims.len, 0, NULL);
        if (text_of(object, "sub").len > 0) {
            (void)json_object_set(entry, "user", json_object_get(object, "sub"));
        }
        json_decref(object);
    }
    buf_done(&claims);
}

json_t *login_entry(const struct oauth_place *place, const char *client, const json_t *answer)
{
    struct str access = text_of(answer, "access_token");
    struct str refresh = text_of(answer, "refresh_token");
    json_int_t life_s = json_integer_value(json_object_get(answer, "expires_in"));
    if (!is_token(access) || (refresh.len > 0 && !is_token(refresh))) {
        return NULL;
    }
    life_s = life_s < 0 ? 0 : life_s > LIFE_MAX_S ? LIFE_MAX_S : life_s;
    json_t *entry = json_pack("{s:s%, s:s%, s:s, s:O, s:I}", "url", place->url.ptr, place->url.len,
                              "realm", place->realm.ptr, place->realm.len, "client_id", client,
                              "access_token", json_object_get(answer, "access_token"), "expires_at",
                              (json_int_t)(clock_wall_ms() / 1000) + life_s);
    if (entry != NULL && refresh.len > 0) {
        (void)json_object_set(entry, "refresh_token", json_object_get(answer, "refresh_token"));
    }
    if (entry != NULL) {
        put_user(entry, access);
    }
    return entry;
}

static bool is_good(const json_t *entry, const char *refused)
{
    json_int_t now_s = (json_int_t)(clock_wall_ms() / 1000);
    struct str token = text_of(entry, "access_token");
    return token.len > 0 && (refused == NULL || !str_eq(token, str_of(refused))) &&
           json_integer_value(json_object_get(entry, "expires_at")) > now_s + EARLY_S;
}

static void take(const json_t *entry, struct login_token *out)
{
    struct str user = text_of(entry, "user");
    out->text = str_dup(text_of(entry, "access_token"));
    out->user = user.len > 0 ? str_dup(user) : NULL;
}

static int complain_over(const struct oauth_place *place)
{
    command_complain("the login at " PRISTR " is over", STRARG(place->url));
    oauth_point_to_login(place);
    return EXIT_NOT_AUTHORIZED;
}

/* Kept before it is used: a refresh token that is lost with its answer is a login that is over. */
static int keep(struct token_file *file, json_t *entry, struct login_token *out)
{
    struct err err = {0};
    token_file_put(file, json_incref(entry));
    bool ok = token_file_save(file, &err);
    if (ok) {
        take(entry, out);
    } else {
        command_complain("%s", err.text);
    }
    json_decref(entry);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static int forget(const struct oauth_place *place, struct token_file *file)
{
    struct err err = {0};
    (void)token_file_drop(file, place->url, place->realm);
    if (!token_file_save(file, &err)) {
        command_complain("%s", err.text);
    }
    return complain_over(place);
}

static bool ends_the_login(const char *error)
{
    return str_eq(str_of(error), STR("invalid_grant")) ||
           str_eq(str_of(error), STR("invalid_client")) ||
           str_eq(str_of(error), STR("unauthorized_client"));
}

static int settle(const struct oauth_question *question,
                  struct token_file *file,
                  const json_t *entry,
                  struct login_token *out)
{
    struct oauth_answer answer;
    struct err err = {0};
    if (!oauth_ask(question, &answer, &err)) {
        server_complain(question->place->url, &err);
        return EXIT_FAILED;
    }
    json_t *next =
        answer.status != 200
            ? NULL
            : login_entry(question->place, json_string_value(json_object_get(entry, "client_id")),
                          answer.body);
    if (next != NULL && json_object_get(next, "refresh_token") == NULL) {
        (void)json_object_set(next, "refresh_token", json_object_get(entry, "refresh_token"));
    }
    int code = next != NULL                   ? keep(file, next, out)
               : ends_the_login(answer.error) ? forget(question->place, file)
                                              : oauth_complain(&answer);
    oauth_answer_done(&answer);
    return code;
}

static int refresh(const struct command *command,
                   const struct oauth_place *place,
                   struct token_file *file,
                   const json_t *entry,
                   struct login_token *out)
{
    struct buf form;
    struct str token = text_of(entry, "refresh_token");
    struct str client = text_of(entry, "client_id");
    if (token.len == 0 || client.len == 0) {
        return forget(place, file);
    }
    buf_init(&form, OAUTH_FORM_MAX);
    oauth_form_put(&form, "grant_type", STR("refresh_token"));
    oauth_form_put(&form, "client_id", client);
    oauth_form_put(&form, "refresh_token", token);
    struct oauth_question question = {
        .command = command, .place = place, .endpoint = "token", .form = buf_str(&form)};
    int code = settle(&question, file, entry, out);
    crypto_wipe(form.ptr, form.cap);
    buf_done(&form);
    return code;
}

/* Alone with the file: another command may have done it meanwhile. */
static int renew(const struct command *command,
                 const struct oauth_place *place,
                 const char *refused,
                 struct login_token *out)
{
    struct token_file file;
    struct err err = {0};
    int code = EXIT_OK;
    if (!token_file_open(&file, true, &err)) {
        command_complain("%s", err.text);
        return command_exit_code(err.code);
    }
    const json_t *entry = token_file_find(&file, place->url, place->realm);
    if (entry == NULL) {
        code = complain_over(place);
    } else if (is_good(entry, refused)) {
        take(entry, out);
    } else {
        code = refresh(command, place, &file, entry, out);
    }
    token_file_close(&file);
    return code;
}

int login_token_find(const struct command *command,
                     const struct oauth_place *place,
                     const char *refused,
                     struct login_token *out)
{
    struct token_file file;
    struct err err = {0};
    *out = (struct login_token){0};
    if (!token_file_open(&file, false, &err)) {
        command_complain("%s", err.text);
        return command_exit_code(err.code);
    }
    const json_t *entry = token_file_find(&file, place->url, place->realm);
    bool there = entry != NULL;
    bool good = is_good(entry, refused);
    if (good) {
        take(entry, out);
    }
    token_file_close(&file);
    return there && !good ? renew(command, place, refused, out) : EXIT_OK;
}

void login_token_done(struct login_token *token)
{
    if (token->text != NULL) {
        crypto_wipe(token->text, strlen(token->text));
        mem_free(token->text);
    }
    mem_free(token->user);
    *token = (struct login_token){0};
}
