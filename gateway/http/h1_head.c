#include "http/h1_head.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

bool h1_list_has(struct str list, struct str token)
{
    struct str item = STR_EMPTY;
    while (list.len > 0) {
        (void)str_cut(list, ',', &item, &list);
        if (str_eq_nocase(str_trim(item), token)) {
            return true;
        }
    }
    return false;
}

/* Of the line that has reached `end` without one. Asked in the same way whether the line came at
 * once or in pieces, so that both end alike. */
static enum h1_rule
too_long(const struct h1_scan *scan, size_t end, const struct front_limits *limits)
{
    if (scan->first == 0) {
        return end - scan->line > limits->uri_max + H1_LINE_EXTRA ? H1_LINE_LENGTH : H1_OK;
    }
    return end - scan->first > limits->headers_max ? H1_HEADERS_LENGTH : H1_OK;
}

/* The line from scan->line to the LF at `lf` is whole. */
static enum h1_rule
take_line(struct h1_scan *scan, struct str input, size_t lf, size_t count_max, bool *end)
{
    if (lf == scan->line || input.ptr[lf - 1] != '\r') {
        return H1_BARE_LF;
    }
    bool empty = lf - 1 == scan->line;
    scan->line = lf + 1;
    if (scan->first != 0) {
        *end = empty;
        scan->fields += empty ? 0 : 1;
        return scan->fields > count_max ? H1_HEADER_COUNT : H1_OK;
    }
    if (!empty) {
        scan->first = lf + 1;
        return H1_OK;
    }
    if (scan->begin != 0) {
        return H1_EMPTY_LINES;
    }
    scan->begin = lf + 1;
    return H1_OK;
}

enum h1_rule
h1_scan(struct h1_scan *scan, struct str input, const struct front_limits *limits, size_t *out_len)
{
    bool end = false;
    *out_len = 0;
    while (scan->at < input.len) {
        const char *found = memchr(input.ptr + scan->at, '\n', input.len - scan->at);
        size_t lf = found == NULL ? input.len : (size_t)(found - input.ptr);
        enum h1_rule rule = too_long(scan, lf, limits);
        if (rule == H1_OK && found != NULL) {
            rule = take_line(scan, input, lf, limits->header_count_max, &end);
        }
        if (rule != H1_OK) {
            return rule;
        }
        scan->at = found == NULL ? lf : lf + 1;
        if (end) {
            *out_len = scan->at;
            return H1_OK;
        }
    }
    return H1_OK;
}

/* What is wrong with a line that has a byte which it may not have: a CR says more. */
static enum h1_rule wrong(const char *line, size_t len, enum h1_rule rule)
{
    return memchr(line, '\r', len) != NULL ? H1_BARE_CR : rule;
}

static enum h1_rule parse_version(struct str version, struct h1_head *out)
{
    out->version = version;
    out->http10 = str_eq(version, STR("HTTP/1.0"));
    return out->http10 || str_eq(version, STR("HTTP/1.1")) ? H1_OK : H1_VERSION;
}

static enum h1_rule parse_request_line(struct str line, struct h1_head *out)
{
    struct str rest = STR_EMPTY;
    struct str version = STR_EMPTY;
    if (str_eq(line, STR("PRI * HTTP/2.0"))) {
        return H1_PREFACE;
    }
    bool parts = str_cut(line, ' ', &out->method, &rest);
    if (out->method.len == 0) {
        return H1_REQUEST_LINE;
    }
    if (!token_valid(out->method)) {
        return H1_METHOD;
    }
    if (!parts || rest.len == 0) {
        return H1_REQUEST_LINE;
    }
    if (!str_cut(rest, ' ', &out->target, &version)) {
        return target_valid(rest) ? H1_NO_VERSION : H1_TARGET;
    }
    if (out->target.len == 0 || str_find(version, ' ') >= 0) {
        return H1_REQUEST_LINE;
    }
    return target_valid(out->target) ? parse_version(version, out) : H1_TARGET;
}

