/* peer_info.h - what is known of the other end of a connection. Plain value. */
#ifndef POSTERN_NET_PEER_INFO_H
#define POSTERN_NET_PEER_INFO_H

#include "base/cidr.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { PEER_TEXT_SIZE = 56 }; /* "[ipv6]:port" */

struct net_listener;

struct peer_info {
    struct in6_addr address; /* after PROXY; IPv4 as ::ffff:a.b.c.d; all zero for unix sockets */
    uint16_t port;
    bool unix_socket;
    bool tls;
    const struct net_listener *listener; /* lives as long as the process serves */
};

/* "127.0.0.1:5000", "[::1]:5000" or "unix". */
struct str peer_info_text(const struct peer_info *peer, char out[PEER_TEXT_SIZE]);
bool peer_info_loopback(const struct peer_info *peer); /* loopback or unix */

#endif
