/* link_target.c - the URL of a router: ws, wss, tcp, tls, unix, ws+unix. */
#include "base/mem.h"
#include "client/link.h"

enum { PORT_WS = 80, PORT_WSS = 443, PORT_TCP = 18082, PORT_TLS = 18085 };

static const struct scheme {
    struct str prefix;
    uint16_t port;
    bool websocket;
    bool tls;
} schemes[] = {
    {STR_INIT("ws://"), PORT_WS, true, false},
    {STR_INIT("wss://"), PORT_WSS, true, true},
    {STR_INIT("tcp://"), PORT_TCP, false, false},
    {STR_INIT("tls://"), PORT_TLS, false, true},
};

/* "host", "host:port", "[::1]:port"; true when well formed. */
static bool parse_authority(struct str text, uint16_t port, struct link_target *out)
{
    struct str rest = STR_EMPTY;
    if (text.len > 0 && text.ptr[0] == '[') {
        if (!str_cut(str_from(text, 1), ']', &out->host, &rest)) {
            return false;
        }
        if (rest.len > 0 && rest.ptr[0] != ':') {
            return false;
        }
        rest = str_from(rest, 1);
    } else {
        (void)str_cut(text, ':', &out->host, &rest);
    }
    uint64_t number = port;
    if (rest.len > 0 && (!str_to_u64(rest, &number) || number == 0 || number > UINT16_MAX)) {
        return false;
    }
    out->port = (uint16_t)number;
    return out->host.len > 0;
}

/* No blanks or controls: the path goes into a request as it is. */
static bool printable(struct str url)
{
    for (size_t i = 0; i < url.len; i++) {
        if ((unsigned char)url.ptr[i] <= ' ' || url.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

bool link_target_parse(struct str url, struct link_target *out, struct err *err)
{
    struct link_target target = {0};
    struct str raw_prefix = STR("unix:");
    struct str ws_prefix = STR("ws+unix:");
    target.websocket = str_starts(url, ws_prefix);
    struct str prefix = target.websocket ? ws_prefix : raw_prefix;
    if (str_starts(url, prefix) && url.len > prefix.len) {
        target.unix_socket = true;
        target.host = str_from(url, prefix.len);
        target.path = STR("/ws");
        target.port = PORT_WS;
        *out = target;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(schemes) && printable(url); i++) {
        const struct scheme *scheme = &schemes[i];
        if (!str_starts(url, scheme->prefix)) {
            continue;
        }
        struct str rest = str_from(url, scheme->prefix.len);
        ptrdiff_t slash = str_find(rest, '/');
        struct str authority = slash < 0 ? rest : str_sub(rest, 0, (size_t)slash);
        target.path = slash < 0 ? STR("/ws") : str_from(rest, (size_t)slash);
        target.websocket = scheme->websocket;
        target.tls = scheme->tls;
        bool path_fits = scheme->websocket || slash < 0 || target.path.len == 1;
        if (!path_fits || !parse_authority(authority, scheme->port, &target)) {
            break;
        }
        *out = target;
        return true;
    }
    return err_set(
        err, ERR_INVALID,
        "not the URL of a router: " PRISTR
        " (ws://host:port/ws, wss://, tcp://host:port, tls://, unix:/path or ws+unix:/path)",
        STRARG(str_sub(url, 0, 100)));
}
