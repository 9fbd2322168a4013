/* api.h - our own endpoints on the admin listener: health, metrics, specifications, realms.
 *
 * A table of rows {method, path, function}, one file a resource. A front's
 * handler. Requests live on their worker; work that waits (store, builder, hashing)
 * comes back to it and finds out there whether the client is still there.
 */
#ifndef POSTERN_API_API_H
#define POSTERN_API_API_H

#include "base/str.h"
#include "http/front.h"
#include "loop/jobs.h"

#include <stdbool.h>

struct api;
struct builder;
struct snapshot_slot;
struct store;

struct api_options {
    struct workers *workers;
    struct jobs *jobs;
    struct store *store;
    struct builder *builder;
    struct snapshot_slot *rbac; /* what a new realm may refer to */
    struct str node_name;
    size_t body_max;
    bool allow_anonymous_admin; /* for realm objects: admin.allow_anonymous */
    /* Whether the node serves; `why` says why not. */
    bool (*ready)(void *ctx, const char **why);
    void *ready_ctx;
};

struct api *api_new(const struct api_options *options);
/* The administrator's password as an argon2id record (PHC). Before the workers start. */
void api_set_admin(struct api *api, struct str phc);
/* Requests under way, work that nobody waits for any more included. */
size_t api_open_count(const struct api *api);
/* From now on requests are answered 503, but for those about health. Any thread. */
void api_shutdown(struct api *api);
const struct front_handler *api_handler(void); /* its ctx is the api */
void api_free(struct api *api);

#endif
