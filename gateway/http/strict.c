#include "http/strict.h"

#include "base/mem.h"

/* What the rules look at, gathered in one walk over the headers. */
struct framing {
    unsigned lengths;
    unsigned encodings;
    unsigned hosts;
    struct str length;
    struct str encoding;
    struct str host;
    bool bad_name;
};

enum rule {
    RULE_NONE,
    RULE_VERSION,
    RULE_METHOD,
    RULE_TARGET,
    RULE_URI_LENGTH,
    RULE_HEADER_COUNT,
    RULE_HEADER_NAME,
    RULE_HEADER_VALUE,
    RULE_TWO_LENGTHS,
    RULE_LENGTH,
    RULE_LENGTH_AND_ENCODING,
    RULE_TWO_ENCODINGS,
    RULE_ENCODING,
    RULE_ENCODING_VERSION,
    RULE_HOST,
};

static const struct refusal refusals[] = {
    [RULE_VERSION] = {505, "version", "only HTTP/1.1 and HTTP/1.0 are spoken here"},
    [RULE_METHOD] = {400, "method", "the method is no token (RFC 9110, 9.1)"},
    [RULE_TARGET] = {400, "target", "the request target has bytes that no URI may have"},
    [RULE_URI_LENGTH] = {414, "uri-length", "the request target is too long"},
    [RULE_HEADER_COUNT] = {431, "header-count", "too many header fields"},
    [RULE_HEADER_NAME] = {400, "header-name", "a header name is no token (RFC 9110, 5.1)"},
    [RULE_HEADER_VALUE] = {400, "header-value", "a header value has a control character"},
    [RULE_TWO_LENGTHS] = {400, "two-lengths", "more than one Content-Length (RFC 9112, 6.3)"},
    [RULE_LENGTH] = {400, "length", "Content-Length is not a decimal number (RFC 9110, 8.6)"},
    [RULE_LENGTH_AND_ENCODING] = {400, "length-and-encoding",
                                  "both Content-Length and Transfer-Encoding (RFC 9112, 6.1)"},
    [RULE_TWO_ENCODINGS] = {400, "two-encodings", "more than one Transfer-Encoding"},
    [RULE_ENCODING] = {400, "encoding", "a Transfer-Encoding other than chunked"},
    [RULE_ENCODING_VERSION] = {400, "encoding-version",
                               "Transfer-Encoding in HTTP/1.0 (RFC 9112, 6.1)"},
    [RULE_HOST] = {400, "host", "exactly one valid Host is needed (RFC 9112, 3.2)"},
};

/* By length, which most fields do not share. Underscore twins (Content_Length) are what a back end
 * may read as the real ones. */
static void look_at(struct framing *found, const struct header *h)
{
    switch (h->name.len) {
    case 4:
        if (str_eq(h->name, STR("host"))) {
            found->hosts++;
            found->host = h->value;
        }
        break;
    case 14:
        if (str_eq(h->name, STR("content-length"))) {
            found->lengths++;
            found->length = h->value;
        }
        found->bad_name = found->bad_name || str_eq(h->name, STR("content_length"));
        break;
    case 17:
        if (str_eq(h->name, STR("transfer-encoding"))) {
            found->encodings++;
            found->encoding = h->value;
        }
        found->bad_name = found->bad_name || str_eq(h->name, STR("transfer_encoding"));
        break;
    default:
        break;
    }
}

static struct framing gather(const struct request_head *head)
{
    struct framing found = {0};
    for (size_t i = 0; i < head->header_count; i++) {
        look_at(&found, &head->headers[i]);
    }
    return found;
}

/* What h1 has seen while it parsed. */
static enum rule check_characters(const struct request_head *head, struct str version)
{
    if (!str_eq(version, STR("HTTP/1.0")) && !str_eq(version, STR("HTTP/1.1"))) {
        return RULE_VERSION;
    }
    if (!token_valid(head->method)) {
        return RULE_METHOD;
    }
    if (!target_valid(head->path) || !target_valid(head->query)) {
        return RULE_TARGET;
    }
    for (size_t i = 0; i < head->header_count; i++) {
        if (!token_valid(head->headers[i].name)) {
            return RULE_HEADER_NAME;
        }
        if (!value_valid(head->headers[i].value)) {
            return RULE_HEADER_VALUE;
        }
    }
    return RULE_NONE;
}

