/* directory_realm_inside.h - what the files directory_realm*.c share. */
#ifndef POSTERN_DIRECTORY_DIRECTORY_REALM_INSIDE_H
#define POSTERN_DIRECTORY_DIRECTORY_REALM_INSIDE_H

#include "directory/directory_inside.h"

#define DIRECTORY_REALM_KIND STR("realm")

/* prepare: hashes the passwords of the users in the object at argument 0 or 1. */
bool directory_prepare_create(struct directory_call *call);
bool directory_prepare_realm_update(struct directory_call *call);

/* bondy.realm.delete. */
bool directory_realm_delete(struct directory_call *call);

#endif
