#include "cli/admin_http.h"

#include "base/buf.h"
#include "base/mem.h"
#include "httpclient/httpclient.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_MAX_BYTES = 8192 };

static const char *from_env(const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
}

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

/* A problem, as the node told it: the sentence, then each mistake with its place. */
static void print_problem(unsigned status, const json_t *body)
{
    const json_t *errors = json_object_get(body, "errors");
    const char *detail = text_of(body, "detail");
    command_complain("%s", detail[0] != '\0' ? detail : "the node refused");
    if (detail[0] == '\0') {
        (void)fprintf(stderr, "  HTTP status %u\n", status);
    }
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        (void)fprintf(stderr, "  %lld:%lld: %s [%s]\n",
                      (long long)json_integer_value(json_object_get(error, "line")),
                      (long long)json_integer_value(json_object_get(error, "column")),
                      text_of(error, "detail"), text_of(error, "pointer"));
    }
}

int admin_request(const struct command *command,
                  const char *method,
                  const char *path,
                  struct str body,
                  struct admin_answer *out)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    const char *url = command->url != NULL ? command->url : from_env("POSTERN_URL");
    struct httpclient_response response;
    struct err err = {0};
    struct buf full;
    buf_init(&full, PATH_MAX_BYTES);
    (void)buf_printf(&full, "%s%s%c", url != NULL ? url : "http://127.0.0.1:18081", path, '\0');
    struct httpclient_request request = {
        .method = method,
        .url = full.ptr,
        .headers = headers,
        .header_count = body.len > 0 ? 1 : 0,
        .body = body,
        .bearer = from_env("POSTERN_TOKEN"),
        .user = from_env("POSTERN_TOKEN") != NULL ? NULL
                : command->user != NULL           ? command->user
                                                  : "admin",
        .password = from_env("POSTERN_PASSWORD"),
        .ca_file = command->ca_file,
        .insecure = command->insecure,
    };
    *out = (struct admin_answer){0};
    bool ok = httpclient_request(&request, &response, &err);
    buf_done(&full);
    if (!ok) {
        command_complain("%s", err.text);
        return EXIT_FAILED;
    }
    out->status = response.status;
    out->body = json_loadb(response.body.ptr != NULL ? response.body.ptr : "", response.body.len,
                           JSON_DECODE_ANY, NULL);
    httpclient_response_done(&response);
    int code = code_of_status(out->status);
    if (code != EXIT_OK && code != EXIT_PARTIAL) {
        print_problem(out->status, out->body);
        if (out->status == 401) {
            (void)fputs("  set POSTERN_PASSWORD to the administrator's password\n", stderr);
        }
        json_decref(out->body);
        out->body = NULL;
    }
    return code;
}

char *admin_path(const char *prefix, const char *id, const char *suffix)
{
    struct buf path;
    struct str text = str_of(id);
    buf_init(&path, PATH_MAX_BYTES);
    (void)buf_append(&path, str_of(prefix));
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        (void)buf_printf(&path, plain ? "%c" : "%%%02X", c);
    }
    (void)buf_append(&path, str_of(suffix));
    return buf_take(&path, NULL);
}
