#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <string.h>

enum { COMMAND_LOCAL = 0, COMMAND_PROXY = 1, FAMILY_TCP4 = 0x11, FAMILY_TCP6 = 0x21 };

static const char v2_signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static uint16_t read_u16(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static void set_v4(struct proxy_header *header, const void *bytes)
{
    memset(&header->address, 0, sizeof(header->address));
    header->address.s6_addr[10] = header->address.s6_addr[11] = 0xff;
    memcpy(header->address.s6_addr + 12, bytes, 4);
}

static enum proxy_result parse_v2(struct str bytes, struct proxy_header *out)
{
    if (bytes.len < PROXY_V2_HEAD) {
        return PROXY_MORE;
    }
    unsigned version = (unsigned char)bytes.ptr[12] >> 4;
    unsigned command = (unsigned char)bytes.ptr[12] & 0x0f;
    unsigned family = (unsigned char)bytes.ptr[13];
    size_t extra = read_u16(bytes.ptr + 14);
    struct proxy_header header = {.len = PROXY_V2_HEAD + extra};
    if (version != 2 || command > COMMAND_PROXY || header.len > PROXY_MAX) {
        return PROXY_BAD;
    }
    if (bytes.len < header.len) {
        return PROXY_MORE;
    }
    const char *at = bytes.ptr + PROXY_V2_HEAD;
    if (command == COMMAND_PROXY && family == FAMILY_TCP4) {
        if (extra < 12) {
            return PROXY_BAD;
        }
        header.has_address = true;
        set_v4(&header, at);
        header.port = read_u16(at + 8);
    } else if (command == COMMAND_PROXY && family == FAMILY_TCP6) {
        if (extra < 36) {
            return PROXY_BAD;
        }
        header.has_address = true;
        memcpy(&header.address, at, 16);
        header.port = read_u16(at + 32);
    }
    *out = header;
    return PROXY_OK;
}

static bool parse_address(struct str text, int family, struct proxy_header *header)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char raw[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(family, copy, raw) != 1) {
        return false;
    }
    if (header != NULL && family == AF_INET) {
        set_v4(header, raw);
    } else if (header != NULL) {
        memcpy(&header->address, raw, sizeof(raw));
    }
    return true;
}

static bool parse_port(struct str text, uint16_t *out)
{
    uint64_t number;
    if (text.len > 5 || (text.len > 1 && text.ptr[0] == '0') || !str_to_u64(text, &number) ||
        number > 65535) {
        return false;
    }
    *out = (uint16_t)number;
    return true;
}

/* "TCP4 source destination sport dport", without what stands before and behind. */
static bool parse_v1_line(struct str line, struct proxy_header *header)
{
    struct str family;
    struct str source;
    struct str destination;
    struct str source_port;
    uint16_t port;
    uint16_t ignored;
    bool complete = str_cut(line, ' ', &family, &line);
    if (str_eq(family, STR("UNKNOWN"))) {
        return true; /* whatever follows */
    }
    int kind = str_eq(family, STR("TCP4")) ? AF_INET : str_eq(family, STR("TCP6")) ? AF_INET6 : 0;
    if (!complete || kind == 0 || !str_cut(line, ' ', &source, &line) ||
        !str_cut(line, ' ', &destination, &line) || !str_cut(line, ' ', &source_port, &line) ||
        !parse_address(source, kind, header) || !parse_address(destination, kind, NULL) ||
        !parse_port(source_port, &port) || !parse_port(line, &ignored)) {
        return false;
    }
    header->has_address = true;
    header->port = port;
    return true;
}

static enum proxy_result parse_v1(struct str bytes, struct proxy_header *out)
{
    struct str within = str_sub(bytes, 0, PROXY_V1_MAX);
    ptrdiff_t end = str_find(within, '\n');
    if (end < 0) {
        return bytes.len < PROXY_V1_MAX ? PROXY_MORE : PROXY_BAD;
    }
    struct proxy_header header = {.len = (size_t)end + 1};
    struct str line = str_from(str_sub(within, 0, (size_t)end), 6);
    if (line.len == 0 || line.ptr[line.len - 1] != '\r' ||
        !parse_v1_line(str_sub(line, 0, line.len - 1), &header)) {
        return PROXY_BAD;
    }
    *out = header;
    return PROXY_OK;
}

static bool begins_as(struct str bytes, struct str signature)
{
    size_t len = bytes.len < signature.len ? bytes.len : signature.len;
    return memcmp(bytes.ptr, signature.ptr, len) == 0;
}

enum proxy_result proxy_parse(struct str bytes, struct proxy_header *out)
{
    struct str v1 = STR("PROXY ");
    struct str v2 = str_make(v2_signature, sizeof(v2_signature));
    if (bytes.len == 0) {
        return PROXY_MORE;
    }
    if (begins_as(bytes, v2)) {
        return parse_v2(bytes, out);
    }
    if (!begins_as(bytes, v1)) {
        return PROXY_BAD;
    }
    return bytes.len <= v1.len ? PROXY_MORE : parse_v1(bytes, out);
}
