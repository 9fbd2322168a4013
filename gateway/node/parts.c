/* parts.c - the parts of a node, made as the settings say; node.c starts and ends them. Before the
 * threads run. */
#include "api/admin_spec.h"
#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/node_inside.h"

#include <sys/resource.h>

enum { SPARE_FDS = 256, TUNNEL_SWEEP_MS = 1000, DAY_MS = 24 * 60 * 60 * 1000 };

/* Two for each connection: with mhd a TLS connection has a socket pair behind it. */
static void raise_fd_limit(uint64_t connections)
{
    struct rlimit limit = {0};
    rlim_t wanted = 2 * connections + SPARE_FDS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        log_warn("fewer file descriptors than limits.connections asks for",
                 KV_U64("allowed", limit.rlim_cur), KV_U64("wanted", wanted));
    }
}

struct rbac_settings node_access_settings(const struct conf *conf)
{
    return (struct rbac_settings){
        .allow_anonymous_admin = conf->admin.allow_anonymous,
        .refuse_anonymous = !conf->security.allow_anonymous_user,
        .passwords = {.length_min = (uint32_t)conf->security.password_min,
                      .length_max = (uint32_t)conf->security.password_max,
                      .protocol = (enum credential_protocol)conf->security.password_protocol,
                      .scram_kdf = (enum credential_kdf)conf->security.scram_kdf,
                      .pbkdf2_iterations = (uint32_t)conf->security.pbkdf2_iterations,
                      .upgrade = conf->security.password_upgrade}};
}

bool node_make_ground(struct node *node, struct err *err)
{
    const struct conf *conf = node->conf;
    raise_fd_limit(conf->limits.connections);
    node->access_settings = node_access_settings(conf);
    if (!data_dir_open(node, err)) {
        return false;
    }
    node->store = store_open(str_of(conf->store.url), str_of(conf->data.dir), err);
    if (node->store == NULL || !store_take_turn(node->store, err)) {
        return false;
    }
    store_listen(node->store, conf->store.listen);
    node->workers = workers_new((unsigned)conf->node.workers, conf->node.mailbox_max, err);
    node->jobs = node->workers == NULL
                     ? NULL
                     : jobs_new((unsigned)conf->node.jobs, (unsigned)conf->node.jobs_queue, err);
    if (node->jobs == NULL) {
        return false;
    }
    node->routes = snapshot_slot_new(node->workers, node->jobs);
    node->admin_routes = snapshot_slot_new(node->workers, node->jobs);
    node->rbac = snapshot_slot_new(node->workers, node->jobs);
    node->tokens = snapshot_slot_new(node->workers, node->jobs);
    node->builder =
        builder_new(&(struct builder_options){.store = node->store,
                                              .routes = node->routes,
                                              .rbac = node->rbac,
                                              .tokens = node->tokens,
                                              .jobs = node->jobs,
                                              .access_settings = node->access_settings});
    node->audit = audit_new(node->store, node->workers);
    store_keep_audit(node->store,
                     &(struct store_audit_bounds){.rows = conf->audit.rows,
                                                  .age_ms = conf->audit.days * DAY_MS});
    return builder_load(node->builder, err);
}

static struct ticket_settings ticket_settings(const struct conf *conf)
{
    return (struct ticket_settings){
        .expiry_s = conf->security.ticket.expiry_time_ms / 1000,
        .expiry_max_s = conf->security.ticket.max_expiry_time_ms / 1000,
        .authmethods = conf->security.ticket.authmethods.items,
        .authmethod_count = conf->security.ticket.authmethods.count,
        .allow_not_found = conf->security.ticket.allow_not_found,
        .node = str_of(conf->node.name),
    };
}

