/* checks.c - whether a text is what its setting wants: an address, an origin, an URL. */
#include "base/cidr.h"
#include "base/mem.h"
#include "conf/inside.h"

#include <string.h>

static bool port_ok(struct str text)
{
    uint64_t port = 0;
    return text.len <= 5 && str_to_u64(text, &port) && port <= 65535;
}

static bool each(struct str text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!word && (c == 0 || strchr(allowed, c) == NULL)) {
            return false;
        }
    }
    return true;
}

/* host:port, [v6]:port; the host may be absent, and the port where `port_needed` is false. */
static bool host_port_ok(struct str value, bool port_needed)
{
    struct str host = value;
    struct str port = STR_EMPTY;
    bool has_port = false;
    if (value.len > 0 && value.ptr[0] == '[') {
        struct str inside = STR_EMPTY;
        bool closed = str_cut(str_from(value, 1), ']', &inside, &port);
        struct cidr address;
        if (!closed || !cidr_parse(inside, &address) || str_find(inside, '/') >= 0) {
            return false;
        }
        has_port = str_starts(port, STR(":"));
        if (port.len > 0 && !has_port) {
            return false;
        }
        port = str_from(port, 1);
    } else {
        has_port = str_cut(value, ':', &host, &port);
        if (!each(host, ".-_")) {
            return false;
        }
    }
    return has_port ? port_ok(port) && port.len > 0 : !port_needed && host.len > 0;
}

bool check_address(struct str value, struct err *err)
{
    enum { UNIX_PATH_MAX_LEN = 107 };
    if (str_starts(value, STR("unix:"))) {
        size_t len = value.len - STR("unix:").len;
        return (len > 0 && len <= UNIX_PATH_MAX_LEN) ||
               err_set(err, ERR_INVALID, "the path of a unix socket has 1 to 107 bytes");
    }
    return str_eq(value, STR("off")) || host_port_ok(value, true) ||
           err_set(err, ERR_INVALID, "expected HOST:PORT, [V6]:PORT, :PORT, unix:/PATH or off");
}

bool check_cidr(struct str value, struct err *err)
{
    struct cidr cidr;
    return cidr_parse(value, &cidr) ||
           err_set(err, ERR_INVALID, "expected an address or a block such as 10.0.0.0/8 or ::1");
}

/* Of those who are somebody. */
bool check_ticket_method(struct str value, struct err *err)
{
    static const struct str methods[] = {
        STR_INIT("api_key"),  STR_INIT("cryptosign"), STR_INIT("oauth2"),
        STR_INIT("password"), STR_INIT("ticket"),     STR_INIT("tls"),
        STR_INIT("trust"),    STR_INIT("wamp-scram"), STR_INIT("wampcra"),
    };
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (str_eq(value, methods[i])) {
            return true;
        }
    }
    struct str near = str_nearest(value, methods, COUNT_OF(methods));
    return err_set(err, ERR_INVALID, "expected a method of users such as \"" PRISTR "\"",
                   STRARG(near.len > 0 ? near : methods[1]));
}

/* What follows http:// or https://, or the empty string. */
static struct str behind_http(struct str value)
{
    if (str_starts(value, STR("http://"))) {
        return str_from(value, 7);
    }
    return str_starts(value, STR("https://")) ? str_from(value, 8) : STR_EMPTY;
}

bool check_public_url(struct str value, struct err *err)
{
    struct str host = STR_EMPTY;
    struct str path = STR_EMPTY;
    (void)str_cut(behind_http(value), '/', &host, &path);
    bool ok = host.len > 0 && host_port_ok(host, false) && each(path, "/-._~%") &&
              !str_ends(value, STR("/"));
    return ok || err_set(err, ERR_INVALID,
                         "expected http://HOST[:PORT][/PATH] or https://..., without a slash at "
                         "its end");
}

bool check_origin(struct str value, struct err *err)
{
    struct str host = behind_http(value);
    return (host.len > 0 && host_port_ok(host, false)) ||
           err_set(err, ERR_INVALID, "expected http://HOST[:PORT] or https://HOST[:PORT]");
}

bool check_trust_rule(struct str value, struct err *err)
{
    struct str prefix = STR("authid:");
    size_t at = value.len;
    while (at > 0 && value.ptr[at - 1] != '=') {
        at--;
    }
    uint64_t level = 0;
    size_t name = str_starts(value, prefix) ? prefix.len + 1 : 1;
    return (at > name && str_to_u64(str_from(value, at), &level)) ||
           err_set(err, ERR_INVALID, "expected ROLE=LEVEL or authid:NAME=LEVEL");
}

bool check_store_url(struct str value, struct err *err)
{
    return str_starts(value, STR("sqlite:")) || str_starts(value, STR("postgresql://")) ||
           str_starts(value, STR("postgres://")) ||
           err_set(err, ERR_INVALID, "expected sqlite:, sqlite:PATH or postgresql://...");
}

bool check_cluster_url(struct str value, struct err *err)
{
    return str_starts(value, STR("nats://")) || str_starts(value, STR("tls://")) ||
           err_set(err, ERR_INVALID, "expected nats://HOST:PORT[,HOST:PORT] or tls://...");
}
