/* sha1.h - SHA-1 (FIPS 180-4), for the WebSocket opening handshake (RFC 6455, 4.2.2) and
 * nothing else: it protects nothing there, and cannot anywhere. Any thread.
 */
#ifndef POSTERN_CRYPTO_SHA1_H
#define POSTERN_CRYPTO_SHA1_H

#include "base/str.h"

enum { SHA1_SIZE = 20 };

void sha1(struct str bytes, unsigned char out[SHA1_SIZE]);

#endif
