#include "net/bind.h"

#include "base/buf.h"
#include "net/port_holder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_MODE = 0660 }; /* who may connect: our user and group */

static bool parse_unix(struct str path, struct bind_address *out, struct err *err)
{
    struct bind_address address = {0};
    if (path.len == 0 || path.len >= sizeof(address.sock.local.sun_path) ||
        memchr(path.ptr, '\0', path.len) != NULL) {
        return err_set(err, ERR_INVALID, "the path of a unix socket has 1 to %zu bytes",
                       sizeof(address.sock.local.sun_path) - 1);
    }
    address.sock.local.sun_family = AF_UNIX;
    memcpy(address.sock.local.sun_path, path.ptr, path.len);
    address.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
    *out = address;
    return true;
}

/* Splits at the last colon; brackets around IPv6 are required and removed. */
static bool split_port(struct str text, struct str *host, struct str *port)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != ':') {
        at--;
    }
    if (at == 0) {
        return false;
    }
    *host = str_sub(text, 0, at - 1);
    *port = str_from(text, at);
    if (host->len >= 2 && host->ptr[0] == '[' && host->ptr[host->len - 1] == ']') {
        *host = str_sub(*host, 1, host->len - 2);
        return true;
    }
    return str_find(*host, ':') < 0;
}

bool bind_parse(struct str text, struct bind_address *out, struct err *err)
{
    if (str_starts(text, STR("unix:"))) {
        return parse_unix(str_from(text, 5), out, err);
    }
    struct str host;
    struct str port;
    uint64_t number;
    char name[256];
    if (!split_port(text, &host, &port) || !str_to_u64(port, &number) || number > 65535 ||
        host.len >= sizeof(name)) {
        return err_set(err, ERR_INVALID,
                       "\"" PRISTR "\" is not host:port, [ipv6]:port or unix:/path", STRARG(text));
    }
    if (host.len == 0 || str_eq(host, STR("*"))) {
        host = STR("0.0.0.0");
    }
    (void)snprintf(name, sizeof(name), PRISTR, STRARG(host));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(name, NULL, &hints, &found);
    if (code != 0) {
        return err_set(err, ERR_INVALID, "cannot listen on %s: %s", name, gai_strerror(code));
    }
    struct bind_address address = {.len = found->ai_addrlen};
    memcpy(&address.sock, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (address.sock.any.sa_family == AF_INET6) {
        address.sock.v6.sin6_port = htons((uint16_t)number);
    } else {
        address.sock.v4.sin_port = htons((uint16_t)number);
    }
    *out = address;
    return true;
}

bool bind_is_unix(const struct bind_address *address)
{
    return address->sock.any.sa_family == AF_UNIX;
}

static uint16_t port_of(const struct bind_address *address)
{
    return ntohs(address->sock.any.sa_family == AF_INET6 ? address->sock.v6.sin6_port
                                                         : address->sock.v4.sin_port);
}

struct str bind_text(const struct bind_address *address, char out[BIND_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "?";
    int len;
    if (bind_is_unix(address)) {
        len = snprintf(out, BIND_TEXT_SIZE, "unix:%s", address->sock.local.sun_path);
    } else if (address->sock.any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &address->sock.v6.sin6_addr, host, sizeof(host));
        len = snprintf(out, BIND_TEXT_SIZE, "[%s]:%u", host, port_of(address));
    } else {
        (void)inet_ntop(AF_INET, &address->sock.v4.sin_addr, host, sizeof(host));
        len = snprintf(out, BIND_TEXT_SIZE, "%s:%u", host, port_of(address));
    }
    return str_make(out, len > 0 ? (size_t)len : 0);
}

static bool fail(const struct bind_address *address, const char *what, struct err *err)
{
    int code = errno;
    char text[BIND_TEXT_SIZE];
    if (code == EADDRINUSE && !bind_is_unix(address)) {
        struct port_holder holder;
        if (port_holder_find(port_of(address), &holder)) {
            return err_set(err, ERR_CONFLICT, "port %u is in use by pid %ld (%s)", port_of(address),
                           (long)holder.pid, holder.name);
        }
        return err_set(err, ERR_CONFLICT, "port %u is in use", port_of(address));
    }
    char reason[128];
    return err_set(err, ERR_INVALID, "cannot %s " PRISTR ": %s", what,
                   STRARG(bind_text(address, text)), strerror_r(code, reason, sizeof(reason)));
}

static int open_socket(const struct bind_address *address, bool shared)
{
    int fd = socket(address->sock.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    int off = 0;
    if (fd < 0) {
        return -1;
    }
    /* Accepted sockets inherit TCP_NODELAY from the one they came by. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        (address->sock.any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(fd, &address->sock.any, address->len) != 0) {
        int code = errno;
        (void)close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

bool bind_check_free(const struct bind_address *address, struct err *err)
{
    if (bind_is_unix(address) || port_of(address) == 0) {
        return true;
    }
    int fd = open_socket(address, false);
    if (fd < 0) {
        return fail(address, "listen on", err);
    }
    (void)close(fd);
    return true;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

bool bind_listen_tcp(
    struct bind_address *address, int backlog, int *fds, size_t count, struct err *err)
{
    struct bind_address actual = *address;
    for (size_t i = 0; i < count; i++) {
        fds[i] = open_socket(&actual, true);
        if (fds[i] < 0) {
            close_all(fds, i);
            return fail(&actual, "listen on", err);
        }
        actual.len = sizeof(actual.sock);
        if (listen(fds[i], backlog) != 0 ||
            getsockname(fds[i], &actual.sock.any, &actual.len) != 0) {
            (void)fail(&actual, "listen on", err);
            close_all(fds, i + 1);
            return false;
        }
    }
    *address = actual;
    return true;
}

/* A socket file that nobody answers on was left behind by a node that was killed. */
static bool remove_stale(const struct bind_address *address, struct err *err)
{
    const char *path = address->sock.local.sun_path;
    struct stat info;
    if (lstat(path, &info) != 0) {
        return true;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return err_set(err, ERR_CONFLICT, "%s exists and is not a socket", path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return fail(address, "look at", err);
    }
    int code = connect(fd, &address->sock.any, address->len) == 0 ? 0 : errno;
    (void)close(fd);
    if (code != ECONNREFUSED) {
        return err_set(err, ERR_CONFLICT, "%s is in use by another process", path);
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return fail(address, "remove the stale socket", err);
    }
    return true;
}

bool bind_listen_unix(const struct bind_address *address, int backlog, int *fd, struct err *err)
{
    if (!remove_stale(address, err)) {
        return false;
    }
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return fail(address, "listen on", err);
    }
    /* Before listen nobody can connect: what the umask made of the mode does not matter. */
    if (bind(sock, &address->sock.any, address->len) != 0 ||
        chmod(address->sock.local.sun_path, SOCKET_MODE) != 0 || listen(sock, backlog) != 0) {
        (void)fail(address, "listen on", err);
        (void)close(sock);
        return false;
    }
    *fd = sock;
    return true;
}
