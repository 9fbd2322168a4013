/* user_keys.c - postern user keys: the public keys by which a user proves who he is.
 *
 * They are a list in the user. It is read, changed, and written only if nobody else has
 * changed the user meanwhile.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/request_path.h"

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

enum { PATH_MAX_BYTES = 64 << 10, KEY_DIGITS = 64 };

static bool is_key(const char *text)
{
    struct str key = str_of(text);
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
            return false;
        }
    }
    return key.len == KEY_DIGITS;
}

/* Where it is in the list; the list's size when it is not. */
static size_t place_of(const json_t *keys, const char *key)
{
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *one = json_string_value(json_array_get(keys, i));
        if (one != NULL && strcasecmp(one, key) == 0) {
            return i;
        }
    }
    return json_array_size(keys);
}

/* Only if the user is still at `version`. */
static int write_keys(const struct command *command, const json_t *keys, const char *version)
{
    struct buf path;
    struct admin_answer answer;
    struct command as_read = *command;
    json_t *body = json_pack("{s:O}", "authorized_keys", keys);
    char *text = json_dumps(body, JSON_COMPACT);
    as_read.if_version = command->if_version != NULL ? command->if_version : version;
    buf_init(&path, PATH_MAX_BYTES);
    int code = EXIT_USAGE;
    if (request_path_fill(command, command->row->request.path, &path)) {
        struct admin_request request = {
            .method = "PUT", .path = buf_str(&path), .body = str_of(text)};
        code = admin_send(&as_read, &request, &answer);
    }
    if (code == EXIT_OK || code == EXIT_PARTIAL) {
        admin_answer_done(&answer);
    }
    buf_done(&path);
    free(text);
    json_decref(body);
    return code;
}

static int change(const struct command *command, bool add)
{
    struct admin_answer user = {0};
    const char *key = command->words[1];
    if (!is_key(key)) {
        command_complain("KEY is a public key of Ed25519, 64 hex digits");
        return EXIT_INVALID;
    }
    struct command reading = *command;
    reading.if_version = NULL;
    int code = request_send(&reading, &user);
    if (code != EXIT_OK) {
        return code;
    }
    json_t *keys = json_deep_copy(json_object_get(user.body, "authorized_keys"));
    keys = keys == NULL ? json_array() : keys;
    size_t place = place_of(keys, key);
    bool there = place < json_array_size(keys);
    if (there == add) {
        command_complain(add ? "the user has that key already" : "the user has no such key");
        code = add ? EXIT_CONFLICT : EXIT_FAILED;
    } else {
        (void)(add ? json_array_append_new(keys, json_string(key))
                   : json_array_remove(keys, place));
        code = write_keys(command, keys, user.version);
    }
    json_decref(keys);
    admin_answer_done(&user);
    return code;
}

int user_keys_add_command(const struct command *command)
{
    return change(command, true);
}

int user_keys_delete_command(const struct command *command)
{
    return change(command, false);
}

int user_keys_list_command(const struct command *command)
{
    struct admin_answer user = {0};
    enum output_format format = OUTPUT_TABLE;
    int code = request_ask(command, &format, &user);
    if (code != EXIT_OK) {
        return code;
    }
    json_t *none = json_array();
    const json_t *keys = json_object_get(user.body, "authorized_keys");
    code = output_print(json_is_array(keys) ? keys : none, format, "key");
    json_decref(none);
    admin_answer_done(&user);
    return code;
}
