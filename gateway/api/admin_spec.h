/* admin_spec.h - specs/admin.json, which the program carries: compiled, and described. */
#ifndef POSTERN_API_ADMIN_SPEC_H
#define POSTERN_API_ADMIN_SPEC_H

#include "base/err.h"
#include "loop/snapshot.h"

#include <stdbool.h>

/* Puts its routes in place. Before the workers run. */
bool admin_spec_publish(struct snapshot_slot *routes, struct err *err);
/* In OpenAPI, as JSON text; mem_free. */
char *admin_spec_openapi(void);

#endif
