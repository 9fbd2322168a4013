/* record_inside.h - what the values of our records mean. Inside
 * oauth2/rbac only.
 *
 * Read with the same rules whether they come from a user or from the store.
 */
#ifndef POSTERN_RBAC_RECORD_INSIDE_H
#define POSTERN_RBAC_RECORD_INSIDE_H

#include "base/err.h"
#include "credential/credential.h"
#include "rbac/rbac_inside.h"
#include "rbac/realm_record.h"

#include <jansson.h>

enum { RECORD_URI_MAX = 1024, USERNAME_MIN = 3, RECORD_DESCRIPTION_MAX = 512 };

struct grant_line {
    enum role_kind kind;
    struct str role; /* without "user/" or "group/" */
    struct str uri;  /* "": everywhere */
    enum grant_match match;
    unsigned permissions; /* those that this program asks about */
    const json_t *named;  /* the list, if it has others; NULL: it has not */
};

struct source_line {
    struct str username;
    struct str authmethod;
    struct cidr cidr;
};

/* A record's strings and lists of strings, all behind it in one allocation. */
struct user_entry *user_entry_read(const json_t *value, struct err *err);
struct api_key_entry *api_key_entry_read(const json_t *value, struct err *err);

/* Borrowed from `value`. */
bool grant_line_read(const json_t *value, struct grant_line *out, struct err *err);
bool source_line_read(const json_t *value, struct source_line *out, struct err *err);

/* The string member, or "" (and false) when it is absent or something else. */
bool record_member(const json_t *object, const char *key, struct str *out);
struct str record_str(const json_t *string);

/* Users, groups and roles: printable, 1 to 254 bytes, folded (name.h), no reserved word but those
 * in use. */
bool record_name_valid(struct str name);
/* Of users and their aliases, who can also be told apart in "user/x". */
bool record_username_valid(struct str name);
#define USERNAME_RULE                                                                       \
    "a name of 3 to 254 bytes, with no blank and none of \" , / < > \\ *, and none of the " \
    "reserved ones"
bool record_authmethod_valid(struct str method);
extern const struct str authmethod_names[];
extern const size_t authmethod_name_count;

/* One spelling for equal values: sorted keys, no blanks. Owned by the caller (mem_free). */
char *record_canonical(const json_t *value);
json_t *record_read(struct str text, struct err *err);

/* Reading a realm object: a line of access control for each record it becomes. */
struct realm_parse {
    const json_t *object;
    struct str uri;    /* in lower case, in the arena */
    bool skip_anybody; /* of the master realm */
    bool quiet;
    size_t skipped;
    const struct rbac *present;         /* NULL: nothing is there */
    const struct rbac_realm *old;       /* this realm as it is; NULL: it is new */
    const struct rbac_realm *prototype; /* whose groups it has too */
    struct str sso_realm_uri;           /* effective; "": none */
    struct arena *arena;
    struct realm_mistake *mistake;
    struct map index; /* kind, realm and key -> its struct realm_line */
    struct map users; /* the names in the object, in lower case -> their JSON */
    struct map groups;
    struct map aliases; /* in the object -> the JSON of who has it */
    struct realm_line *first;
    struct realm_line *last;
    size_t count;
    size_t right_count; /* grants and sources among them, which a short object can make many of */
    struct realm_password *passwords; /* the last first */
    size_t password_count;
};

/* A password that a line's user shall have. */
struct realm_password {
    struct realm_password *next; /* while reading */
    const struct realm_line *line;
    size_t write;
    struct str password;
    struct credential_options options;
};

struct realm_line {
    struct realm_line *next;
    size_t at; /* among the writes */
    struct str kind;
    struct str realm;
    struct str key;
    json_t *value;
};

bool realm_mistaken(struct realm_parse *parse,
                    const json_t *node,
                    const char *key,
                    const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* The same, with the URI of the error. */
bool realm_mistaken_as(struct realm_parse *parse,
                       const char *error,
                       const json_t *node,
                       const char *key,
                       const char *format,
                       ...) __attribute__((format(printf, 5, 6)));
#define ERROR_INCONSISTENT   "bondy.error.inconsistency_error"
#define ERROR_NO_SUCH_GROUPS "bondy.error.no_such_groups"
#define ERROR_NO_SUCH_USERS  "bondy.error.no_such_users"
#define ERROR_NO_SUCH_REALM  "wamp.error.no_such_realm"

/* A string of the format, in the arena; its pointer is NULL (and the mistake said) without room. */
struct str realm_text(struct realm_parse *parse, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Whether so much more fits in the arena; says the mistake. */
bool realm_has_room(struct realm_parse *parse, size_t size);
/* ASCII in lower case: of URIs and keys. */
struct str realm_folded(struct realm_parse *parse, struct str text);
/* The name that the member `key` of `node` (or, if NULL, an element of it) has, folded; its pointer
 * is NULL and the mistake said when nobody can have it. */
struct str
realm_name(struct realm_parse *parse, const json_t *node, const char *key, struct str name);
/* Takes over `value`. Lines with the same key are one: the values of grants are united. */
bool realm_line_add(struct realm_parse *parse, struct str kind, struct str key, json_t *value);
/* A line of another realm; NULL: the mistake is said. */
struct realm_line *realm_line_add_in(
    struct realm_parse *parse, struct str kind, struct str realm, struct str key, json_t *value);

/* Sets old, prototype and sso_realm_uri. */
bool realm_relations_read(struct realm_parse *parse);
/* Who there is: in the object, in the store, of groups also in the prototype. */
bool realm_knows_user(const struct realm_parse *parse, struct str name);
bool realm_knows_group(const struct realm_parse *parse, struct str name);
/* The names first, so that the rest may refer to them. */
bool realm_names_read(struct realm_parse *parse);
bool realm_groups_read(struct realm_parse *parse, const json_t *groups);
bool realm_keys_read(struct realm_parse *parse, const json_t *keys);
bool realm_users_read(struct realm_parse *parse, const json_t *users);
/* The member "groups" with each name in lower case, all of them known; NULL without it. */
bool realm_group_list(struct realm_parse *parse, const json_t *node, json_t **out);
bool realm_meta_read(struct realm_parse *parse, const json_t *node, json_t *value);
/* Says the keys, and never their values, that are not among `keys`. */
void realm_warn_unknown(const struct realm_parse *parse,
                        const json_t *object,
                        const char *what,
                        const char *const *keys,
                        size_t count);
/* How passwords of the realm are kept, by its own word, else derived. */
bool realm_password_options(struct realm_parse *parse,
                            const json_t *user,
                            struct credential_options *out);
bool realm_grants_read(struct realm_parse *parse, const json_t *grants);
bool realm_sources_read(struct realm_parse *parse, const json_t *sources);
/* Adds the permissions of `more` to `grant`; sorted, each once. */
void grant_unite(json_t *grant, const json_t *more);

/* Whoever the master realm is closed to unless its owner says otherwise. */
bool role_is_anybody(struct str role);

#endif
