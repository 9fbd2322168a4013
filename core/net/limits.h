/* limits.h - how many connections there are: of all listeners, and from each address.
 *
 * Any thread. An IPv6 address counts with its /64: whoever has one of them has
 * them all.
 */
#ifndef POSTERN_NET_LIMITS_H
#define POSTERN_NET_LIMITS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct limits;

struct limits *limits_new(size_t total, size_t per_address); /* 0: unlimited */
void limits_free(struct limits *limits);

/* A place in the total. */
bool limits_enter(struct limits *limits);
void limits_leave(struct limits *limits);
size_t limits_count(const struct limits *limits);

/* A place among those of one address. */
bool limits_enter_address(struct limits *limits, const struct in6_addr *address);
void limits_leave_address(struct limits *limits, const struct in6_addr *address);

#endif
