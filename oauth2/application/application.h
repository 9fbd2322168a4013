/* application.h - what is registered of an OAuth client beside its user: `client` of the record.
 *
 *     {"type": "confidential" | "public", "name", "redirect_uris": [...],
 *      "post_logout_redirect_uris": [...], "grant_types": [...], "scopes": [...],
 *      "origins": [...], "token_endpoint_auth_method", "jwks": {"keys": [...]}, "consent"}
 *
 * RFC 7591, 2, as far as it goes here. Any thread; nothing is kept.
 */
#ifndef POSTERN_APPLICATION_APPLICATION_H
#define POSTERN_APPLICATION_APPLICATION_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define APPLICATION_GRANT_MAP(X)                \
    X(CLIENT_CREDENTIALS, "client_credentials") \
    X(PASSWORD, "password")                     \
    X(CODE, "authorization_code")               \
    X(REFRESH, "refresh_token")                 \
    X(DEVICE, "urn:ietf:params:oauth:grant-type:device_code")

/* How a client proves itself at the token endpoint. */
#define APPLICATION_NONE   "none"
#define APPLICATION_BASIC  "client_secret_basic"
#define APPLICATION_POST   "client_secret_post"
#define APPLICATION_SIGNED "private_key_jwt"

/* The members that there are; ends with NULL. */
extern const char *const application_keys[];

/* May it be registered so? False: `err`, and in `*out_key` the member that it is about (NULL: the
 * whole). Members that are not ours are refused. */
bool application_check(const json_t *client, const char **out_key, struct err *err);

/* Says in the object what it leaves open, for a new one: type and grant_types. */
void application_complete(json_t *client);

bool application_is_public(const json_t *client);
/* Whether it may prove itself by one of its secrets. */
bool application_has_secret(const json_t *client);

#endif
