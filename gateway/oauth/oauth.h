/* oauth.h - the endpoints of oauth2/flow over HTTP.
 *
 * A realm is an issuer under /realms/<uri>/ on the public listener; the same
 * endpoints stand under the base path of an API version with `oauth2` security, and
 * under /oauth/ on the admin listener for the master realm. Requests live on their
 * worker; what waits (a password, the store) comes back to it and finds out there
 * whether the client is still there.
 */
#ifndef POSTERN_OAUTH_OAUTH_H
#define POSTERN_OAUTH_OAUTH_H

#include "access/access.h"
#include "base/str.h"
#include "flow/flow.h"
#include "http/front.h"
#include "loop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

struct builder;
struct oauth;
struct store;

struct oauth_options {
    struct store *store;
    struct builder *builder;
    struct access *access;
    struct snapshot_slot *rbac;
    struct snapshot_slot *tokens;
    struct flow_options flow;
    uint64_t body_timeout_ms; /* without progress */
    /* What belongs into the audit log. On the request's worker. NULL: nobody wants it. */
    void (*note)(void *ctx, const struct flow_call *call);
    void *note_ctx;
};

struct oauth *oauth_new(const struct oauth_options *options);
/* An issuer is this, "/realms/" and the realm's URI. Before the workers start. */
void oauth_set_public_url(struct oauth *oauth, struct str url);
/* Requests under way, work that nobody waits for any more included. Any thread. */
size_t oauth_open_count(const struct oauth *oauth);
void oauth_free(struct oauth *oauth); /* after the workers are joined */

/* What a path is. */
struct oauth_place {
    enum flow_endpoint endpoint;
    struct str realm;    /* not yet known to be there */
    struct str base;     /* what the endpoints beside it are under, without the origin */
    bool password_grant; /* the specification asks for it */
};

/* Of the public listener: /realms/<uri>/oauth/..., /realms/<uri>/.well-known/...,
 * /.well-known/oauth-authorization-server/realms/<uri>. False: none of them. */
bool oauth_find(struct str path, struct oauth_place *out);
/* Of the admin listener: /oauth/... of the master realm. */
bool oauth_find_admin(struct str path, struct oauth_place *out);

/* The request is the module's from here on: its handler gets what comes of it. */
void oauth_take(struct oauth *oauth, struct stream *stream, const struct oauth_place *place);
const struct front_handler *oauth_handler(void); /* without on_request */

#endif
