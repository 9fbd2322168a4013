/* chars.h - which bytes may stand where in an HTTP message. Pure. */
#ifndef POSTERN_HTTP_CHARS_H
#define POSTERN_HTTP_CHARS_H

#include "base/str.h"

#include <stdbool.h>

/* A token's character in lower case; 0: it is none. */
char token_lower(char c);
bool host_char(char c); /* RFC 3986, 3.2.2, and the colon */

bool token_valid(struct str token);   /* RFC 9110, 5.6.2: methods, header names */
bool value_valid(struct str value);   /* RFC 9110, 5.5: no control character but the tab */
bool target_valid(struct str target); /* what a URI may have, without a fragment or a backslash */

#endif
