/* cidr.h - blocks of addresses, IPv4 and IPv6 in one form (IPv4 as ::ffff:a.b.c.d). Any thread. */
#ifndef POSTERN_BASE_CIDR_H
#define POSTERN_BASE_CIDR_H

#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* An address block such as 10.0.0.0/8 or ::1/128; a bare address is a block of one. */
struct cidr {
    struct in6_addr address;
    uint8_t bits; /* of 128 */
};
enum { CIDR_TEXT_SIZE = 56 };

bool cidr_parse(struct str text, struct cidr *out);
/* The one spelling of a block: bits of the host cleared, "10.0.0.0/8", "2001:db8::/32". */
struct str cidr_text(const struct cidr *cidr, char out[CIDR_TEXT_SIZE]);
/* 0.0.0.0/0 holds every IPv4 address and no IPv6 one; ::/0 holds both. */
bool cidr_contains(const struct cidr *cidr, const struct in6_addr *address);

#endif
