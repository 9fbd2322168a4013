#include "node/node.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "node/node_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DRAIN_STEP_MS = 10, FLUSH_MS = 100, ADMIN_MS = 2000 };

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
                       "cluster.url: this version has no bus between nodes, leave it empty");
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
    if (!node_make_ground(node, err)) {
        node_free(node);
        return NULL;
    }
    if (!seed_auth_secret(node, err)) {
        node_free(node);
        return NULL;
    }
    node_make_router(node);
    if (!node_make_gateway(node, err) || !node_listen(node, err) || !seed(node, err)) {
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
