/* older_name.h - names that procedures of the house had before, or have elsewhere.
 *
 * One table for all of them, whoever's the procedure is. Asked only for names that are
 * no procedure's present one.
 */
#ifndef POSTERN_REALM_OLDER_NAME_H
#define POSTERN_REALM_OLDER_NAME_H

#include "base/str.h"

struct older_name {
    struct str old;
    struct str present; /* a procedure may have several older names */
};

/* Ends with an empty row. */
extern const struct older_name older_names[];

/* The present name, part of `name` or static: com.bondy.* and com.leapsight.bondy.* are bondy.*,
 * and what the table says of that. A name without a newer one is its own. */
struct str older_name_resolve(struct str name);

#endif
