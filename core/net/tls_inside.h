/* tls_inside.h - contexts and handshakes, for listener, negotiation and dial. */
#ifndef POSTERN_NET_TLS_INSIDE_H
#define POSTERN_NET_TLS_INSIDE_H

#include "base/err.h"
#include "net/tls.h"

#include <stdbool.h>

/* All certificates of one listener: immutable, counted, any thread. */
struct tls_context;

struct tls_files {
    const char *certificate;
    const char *key;
    const char
        *client_ca;      /* NULL: client certificates are not asked for; else asked, not required */
    const char *sni_dir; /* NULL: one certificate for all names */
};

struct tls_context *tls_context_new(const struct tls_files *files, struct err *err);
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context);

/* Neither owns `fd`. The server's stream takes a reference of its own to `context`. */
struct tls_stream *tls_server_new(struct tls_context *context, int fd);
struct tls_stream *
tls_client_new(int fd, const char *host, const char *ca_file, bool insecure, struct err *err);

/* True once done; false with `*want` the WATCH_ bits to wait for, or 0 when it has failed. */
bool tls_handshake(struct tls_stream *tls, unsigned *want);
/* Why the handshake failed. */
bool tls_explain(const struct tls_stream *tls, struct err *err);

/* Ends all pumps of the calling worker, when it stops. */
void tls_pump_end_all(void);

/* A client that has gone while a stream writes is an error code, not a signal. */
void tls_ignore_sigpipe(void);

#endif
