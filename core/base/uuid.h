/* uuid.h - names that nobody else gives (RFC 9562): version 7, which sort by the time they were
 * made at. Any thread. */
#ifndef POSTERN_BASE_UUID_H
#define POSTERN_BASE_UUID_H

#include <stdint.h>

enum { UUID_SIZE = 37 }; /* 36 digits and hyphens, and a NUL */

void uuid_v7(uint64_t wall_ms, char out[UUID_SIZE]);

#endif
