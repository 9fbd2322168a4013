#include "node/node.h"

#include "api/admin_spec.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "node/node_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SPARE_FDS = 256,
    DRAIN_STEP_MS = 10,
    FLUSH_MS = 100,
    ADMIN_MS = 2000,
    TUNNEL_SWEEP_MS = 1000,
    DAY_MS = 24 * 60 * 60 * 1000
};

static bool ready(void *ctx, const char **why)
{
    const struct node *node = ctx;
    *why = "the node is starting or stopping";
    return atomic_load(&node->serving);
}

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

static bool make_ground(struct node *node, struct err *err)
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

/* Hooks run in this order at the start and in reverse at the stop: fronts end first. */
static bool make_gateway(struct node *node, struct err *err)
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

static bool seed(struct node *node, struct err *err)
{
    if (store_opened_away(node->store)) {
        log_warn("security.config_file, gateway.specs and keys that are missing are looked at by"
                 " the next start: the store is away");
        return true;
    }
    return seed_admin(node, err) && seed_security(node, err) &&
           (!node->options.demo || seed_demo(node, err)) && seed_keys(node, err) &&
           seed_specs(node, err);
}

/* What the settings know and this version does not do yet is refused, not passed over. */
static bool check_settings(const struct conf *conf, struct err *err)
{
    if (conf->cluster.url[0] != '\0') {
        return err_set(err, ERR_INVALID,
                       "cluster.url: this version runs as one node, leave it empty");
    }
    if (conf->bridge.config_file[0] != '\0') {
        return err_set(err, ERR_INVALID,
                       "bridge.config_file: this version has no bridge, leave it empty");
    }
    return true;
}

struct node *node_new(const struct node_options *options, struct err *err)
{
    if (!check_settings(options->conf, err)) {
        return NULL;
    }
    struct node *node = NEW(struct node);
    node->options = *options;
    node->conf = options->conf;
    node->lock_fd = -1;
    if (!make_ground(node, err)) {
        node_free(node);
        return NULL;
    }
    if (!seed_auth_secret(node, err)) {
        node_free(node);
        return NULL;
    }
    make_procs(node);
    make_router(node);
    if (!make_gateway(node, err) || !node_listen(node, err) || !seed(node, err)) {
        node_free(node);
        return NULL;
    }
    store_end_turn(node->store);
    node_set_issuer(node);
    builder_build_first(node->builder);
    return node;
}

static void print_ready(const struct node *node)
{
    struct str off = STR("off");
    struct str gateway = node->gateway == NULL ? off : net_listener_address(node->gateway);
    struct str admin = node->admin == NULL ? off : net_listener_address(node->admin);
    struct str raw = node->rawsocket == NULL ? off : net_listener_address(node->rawsocket);
    (void)dprintf(STDERR_FILENO,
                  "ready gateway=" PRISTR " admin=" PRISTR " rawsocket=" PRISTR " pid=%d\n",
                  STRARG(gateway), STRARG(admin), STRARG(raw), (int)getpid());
}

static bool start(struct node *node, struct err *err)
{
    node_join(node);
    if (!store_start(node->store, err) || !builder_start(node->builder, err) ||
        !workers_start(node->workers, err)) {
        return false;
    }
    node->started = true;
    net_start(node->net);
    atomic_store(&node->serving, true);
    return !node->options.demo || demo_start(node, err);
}

static void log_conf_problems(const struct conf_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *p = &problems->items[i];
        if (p->warning) {
            log_warn("reload", KV_CSTR("where", p->where), KV_CSTR("warning", p->text));
        } else {
            log_error("reload", KV_CSTR("where", p->where), KV_CSTR("error", p->text));
        }
    }
}

/* SIGHUP: settings and certificates are read again, all or nothing. Of the settings those that
 * are live take effect. */
static void reload(struct node *node)
{
    struct err err = {0};
    struct conf fresh;
    struct conf_problems problems;
    conf_problems_init(&problems);
    bool readable = conf_reload(&node->options.source, node->conf, &fresh, &problems);
    log_conf_problems(&problems);
    if (!readable) {
        log_error("reload refused, all stays as it was");
    } else if (!net_reload_tls(node->net, &err)) {
        log_error("reload refused, all stays as it was", KV_ERR(&err));
    } else {
        log_setup((enum log_level)fresh.log.level, (enum log_format)fresh.log.format);
        log_info("settings and certificates read again");
    }
    if (readable) {
        conf_done(&fresh);
    }
    conf_problems_done(&problems);
}

static int open_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGCHLD);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, set, SFD_CLOEXEC);
}

