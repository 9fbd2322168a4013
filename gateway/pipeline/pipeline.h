/* pipeline.h - a machine: runs one exchange through the stages match, secure, bind, act, reply.
 *
 * Sits on a front as its handler. Holds no state of its own but what each worker
 * has open; routes and access come from snapshots.
 */
#ifndef POSTERN_PIPELINE_PIPELINE_H
#define POSTERN_PIPELINE_PIPELINE_H

#include "http/front.h"
#include "loop/snapshot.h"
#include "loop/worker.h"

#include <stddef.h>
#include <stdint.h>

struct access;
struct bearer;
struct jobs;
struct pipeline;
struct route;
struct router;
struct traffic;

struct pipeline_options {
    struct workers *workers;
    struct snapshot_slot *routes;
    struct snapshot_slot *rbac;
    struct router *router;
    struct access *access;    /* of the routes that want to know who it is */
    struct jobs *jobs;        /* where large bodies are read; NULL: on the worker, as others */
    size_t body_max;          /* no route may take more */
    size_t output_max;        /* bytes of one rendered template */
    size_t open_max;          /* exchanges waiting at once, over all workers; 0: unlimited */
    uint64_t body_timeout_ms; /* without progress */
    uint64_t call_timeout_ms; /* of actions that name none; 0: 30 s */
    /* A request for an OAuth2 endpoint of a specification: theirs from then on (stream->taker). */
    void (*oauth)(void *ctx, struct stream *stream, const struct route *route);
    void *oauth_ctx;
    struct traffic *traffic; /* where requests are counted by the second; NULL: they are not */
    /* Who is asked who he is may say it by a browser's session, too, and that is told when it was
     * so: before the answer, on the worker. NULL: sessions are nothing here. */
    void (*session)(void *ctx, struct stream *stream, const struct bearer *session);
    void *session_ctx;
};

struct pipeline *pipeline_new(const struct pipeline_options *options);
/* For front_options; its ctx is the pipeline. */
const struct front_handler *pipeline_handler(void);
/* Exchanges not yet answered, over all workers. */
size_t pipeline_open_count(const struct pipeline *pipeline);
/* Answers what is open, and what comes from now on, with 503. Any thread; acts on every worker. */
void pipeline_shutdown(struct pipeline *pipeline);
void pipeline_free(struct pipeline *pipeline); /* after the workers are joined */

#endif
