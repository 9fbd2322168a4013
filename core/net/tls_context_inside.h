/* tls_context_inside.h - what tls.c needs of tls_context.c. The SSL types stay in these two. */
#ifndef POSTERN_NET_TLS_CONTEXT_INSIDE_H
#define POSTERN_NET_TLS_CONTEXT_INSIDE_H

#include "net/tls_inside.h"

#include <openssl/ssl.h>

SSL_CTX *tls_context_main(const struct tls_context *context);
/* Verifies with `ca_file`, or the system's when NULL; nothing at all when `insecure`. */
SSL_CTX *tls_context_client(const char *ca_file, bool insecure, struct err *err);
SSL *tls_ssl(const struct tls_stream *tls);
/* The newest reason in OpenSSL's queue of this thread. */
const char *tls_reason(void);

#endif
