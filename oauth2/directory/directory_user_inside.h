/* directory_user_inside.h - what the files directory_user*.c share. */
#ifndef POSTERN_DIRECTORY_DIRECTORY_USER_INSIDE_H
#define POSTERN_DIRECTORY_DIRECTORY_USER_INSIDE_H

#include "directory/directory_inside.h"

#define DIRECTORY_USER_KIND STR("user")

/* A user as he is. With same sign-on his password and keys are in a record of the SSO realm. */
struct directory_user {
    struct str name;
    const struct store_record *record;
    json_t *value;
    struct str sso_realm; /* "": none */
    json_t *holder;       /* the value with the credential; NULL: it is not there */
};

/* By name or alias, folded. */
bool directory_user_find(struct directory_call *call, struct str name, struct directory_user *out);
/* The one that argument 0 names, at the version that if_match wants; else refused, as `uri`. */
bool directory_user_of(struct directory_call *call, const char *uri, struct directory_user *out);
bool directory_user_enabled(const struct directory_user *user);
json_t *directory_user_external(struct directory_call *call, const json_t *value);

/* The answer is the user of that name, as he is now. */
bool directory_user_answer(struct directory_call *call, struct str name);
/* He keeps his name, and where he proves himself: other records hang on both. */
bool directory_user_keeps_identity(struct directory_call *call,
                                   const struct directory_user *user,
                                   const json_t *data);
/* bondy.user.delete, of the user that argument 0 names. */
bool directory_user_delete(struct directory_call *call);

/* An element of "users", with nothing but what shall change. */
struct directory_user_change {
    json_t *element; /* stolen */
    bool added;
    bool clear_password;
    bool proved;   /* by the old password */
    bool overlaps; /* what he could prove himself with still holds: nothing ends */
};
/* Writes it, with what hangs on it: aliases, tickets, events. */
bool directory_user_write(struct directory_call *call, const struct directory_user_change *change);
/* A user (NULL: a new one) with the object at argument `at`: prepared, or as it came. */
bool directory_user_data(struct directory_call *call, size_t at, const json_t **out);
/* Argument 0 as a user's object, and its name as it will be kept ("": it has none that is one),
 * which nobody has yet. */
bool directory_user_new(struct directory_call *call, const json_t **out_data, struct str *out_name);

/* prepare: hashes the password in the object at argument 0 or 1; a new one, verifying the old. */
bool directory_prepare_add(struct directory_call *call);
bool directory_prepare_update(struct directory_call *call);
bool directory_prepare_password(struct directory_call *call);

/* The text at "password" of `object`, of the user `name` (NULL: a new one), becomes its credential.
 */
bool directory_hash_password(struct directory_call *call, json_t *object, const json_t *name);

/* What change_password has prepared. */
struct directory_new_password {
    json_t *credential;
    struct str proved; /* the record that the old password was right for; "": none was given */
};

#endif