static void make_procs(struct node *node)
{
    const struct conf *conf = node->conf;
    node->tickets = ticket_settings(conf);
    node->traffic = traffic_new(workers_count(node->workers));
    node->stats = stats_new(&(struct stats_options){.workers = node->workers,
                                                    .traffic = node->traffic,
                                                    .store = node->store,
                                                    .node_name = str_of(conf->node.name)});
    node->procs =
        procs_new(&(struct procs_options){.jobs = node->jobs,
                                          .store = node->store,
                                          .builder = node->builder,
                                          .rbac = node->rbac,
                                          .node_name = str_of(conf->node.name),
                                          .public_url = str_of(conf->gateway.public_url),
                                          .store_url = str_of(conf->store.url),
                                          .acknowledge_ms = conf->cluster.acknowledge_ms,
                                          .tokens = node->tokens,
                                          .tickets = &node->tickets,
                                          .allow_anonymous_admin = conf->admin.allow_anonymous,
                                          .stats = node->stats,
                                          .gateway = node_gateway,
                                          .gateway_ctx = node});
}

static void make_router(struct node *node)
{
    const struct conf *conf = node->conf;
    node->router = router_new(&(struct router_options){
        .workers = node->workers,
        .rbac = node->rbac,
        .jobs = node->jobs,
        .auth_secret = str_make(node->auth_secret, sizeof(node->auth_secret)),
        .auth_renew = node_renew_credential,
        .auth_renew_ctx = node,
        .audit = node->audit,
        .tokens = node->tokens,
        .tickets_unrecorded = conf->security.ticket.allow_not_found,
        .builtins = procs_builtins(node->procs),
        .node_name = str_of(conf->node.name),
        .queue_max = conf->wamp.queue_max,
        .queue_drops = conf->wamp.queue_policy == CONF_QUEUE_DROP,
        .message_max = conf->wamp.message_max,
        .sessions_max = conf->limits.sessions,
        .registrations_max = conf->limits.registrations_per_session,
        .subscriptions_max = conf->limits.subscriptions_per_session,
        .calls_max = conf->limits.calls_per_session,
        .call_timeout_ms = conf->wamp.call_timeout_ms,
        .call_timeout_max_ms = conf->wamp.call_timeout_max_ms,
        .hello_timeout_ms = conf->wamp.hello_timeout_ms,
        .any_request_ids = conf->wamp.request_ids == CONF_REQUEST_IDS_LENIENT,
        .disclosure = (enum disclosure)conf->wamp.disclosure,
        .retained = {.events = conf->wamp.retained_events,
                     .bytes = conf->wamp.retained_bytes,
                     .message = conf->wamp.retained_message_max,
                     .ttl_ms = conf->wamp.retained_ttl_ms},
        .history = {.events = conf->wamp.history_events,
                    .bytes = conf->wamp.history_bytes,
                    .message = conf->wamp.history_message_max},
        .testaments_max = conf->wamp.testaments_count,
        .testaments_bytes_max = conf->wamp.testaments_bytes,
        .trust_rules = conf->wamp.trust_levels.items,
        .trust_rule_count = conf->wamp.trust_levels.count,
    });
}

static void make_transports(struct node *node)
{
    const struct conf *conf = node->conf;
    node->transport = transport_new(&(struct transport_options){
        .workers = node->workers,
        .router = node->router,
        .message_max = conf->wamp.message_max,
        .handshake_timeout_ms = conf->wamp.handshake_timeout_ms,
        .ping_interval_ms = conf->wamp.ping_interval_ms,
        .ping_timeout_ms = conf->wamp.ping_timeout_ms,
        .ping_attempts = (unsigned)conf->wamp.ping_attempts,
        .rawsocket_pings = conf->wamp.rawsocket_pings,
        .origins = conf->wamp.origins.items,
        .origin_count = conf->wamp.origins.count,
    });
    node->tunnels = tunnels_new(&(struct tunnels_options){
        .workers = node->workers,
        .router = node->router,
        .message_max = conf->wamp.message_max,
        .response_max = conf->http.response_max,
        .tunnels_max = conf->wamp.http_transports,
        .queue_messages = conf->wamp.http_queue_messages,
        .queue_bytes = conf->wamp.http_queue_max,
        .message_ttl_ms = conf->wamp.http_message_ttl_ms,
        .tunnel_ttl_ms = conf->wamp.http_transport_ttl_ms,
        .idle_timeout_ms = conf->wamp.http_idle_timeout_ms,
        .poll_timeout_ms = conf->wamp.poll_timeout_ms,
        .keepalive_ms = conf->wamp.sse_keepalive_ms,
        .sweep_ms = TUNNEL_SWEEP_MS,
        .origins = conf->wamp.origins.items,
        .origin_count = conf->wamp.origins.count,
    });
}