static enum rule check_body(struct request_head *head, const struct framing *found, bool http10)
{
    uint64_t length = 0;
    if (found->lengths > 1) {
        return RULE_TWO_LENGTHS;
    }
    if (found->encodings > 1) {
        return RULE_TWO_ENCODINGS;
    }
    if (found->lengths == 1 && found->encodings == 1) {
        return RULE_LENGTH_AND_ENCODING;
    }
    if (found->encodings == 1) {
        if (!str_eq_nocase(found->encoding, STR("chunked"))) {
            return RULE_ENCODING;
        }
        head->content_length = LENGTH_STREAM;
        return http10 ? RULE_ENCODING_VERSION : RULE_NONE;
    }
    if (found->lengths == 1 && (!str_to_u64(found->length, &length) || length > INT64_MAX)) {
        return RULE_LENGTH;
    }
    head->content_length = (int64_t)length;
    return RULE_NONE;
}

/* host [":" port] -> the head; false if it is neither a name nor an address. */
static bool host_read(struct request_head *head, struct str value)
{
    struct str name = value;
    struct str port = STR_EMPTY;
    for (size_t i = 0; i < value.len; i++) {
        if (!host_char(value.ptr[i])) {
            return false;
        }
    }
    if (value.len > 0 && value.ptr[0] == '[') {
        ptrdiff_t end = str_find(value, ']');
        if (end < 0) {
            return false;
        }
        name = str_sub(value, 0, (size_t)end + 1);
        struct str rest = str_from(value, (size_t)end + 1);
        if (rest.len > 0 && rest.ptr[0] != ':') {
            return false;
        }
        port = str_from(rest, 1);
    } else {
        (void)str_cut(value, ':', &name, &port);
    }
    uint64_t number = 0;
    if (port.len > 0 && (!str_to_u64(port, &number) || number > UINT16_MAX)) {
        return false;
    }
    if (str_ends(name, STR("."))) {
        name.len--;
    }
    head->host = name;
    head->port = (uint16_t)number;
    return name.len > 0;
}

static enum rule
check_meaning(struct request_head *head, bool http10, const struct front_limits *limits)
{
    if (head->path.len + head->query.len > limits->uri_max) {
        return RULE_URI_LENGTH;
    }
    if (head->path.len == 0 || head->path.ptr[0] != '/') {
        return RULE_TARGET;
    }
    if (head->header_count > limits->header_count_max) {
        return RULE_HEADER_COUNT;
    }
    struct framing found = gather(head);
    if (found.bad_name) {
        return RULE_HEADER_NAME;
    }
    if (found.hosts > 1 || (found.hosts == 0 && !http10) ||
        (found.hosts == 1 && !host_read(head, found.host))) {
        return RULE_HOST;
    }
    return check_body(head, &found, http10);
}

const struct refusal *
strict_check(struct request_head *head, struct str version, const struct front_limits *limits)
{
    enum rule rule = check_characters(head, version);
    if (rule != RULE_NONE) {
        return &refusals[rule];
    }
    return strict_check_parsed(head, str_eq(version, STR("HTTP/1.0")), limits);
}

const struct refusal *
strict_check_parsed(struct request_head *head, bool http10, const struct front_limits *limits)
{
    enum rule rule = check_meaning(head, http10, limits);
    return rule == RULE_NONE ? NULL : &refusals[rule];
}

void strict_read_target(struct request_head *head, struct header *fields, struct str target)
{
    (void)str_cut(target, '?', &head->path, &head->query);
    bool http = str_starts(target, STR("http://"));
    if (!http && !str_starts(target, STR("https://"))) {
        return;
    }
    struct str rest = str_from(target, http ? 7 : 8);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?') {
        end++;
    }
    (void)str_cut(str_from(rest, end), '?', &head->path, &head->query);
    if (head->path.len == 0) {
        head->path = STR("/");
    }
    for (size_t i = 0; i < head->header_count; i++) {
        if (str_eq(fields[i].name, STR("host"))) {
            fields[i].value = str_sub(rest, 0, end);
        }
    }
}
