/* bind.h - listening sockets: what an address text means, and who is in the way. */
#ifndef POSTERN_NET_BIND_H
#define POSTERN_NET_BIND_H

#include "base/err.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { BIND_TEXT_SIZE = 120 }; /* "[ipv6]:port" or "unix:" and a path */

struct bind_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } sock;
    socklen_t len;
};

/* "host:port", "[v6]:port", "*:port", "unix:/path". Looks names up: at start only. */
bool bind_parse(struct str text, struct bind_address *out, struct err *err);
bool bind_is_unix(const struct bind_address *address);
struct str bind_text(const struct bind_address *address, char out[BIND_TEXT_SIZE]);

/* ERR_CONFLICT when another socket holds the port, naming its process where /proc tells. */
bool bind_check_free(const struct bind_address *address, struct err *err);
/* `count` listening, non-blocking sockets on one port; port 0 is replaced by the one picked. */
bool bind_listen_tcp(
    struct bind_address *address, int backlog, int *fds, size_t count, struct err *err);
/* A stale socket file is replaced; one that somebody answers on is ERR_CONFLICT. */
bool bind_listen_unix(const struct bind_address *address, int backlog, int *fd, struct err *err);

#endif
