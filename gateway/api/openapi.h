/* openapi.h - a specification told in OpenAPI 3.1: for those who read that. Pure. */
#ifndef POSTERN_API_OPENAPI_H
#define POSTERN_API_OPENAPI_H

#include <jansson.h>

/* `spec` is an API object that compiles. Parameters and bodies are those that its expressions look
 * at; the names in its paths and the members that a body must have are as it says. A new
 * reference. */
json_t *openapi_of(const json_t *spec, const char *version);

#endif
