#include "net/tls.h"

#include "base/mem.h"
#include "loop/watch.h"
#include "net/tls_context_inside.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>

enum { PEEK_MAX = 16 };

/* OpenSSL peeks into one record only, so what a peek sees is really read and kept here. */
struct tls_stream {
    SSL *ssl;
    struct tls_context *context; /* NULL on the client's side */
    bool broken;
    unsigned char early_len;
    char early[PEEK_MAX];
};

SSL *tls_ssl(const struct tls_stream *tls)
{
    return tls->ssl;
}

static struct tls_stream *stream_new(SSL *ssl, int fd)
{
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    struct tls_stream *tls = NEW(struct tls_stream);
    tls->ssl = ssl;
    return tls;
}

struct tls_stream *tls_server_new(struct tls_context *context, int fd)
{
    ERR_clear_error();
    struct tls_stream *tls = stream_new(SSL_new(tls_context_main(context)), fd);
    if (tls != NULL) {
        tls->context = tls_context_ref(context);
        SSL_set_accept_state(tls->ssl);
    }
    return tls;
}

/* The name goes into SNI and is what the certificate must hold; an address only the latter. */
static bool set_host(SSL *ssl, const char *host)
{
    unsigned char ignored[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, ignored) == 1 || inet_pton(AF_INET6, host, ignored) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* What SSL_set_tlsext_host_name is, without its cast that drops const. */
    void *name = (void *)(uintptr_t)host;
    return SSL_set1_host(ssl, host) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
}

struct tls_stream *
tls_client_new(int fd, const char *host, const char *ca_file, bool insecure, struct err *err)
{
    tls_ignore_sigpipe();
    SSL_CTX *context = tls_context_client(ca_file, insecure, err);
    if (context == NULL) {
        return NULL;
    }
    struct tls_stream *tls = stream_new(SSL_new(context), fd);
    SSL_CTX_free(context); /* the stream holds it */
    if (tls == NULL || !set_host(tls->ssl, host)) {
        (void)err_set(err, ERR_INVALID, "cannot start TLS with %s: %s", host, tls_reason());
        tls_free(tls);
        return NULL;
    }
    SSL_set_connect_state(tls->ssl);
    return tls;
}

static ssize_t not_now(struct tls_stream *tls, int result, unsigned *want)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        *want = WATCH_READ;
        return -1;
    case SSL_ERROR_WANT_WRITE:
        *want = WATCH_WRITE;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        *want = 0;
        return 0;
    default:
        *want = 0;
        tls->broken = true;
        return -1;
    }
}

static bool unusable(const struct tls_stream *tls, unsigned *want)
{
    *want = 0;
    return tls->broken;
}

static ssize_t read_records(struct tls_stream *tls, char *out, size_t size, unsigned *want)
{
    if (unusable(tls, want)) {
        return -1;
    }
    ERR_clear_error();
    int got = SSL_read(tls->ssl, out, size > INT_MAX ? INT_MAX : (int)size);
    return got > 0 ? got : not_now(tls, got, want);
}

bool tls_handshake(struct tls_stream *tls, unsigned *want)
{
    if (unusable(tls, want)) {
        return false;
    }
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1) {
        (void)not_now(tls, result, want);
    }
    return result == 1;
}

bool tls_explain(const struct tls_stream *tls, struct err *err)
{
    long verified = SSL_get_verify_result(tls->ssl);
    if (verified != X509_V_OK) {
        return err_set(err, ERR_DENIED, "TLS: %s", X509_verify_cert_error_string(verified));
    }
    if (ERR_peek_last_error() == 0) {
        return err_set(err, ERR_UNAVAILABLE, "TLS: the peer hung up");
    }
    return err_set(err, ERR_UNAVAILABLE, "TLS: %s", tls_reason());
}

static size_t take_early(struct tls_stream *tls, char *out, size_t size)
{
    size_t count = size < tls->early_len ? size : tls->early_len;
    memcpy(out, tls->early, count);
    tls->early_len = (unsigned char)(tls->early_len - count);
    memmove(tls->early, tls->early + count, tls->early_len);
    return count;
}

ssize_t tls_read(struct tls_stream *tls, char *out, size_t size, unsigned *want)
{
    if (tls->early_len > 0) {
        *want = 0;
        return (ssize_t)take_early(tls, out, size);
    }
    return read_records(tls, out, size, want);
}

ssize_t tls_peek(struct tls_stream *tls, char *out, size_t size, unsigned *want)
{
    ssize_t got = 1;
    size_t wanted = size < PEEK_MAX ? size : PEEK_MAX;
    *want = 0;
    while (got > 0 && tls->early_len < wanted) {
        got = read_records(tls, tls->early + tls->early_len, wanted - tls->early_len, want);
        if (got > 0) {
            tls->early_len = (unsigned char)(tls->early_len + got);
        }
    }
    if (tls->early_len == 0) {
        return got;
    }
    size_t count = size < tls->early_len ? size : tls->early_len;
    memcpy(out, tls->early, count);
    return (ssize_t)count;
}

ssize_t tls_write(struct tls_stream *tls, struct str bytes, unsigned *want)
{
    if (unusable(tls, want)) {
        return -1;
    }
    ERR_clear_error();
    int written = SSL_write(tls->ssl, bytes.ptr, bytes.len > INT_MAX ? INT_MAX : (int)bytes.len);
    return written > 0 ? written : not_now(tls, written, want);
}

bool tls_has_pending(const struct tls_stream *tls)
{
    return tls->early_len > 0 || (!tls->broken && SSL_pending(tls->ssl) > 0);
}

void tls_shutdown(struct tls_stream *tls)
{
    if (!tls->broken && SSL_is_init_finished(tls->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(tls->ssl);
    }
}

void tls_free(struct tls_stream *tls)
{
    if (tls == NULL) {
        return;
    }
    SSL_free(tls->ssl);
    tls_context_unref(tls->context);
    mem_free(tls);
}

void tls_ignore_sigpipe(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
}
