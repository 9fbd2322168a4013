/* listener.h - accepts connections on every worker and hands each to the protocol it speaks.
 *
 * One socket a worker with SO_REUSEPORT, accepted by it and owned by it for life;
 * a unix socket listens on worker 0, which deals connections out. In order:
 * limits, PROXY header (where the listener demands one), TLS handshake, sniff of
 * at most 8 bytes within first_byte_timeout, hand-over to the first protocol
 * whose `probe` claims them. The sniff peeks: `take` gets every byte from the
 * socket itself (plain), or the tls stream (TLS) with nothing consumed.
 */
#ifndef POSTERN_NET_LISTENER_H
#define POSTERN_NET_LISTENER_H

#include "base/err.h"
#include "base/str.h"
#include "loop/worker.h"
#include "net/peer_info.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_stream;
struct net; /* all listeners of the node */

enum probe { PROBE_NO, PROBE_YES, PROBE_MORE /* cannot tell yet */ };

struct net_protocol {
    const char *name;
    enum probe (*probe)(struct str first); /* 1 to 8 bytes; the last row's is never asked */
    /* On the owning worker. Takes over fd and tls. `ctx` is the row's. When tls is not
     * NULL a library that wants a socket calls tls_pump (net/tls.h). */
    void (*take)(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer);
    void *ctx;
    /* What a connection beyond the limits is told, on a plain listener that speaks this alone. */
    struct str full;
};

struct net_listener_options {
    struct str name;    /* "gateway", "admin": in logs and metrics */
    struct str address; /* host:port, [v6]:port, :port 0 picks one; unix:/path */
    bool tls;
    const char
        *certificate; /* PEM chain and key; more by SNI: `sni_dir` holds NAME.crt, NAME.key */
    const char *key;
    const char *client_ca; /* NULL: client certificates are not asked for */
    const char *sni_dir;
    bool proxy_protocol; /* a PROXY v1 or v2 header is mandatory, from `trusted` only */
    const struct cidr *trusted;
    size_t trusted_count;
    const struct net_protocol *protocols; /* tried in order; the last takes what no other claims */
    size_t protocol_count;
};

struct net_limits {
    size_t connections;             /* of all listeners */
    size_t connections_per_address; /* loopback is exempt; 0: unlimited */
    uint64_t first_byte_timeout_ms;
    uint64_t tls_handshake_timeout_ms;
    int backlog;
};

struct net *net_new(struct workers *workers, const struct net_limits *limits);
/* Before workers_start. Binds once without SO_REUSEPORT, so that a second node on the port is
 * an error (ERR_CONFLICT, naming the holder's pid where /proc tells), then once a worker. */
struct net_listener *
net_listen(struct net *net, const struct net_listener_options *options, struct err *err);
/* "127.0.0.1:18080": the real port. */
struct str net_listener_address(const struct net_listener *listener);
struct str net_listener_name(const struct net_listener *listener);

void net_start(struct net *net);          /* once workers run: begin to accept */
void net_stop_accepting(struct net *net); /* any thread; closes the listening sockets */
/* Reads certificates again; on any error nothing changes. Any thread. */
bool net_reload_tls(struct net *net, struct err *err);
void net_free(struct net *net); /* after the workers are joined */

/* A protocol that took a connection gives back its place in the limits when it ends. */
void net_release(const struct peer_info *peer);
size_t net_connections(const struct net *net);

#endif
