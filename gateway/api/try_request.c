#include "api/try_request.h"

#include "base/encode.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { METHOD_MAX = 32, TARGET_MAX = 8192, HOST_MAX = 255, NAME_MAX = 128, VALUE_MAX = 16384 };

/* The form of a message, whom it is for, and how long its connection lives. */
static const struct str ours[] = {
    STR_INIT("connection"),
    STR_INIT("content-length"),
    STR_INIT("expect"),
    STR_INIT("host"),
    STR_INIT("http2-settings"),
    STR_INIT("keep-alive"),
    STR_INIT("proxy-authenticate"),
    STR_INIT("proxy-authorization"),
    STR_INIT("proxy-connection"),
    STR_INIT("te"),
    STR_INIT("trailer"),
    STR_INIT("transfer-encoding"),
    STR_INIT("upgrade"),
};

static bool is_tchar(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct str text, size_t max)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_tchar(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0 && text.len <= max;
}

/* A member that is a text; false: it is there and none. */
static bool text_member(const json_t *json, const char *key, struct str *out)
{
    const json_t *value = json_object_get(json, key);
    if (value == NULL) {
        *out = (struct str){NULL, 0};
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    *out = str_make(json_string_value(value), json_string_length(value));
    assert(out->ptr != NULL);
    return true;
}

static bool
read_method(const json_t *json, struct arena *arena, struct try_request *out, struct err *err)
{
    struct str method = STR_EMPTY;
    if (!text_member(json, "method", &method) || (method.ptr != NULL && method.len == 0) ||
        (method.len > 0 && !is_token(method, METHOD_MAX))) {
        return err_set(err, ERR_INVALID, "method must be a word, such as GET");
    }
    if (str_eq_nocase(method, STR("CONNECT")) || str_eq_nocase(method, STR("TRACE"))) {
        return err_set(err, ERR_INVALID, "CONNECT and TRACE cannot be tried");
    }
    out->method = method.len == 0 ? "GET" : arena_cstr(arena, method);
    return true;
}

static bool
read_path(const json_t *json, struct arena *arena, struct try_request *out, struct err *err)
{
    struct str path = STR_EMPTY;
    if (!text_member(json, "path", &path) || path.len == 0 || path.ptr[0] != '/') {
        return err_set(
            err, ERR_INVALID,
            "path must be a text that begins with /: a path of this node's gateway, with "
            "its query");
    }
    if (path.len > TARGET_MAX) {
        return err_set(err, ERR_INVALID, "path is longer than %d bytes", TARGET_MAX);
    }
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] <= ' ' || path.ptr[i] > '~' || path.ptr[i] == '#') {
            return err_set(err, ERR_INVALID,
                           "path has a character that must be percent-encoded, at %zu", i);
        }
    }
    out->target = arena_cstr(arena, path);
    return true;
}

static bool
read_host(const json_t *json, struct arena *arena, struct try_request *out, struct err *err)
{
    struct str host = STR_EMPTY;
    bool good = text_member(json, "host", &host) && (host.ptr == NULL || host.len > 0) &&
                host.len <= HOST_MAX;
    for (size_t i = 0; good && i < host.len; i++) {
        char c = host.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr(".-_:[]", c) != NULL);
    }
    if (!good) {
        return err_set(err, ERR_INVALID,
                       "host must be a name or an address, with or without a port");
    }
    out->host = host.len == 0 ? NULL : arena_cstr(arena, host);
    return true;
}

static bool
read_scheme(const json_t *json, struct arena *arena, struct try_request *out, struct err *err)
{
    struct str scheme = STR_EMPTY;
    if (!text_member(json, "scheme", &scheme) ||
        (scheme.ptr != NULL && !str_eq(scheme, STR("http")) && !str_eq(scheme, STR("https")))) {
        return err_set(err, ERR_INVALID, "scheme must be http or https");
    }
    out->scheme = arena_str(arena, scheme);
    return true;
}

static bool value_ok(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return value.len <= VALUE_MAX;
}

