/* refresh_name.h - what a refresh token's text is made of: "rt_SELECTOR.GENERATION.SECRET".
 *
 * The selector, which is a secret too, finds the row of its family: its digest is
 * the key of a lease of the kind `refresh`.
 */
#ifndef POSTERN_TOKEN_REFRESH_NAME_H
#define POSTERN_TOKEN_REFRESH_NAME_H

#include "base/str.h"

#include <stdbool.h>

#define REFRESH_LEASE STR("refresh")

enum { REFRESH_KEY_SIZE = 44 }; /* 43 characters and a NUL */

/* False: it is no refresh token. */
bool refresh_key(struct str text, char out[REFRESH_KEY_SIZE]);

#endif
