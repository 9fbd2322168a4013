/* port_holder.h - which process listens on a TCP port, as far as /proc tells. At start only. */
#ifndef POSTERN_NET_PORT_HOLDER_H
#define POSTERN_NET_PORT_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct port_holder {
    pid_t pid;
    char name[32];
};

bool port_holder_find(uint16_t port, struct port_holder *out);

#endif
