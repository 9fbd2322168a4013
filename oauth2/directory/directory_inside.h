/* directory_inside.h - what the files of the subjects share. Inside oauth2/directory only. */
#ifndef POSTERN_DIRECTORY_DIRECTORY_INSIDE_H
#define POSTERN_DIRECTORY_DIRECTORY_INSIDE_H

#include "directory/directory.h"
#include "rbac/realm_record.h"

#define DIRECTORY_INVALID       "wamp.error.invalid_argument"
#define DIRECTORY_NO_REALM      "wamp.error.no_such_realm"
#define DIRECTORY_NOT_FOUND     "bondy.error.not_found"
#define DIRECTORY_NO_PRINCIPAL  "wamp.error.no_such_principal"
#define DIRECTORY_DENIED        "wamp.error.not_authorized"
#define DIRECTORY_BAD_SIGNATURE "bondy.error.bad_signature"
#define DIRECTORY_EXISTS        "bondy.error.already_exists"
#define DIRECTORY_INCONSISTENT  "bondy.error.inconsistency_error"
#define DIRECTORY_NO_GROUPS     "bondy.error.no_such_groups"
#define DIRECTORY_NO_USERS      "bondy.error.no_such_users"
#define DIRECTORY_PRECONDITION  "bondy.error.precondition_failed"
#define DIRECTORY_TOO_LARGE     "wamp.error.payload_size_exceeded"

/* Names in one argument: each costs a look into the store, and other writers wait. */
enum { DIRECTORY_NAMES_MAX = 1000 };

/* One file a subject. */
extern const struct directory_operation directory_grant_operations[];
extern const struct directory_operation directory_group_operations[];
bool directory_group_delete(struct directory_call *call);
extern const struct directory_operation directory_audit_operations[];
extern const struct directory_operation directory_rbac_operations[];
extern const struct directory_operation directory_source_operations[];

extern const struct directory_operation directory_api_key_operations[];
extern const struct directory_operation directory_client_operations[];
extern const struct directory_operation directory_owner_operations[];
extern const struct directory_operation directory_user_operations[];
extern const struct directory_operation directory_user_change_operations[];
extern const struct directory_operation directory_realm_operations[];
extern const struct directory_operation directory_key_operations[];
extern const struct directory_operation directory_ticket_operations[];
extern const struct directory_operation directory_oauth_token_operations[];

