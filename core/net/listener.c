#include "net/listener.h"

#include "base/mem.h"
#include "net/net_inside.h"

#include <string.h>
#include <unistd.h>

static void worker_stops(struct worker *worker, void *ctx)
{
    struct net *net = ctx;
    LIST_FOREACH (link, &net->listeners) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        acceptor_end(&listener->acceptors[worker_index(worker)]);
    }
    tls_pump_end_all();
}

struct net *net_new(struct workers *workers, const struct net_limits *limits)
{
    struct net *net = NEW(struct net);
    net->workers = workers;
    net->options = *limits;
    net->limits = limits_new(limits->connections, limits->connections_per_address);
    list_init(&net->listeners);
    atomic_init(&net->stopped, false);
    tls_ignore_sigpipe();
    workers_on_stop(workers, worker_stops, net);
    return net;
}

static char *dup_cstr(const char *text)
{
    return text == NULL ? NULL : str_dup(str_of(text));
}

static void copy_options(struct net_listener_options *to, const struct net_listener_options *from)
{
    *to = *from;
    to->name = str_make(str_dup(from->name), from->name.len);
    to->address = STR_EMPTY;
    to->certificate = dup_cstr(from->certificate);
    to->key = dup_cstr(from->key);
    to->client_ca = dup_cstr(from->client_ca);
    to->sni_dir = dup_cstr(from->sni_dir);
    struct cidr *trusted = NEW_ARRAY(struct cidr, from->trusted_count + 1);
    for (size_t i = 0; i < from->trusted_count; i++) {
        trusted[i] = from->trusted[i];
    }
    to->trusted = trusted;
    struct net_protocol *protocols = NEW_ARRAY(struct net_protocol, from->protocol_count + 1);
    for (size_t i = 0; i < from->protocol_count; i++) {
        protocols[i] = from->protocols[i];
    }
    to->protocols = protocols;
}

static void free_const(const void *ptr)
{
    mem_free((void *)(uintptr_t)ptr);
}

static void listener_free(struct net_listener *listener)
{
    for (unsigned i = 0; i < listener->workers; i++) {
        if (listener->acceptors[i].fd >= 0) {
            acceptor_close(&listener->acceptors[i]);
        }
    }
    const struct net_listener_options *options = &listener->options;
    const void *const owned[] = {options->name.ptr,  options->certificate, options->key,
                                 options->client_ca, options->sni_dir,     options->trusted,
                                 options->protocols};
    for (size_t i = 0; i < COUNT_OF(owned); i++) {
        free_const(owned[i]);
    }
    tls_context_unref(listener->tls);
    (void)pthread_mutex_destroy(&listener->tls_lock);
    mem_free(listener->acceptors);
    mem_free(listener);
}

static void run_start(struct post *post)
{
    acceptor_start(CONTAINER_OF(post, struct acceptor, start));
}

static void run_stop(struct post *post)
{
    acceptor_stop(CONTAINER_OF(post, struct acceptor, stop));
}

static struct net_listener *listener_new(struct net *net,
                                         const struct net_listener_options *options)
{
    struct net_listener *listener = NEW(struct net_listener);
    listener->net = net;
    copy_options(&listener->options, options);
    (void)pthread_mutex_init(&listener->tls_lock, NULL);
    listener->workers = workers_count(net->workers);
    listener->acceptors = NEW_ARRAY(struct acceptor, listener->workers);
    for (unsigned i = 0; i < listener->workers; i++) {
        struct acceptor *acceptor = &listener->acceptors[i];
        acceptor->listener = listener;
        acceptor->worker = workers_get(net->workers, i);
        acceptor->fd = -1;
        acceptor->start.fn = run_start;
        acceptor->stop.fn = run_stop;
        list_init(&acceptor->negotiations);
    }
    return listener;
}

static struct tls_context *load_tls(const struct net_listener_options *options, struct err *err)
{
    struct tls_files files = {.certificate = options->certificate,
                              .key = options->key,
                              .client_ca = options->client_ca,
                              .sni_dir = options->sni_dir};
    struct tls_context *context = tls_context_new(&files, err);
    if (context == NULL) {
        (void)err_wrap(err, "listener " PRISTR, STRARG(options->name));
    }
    return context;
}