static bool read_header(const char *key,
                        const json_t *json,
                        struct arena *arena,
                        struct try_request *out,
                        struct err *err)
{
    struct str name = str_of(key);
    if (!is_token(name, NAME_MAX)) {
        return err_set(err, ERR_INVALID, "headers: a name is none");
    }
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        if (str_eq_nocase(name, ours[i])) {
            return err_set(err, ERR_INVALID, "headers: %s is this node's to say%s", key,
                           str_eq(ours[i], STR("host")) ? "; the host is in host" : "");
        }
    }
    struct str value = str_make(json_string_value(json), json_string_length(json));
    if (!json_is_string(json) || !value_ok(value)) {
        return err_set(err, ERR_INVALID,
                       "headers: the value of %s must be a text without line breaks and other "
                       "control characters, of at most %d bytes",
                       key, VALUE_MAX);
    }
    value = str_trim(value);
    out->headers[out->header_count++] =
        value.len == 0 ? arena_printf(arena, "%s;", key).ptr
                       : arena_printf(arena, "%s: " PRISTR, key, STRARG(value)).ptr;
    return true;
}

static bool
read_headers(const json_t *json, struct arena *arena, struct try_request *out, struct err *err)
{
    json_t *headers = json_object_get(json, "headers");
    const char *key = NULL;
    json_t *value = NULL;
    if (headers != NULL && !json_is_object(headers)) {
        return err_set(err, ERR_INVALID, "headers must be a map of names and values");
    }
    if (json_object_size(headers) > TRY_HEADERS_MAX) {
        return err_set(err, ERR_INVALID, "more than %d headers", TRY_HEADERS_MAX);
    }
    json_object_foreach(headers, key, value)
    {
        if (!read_header(key, value, arena, out, err)) {
            return false;
        }
    }
    return true;
}

static bool
read_body(const json_t *json, struct arena *arena, struct try_request *out, struct err *err)
{
    struct str text = STR_EMPTY;
    struct str packed = STR_EMPTY;
    if (!text_member(json, "body", &text) || !text_member(json, "body_base64", &packed)) {
        return err_set(err, ERR_INVALID, "body and body_base64 must be texts");
    }
    if (text.ptr != NULL && packed.ptr != NULL) {
        return err_set(err, ERR_INVALID, "body or body_base64, not both");
    }
    if (text.len > TRY_BODY_MAX || packed.len / 4 * 3 > TRY_BODY_MAX + 2) {
        return err_set(err, ERR_LIMIT, "the body is larger than 1 MiB");
    }
    if (packed.ptr == NULL) {
        out->body = arena_str(arena, text);
        return true;
    }
    struct buf bytes;
    buf_init(&bytes, TRY_BODY_MAX);
    bool good = base64_decode(BASE64_STANDARD, packed, &bytes);
    bool full = bytes.full;
    out->body = arena_str(arena, buf_str(&bytes));
    buf_done(&bytes);
    if (full) {
        return err_set(err, ERR_LIMIT, "the body is larger than 1 MiB");
    }
    return good || err_set(err, ERR_INVALID, "body_base64 is no base64");
}

static bool know_members(const json_t *json, struct err *err)
{
    static const char *const known[] = {"method",  "scheme", "path",       "host",
                                        "headers", "body",   "body_base64"};
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(known); i++) {
            found = found || strcmp(known[i], key) == 0;
        }
        if (!found) {
            return err_set(err, ERR_INVALID,
                           "there are method, scheme, path, host, headers, body and body_base64, "
                           "and nothing else");
        }
    }
    return true;
}

bool try_request_read(const json_t *json,
                      struct arena *arena,
                      struct try_request *out,
                      struct err *err)
{
    *out = (struct try_request){0};
    if (!json_is_object(json)) {
        return err_set(err, ERR_INVALID, "what is tried must be a map with method and path");
    }
    return know_members(json, err) && read_method(json, arena, out, err) &&
           read_path(json, arena, out, err) && read_scheme(json, arena, out, err) &&
           read_host(json, arena, out, err) && read_headers(json, arena, out, err) &&
           read_body(json, arena, out, err);
}