/* Refuses. The text says what, where, and the remedy; never a secret. */
bool directory_refuse(struct directory_call *call, const char *uri, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, about a member of an argument. */
bool directory_refuse_at(struct directory_call *call,
                         const char *uri,
                         const json_t *node,
                         const char *key,
                         const char *format,
                         ...) __attribute__((format(printf, 5, 6)));

/* Keeps `value` as long as the call; returns it. */
json_t *directory_keep(struct directory_call *call, json_t *value /* stolen */);
/* The argument, or refused: a text (in lower case, in the arena, when `fold`) or an object. */
bool directory_arg_text(struct directory_call *call, size_t at, struct str *out);
bool directory_arg_name(struct directory_call *call, size_t at, struct str *out);
bool directory_arg_object(struct directory_call *call, size_t at, const json_t **out);
/* A member of the kwargs; NULL: it is not there, null, or an empty text. */
const json_t *directory_option(const struct directory_call *call, const char *key);
/* The same as a text; it stays as it is when there is none. */
bool directory_option_text(struct directory_call *call,
                           const char *key,
                           size_t max,
                           struct str *out);
/* A number, also as a text, since queries of URLs have nothing else. */
bool directory_number(const json_t *value, uint64_t *out);
/* True: the object has no keys but these, which end with NULL. */
bool directory_only_keys(struct directory_call *call,
                         const json_t *object,
                         const char *const *keys);

/* The string member, or "". */
struct str directory_member(const json_t *object, const char *key);
/* ASCII in lower case, in the arena: of URIs. */
struct str directory_folded(struct directory_call *call, struct str text);

/* A record of the call's realm. `out_record` may be NULL. The value lives as long as the call.
 * NULL: there is none. */
json_t *directory_get(struct directory_call *call,
                      struct str kind,
                      struct str key,
                      const struct store_record **out_record);
/* The text of a record, in the arena. False: refused, there is no room. */
bool directory_dump(struct directory_call *call, const json_t *value, struct str *out);
/* A name as records have it, in the arena. */
struct str directory_quoted(struct directory_call *call, struct str name);
/* Writes a record of the call's realm. `expect` as in store_write. */
bool directory_put(struct directory_call *call,
                   struct str kind,
                   struct str key,
                   const json_t *value,
                   uint64_t expect);
bool directory_remove(struct directory_call *call, struct str kind, struct str key);
/* The same in a realm of the caller's choice. */
json_t *directory_get_in(struct directory_call *call,
                         struct str realm,
                         struct str kind,
                         struct str key,
                         const struct store_record **out_record);
bool directory_remove_in(struct directory_call *call,
                         struct str realm,
                         struct str kind,
                         struct str key);
/* call->expect against what is there: if_match. */
bool directory_expected(struct directory_call *call, const struct store_record *record);

/* The answer is this object, at this version (0: none is said). */
bool directory_answer(struct directory_call *call, json_t *result /* stolen */, uint64_t version);
/* The answer is a page of records, each as `external` shows it. */
typedef json_t *(*directory_external_fn)(struct directory_call *call, const json_t *value);
bool directory_answer_list(struct directory_call *call,
                           struct str kind,
                           directory_external_fn external);
/* The same of users or groups: with `group` in the kwargs those that have it among theirs. */
bool directory_answer_list_of(struct directory_call *call,
                              struct str kind,
                              directory_external_fn external);

/* Answers grants, each as {resource: {uri, match}, permissions, roles: [one]}: those of the realm,
 * a page of them; or all that a user or a group holds: his own, those of the groups that he is in
 * and of what is nested in them, the prototype's too, and those of `all`. Whether he is there has
 * been asked before. */
enum directory_role { DIRECTORY_ANYBODY, DIRECTORY_USER, DIRECTORY_GROUP };
bool directory_grants_of(struct directory_call *call, enum directory_role kind, struct str name);
json_t *directory_grant_external(struct directory_call *call, const json_t *value);
/* From the key of a grant: "user/x", "group/x", "all", "anonymous". */
struct str directory_grant_role(struct str key);
/* The URI of the realm's prototype; "": it has none. */
struct str directory_prototype(struct directory_call *call);

/* Is it there, as the transaction sees it? Groups of the prototype count, and those that every
 * realm has. */
bool directory_group_exists(struct directory_call *call, struct str name);
bool directory_group_builtin(struct str name); /* of every realm */
bool directory_is_anybody(struct str name);    /* "all", "anonymous" */
/* Refuses `all` and `anonymous` in the master realm unless its owner opens it to them. */
bool directory_anybody_allowed(struct directory_call *call, struct str name);

/* As directory_parse, and of the writes those of `kind` alone; for `all` and `anonymous` too. */
bool directory_lines(struct directory_call *call,
                     const char *list,
                     json_t *element,
                     struct str kind,
                     struct realm_writes *out);
/* Writes the lines beside what is there (realm_writes_merge); what is there has the version that
 * the call expects. `lines` are then those that changed. */
bool directory_merge(struct directory_call *call, struct realm_writes *lines);

/* `element` (stolen) of a realm object's `list` ("groups", "users", ...): checked, and as the
 * writes that it becomes; those of the realm itself come with it. False: refused. */
bool directory_parse(struct directory_call *call,
                     const char *list,
                     json_t *element,
                     struct realm_writes *out);
/* The same of a realm object. */
bool directory_parse_realm(struct directory_call *call,
                           const json_t *realm,
                           struct realm_writes *out);
/* What there is, as the transaction sees it, of all that a realm object refers to; lives as long
 * as the call. The call's realm is the object's. NULL: refused, there is too much of it. */
const struct rbac *directory_fresh(struct directory_call *call, const json_t *object);
/* The first write of that kind, or NULL. */
const struct store_write *directory_write_of(const struct realm_writes *writes, struct str kind);

/* Of a user who goes: a key must not wait for the next of his name. */
bool directory_api_keys_drop(struct directory_call *call, struct str username);
/* Whose alias that is in the call's realm, or "". */
struct str directory_alias_owner(struct directory_call *call, struct str alias);
/* Writes the value of a user's record in `realm`, if it is another than before, with what hangs on
 * it. `*out_changed` (may be NULL): whether it was. */
bool directory_user_put(struct directory_call *call,
                        struct str realm,
                        struct str username,
                        struct str value,
                        bool *out_changed);
/* Removes what names the user of the call's realm: grants, sources, aliases, keys, tickets. */
bool directory_user_forget(struct directory_call *call, struct str username);
/* His tokens end; those through one client, or ("") through any. */
bool directory_tokens_revoke(struct directory_call *call,
                             struct str realm,
                             struct str username,
                             struct str client);
/* His tickets and tokens end. */
bool directory_user_revoke(struct directory_call *call, struct str realm, struct str username);

/* How well the master realm is looked after, as the transaction sees it: by enabled users in
 * bondy.administrators, of whom one at least can come in. Of another realm nobody asks. */
enum directory_care { DIRECTORY_NOT_ASKED, DIRECTORY_ABANDONED, DIRECTORY_SHUT, DIRECTORY_KEPT };
enum directory_care directory_care(struct directory_call *call);
/* Refuses when it was better `before`. */
bool directory_keeps_care(struct directory_call *call, enum directory_care before);

/* The JWKs of a realm, for its external form; the caller's. */
json_t *directory_public_keys(struct directory_call *call, struct str realm);
/* The call's realm has a key to sign with from then on. */
bool directory_keys_ensure(struct directory_call *call);

/* To be published in the call's realm, and with `realm` given in that one. */
void directory_tell(struct directory_call *call, struct str topic, json_t *args /* stolen */);
void directory_tell_in(struct directory_call *call,
                       struct str realm,
                       struct str topic,
                       json_t *args /* stolen */);

#endif
