/* admin_spec.h - specs/admin.json, which the program carries: compiled, and described. */
#ifndef POSTERN_API_ADMIN_SPEC_H
#define POSTERN_API_ADMIN_SPEC_H

#include "base/err.h"
#include "base/str.h"
#include "loop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

/* Puts its routes in place. Before the workers run. */
bool admin_spec_publish(struct snapshot_slot *routes, struct err *err);
/* The procedures that its paths call, each once, in order. NUL-terminated; mem_free gives back the
 * list and what is in it. */
struct str *admin_spec_procedures(size_t *out_count);
/* In OpenAPI, as JSON text; mem_free. */
char *admin_spec_openapi(void);

#endif
