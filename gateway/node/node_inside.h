/* node_inside.h - the parts of a node, for the files that build and run it. */
#ifndef POSTERN_NODE_NODE_INSIDE_H
#define POSTERN_NODE_NODE_INSIDE_H

#include "access/access.h"
#include "api/api.h"
#include "api/proc.h"
#include "builder/builder.h"
#include "http/front.h"
#include "loop/jobs.h"
#include "loop/snapshot.h"
#include "loop/worker.h"
#include "net/listener.h"
#include "node/node.h"
#include "oauth/oauth.h"
#include "pipeline/pipeline.h"
#include "pipeline/traffic.h"
#include "rbac/rbac_builder.h"
#include "realm/router.h"
#include "stats/stats.h"
#include "store/store.h"
#include "token/key_schedule.h"
#include "token/ticket.h"
#include "transport/transport.h"
#include "tunnel/tunnels.h"
#include "ui/ui.h"

#include <stdatomic.h>
#include <sys/types.h>

enum { NODE_LISTENERS_MAX = 6, NODE_PROTOCOLS_MAX = 3, NODE_AUTH_SECRET_SIZE = 32 };

struct node {
    struct node_options options;
    const struct conf *conf;
    int lock_fd; /* data.dir/lock */
    struct rbac_settings access_settings;
    struct store *store;
    struct workers *workers;
    struct jobs *jobs;
    struct snapshot_slot *routes;
    struct snapshot_slot *admin_routes; /* of specs/admin.json: put there once */
    struct snapshot_slot *rbac;
    struct snapshot_slot *tokens;
    struct builder *builder;
    struct audit *audit;
    struct traffic *traffic; /* of the public listeners */
    struct stats *stats;
    struct procs *procs;
    struct ticket_settings tickets;
    struct router *router;
    struct transport *transport;
    struct tunnels *tunnels;
    struct access *access;
    struct key_schedule *keys;
    struct oauth *oauth;
    struct pipeline *pipeline;
    struct pipeline *admin_pipeline;
    struct api *api;
    struct str *admin_procedures; /* that the admin API's paths call */
    struct ui *ui;                /* NULL: admin.ui is off */
    struct front *gateway_front;
    struct front *admin_front;
    struct net *net;
    struct net_protocol gateway_protocols[NODE_PROTOCOLS_MAX];
    struct net_protocol admin_protocols[NODE_PROTOCOLS_MAX];
    size_t gateway_protocol_count;
    size_t admin_protocol_count;
    struct net_protocol rawsocket_protocols[1];
    struct net_listener *gateway;
    struct net_listener *gateway_tls;
    struct net_listener *admin;
    struct net_listener *rawsocket;
    struct cidr *trusted;
    size_t trusted_count;
    atomic_bool serving;
    bool started;
    char auth_secret[NODE_AUTH_SECRET_SIZE];
    pid_t callee;    /* the demo's; 0: none */
    int callee_says; /* the read end of its stdout; 0: none */
};

/* parts.c: what the settings say of realms and passwords */
struct rbac_settings node_access_settings(const struct conf *conf);
/* The parts, in this order; node_free takes those that are there. Data folder, store, workers and
 * what all stand on; the procedures, the router and the transports; all that takes requests. */
bool node_make_ground(struct node *node, struct err *err);
void node_make_router(struct node *node);
bool node_make_gateway(struct node *node, struct err *err);

/* data_dir.c */
bool data_dir_open(struct node *node, struct err *err);
void data_dir_close(struct node *node);

/* prefix.c: the handlers of the public and of the admin listener, whose ctx is the node */
const struct front_handler *prefix_handler(void);
const struct front_handler *admin_prefix_handler(void);

/* renew.c: a password's record that was made otherwise than they are made now; `ctx` is the node */
struct auth_renewal;
void node_renew_credential(void *ctx, const struct auth_renewal *what);

/* key_rotation.c: keys of realms that change by themselves. */
void node_make_key_schedule(struct node *node);

/* issuer.c: realms as issuers of tokens; the URL once the listeners are bound */
void node_make_oauth(struct node *node);
void node_set_issuer(struct node *node);
/* For pipelines; `ctx` is the node. */
void node_take_oauth(void *ctx, struct stream *stream, const struct route *route);

/* join.c: what other nodes are told of this one, once its listeners are bound. */
void node_join(struct node *node);

/* console.c: the web console, before the admin pipeline; nothing where admin.ui is off */
void node_make_ui(struct node *node);
bool node_has_console(const struct node *node); /* with files to show */

/* listen.c */
bool node_listen(struct node *node, struct err *err);
/* Where the gateway is reached from this machine, without TLS if it can be; `ctx` is the node. */
bool node_gateway(void *ctx, struct str scheme, struct procs_gateway *out);

/* seed_admin.c, seed_keys.c, seed_security.c, seed_spec.c: what files and the first start put into
 * the store, before the threads run. */
bool seed_auth_secret(struct node *node, struct err *err);
bool seed_admin(struct node *node, struct err *err);
/* The given password becomes the administrator's; without one a new one, if it is wanted. */
bool admin_seed_password(const struct node *node, bool wanted, struct err *err);
bool seed_keys(struct node *node, struct err *err);
bool seed_security(struct node *node, struct err *err);
bool seed_specs(struct node *node, struct err *err);
bool seed_demo(struct node *node, struct err *err);

/* demo.c */
bool demo_start(struct node *node, struct err *err);
void demo_announce(const struct node *node);
void demo_stop(struct node *node);

#endif