static bool next_signal(int fd, struct signalfd_siginfo *out)
{
    for (;;) {
        ssize_t got = read(fd, out, sizeof(*out));
        if (got == (ssize_t)sizeof(*out)) {
            return true;
        }
        if (got >= 0 || errno != EINTR) {
            return false;
        }
    }
}

static void sleep_ms(unsigned ms)
{
    struct timespec time = {.tv_nsec = (long)ms * 1000000L};
    (void)nanosleep(&time, NULL);
}

/* A second SIGTERM or SIGINT, waiting while we drain. */
static bool told_again(const sigset_t *set)
{
    struct timespec none = {0};
    int signal_number = sigtimedwait(set, NULL, &none);
    return signal_number == SIGTERM || signal_number == SIGINT;
}

static size_t open_count(const struct node *node)
{
    return pipeline_open_count(node->pipeline) + pipeline_open_count(node->admin_pipeline);
}

/* Not ready, no new connections, open exchanges run on; what is left at the end gets a 503. */
static void drain(struct node *node, const sigset_t *set)
{
    uint64_t until = clock_mono_ms() + node->conf->node.drain_timeout_ms;
    log_info("stopping", KV_U64("open", pipeline_open_count(node->pipeline)));
    atomic_store(&node->serving, false);
    front_drain(node->gateway_front);
    front_drain(node->admin_front);
    stats_shutdown(node->stats);
    net_stop_accepting(node->net);
    while (open_count(node) > 0 && clock_mono_ms() < until && !told_again(set)) {
        sleep_ms(DRAIN_STEP_MS);
    }
    pipeline_shutdown(node->pipeline);
    pipeline_shutdown(node->admin_pipeline);
    router_shutdown(node->router);
    until = clock_mono_ms() + ADMIN_MS;
    do { /* what an administrator has begun ends before the store does */
        sleep_ms(FLUSH_MS);
    } while (procs_open_count(node->procs) + oauth_open_count(node->oauth) +
                     ui_open_count(node->ui) >
                 0 &&
             clock_mono_ms() < until);
}

static void serve(struct node *node, int fd)
{
    struct signalfd_siginfo info;
    while (next_signal(fd, &info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            return;
        }
        if (info.ssi_signo == SIGHUP) {
            reload(node);
        } else if (node->callee > 0 && waitpid(node->callee, NULL, WNOHANG) == node->callee) {
            log_warn("the demo callee has ended");
            node->callee = 0;
        }
    }
}

int node_run(struct node *node)
{
    struct err err = {0};
    sigset_t set;
    int fd = open_signals(&set); /* before the first thread, which inherits the mask */
    if (fd < 0 || !start(node, &err)) {
        log_error("cannot start", KV_ERR(&err));
        return 1;
    }
    print_ready(node);
    if (node->options.demo) {
        demo_announce(node);
    }
    serve(node, fd);
    drain(node, &set);
    (void)close(fd);
    return 0;
}

/* Whoever posts to workers ends before them, so that nothing comes too late. */
static void stop_threads(struct node *node)
{
    if (node->jobs != NULL) {
        jobs_stop(node->jobs);
    }
    if (node->builder != NULL) {
        builder_stop(node->builder);
    }
    procs_stop(node->procs);
    audit_stop(node->audit);
    key_schedule_stop(node->keys);
    store_stop(node->store);
    if (node->started) {
        workers_stop(node->workers);
    }
}

void node_free(struct node *node)
{
    if (node == NULL) {
        return;
    }
    demo_stop(node);
    stop_threads(node);
    front_free(node->gateway_front);
    front_free(node->admin_front);
    pipeline_free(node->pipeline);
    pipeline_free(node->admin_pipeline);
    oauth_free(node->oauth);
    ui_free(node->ui);
    mem_free(node->admin_procedures);
    key_schedule_free(node->keys);
    access_free(node->access);
    api_free(node->api);
    net_free(node->net);
    tunnels_free(node->tunnels);
    transport_free(node->transport);
    router_free(node->router);
    procs_free(node->procs);
    stats_free(node->stats);
    traffic_free(node->traffic);
    builder_free(node->builder);
    snapshot_slot_free(node->routes);
    snapshot_slot_free(node->admin_routes);
    snapshot_slot_free(node->rbac);
    snapshot_slot_free(node->tokens);
    jobs_free(node->jobs);
    workers_free(node->workers);
    store_close(node->store);
    audit_free(node->audit);
    data_dir_close(node);
    mem_free(node->trusted);
    mem_free(node);
    metrics_free();
}
