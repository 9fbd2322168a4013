/* directory_client_inside.h - what the files of clients and resource owners share: both are users
 * in a group that says what they are. */
#ifndef POSTERN_DIRECTORY_DIRECTORY_CLIENT_INSIDE_H
#define POSTERN_DIRECTORY_DIRECTORY_CLIENT_INSIDE_H

#include "directory/directory_user_inside.h"

/* What was given about a client, as prepare has read it; in the arena. */
struct directory_client {
    struct str name;
    json_t *element; /* of "users": groups, meta, enabled, and the password, hashed */
    json_t *changes; /* members of `client`; null ones go */
};

/* Reads the object at argument `at`; a new client without a name gets one. Hashes. */
bool directory_client_read(struct directory_call *call, size_t at, bool added);
/* `client` of the record as it is to be, checked; the call's. `*out` is NULL for a plain member of
 * the group of whom nothing was said. */
bool directory_client_merge(struct directory_call *call,
                            const json_t *present,
                            const json_t *changes,
                            json_t **out);
json_t *directory_client_external(struct directory_call *call, const json_t *value);

/* Into the element's "groups", or into `present` when it has none. */
void directory_join_group(json_t *element, const json_t *present, const char *group);
bool directory_in_group(const json_t *value, const char *group);

/* All users whose record `fits` says yes to, a page of them, by name. `text` is in the value of
 * each of them: others are not even read. */
typedef bool (*directory_fits_fn)(const json_t *value);
bool directory_answer_users(struct directory_call *call,
                            struct str text,
                            directory_fits_fn fits,
                            directory_external_fn external);

#endif
