#include "net/peer_info.h"

#include <arpa/inet.h>
#include <stdio.h>

struct str peer_info_text(const struct peer_info *peer, char out[PEER_TEXT_SIZE])
{
    if (peer->unix_socket) {
        return STR("unix");
    }
    char address[INET6_ADDRSTRLEN] = "?";
    int len;
    if (IN6_IS_ADDR_V4MAPPED(&peer->address)) {
        (void)inet_ntop(AF_INET, peer->address.s6_addr + 12, address, sizeof(address));
        len = snprintf(out, PEER_TEXT_SIZE, "%s:%u", address, peer->port);
    } else {
        (void)inet_ntop(AF_INET6, &peer->address, address, sizeof(address));
        len = snprintf(out, PEER_TEXT_SIZE, "[%s]:%u", address, peer->port);
    }
    return str_make(out, len > 0 ? (size_t)len : 0);
}

bool peer_info_loopback(const struct peer_info *peer)
{
    return peer->unix_socket || IN6_IS_ADDR_LOOPBACK(&peer->address) ||
           (IN6_IS_ADDR_V4MAPPED(&peer->address) && peer->address.s6_addr[12] == 127);
}