void node_make_router(struct node *node)
{
    make_procs(node);
    make_router(node);
    make_transports(node);
}

static struct front *make_front(struct node *node,
                                const char *name,
                                int kind,
                                const struct front_handler *handler,
                                void *ctx,
                                const struct front_upgrade *upgrade)
{
    const struct conf *conf = node->conf;
    struct front_options options = {
        .name = name,
        .workers = node->workers,
        .handler = handler,
        .ctx = ctx,
        .limits = {.uri_max = conf->http.uri_max,
                   .headers_max = conf->http.headers_max,
                   .header_count_max = conf->http.header_count_max,
                   .response_max = conf->http.response_max,
                   .idle_timeout_ms = conf->http.idle_timeout_ms,
                   .header_timeout_ms = conf->http.header_timeout_ms},
        .upgrade = *upgrade,
    };
    return kind == CONF_FRONT_H1 ? h1_front_new(&options) : mhd_front_new(&options);
}

static void make_fronts(struct node *node)
{
    const struct conf *conf = node->conf;
    const struct front_upgrade any = {
        .path = STR("/ws"), .take = websocket_take, .ctx = node->transport};
    const struct front_upgrade own_origin = {
        .path = STR("/ws"), .take = websocket_take_own_origin, .ctx = node->transport};
    node->gateway_front =
        make_front(node, "gateway", conf->gateway.front, prefix_handler(), node, &any);
    node->admin_front =
        make_front(node, "admin", conf->admin.front, admin_prefix_handler(), node, &own_origin);
}

static struct pipeline *make_pipeline(struct node *node,
                                      struct snapshot_slot *routes,
                                      struct traffic *traffic,
                                      struct ui *ui)
{
    const struct conf *conf = node->conf;
    return pipeline_new(&(struct pipeline_options){
        .workers = node->workers,
        .routes = routes,
        .rbac = node->rbac,
        .router = node->router,
        .access = node->access,
        .jobs = node->jobs,
        .body_max = conf->http.body_max,
        .output_max = conf->template.output_max,
        .open_max = conf->limits.parked_requests,
        .body_timeout_ms = conf->http.body_timeout_ms,
        .call_timeout_ms = conf->wamp.call_timeout_ms,
        .oauth = node_take_oauth,
        .oauth_ctx = node,
        .traffic = traffic,
        .session = ui == NULL ? NULL : ui_prolong,
        .session_ctx = ui,
    });
}

static bool ready(void *ctx, const char **why)
{
    const struct node *node = ctx;
    *why = "the node is starting or stopping";
    return atomic_load(&node->serving);
}

/* Hooks run in this order at the start and in reverse at the stop: fronts end first. */
bool node_make_gateway(struct node *node, struct err *err)
{
    const struct conf *conf = node->conf;
    node->access = access_new(&(struct access_options){
        .workers = node->workers, .rbac = node->rbac, .auth = router_auth(node->router)});
    node_make_oauth(node);
    node_make_key_schedule(node);
    node_make_ui(node);
    node->pipeline = make_pipeline(node, node->routes, node->traffic, NULL);
    node->admin_pipeline = make_pipeline(node, node->admin_routes, NULL, node->ui);
    node->api = api_new(&(struct api_options){
        .pipeline = node->admin_pipeline,
        .node_name = str_of(conf->node.name),
        .access = node->access,
        .rbac = node->rbac,
        .stats = node->stats,
        .ready = ready,
        .ready_ctx = node,
    });
    make_fronts(node);
    return admin_spec_publish(node->admin_routes, err);
}
