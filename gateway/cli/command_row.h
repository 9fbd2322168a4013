/* command_row.h - the table of all commands: what is read, done, helped and completed by.
 *
 * One row a command. A command that is one request to the admin API says in its
 * row which one, and needs no code.
 */
#ifndef POSTERN_CLI_COMMAND_ROW_H
#define POSTERN_CLI_COMMAND_ROW_H

#include "cli/command.h"

#include <stddef.h>

enum body_source {
    BODY_END,
    BODY_WORD,    /* the word at `from` */
    BODY_NUMBER,  /* the same, a number */
    BODY_NAMES,   /* the same, names with commas between, as a list */
    BODY_TEXT,    /* a `const char *` of the command, at `from` as offset; absent when NULL */
    BODY_SECONDS, /* the same, a TIME */
    BODY_MAP,     /* the same, JSON, an object */
    BODY_LIST,    /* a struct command_list; absent when empty */
    BODY_GRANTS,  /* the same, grant types; "device_code" is short for its URN */
    BODY_ROLES,   /* the same; "all" alone is the text and no list */
    BODY_EXPIRY,  /* the same, as the second since 1970 when it is over */
    BODY_TICKET,  /* POSTERN_TICKET */
    BODY_SECRET,  /* --password-stdin or POSTERN_NEW_PASSWORD; absent when neither is there */
    BODY_OPEN,    /* with --open what opens a realm, whose URI is the word at `from` */
    BODY_FLAG,    /* a bool; absent when it is not set */
    BODY_CHOICE,  /* an enum choice; absent when neither was said */
};

/* A member of the object that is sent. */
struct body_field {
    const char *key; /* NULL for BODY_OPEN */
    enum body_source source;
    bool needed; /* by an option, by a word, or in the file of -f */
    size_t from;
};

/* One request. {0}, {1} are words, {realm} is --realm; encoded as they go. */
struct request_row {
    const char *method; /* NULL: the command is none */
    const char *path;
    const struct body_field *fields; /* NULL: no body */
    const char *columns;             /* a list, in pages, and the columns of its table; or NULL */
    const char *procedure;           /* what it calls: whose grant it needs */
};

struct command_row {
    const char *name;  /* one to three words */
    const char *words; /* "URI [JSON...]": those behind it */
    const char *options;
    int (*run)(const struct command *command);
    const char *help;
    const char *example; /* behind "postern " */
    struct request_row request;
};

/* Each table ends with a row without a name; the list ends with NULL. */
extern const struct command_row *const command_tables[];
extern const struct command_row command_rows_admin[];
extern const struct command_row command_rows_identity[];
extern const struct command_row command_rows_oauth[];

/* A user's, who is also what the password grant calls a resource owner. */
extern const struct body_field body_user_new[];
extern const struct body_field body_user_data[];

/* What many commands have. */
#define WAMP_OPTIONS  "url realm authid authmethod key serializer ca-file insecure connect-timeout"
#define ADMIN_OPTIONS "url user output ca-file insecure"
#define REALM_OPTIONS ADMIN_OPTIONS " realm"
#define CHANGE_OPTION " if-version"
#define PAGE_OPTIONS  " limit filter sort"

#endif
