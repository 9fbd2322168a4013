/* name.h - names of users, groups, roles and aliases: one spelling for those that read alike.
 *
 * NFKD and case folding, as Bondy does it. Names are folded where they come in
 * (records, HELLO, look-ups) and compared by bytes from then on. ASCII, which
 * nearly all names are, costs one walk; the rest goes through libutf8proc, which
 * only name.c knows. Any thread.
 */
#ifndef POSTERN_RBAC_NAME_H
#define POSTERN_RBAC_NAME_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    RBAC_NAME_MAX = 254,                   /* bytes, once folded */
    RBAC_NAME_RAW_MAX = 4 * RBAC_NAME_MAX, /* before: no folding makes less of it than a quarter */
};

/* The folded name, in `out`, which has room for RBAC_NAME_MAX. False: nobody can have it. */
bool rbac_name_fold(struct str name, char *out, struct str *out_folded);
/* The same; `err` says why not in words that follow on "the name": too long, no UTF-8, controls,
 * unassigned or invisible characters. */
bool rbac_name_read(struct str name, char *out, struct str *out_folded, struct err *err);

/* Is it as rbac_name_fold leaves names? ASCII is not looked at. */
bool rbac_name_is_folded(struct str name);

#endif
