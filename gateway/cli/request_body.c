#include "cli/request_body.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/duration.h"
#include "cli/secret_input.h"
#include "document/document.h"
#include "rbac/realm_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_FILE_MAX = 16 << 20 };

static bool is_text(const char *text)
{
    struct utf8_reader reader = {0};
    return utf8_read(&reader, str_of(text)) && utf8_reader_between(&reader);
}

static json_t *text_value(const char *text)
{
    if (!is_text(text)) {
        command_complain("a word is not UTF-8");
        return NULL;
    }
    return json_string(text);
}

static json_t *names_value(const char *text)
{
    json_t *list = json_array();
    struct str rest = str_of(text);
    bool more = true;
    while (more) {
        struct str one = STR_EMPTY;
        more = str_cut(rest, ',', &one, &rest);
        one = str_trim(one);
        (void)json_array_append_new(list, json_stringn(one.ptr, one.len));
    }
    return list;
}

static json_t *list_value(const struct command_list *list)
{
    json_t *out = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_t *one = text_value(list->items[i]);
        if (one == NULL) {
            json_decref(out);
            return NULL;
        }
        (void)json_array_append_new(out, one);
    }
    return out;
}

/* RFC 8628 has no word for its grant but this one. */
static json_t *grants_value(const struct command_list *list)
{
    json_t *out = list_value(list);
    for (size_t i = 0; i < json_array_size(out); i++) {
        if (strcmp(json_string_value(json_array_get(out, i)), "device_code") == 0) {
            (void)json_array_set_new(out, i,
                                     json_string("urn:ietf:params:oauth:grant-type:device_code"));
        }
    }
    return out;
}

static json_t *roles_value(const struct command_list *list)
{
    bool all = list->count == 1 && strcmp(list->items[0], "all") == 0;
    return all ? json_string("all") : list_value(list);
}

static json_t *number_value(const char *text)
{
    int64_t number = 0;
    if (!str_to_i64(str_of(text), &number)) {
        command_complain("%s is no number", text);
        return NULL;
    }
    return json_integer(number);
}

static json_t *seconds_value(const char *text)
{
    uint64_t ms = 0;
    if (!duration_read(str_of(text), 1000, &ms) || ms % 1000 != 0) {
        command_complain("%s is no time in seconds: 90, 90s, 5m, 1h", text);
        return NULL;
    }
    return json_integer((json_int_t)(ms / 1000));
}

static json_t *expiry_value(const char *text)
{
    json_t *seconds = seconds_value(text);
    json_int_t now = (json_int_t)(clock_wall_ms() / 1000);
    json_t *out = seconds == NULL ? NULL : json_integer(now + json_integer_value(seconds));
    json_decref(seconds);
    return out;
}

static const char *ticket_from_env(void)
{
    return getenv("POSTERN_TICKET"); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static json_t *map_value(const char *key, const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(value)) {
        return value;
    }
    json_decref(value);
    command_complain("%s is a JSON object, as '{\"a\": 1}'", key);
    return NULL;
}

static json_t *secret_value(const struct command *command)
{
    char *secret = NULL;
    int code = secret_input(command, &secret);
    json_t *value = code == EXIT_OK && secret != NULL ? text_value(secret) : NULL;
    secret_input_done(secret);
    return value;
}

/* Whether it was typed at all. */
static bool is_given(const struct command *command, const struct body_field *field)
{
    const char *place = (const char *)command + field->from;
    switch (field->source) {
    case BODY_WORD:
    case BODY_NUMBER:
    case BODY_NAMES:
        return field->from < command->word_count;
    case BODY_TEXT:
    case BODY_SECONDS:
    case BODY_EXPIRY:
    case BODY_MAP:
        return *(const char *const *)(const void *)place != NULL;
    case BODY_LIST:
    case BODY_GRANTS:
    case BODY_ROLES:
        return ((const struct command_list *)(const void *)place)->count > 0;
    case BODY_TICKET:
        return ticket_from_env() != NULL;
    case BODY_SECRET:
        return secret_input_given(command);
    case BODY_OPEN:
        return command->open && field->from < command->word_count;
    case BODY_FLAG:
        return *(const bool *)(const void *)place;
    case BODY_CHOICE:
        return *(const enum choice *)(const void *)place != CHOICE_NONE;
    case BODY_END:
        break;
    }
    return false;
}

