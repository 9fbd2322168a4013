/* tls.h - TLS by OpenSSL, terminated once, for every protocol. The only user of libssl.
 *
 * A stream is nonblocking and belongs to one worker. Contexts are shared and
 * replaced whole on reload; streams keep the one they began with.
 */
#ifndef POSTERN_NET_TLS_H
#define POSTERN_NET_TLS_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_stream;

/* As read(2), write(2): > 0, 0 at the end, -1 with `*want` the WATCH_ bits to wait for, or 0
 * for a broken stream. */
ssize_t tls_read(struct tls_stream *tls, char *out, size_t size, unsigned *want);
ssize_t tls_peek(struct tls_stream *tls, char *out, size_t size, unsigned *want);
ssize_t tls_write(struct tls_stream *tls, struct str bytes, unsigned *want);
bool tls_has_pending(const struct tls_stream *tls); /* bytes decrypted and not yet read */
void tls_shutdown(struct tls_stream *tls);          /* close_notify, best effort */
void tls_free(struct tls_stream *tls);

/* Bytes that both ends of this connection alone can compute: channel binding "tls-exporter" (RFC
 * 9266). False where the version of TLS cannot. */
enum { TLS_EXPORTER_SIZE = 32 };
bool tls_exporter(const struct tls_stream *tls, unsigned char out[TLS_EXPORTER_SIZE]);

/* The names in a client's certificate, which has been verified: 0 is the common name, then come
 * alternative names (DNS, e-mail, URI). "" is none at this place; a NULL pointer: no certificate,
 * or no more names. */
enum { TLS_NAME_MAX = 254, TLS_NAMES_MAX = 16 };
struct str tls_client_name(const struct tls_stream *tls, size_t index, char out[TLS_NAME_MAX]);

/* For a library that wants a plain socket: returns one end of a socket pair, the other is
 * pumped to and from `tls` over `fd` until both are closed; 16 KiB a direction and only while
 * it has bytes. Half-close passes; close_notify last. -1 on failure (both are then closed). */
int tls_pump(int fd, struct tls_stream *tls);

#endif
