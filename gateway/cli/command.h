/* command.h - what a command gets: its options and words, already checked.
 *
 * stdout is data, stderr is talk. Exit codes are those of docs/cli.md.
 */
#ifndef POSTERN_CLI_COMMAND_H
#define POSTERN_CLI_COMMAND_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_DIFFERENT = 2,
    EXIT_INVALID = 3,
    EXIT_NOT_AUTHORIZED = 4,
    EXIT_CONFLICT = 5,
    EXIT_PARTIAL = 6,
    EXIT_USAGE = 64,
};

enum { COMMAND_WORDS_MAX = 256, COMMAND_LIST_MAX = 128 };

struct command_row;

/* An option that may be given more than once. */
struct command_list {
    const char *items[COMMAND_LIST_MAX];
    size_t count;
};

/* --ack, --no-ack, or neither. */
enum choice { CHOICE_NONE, CHOICE_YES, CHOICE_NO };

struct command {
    const struct command_row *row;
    const char *url;
    const char *realm;
    const char *authid;
    const char *authmethod;
    const char *key;
    const char *serializer;
    const char *user;
    const char *config;
    const char *data;
    const char *from;
    const char *to;
    const char *kwargs;
    const char *exec;
    const char *match;
    const char *invoke;
    const char *comment;
    const char *output;
    const char *ca_file;
    const char *timeout;
    const char *connect_timeout;
    const char *count;
    const char *cancel_after;
    const char *cancel_mode;
    const char *rkey;
    const char *ppt_scheme;
    const char *ppt_serializer;
    const char *ppt_cipher;
    const char *ppt_keyid;
    const char *exclude;
    const char *exclude_authid;
    const char *exclude_authrole;
    const char *eligible;
    const char *eligible_authid;
    const char *eligible_authrole;
    const char *ttl;
    const char *history;
    const char *concurrency;
    const char *file;
    const char *meta;
    const char *description;
    const char *if_version;
    const char *limit;
    const char *filter;
    const char *sort;
    const char *expires;
    const char *algorithm;
    const char *overlap;
    const char *actor;
    const char *action;
    const char *outcome;
    const char *since;
    const char *client_id;
    const char *device_id;
    const char *type;
    const char *title;
    const char *auth_method;
    enum choice ack;
    enum choice disclose_me;
    enum choice exclude_me;
    enum choice consent;
    bool progress;
    bool stream;
    bool lines;
    bool details;
    bool retain;
    bool get_retained;
    bool force;
    bool disclose_caller;
    bool forward_timeout;
    bool insecure;
    bool demo;
    bool open;
    bool dry_run;
    bool effective;
    bool json;
    bool with_parent;
    bool password_stdin;
    bool allow_sso;
    bool emergency;
    struct command_list sets;
    struct command_list groups;
    struct command_list roles;
    struct command_list redirect_uris;
    struct command_list post_logout_redirect_uris;
    struct command_list grants;
    struct command_list scopes;
    struct command_list origins;
    const char *words[COMMAND_WORDS_MAX];
    size_t word_count;
};

/* One function a command; the tables are commands.c and commands_admin.c. Those that are one
 * request have request_command of request.h. */
int serve_command(const struct command *command);
int check_command(const struct command *command);
int version_command(const struct command *command);
int completion_command(const struct command *command);
int api_publish_command(const struct command *command);
int api_diff_command(const struct command *command);
int api_export_command(const struct command *command);
int user_keys_list_command(const struct command *command);
int user_keys_add_command(const struct command *command);
int user_keys_delete_command(const struct command *command);
int grant_test_command(const struct command *command);
int security_status_command(const struct command *command);
int node_status_command(const struct command *command);
int ticket_issue_command(const struct command *command);
int login_command(const struct command *command);
int logout_command(const struct command *command);
int token_print_command(const struct command *command);
int token_issue_command(const struct command *command);
int token_introspect_command(const struct command *command);
int token_revoke_command(const struct command *command);
int admin_reset_password_command(const struct command *command);
int migrate_status_command(const struct command *command);
int migrate_up_command(const struct command *command);
int migrate_copy_command(const struct command *command);
int call_command(const struct command *command);
int publish_command(const struct command *command);
int subscribe_command(const struct command *command);
int register_command(const struct command *command);
int demo_callee_command(const struct command *command);

/* "postern: text" on stderr. */
void command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int command_exit_code(enum err_code code);

#endif