static json_t *value_of(const struct command *command, const struct body_field *field)
{
    const void *place = (const char *)command + field->from;
    switch (field->source) {
    case BODY_WORD:
        return text_value(command->words[field->from]);
    case BODY_NUMBER:
        return number_value(command->words[field->from]);
    case BODY_NAMES:
        return is_text(command->words[field->from]) ? names_value(command->words[field->from])
                                                    : text_value(command->words[field->from]);
    case BODY_TEXT:
        return text_value(*(const char *const *)place);
    case BODY_SECONDS:
        return seconds_value(*(const char *const *)place);
    case BODY_EXPIRY:
        return expiry_value(*(const char *const *)place);
    case BODY_TICKET:
        return text_value(ticket_from_env());
    case BODY_MAP:
        return map_value(field->key, *(const char *const *)place);
    case BODY_LIST:
        return list_value(place);
    case BODY_GRANTS:
        return grants_value(place);
    case BODY_ROLES:
        return roles_value(place);
    case BODY_SECRET:
        return secret_value(command);
    case BODY_OPEN:
        return is_text(command->words[field->from])
                   ? realm_record_open(str_of(command->words[field->from]))
                   : text_value(command->words[field->from]);
    case BODY_FLAG:
        return json_true();
    case BODY_CHOICE:
        return json_boolean(*(const enum choice *)place == CHOICE_YES);
    case BODY_END:
        break;
    }
    return NULL;
}

static int read_file(const char *path, json_t **out)
{
    struct document_problem problem = {0};
    struct document *document = NULL;
    struct buf text;
    struct err err = {0};
    buf_init(&text, BODY_FILE_MAX);
    if (!file_read(path, &text, &err)) {
        command_complain("%s", err.text);
        buf_done(&text);
        return EXIT_INVALID;
    }
    document = document_parse(buf_str(&text), DOCUMENT_ANY, NULL, &problem);
    buf_done(&text);
    if (document == NULL) {
        command_complain("%s:%u:%u: %s", path, problem.line, problem.column, problem.text);
        return EXIT_INVALID;
    }
    *out = json_deep_copy(document_root(document));
    document_free(document);
    if (!json_is_object(*out)) {
        command_complain("%s:1:1: not an object", path);
        json_decref(*out);
        *out = NULL;
        return EXIT_INVALID;
    }
    return EXIT_OK;
}

static int complain_missing(const struct command *command, const struct body_field *field)
{
    if (field->source == BODY_TICKET) {
        command_complain("the ticket comes from POSTERN_TICKET");
    } else if (field->source == BODY_SECRET) {
        command_complain("the new password comes from stdin with --password-stdin, or from "
                         "POSTERN_NEW_PASSWORD");
    } else {
        command_complain("no %s: say postern %s %s, or give a file with it (-f)", field->key,
                         command->row->name, command->row->words);
    }
    return EXIT_USAGE;
}

static int put_field(const struct command *command, const struct body_field *field, json_t *body)
{
    if (!is_given(command, field)) {
        return field->needed && json_object_get(body, field->key) == NULL
                   ? complain_missing(command, field)
                   : EXIT_OK;
    }
    json_t *value = value_of(command, field);
    if (value == NULL) {
        return EXIT_INVALID;
    }
    if (field->source == BODY_OPEN) {
        (void)json_object_update(body, value);
        json_decref(value);
    } else {
        (void)json_object_set_new(body, field->key, value);
    }
    return EXIT_OK;
}

int request_body_make(const struct command *command, const struct body_field *fields, json_t **out)
{
    json_t *body = NULL;
    int code = EXIT_OK;
    if (command->file != NULL && command->password_stdin && strcmp(command->file, "-") == 0) {
        command_complain("stdin cannot be both the file and the password");
        return EXIT_USAGE;
    }
    if (command->file != NULL) {
        code = read_file(command->file, &body);
    } else {
        body = json_object();
    }
    for (size_t i = 0; code == EXIT_OK && fields[i].source != BODY_END; i++) {
        code = put_field(command, &fields[i], body);
    }
    if (code != EXIT_OK) {
        json_decref(body);
        return code;
    }
    *out = body;
    return EXIT_OK;
}
