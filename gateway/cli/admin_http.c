#include "cli/admin_http.h"

#include "base/buf.h"
#include "base/mem.h"
#include "cli/display.h"
#include "cli/login_token.h"
#include "cli/remedy.h"
#include "cli/server.h"
#include "httpclient/httpclient.h"
#include "rbac/rbac.h"

#include <stdio.h>

enum { URL_MAX_BYTES = 64 << 10, TALK_MAX = 64 << 10, HEADER_MAX = 128 };

static int code_of_status(unsigned status)
{
    switch (status) {
    case 400:
    case 422:
        return EXIT_INVALID;
    case 401:
    case 403:
        return EXIT_NOT_AUTHORIZED;
    case 409:
    case 412:
        return EXIT_CONFLICT;
    case 202:
        return EXIT_PARTIAL;
    default:
        return status >= 200 && status < 300 ? EXIT_OK : EXIT_FAILED;
    }
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static const char *first_text(const json_t *object, const char *a, const char *b)
{
    return text_of(object, a)[0] != '\0' ? text_of(object, a) : text_of(object, b);
}

/* A mistake with its place in what was sent, where it has one. */
static void put_mistake(struct buf *talk, const json_t *error)
{
    long long line = json_integer_value(json_object_get(error, "line"));
    (void)buf_append(talk, STR("  "));
    if (line > 0) {
        (void)buf_printf(talk, "%lld:%lld: ", line,
                         (long long)json_integer_value(json_object_get(error, "column")));
    }
    display_append(talk, str_of(text_of(error, "detail")));
    (void)buf_append(talk, STR(" ["));
    display_append(talk, str_of(text_of(error, "pointer")));
    (void)buf_append(talk, STR("]\n"));
}

/* A problem, as the node told it: the sentence, its code, each mistake, and what helps. */
static void print_problem(const struct command *command, unsigned status, const json_t *body)
{
    struct buf talk;
    const json_t *errors = json_object_get(body, "errors");
    const char *detail = first_text(body, "detail", "message");
    const char *code = text_of(body, "code");
    buf_init(&talk, TALK_MAX);
    (void)buf_append(&talk, STR("postern: "));
    if (detail[0] == '\0') {
        (void)buf_printf(&talk, "the node refused with HTTP status %u", status);
    }
    display_append(&talk, str_of(detail));
    if (code[0] != '\0') {
        (void)buf_append(&talk, STR(" ("));
        display_append(&talk, str_of(code));
        (void)buf_byte(&talk, ')');
    }
    (void)buf_byte(&talk, '\n');
    for (size_t i = 0; i < json_array_size(errors); i++) {
        put_mistake(&talk, json_array_get(errors, i));
    }
    if (status >= 500 && text_of(body, "request_id")[0] != '\0') {
        (void)buf_append(&talk, STR("  request "));
        display_append(&talk, str_of(text_of(body, "request_id")));
        (void)buf_byte(&talk, '\n');
    }
    remedy_write(&talk, command, status, str_of(code));
    (void)fprintf(stderr, PRISTR, STRARG(buf_str(&talk)));
    buf_done(&talk);
}

void admin_complain_pending(const json_t *body)
{
    struct buf talk;
    const json_t *one = json_is_array(body) ? json_array_get(body, 0) : body;
    const json_t *pending = json_object_get(one, "pending");
    buf_init(&talk, TALK_MAX);
    (void)buf_append(&talk, STR("postern: done, but not served yet by "));
    for (size_t i = 0; i < json_array_size(pending); i++) {
        const json_t *name = json_array_get(pending, i);
        (void)(i > 0 && buf_append(&talk, STR(", ")));
        display_append(&talk, str_make(json_string_value(name), json_string_length(name)));
    }
    (void)buf_append(&talk, json_array_size(pending) == 0 ? STR("some nodes\n") : STR("\n"));
    (void)buf_append(&talk, STR("  postern node list says how far each node is\n"));
    (void)fprintf(stderr, PRISTR, STRARG(buf_str(&talk)));
    buf_done(&talk);
}

/* Who asks. What is said in this place goes before what postern login has kept. */
struct asker {
    const char *bearer; /* NULL: `user`, by Basic */
    const char *user;
    struct login_token login;
};

static int find_asker(const struct command *command, const char *refused, struct asker *out)
{
    struct oauth_place place = {.url = server_url(command), .realm = MASTER_REALM};
    *out = (struct asker){.bearer = server_env("POSTERN_TOKEN")};
    if (out->bearer == NULL && command->user == NULL && server_env("POSTERN_PASSWORD") == NULL) {
        int code = login_token_find(command, &place, refused, &out->login);
        if (code != EXIT_OK) {
            return code;
        }
        out->bearer = out->login.text;
    }
    out->user = command->user != NULL     ? command->user
                : out->login.user != NULL ? out->login.user
                                          : "admin";
    return EXIT_OK;
}

static bool send_once(const struct command *command,
                      const struct admin_request *request,
                      const struct asker *asker,
                      struct httpclient_response *out)
{
    char type[HEADER_MAX];
    char expect[HEADER_MAX];
    const char *headers[3] = {"Accept: application/json"};
    size_t count = 1;
    const char *password = server_env("POSTERN_PASSWORD");
    struct err err = {0};
    struct buf url;
    buf_init(&url, URL_MAX_BYTES);
    (void)buf_append(&url, server_url(command));
    (void)buf_append(&url, request->path);
    (void)buf_byte(&url, '\0');
    if (request->body.len > 0) {
        (void)snprintf(type, sizeof(type), "Content-Type: %s",
                       request->content_type != NULL ? request->content_type : "application/json");
        headers[count++] = type;
    }
    if (command->if_version != NULL) {
        (void)snprintf(expect, sizeof(expect), "If-Match: \"%s\"", command->if_version);
        headers[count++] = expect;
    }
    struct httpclient_request http = {
        .method = request->method,
        .url = url.ptr,
        .headers = headers,
        .header_count = count,
        .body = request->body,
        .bearer = asker->bearer,
        /* Without a password there is nobody to be: a guess would count as one that failed. */
        .user = asker->bearer != NULL || password == NULL ? NULL : asker->user,
        .password = password,
        .ca_file = command->ca_file,
        .insecure = command->insecure,
    };
    bool ok = !url.full && httpclient_request(&http, out, &err);
    if (url.full) {
        command_complain("a name is too long");
    } else if (!ok) {
        server_complain(server_url(command), &err);
    }
    buf_done(&url);
    return ok;
}

/* A token that was kept may be taken back before its time: then it is refreshed, once. Who is
 * refused has changed nothing, so the request may go out again. */
static int send_as(const struct command *command,
                   const struct admin_request *request,
                   struct asker *asker,
                   struct httpclient_response *out)
{
    int code = find_asker(command, NULL, asker);
    if (code != EXIT_OK || !send_once(command, request, asker, out)) {
        return code == EXIT_OK ? EXIT_FAILED : code;
    }
    if (out->status == 401 && asker->login.text != NULL) {
        struct login_token refused = asker->login;
        httpclient_response_done(out);
        code = find_asker(command, refused.text, asker);
        login_token_done(&refused);
        if (code == EXIT_OK && !send_once(command, request, asker, out)) {
            code = EXIT_FAILED;
        }
    }
    return code;
}

/* The path of a URL of the node's; its host is not asked, since requests go where --url says. */
static struct str path_of(struct str target)
{
    if (str_starts(target, STR("http://")) || str_starts(target, STR("https://"))) {
        struct str rest = str_from(target, (size_t)str_find(target, '/') + 2);
        ptrdiff_t slash = str_find(rest, '/');
        return slash < 0 ? STR_EMPTY : str_from(rest, (size_t)slash);
    }
    return str_starts(target, STR("/")) ? target : STR_EMPTY;
}

static bool is_next(struct str parameters)
{
    bool more = true;
    while (more) {
        struct str one = STR_EMPTY;
        more = str_cut(parameters, ';', &one, &parameters);
        one = str_trim(one);
        if (str_eq_nocase(one, STR("rel=next")) || str_eq_nocase(one, STR("rel=\"next\""))) {
            return true;
        }
    }
    return false;
}

char *admin_next_path(struct str link)
{
    struct str head = STR_EMPTY;
    while (str_cut(link, '<', &head, &link)) {
        struct str target = STR_EMPTY;
        struct str parameters = STR_EMPTY;
        struct str rest = STR_EMPTY;
        if (!str_cut(link, '>', &target, &link)) {
            return NULL;
        }
        (void)str_cut(link, ',', &parameters, &rest);
        struct str path = path_of(target);
        if (is_next(parameters) && path.len > 0) {
            return str_dup(path);
        }
    }
    return NULL;
}

/* A number in quotes. */
static char *version_of(struct str etag)
{
    uint64_t number = 0;
    if (str_starts(etag, STR("W/"))) {
        etag = str_from(etag, 2);
    }
    if (etag.len < 3 || etag.ptr[0] != '"' || etag.ptr[etag.len - 1] != '"') {
        return NULL;
    }
    struct str inner = str_sub(etag, 1, etag.len - 2);
    return str_to_u64(inner, &number) ? str_dup(inner) : NULL;
}

static char *total_of(struct str total)
{
    uint64_t number = 0;
    return str_to_u64(total, &number) ? str_dup(total) : NULL;
}

/* Frees the response. */
static int take_answer(const struct command *command,
                       struct httpclient_response *response,
                       struct admin_answer *out)
{
    struct str body = buf_str(&response->body);
    *out = (struct admin_answer){
        .status = response->status,
        .body = json_loadb(body.ptr, body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL),
        .version = version_of(httpclient_header(response, STR("etag"))),
        .next = admin_next_path(httpclient_header(response, STR("link"))),
        .total = total_of(httpclient_header(response, STR("x-total-count"))),
    };
    bool foreign = body.len > 0 && out->body == NULL;
    httpclient_response_done(response);
    int code = code_of_status(out->status);
    if (code != EXIT_OK && code != EXIT_PARTIAL) {
        print_problem(command, out->status, out->body);
        admin_answer_done(out);
    } else if (foreign) {
        command_complain("what answers at " PRISTR " is no admin listener of a node",
                         STRARG(server_url(command)));
        admin_answer_done(out);
        code = EXIT_FAILED;
    }
    return code;
}

int admin_send(const struct command *command,
               const struct admin_request *request,
               struct admin_answer *out)
{
    struct httpclient_response response;
    struct asker asker;
    struct command named = *command; /* for what is said of a refusal */
    int code = send_as(command, request, &asker, &response);
    if (code == EXIT_OK) {
        named.user = asker.user;
        code = take_answer(&named, &response, out);
    }
    login_token_done(&asker.login);
    return code;
}

void admin_answer_done(struct admin_answer *answer)
{
    json_decref(answer->body);
    mem_free(answer->version);
    mem_free(answer->next);
    mem_free(answer->total);
    *answer = (struct admin_answer){0};
}
