/* proc_audit.h - the audit's row of a call, for the files proc*.c. */
#ifndef POSTERN_API_PROC_AUDIT_H
#define POSTERN_API_PROC_AUDIT_H

#include "base/arena.h"
#include "realm/builtin.h"
#include "store/store_audit.h"

#include <jansson.h>

/* Who calls which procedure, from where; the rest is empty. Strings are in the arena. */
void proc_audit_row(const struct builtin_call *from, struct arena *arena, struct store_audit *out);
/* What a call is about: its first argument, or the name of the object that it is. Never more of
 * it, since there are secrets among the rest. */
struct str proc_audit_target(const json_t *args, struct arena *arena);

#endif
