#include "base/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool parse_address(struct str text, struct in6_addr *out, unsigned *width)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    struct in6_addr address = {0};
    if (inet_pton(AF_INET, copy, address.s6_addr + 12) == 1) {
        address.s6_addr[10] = address.s6_addr[11] = 0xff;
        *width = 32;
    } else if (inet_pton(AF_INET6, copy, &address) == 1) {
        *width = 128;
    } else {
        return false;
    }
    *out = address;
    return true;
}

bool cidr_parse(struct str text, struct cidr *out)
{
    struct str address;
    struct str bits;
    bool has_bits = str_cut(text, '/', &address, &bits);
    struct cidr block;
    unsigned width;
    if (!parse_address(address, &block.address, &width)) {
        return false;
    }
    uint64_t count = width;
    if (has_bits && (bits.len > 3 || !str_to_u64(bits, &count) || count > width)) {
        return false;
    }
    block.bits = (uint8_t)(128 - width + count);
    *out = block;
    return true;
}

bool cidr_contains(const struct cidr *cidr, const struct in6_addr *address)
{
    size_t whole = cidr->bits / 8;
    if (memcmp(cidr->address.s6_addr, address->s6_addr, whole) != 0) {
        return false;
    }
    unsigned left = cidr->bits % 8;
    unsigned mask = 0xffU << (8 - left) & 0xffU;
    return left == 0 || ((cidr->address.s6_addr[whole] ^ address->s6_addr[whole]) & mask) == 0;
}

struct str cidr_text(const struct cidr *cidr, char out[CIDR_TEXT_SIZE])
{
    struct in6_addr net = cidr->address;
    for (unsigned i = 0; i < 16; i++) {
        unsigned first = i * 8;
        unsigned kept = cidr->bits <= first ? 0 : cidr->bits - first;
        net.s6_addr[i] = (uint8_t)(kept >= 8 ? net.s6_addr[i] : net.s6_addr[i] & 0xff00U >> kept);
    }
    bool v4 = cidr->bits >= 96 && IN6_IS_ADDR_V4MAPPED(&net);
    char address[INET6_ADDRSTRLEN] = "";
    const void *bytes = v4 ? (const void *)(net.s6_addr + 12) : (const void *)&net;
    (void)inet_ntop(v4 ? AF_INET : AF_INET6, bytes, address, sizeof(address));
    int len = snprintf(out, CIDR_TEXT_SIZE, "%s/%u", address, v4 ? cidr->bits - 96U : cidr->bits);
    return str_make(out, len > 0 ? (size_t)len : 0);
}
