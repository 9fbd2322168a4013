/* api.h - what answers on the admin listener: health, metrics and version itself, all else the
 * pipeline over specs/admin.json.
 *
 * A front's handler, on each stream's worker. Knows nothing of who may do what:
 * what it answers itself is for everybody, and the rest is the pipeline's.
 */
#ifndef POSTERN_API_API_H
#define POSTERN_API_API_H

#include "base/str.h"
#include "http/front.h"

#include <stdbool.h>

struct access;
struct api;
struct pipeline;
struct snapshot_slot;
struct stats;

struct api_options {
    struct pipeline *pipeline;
    struct str node_name;
    struct access *access;
    struct snapshot_slot *rbac;
    struct stats *stats; /* whose stream is watched by GET /stats/stream; NULL: nobody counts */
    /* Whether the node serves; `why` says why not. */
    bool (*ready)(void *ctx, const char **why);
    void *ready_ctx;
};

struct api *api_new(const struct api_options *options);
const struct front_handler *api_handler(void); /* its ctx is the api */
void api_free(struct api *api);

#endif
