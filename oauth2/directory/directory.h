/* directory.h - operations on realms, groups, users, grants, sources: Bondy's procedures without
 * the wire.
 *
 * One row an operation, one file a subject. An operation is first prepared on the
 * jobs pool, if it has to (a password is hashed), then runs on the store thread
 * within one transaction (store.h, STORE_WORK), where it reads what is there, decides
 * and writes. Nothing else writes meanwhile, so what it has looked at stays true.
 * It knows no caller: who may call what is decided before.
 */
#ifndef POSTERN_DIRECTORY_DIRECTORY_H
#define POSTERN_DIRECTORY_DIRECTORY_H

#include "base/arena.h"
#include "base/str.h"
#include "rbac/rbac.h"
#include "store/store.h"
#include "token/ticket.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIRECTORY_EVENT_MAX = 8192, DIRECTORY_TEXT_MAX = 400 };

/* To be published once the change is in force. */
struct directory_event {
    struct str realm; /* where it is told */
    struct str topic;
    json_t *args;
};

struct directory_error {
    struct str uri; /* empty: none */
    char text[DIRECTORY_TEXT_MAX];
    const json_t *node; /* where in the arguments, for who knows their lines; or NULL */
    const char *key;
};

struct directory_call;

/* Who counts what is guessed of a user's secret, as logins are counted. Any thread. */
struct directory_guesses {
    void *ctx;
    /* False: too many have been wrong, so none is looked at now. */
    bool (*open)(void *ctx, const struct directory_call *call, struct str username);
    void (*made)(void *ctx, const struct directory_call *call, struct str username, bool right);
};

/* One call of an operation. Strings and JSON that it makes live as long as its arena. */
struct directory_call {
    const struct directory_operation *operation;
    struct str realm;        /* its subject: in lower case; empty for operations on no realm */
    const json_t *args;      /* a list, without the realm */
    const json_t *kwargs;    /* a map, or NULL */
    struct principal caller; /* for what concerns who is asking; strings in the arena */
    struct str caller_realm;
    const struct rbac *present; /* what is in force while it is prepared and runs */
    const struct tokens *tokens;
    const struct ticket_settings *tickets;   /* NULL: none are issued */
    const struct directory_guesses *guesses; /* NULL: nobody counts */
    bool allow_anonymous_admin;
    uint64_t expect;        /* the version that must be there: STORE_ANY_VERSION, or if_match */
    struct store_page page; /* of lists */
    struct arena *arena;
    struct store_view *view; /* while it runs */
    void *prepared;          /* from prepare to run; in the arena */

    json_t *result;  /* one positional result; NULL: none */
    json_t *details; /* for who asks for them: version, total, next; NULL: none */
    struct directory_error error;
    struct directory_event *events; /* in the arena */
    size_t event_count;
    size_t event_cap;
};

enum directory_flags {
    DIRECTORY_REALM = 1,  /* the first argument is a realm, which must be there; a session outside
                             the master realm may leave its own out */
    DIRECTORY_MASTER = 2, /* for sessions of the master realm alone */
    DIRECTORY_LIST = 4,   /* takes limit, cursor, sort and filter */
    DIRECTORY_READ = 8,   /* changes nothing, so it is not audited */
};

struct directory_operation {
    struct str procedure; /* its older names: router/realm/older_name.c */
    unsigned flags;
    unsigned args_min; /* without the realm */
    unsigned args_max;
    bool (*prepare)(struct directory_call *call); /* blocks; NULL: nothing to do */
    bool (*run)(struct directory_call *call);     /* false: `error`, or the view has failed */
};

/* All of them: tables that end with an empty row; the list ends with NULL. */
extern const struct directory_operation *const directory_operations[];

/* if_match, limit, cursor, sort, filter of the kwargs; in `call`. False: `error`. */
bool directory_read_options(struct directory_call *call);

/* Whether its realm is there by what is in force: before prepare() costs anything. False: `error`.
 */
bool directory_realm_known(struct directory_call *call);

/* Runs the operation within a transaction. False: call->error, or the view's own error. */
bool directory_run(struct directory_call *call, struct store_view *view);

#endif
