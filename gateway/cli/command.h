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

enum { COMMAND_WORDS_MAX = 256, COMMAND_SETS_MAX = 128 };

/* --ack, --no-ack, or neither. */
enum choice { CHOICE_NONE, CHOICE_YES, CHOICE_NO };

struct command {
    const char *url;
    const char *realm;
    const char *authid;
    const char *authmethod;
    const char *key;
    const char *serializer;
    const char *user;
    const char *config;
    const char *data;
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
    enum choice ack;
    enum choice disclose_me;
    enum choice exclude_me;
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
    const char *sets[COMMAND_SETS_MAX];
    size_t set_count;
    const char *words[COMMAND_WORDS_MAX];
    size_t word_count;
};

/* One function a command; the table is in cli.c. */
int serve_command(const struct command *command);
int check_command(const struct command *command);
int version_command(const struct command *command);
int api_publish_command(const struct command *command);
int api_list_command(const struct command *command);
int api_get_command(const struct command *command);
int api_delete_command(const struct command *command);
int api_history_command(const struct command *command);
int api_rollback_command(const struct command *command);
int realm_create_command(const struct command *command);
int realm_list_command(const struct command *command);
int realm_get_command(const struct command *command);
int call_command(const struct command *command);
int publish_command(const struct command *command);
int subscribe_command(const struct command *command);
int register_command(const struct command *command);
int demo_callee_command(const struct command *command);

/* "postern: text" on stderr. */
void command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int command_exit_code(enum err_code code);

#endif
