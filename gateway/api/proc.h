/* proc.h - bondy.*: the operations of the directory as procedures of the router.
 *
 * A call is read on its caller's worker, prepared on the jobs pool if its operation
 * wants that, run on the store thread, and answered on the caller's worker once
 * every worker serves what it has changed. A caller that leaves changes nothing
 * about it. Answers and errors are Bondy's: [result], or [message] and
 * {code, message, description}; kwargs {details: true} asks for the version, or for
 * the total and the cursor of the next page, as kwargs of the result.
 */
#ifndef POSTERN_API_PROC_H
#define POSTERN_API_PROC_H

#include "base/str.h"
#include "realm/builtin.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct builder;
struct jobs;
struct procs;
struct snapshot_slot;
struct stats;
struct store;
struct ticket_settings;

struct procs_gateway {
    struct str address; /* as of net_listener_address */
    bool tls;
    bool proxied; /* a connection begins with a PROXY header */
};

struct procs_options {
    struct jobs *jobs;
    struct store *store;
    struct builder *builder;
    struct snapshot_slot *rbac;
    struct str node_name;
    struct str public_url;   /* of the gateway, as clients reach it; empty: nobody has said it */
    struct str store_url;    /* told without its password */
    uint64_t acknowledge_ms; /* how long a publication waits for other nodes */
    struct snapshot_slot *tokens;
    const struct ticket_settings *tickets;
    bool allow_anonymous_admin;
    struct stats *stats; /* NULL: nobody counts */
    /* Where the gateway listens with "http" or "https", or any of them (empty); false: nowhere.
     * NULL: nowhere. Any worker. */
    bool (*gateway)(void *ctx, struct str scheme, struct procs_gateway *out);
    void *gateway_ctx;
};

/* Before the router, for whose options the table is; freed after the workers are joined. */
struct procs *procs_new(const struct procs_options *options);
const struct builtin *procs_builtins(const struct procs *procs);
/* Calls that somebody waits for, or nobody any more. Any thread. */
size_t procs_open_count(const struct procs *procs);
/* Breaks off what is tried; before workers_stop. */
void procs_stop(struct procs *procs);
void procs_free(struct procs *procs);

#endif
