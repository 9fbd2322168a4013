/* banned.h - functions that may not be called, as compile errors.
 *
 * Force-included into every file by cmake/flags.cmake. Each has a bounded or
 * thread-safe replacement in core/base.
 */
#ifndef POSTERN_BASE_BANNED_H
#define POSTERN_BASE_BANNED_H

/* The system headers must have declared them before the names are poisoned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Under clang, fortified headers make macros of these. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol atoll atof
#pragma GCC poison localtime gmtime ctime asctime srand strncpy strncat
/* OpenSSL's headers name parameters so; only a call is forbidden. */
#define rand() use_random_u64_instead_of_rand // NOLINT(readability-identifier-naming)

#endif