/* A name has come to an end that is no colon. */
static enum h1_rule wrong_name(const char *line, size_t len, size_t at)
{
    if (memchr(line, ':', len) == NULL) {
        return H1_NO_COLON;
    }
    while (at < len && blank(line[at])) {
        at++;
    }
    return at < len && line[at] == ':' ? H1_SPACE_BEFORE_COLON : H1_HEADER_NAME;
}

enum h1_rule h1_parse_field(char *line, size_t len, struct header *out)
{
    size_t at = 0;
    char c = 0;
    if (len > 0 && blank(line[0])) {
        return H1_OBS_FOLD;
    }
    while (at < len && (c = token_lower(line[at])) != 0) {
        line[at++] = c;
    }
    if (at == len || line[at] != ':') {
        return wrong(line, len, wrong_name(line, len, at));
    }
    if (at == 0) {
        return H1_EMPTY_NAME;
    }
    size_t from = at + 1;
    while (from < len && blank(line[from])) {
        from++;
    }
    while (len > from && blank(line[len - 1])) {
        len--;
    }
    out->name = str_make(line, at);
    out->value = str_make(line + from, len - from);
    return value_valid(out->value) ? H1_OK : wrong(line, len, H1_HEADER_VALUE);
}

/* Others are known to take a tab before the value, or any blank behind it, for a part of it. */
static bool framing_space(const struct header *field, const char *line, size_t len)
{
    const char *colon = line + field->name.len;
    return memchr(colon, '\t', (size_t)(field->value.ptr - colon)) != NULL ||
           field->value.ptr + field->value.len != line + len;
}

static void look_at_connection(struct str value, struct h1_head *out)
{
    out->asks_close = out->asks_close || h1_list_has(value, STR("close"));
    out->asks_keep_alive = out->asks_keep_alive || h1_list_has(value, STR("keep-alive"));
}

/* The fields that decide how the connection goes on; by length, which most others have not. */
static enum h1_rule
look_at(const struct header *field, const char *line, size_t len, struct h1_head *out)
{
    switch (field->name.len) {
    case 6:
        if (str_eq(field->name, STR("expect")) && !out->http10) {
            out->expects_continue = true;
            return str_eq_nocase(field->value, STR("100-continue")) ? H1_OK : H1_EXPECTATION;
        }
        break;
    case 10:
        if (str_eq(field->name, STR("connection"))) {
            look_at_connection(field->value, out);
        }
        break;
    case 14:
    case 17:
        if ((str_eq(field->name, STR("content-length")) ||
             str_eq(field->name, STR("transfer-encoding"))) &&
            framing_space(field, line, len)) {
            return H1_FRAMING_SPACE;
        }
        break;
    default:
        break;
    }
    return H1_OK;
}

/* The line at `*at` without its CRLF; `*at` moves behind it. h1_scan has seen that it has one. */
static struct str next_line(const char *bytes, size_t len, size_t *at)
{
    const char *line = bytes + *at;
    const char *lf = memchr(line, '\n', len - *at);
    *at = (size_t)(lf - bytes) + 1;
    return str_make(line, (size_t)(lf - line) - 1);
}

enum h1_rule h1_parse(char *bytes, size_t len, struct header *fields, struct h1_head *out)
{
    size_t at = 0;
    *out = (struct h1_head){0};
    struct str line = next_line(bytes, len, &at);
    enum h1_rule rule = parse_request_line(line, out);
    if (rule != H1_OK) {
        return wrong(line.ptr, line.len, rule);
    }
    for (;;) {
        size_t from = at;
        line = next_line(bytes, len, &at);
        if (line.len == 0) {
            break;
        }
        struct header *field = &fields[out->field_count++];
        rule = h1_parse_field(bytes + from, line.len, field);
        if (rule == H1_OK) {
            rule = look_at(field, line.ptr, line.len, out);
        }
        if (rule != H1_OK) {
            return rule;
        }
    }
    out->keep_alive = !out->asks_close && (!out->http10 || out->asks_keep_alive);
    return H1_OK;
}
