/* clock.h - time, with the unit in every name. Any thread. */
#ifndef POSTERN_BASE_CLOCK_H
#define POSTERN_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_mono_ms(void); /* for durations; never goes back */
uint64_t clock_mono_ns(void);
uint64_t clock_wall_ms(void); /* since 1970, UTC; for people and records */

/* "2026-11-22T13:28:10.123Z" */
enum { CLOCK_ISO_SIZE = 32, CLOCK_HTTP_SIZE = 32 };
void clock_iso(uint64_t wall_ms, char out[CLOCK_ISO_SIZE]);
/* "Sun, 22 Nov 2026 13:28:10 GMT" (RFC 9110, 5.6.7) */
void clock_http_date(uint64_t wall_ms, char out[CLOCK_HTTP_SIZE]);

#endif