static bool open_sockets(struct net_listener *listener, struct err *err)
{
    int backlog = listener->net->options.backlog;
    int fds[WORKERS_MAX];
    unsigned count = listener->workers;
    if (bind_is_unix(&listener->address)) {
        count = 1;
        if (!bind_listen_unix(&listener->address, backlog, &fds[0], err)) {
            return false;
        }
    } else if (!bind_check_free(&listener->address, err) ||
               !bind_listen_tcp(&listener->address, backlog, fds, count, err)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        listener->acceptors[i].fd = fds[i];
    }
    return true;
}

struct net_listener *
net_listen(struct net *net, const struct net_listener_options *options, struct err *err)
{
    if (options->protocol_count == 0) {
        (void)err_set(err, ERR_INTERNAL, "a listener without protocols");
        return NULL;
    }
    struct net_listener *listener = listener_new(net, options);
    if (!bind_parse(options->address, &listener->address, err) ||
        (options->tls && (listener->tls = load_tls(&listener->options, err)) == NULL) ||
        !open_sockets(listener, err)) {
        listener_free(listener);
        return NULL;
    }
    (void)bind_text(&listener->address, listener->text);
    list_push(&net->listeners, &listener->link);
    return listener;
}

struct str net_listener_address(const struct net_listener *listener)
{
    return str_of(listener->text);
}

struct str net_listener_name(const struct net_listener *listener)
{
    return listener->options.name;
}

void net_start(struct net *net)
{
    LIST_FOREACH (link, &net->listeners) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        for (unsigned i = 0; i < listener->workers; i++) {
            worker_post(listener->acceptors[i].worker, &listener->acceptors[i].start);
        }
    }
}

void net_stop_accepting(struct net *net)
{
    if (atomic_exchange(&net->stopped, true)) {
        return;
    }
    LIST_FOREACH (link, &net->listeners) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        for (unsigned i = 0; i < listener->workers; i++) {
            worker_post(listener->acceptors[i].worker, &listener->acceptors[i].stop);
        }
    }
}

struct tls_context *listener_tls(struct net_listener *listener)
{
    (void)pthread_mutex_lock(&listener->tls_lock);
    struct tls_context *context = tls_context_ref(listener->tls);
    (void)pthread_mutex_unlock(&listener->tls_lock);
    return context;
}

/* The new one goes in, the old one comes out. */
static void exchange_tls(struct net_listener *listener, struct tls_context **context)
{
    (void)pthread_mutex_lock(&listener->tls_lock);
    struct tls_context *before = listener->tls;
    listener->tls = *context;
    (void)pthread_mutex_unlock(&listener->tls_lock);
    *context = before;
}

static size_t count_listeners(const struct net *net)
{
    size_t count = 0;
    LIST_FOREACH (link, &net->listeners) {
        count++;
    }
    return count;
}

bool net_reload_tls(struct net *net, struct err *err)
{
    size_t count = 0;
    bool ok = true;
    struct tls_context **fresh = NEW_ARRAY(struct tls_context *, count_listeners(net) + 1);
    LIST_FOREACH (link, &net->listeners) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        if (ok && listener->options.tls) {
            fresh[count] = load_tls(&listener->options, err);
            ok = fresh[count] != NULL;
        }
        count++;
    }
    count = 0;
    LIST_FOREACH (link, &net->listeners) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        if (ok && listener->options.tls) {
            exchange_tls(listener, &fresh[count]);
        }
        tls_context_unref(fresh[count]);
        count++;
    }
    mem_free(fresh);
    return ok;
}

void net_free(struct net *net)
{
    if (net == NULL) {
        return;
    }
    LIST_FOREACH_SAFE (link, &net->listeners) {
        listener_free(LIST_ENTRY(link, struct net_listener, link));
    }
    limits_free(net->limits);
    mem_free(net);
}

void net_release(const struct peer_info *peer)
{
    struct limits *limits = peer->listener->net->limits;
    if (!peer_info_loopback(peer)) {
        limits_leave_address(limits, &peer->address);
    }
    limits_leave(limits);
}

size_t net_connections(const struct net *net)
{
    return limits_count(net->limits);
}
