/* settle.c - what the machine decides, and settings that must fit each other. */
#include "base/log.h"
#include "conf/inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void host_name(struct conf *conf)
{
    char name[256] = "";
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') {
        (void)snprintf(name, sizeof(name), "postern");
    }
    conf->node.name = arena_cstr(&conf->arena, str_of(name));
}

static void from_machine(struct conf *conf)
{
    enum { WORKERS_DEFAULT_MAX = 64, FORMAT_AUTO = 2 };
    if (conf->node.name[0] == '\0') {
        host_name(conf);
    }
    if (conf->node.workers == 0) {
        uint64_t cores = machine_cores();
        conf->node.workers = cores > WORKERS_DEFAULT_MAX ? WORKERS_DEFAULT_MAX : cores;
    }
    if (conf->limits.memory == 0) {
        conf->limits.memory = machine_memory() / 2;
    }
    if (conf->log.format == FORMAT_AUTO) {
        conf->log.format = isatty(STDERR_FILENO) == 1 ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
    }
}

static void
problem(struct conf *conf, struct conf_problems *problems, const char *key, const char *text)
{
    const struct conf_row *row = conf_row_find(str_of(key));
    assert(row != NULL);
    conf_row_problem(problems, conf, row, false, text);
}

static void tls_fits(struct conf *conf,
                     struct conf_problems *problems,
                     const char *key,
                     const struct conf_tls *tls)
{
    if (tls->listen[0] != '\0' && tls->certificate[0] == '\0') {
        problem(conf, problems, key, "needs the certificate and the key beside it");
    } else if ((tls->certificate[0] == '\0') != (tls->key[0] == '\0')) {
        problem(conf, problems, key, "the certificate and the key beside it go together");
    }
}

void conf_settle(struct conf *conf, struct conf_problems *problems)
{
    from_machine(conf);
    tls_fits(conf, problems, "gateway.tls.listen", &conf->gateway.tls);
    tls_fits(conf, problems, "admin.tls.listen", &conf->admin.tls);
    tls_fits(conf, problems, "rawsocket.tls.listen", &conf->rawsocket.tls);
    if (conf->gateway.proxy_protocol && conf->gateway.trusted_proxies.count == 0) {
        problem(conf, problems, "gateway.proxy_protocol", "needs gateway.trusted_proxies");
    }
    if (conf->wamp.call_timeout_ms > conf->wamp.call_timeout_max_ms) {
        problem(conf, problems, "wamp.call_timeout", "must be at most wamp.call_timeout_max");
    }
    if (conf->wamp.message_max > conf->wamp.queue_max) {
        problem(conf, problems, "wamp.queue_max", "must be at least wamp.message_max");
    }
    if (conf->security.password_min > conf->security.password_max) {
        problem(conf, problems, "security.password.min_length",
                "must be at most security.password.max_length");
    }
    if (conf->data.dir[0] == '\0') {
        problem(conf, problems, "data.dir", "must not be empty");
    }
    if ((conf->cluster.certificate[0] == '\0') != (conf->cluster.key[0] == '\0')) {
        problem(conf, problems, "cluster.tls.certificate", "goes together with cluster.tls.key");
    }
}
