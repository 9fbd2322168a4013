#include "cli/oauth_ask.h"

#include "base/mem.h"
#include "cli/display.h"
#include "cli/request_path.h"
#include "cli/server.h"
#include "crypto/secret.h"
#include "httpclient/httpclient.h"
#include "rbac/rbac.h"

#include <stdio.h>

enum { URL_BYTES_MAX = 64 << 10, HALF_MAX = 16 << 10, TALK_MAX = 64 << 10, ANSWER_MAX = 4 << 20 };

struct oauth_place oauth_place_of(const struct command *command)
{
    struct oauth_place place = {.url = server_url(command), .realm = MASTER_REALM};
    if (command->realm == NULL || str_eq(str_of(command->realm), MASTER_REALM)) {
        return place;
    }
    place.realm = str_of(command->realm);
    if (command->url == NULL) { /* POSTERN_URL is the admin listener */
        place.url = STR("http://127.0.0.1:18080");
    }
    return place;
}

void oauth_point_to_login(const struct oauth_place *place)
{
    struct buf talk;
    buf_init(&talk, TALK_MAX);
    (void)buf_append(&talk, STR("  postern login --url "));
    display_append_word(&talk, place->url);
    if (!str_eq(place->realm, MASTER_REALM)) {
        (void)buf_append(&talk, STR(" --realm "));
        display_append_word(&talk, place->realm);
    }
    (void)fprintf(stderr, PRISTR "\n", STRARG(buf_str(&talk)));
    buf_done(&talk);
}

void oauth_form_put(struct buf *form, const char *name, struct str value)
{
    (void)buf_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
    request_path_encode(form, value);
}

void oauth_form_put_scope(struct buf *form, const struct command *command)
{
    struct buf scope;
    buf_init(&scope, OAUTH_FORM_MAX);
    for (size_t i = 0; i < command->scopes.count; i++) {
        (void)buf_printf(&scope, "%s%s", i > 0 ? " " : "", command->scopes.items[i]);
    }
    if (scope.len > 0) {
        oauth_form_put(form, "scope", buf_str(&scope));
    }
    buf_done(&scope);
}

static void put_url(struct buf *out, const struct oauth_question *question)
{
    const struct oauth_place *place = question->place;
    (void)buf_append(out, place->url);
    if (!str_eq(place->realm, MASTER_REALM)) {
        (void)buf_append(out, STR("/realms/"));
        request_path_encode(out, place->realm);
    }
    (void)buf_printf(out, "/oauth/%s%c", question->endpoint, '\0');
}

/* RFC 6749, 2.3.1: each half as in a form. */
static const char *put_half(struct buf *out, const char *text)
{
    buf_init(out, HALF_MAX);
    if (text != NULL) {
        request_path_encode(out, str_of(text));
    }
    (void)buf_byte(out, '\0');
    return text == NULL || out->full ? NULL : out->ptr;
}

static void read_answer(struct httpclient_response *response, struct oauth_answer *out)
{
    struct str text = buf_str(&response->body);
    *out = (struct oauth_answer){.status = response->status,
                                 .body = json_loadb(text.ptr, text.len, 0, NULL)};
    const char *error = json_string_value(json_object_get(out->body, "error"));
    out->error = error == NULL ? "" : error;
    if (response->body.ptr != NULL) {
        crypto_wipe(response->body.ptr, response->body.cap);
    }
    httpclient_response_done(response);
}

bool oauth_ask(const struct oauth_question *question, struct oauth_answer *out, struct err *err)
{
    static const char *const headers[] = {"Accept: application/json",
                                          "Content-Type: application/x-www-form-urlencoded"};
    struct httpclient_response response;
    struct buf url;
    struct buf client;
    struct buf secret;
    buf_init(&url, URL_BYTES_MAX);
    put_url(&url, question);
    struct httpclient_request http = {
        .method = "POST",
        .url = url.ptr,
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body = question->form,
        .user = put_half(&client, question->client),
        .password = put_half(&secret, question->secret),
        .ca_file = question->command->ca_file,
        .insecure = question->command->insecure,
        .response_max = ANSWER_MAX,
    };
    /* What is asked here are logins: passwords, codes and tokens, there and back. */
    bool shown = !url.full && !http.insecure && !httpclient_is_private(url.ptr);
    bool ok = !shown || err_set(err, ERR_DENIED,
                                "over http:// whoever is between reads the login at " PRISTR
                                ": use https://, or --insecure where nobody is",
                                STRARG(question->place->url));
    ok = ok && ((!url.full && !client.full && !secret.full) ||
                err_set(err, ERR_INVALID, "a name or a secret is too long"));
    ok = ok && httpclient_request(&http, &response, err);
    if (ok) {
        read_answer(&response, out);
    }
    if (secret.ptr != NULL) {
        crypto_wipe(secret.ptr, secret.cap);
    }
    buf_done(&secret);
    buf_done(&client);
    buf_done(&url);
    return ok;
}

void oauth_answer_done(struct oauth_answer *answer)
{
    json_decref(answer->body);
    *answer = (struct oauth_answer){.error = ""};
}

int oauth_complain(const struct oauth_answer *answer)
{
    struct buf talk;
    const char *text = json_string_value(json_object_get(answer->body, "error_description"));
    buf_init(&talk, TALK_MAX);
    (void)buf_append(&talk, STR("postern: "));
    if (answer->error[0] == '\0') {
        (void)buf_printf(&talk, "the node refused with HTTP status %u; ", answer->status);
        (void)buf_append(&talk, STR("is it the right listener of a node? --url says where it is"));
    } else {
        display_append(&talk, str_of(text == NULL ? "the node refused" : text));
        (void)buf_append(&talk, STR(" ("));
        display_append(&talk, str_of(answer->error));
        (void)buf_byte(&talk, ')');
    }
    (void)buf_byte(&talk, '\n');
    (void)fprintf(stderr, PRISTR, STRARG(buf_str(&talk)));
    buf_done(&talk);
    bool refused = answer->status == 400 || answer->status == 401 || answer->status == 403;
    return refused && answer->error[0] != '\0' ? EXIT_NOT_AUTHORIZED : EXIT_FAILED;
}
