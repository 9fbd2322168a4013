#include "application/redirect.h"

#include <stdint.h>

/* "" or ":1234" */
static bool is_port(struct str text)
{
    uint64_t port = 0;
    return text.len == 0 || (text.ptr[0] == ':' && text.len <= sizeof(":65535") - 1 &&
                             str_to_u64(str_from(text, 1), &port) && port <= UINT16_MAX);
}

static bool is_loopback(struct str authority, struct str *out_host)
{
    static const struct str hosts[] = {STR_INIT("127.0.0.1"), STR_INIT("[::1]")};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (str_starts(authority, hosts[i]) && is_port(str_from(authority, hosts[i].len))) {
            *out_host = hosts[i];
            return true;
        }
    }
    return false;
}

/* The parts of "scheme://authority/rest"; false: it has no authority. */
struct parts {
    struct str scheme;
    struct str authority;
    struct str rest; /* from the first '/' or '?' on */
};

static bool take_apart(struct str uri, struct parts *out)
{
    struct str after = STR_EMPTY;
    if (!str_cut(uri, ':', &out->scheme, &after) || !str_starts(after, STR("//"))) {
        return false;
    }
    after = str_from(after, 2);
    size_t end = 0;
    while (end < after.len && after.ptr[end] != '/' && after.ptr[end] != '?') {
        end++;
    }
    out->authority = str_sub(after, 0, end);
    out->rest = str_from(after, end);
    return out->authority.len > 0;
}

static bool has_odd_byte(struct str uri)
{
    for (size_t i = 0; i < uri.len; i++) {
        unsigned char c = (unsigned char)uri.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' ||
            c == '`' || c == '{' || c == '|' || c == '}') {
            return true;
        }
    }
    return false;
}

/* RFC 3986, 3.1. What is none would be read as a path, or as a host, beside this server's. */
static bool is_scheme(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool more = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!letter && !(i > 0 && more)) {
            return false;
        }
    }
    return text.len > 0;
}

bool redirect_may_register(struct str uri, const char **out_why)
{
    struct parts parts;
    struct str host = STR_EMPTY;
    struct str scheme = STR_EMPTY;
    struct str rest = STR_EMPTY;
    *out_why = "a redirect URI is an absolute URI without blanks, of at most 2048 bytes";
    if (uri.len == 0 || uri.len > REDIRECT_MAX || has_odd_byte(uri) ||
        !str_cut(uri, ':', &scheme, &rest) || !is_scheme(scheme)) {
        return false;
    }
    *out_why = "a redirect URI has no fragment";
    if (str_find(uri, '#') >= 0) {
        return false;
    }
    bool whole = take_apart(uri, &parts);
    *out_why = "a redirect URI names no user";
    if (whole && str_find(parts.authority, '@') >= 0) {
        return false;
    }
    *out_why = "http is for http://127.0.0.1 and http://[::1]; elsewhere it is https";
    if (str_eq(scheme, STR("http"))) {
        return whole && is_loopback(parts.authority, &host);
    }
    *out_why = "an application's own scheme has a dot in it (com.example.app:/callback)";
    return (str_eq(scheme, STR("https")) && whole) || str_find(scheme, '.') > 0;
}

bool redirect_matches(struct str registered, struct str given)
{
    struct parts want;
    struct parts have;
    struct str want_host = STR_EMPTY;
    struct str have_host = STR_EMPTY;
    if (str_eq(registered, given)) {
        return true;
    }
    return !has_odd_byte(given) && str_find(given, '#') < 0 && take_apart(registered, &want) &&
           take_apart(given, &have) && str_eq(want.scheme, STR("http")) &&
           str_eq(have.scheme, STR("http")) && is_loopback(want.authority, &want_host) &&
           is_loopback(have.authority, &have_host) && str_eq(want_host, have_host) &&
           str_eq(want.rest, have.rest);
}

bool redirect_add(struct buf *uri, struct str name, struct str value)
{
    static const char digits[] = "0123456789ABCDEF";
    bool first = str_find(buf_str(uri), '?') < 0;
    (void)buf_byte(uri, first ? '?' : '&');
    (void)buf_append(uri, name);
    (void)buf_byte(uri, '=');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            (void)buf_byte(uri, (char)c);
        } else {
            char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
            (void)buf_append(uri, str_make(escaped, sizeof(escaped)));
        }
    }
    return !uri->full;
}
