/* tls_context.c - certificates: one SSL_CTX a name, chosen by SNI, replaced whole on reload. */
#include "base/map.h"
#include "base/mem.h"
#include "net/tls_context_inside.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 253 };

struct named {
    char *name; /* lower case; may begin with "*." */
    SSL_CTX *ssl;
};

struct tls_context {
    atomic_uint refs;
    SSL_CTX *main;
    struct map names; /* struct named */
};

const char *tls_reason(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = NULL;
    if (ERR_SYSTEM_ERROR(code)) {
        return ERR_GET_REASON(code) == ENOENT ? "no such file" : "cannot be read";
    }
    if (code != 0) {
        reason = ERR_reason_error_string(code);
    }
    return reason != NULL ? reason : "unknown reason";
}

SSL_CTX *tls_context_main(const struct tls_context *context)
{
    return context->main;
}

/* Only HTTP/1.1 is offered, also to WebSocket; RawSocket clients name no protocol. */
static int choose_protocol(SSL *ssl,
                           const unsigned char **out,
                           unsigned char *out_len,
                           const unsigned char *in,
                           unsigned in_len,
                           void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static size_t lower_name(const char *name, char *out, size_t size)
{
    size_t len = 0;
    while (name[len] != '\0' && len + 1 < size) {
        bool upper = name[len] >= 'A' && name[len] <= 'Z';
        out[len] = (char)(upper ? name[len] + ('a' - 'A') : name[len]);
        len++;
    }
    out[len] = '\0';
    return len;
}

static const struct named *find_name(const struct tls_context *context, const char *asked)
{
    char name[NAME_MAX_BYTES + 2];
    size_t len = lower_name(asked, name + 1, sizeof(name) - 1);
    const struct named *found = map_get(&context->names, str_make(name + 1, len));
    char *dot = memchr(name + 1, '.', len);
    if (found == NULL && dot != NULL && dot > name + 1) {
        dot[-1] = '*';
        found = map_get(&context->names, str_of(dot - 1));
    }
    return found;
}

static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
    const struct tls_context *context = arg;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    if (asked == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const struct named *found = find_name(context, asked);
    if (found != NULL && SSL_set_SSL_CTX(ssl, found->ssl) == NULL) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

/* A key with a passphrase is refused rather than asked for on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

static void set_common(SSL_CTX *ssl)
{
    (void)SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    /* Every protocol above says itself where a message ends, so a missing close_notify
     * truncates nothing unseen. */
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

static bool set_client_ca(SSL_CTX *ssl, const char *file, struct err *err)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);
    if (names == NULL || SSL_CTX_load_verify_file(ssl, file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return err_set(err, ERR_INVALID, "cannot load client CA %s: %s", file, tls_reason());
    }
    SSL_CTX_set_client_CA_list(ssl, names);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    return true;
}

static bool load(SSL_CTX *ssl, const char *certificate, const char *key, struct err *err)
{
    if (SSL_CTX_use_certificate_chain_file(ssl, certificate) != 1) {
        return err_set(err, ERR_INVALID, "cannot load certificate %s: %s", certificate,
                       tls_reason());
    }
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ssl) != 1) {
        return err_set(err, ERR_INVALID, "cannot load key %s: %s", key, tls_reason());
    }
    return true;
}

static SSL_CTX *
server_new(const char *certificate, const char *key, const char *client_ca, struct err *err)
{
    static const unsigned char session_context[] = "postern";
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    if (ssl == NULL) {
        (void)err_set(err, ERR_INTERNAL, "cannot make a TLS context: %s", tls_reason());
        return NULL;
    }
    set_common(ssl);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF); /* tickets do it */
    (void)SSL_CTX_set_session_id_context(ssl, session_context, sizeof(session_context) - 1);
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    if (!load(ssl, certificate, key, err) ||
        (client_ca != NULL && !set_client_ca(ssl, client_ca, err))) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    return ssl;
}

static void named_free(struct named *named)
{
    SSL_CTX_free(named->ssl);
    mem_free(named->name);
    mem_free(named);
}

static bool add_name(struct tls_context *context,
                     const struct tls_files *files,
                     struct str name,
                     struct err *err)
{
    char certificate[4096];
    char key[4096];
    if (name.len == 0 || name.len > NAME_MAX_BYTES ||
        (size_t)snprintf(certificate, sizeof(certificate), "%s/" PRISTR ".crt", files->sni_dir,
                         STRARG(name)) >= sizeof(certificate) ||
        (size_t)snprintf(key, sizeof(key), "%s/" PRISTR ".key", files->sni_dir, STRARG(name)) >=
            sizeof(key)) {
        return err_set(err, ERR_INVALID, "bad name of a certificate in %s", files->sni_dir);
    }
    SSL_CTX *ssl = server_new(certificate, key, files->client_ca, err);
    if (ssl == NULL) {
        return false;
    }
    struct named *named = NEW(struct named);
    named->name = str_dup(name);
    (void)lower_name(named->name, named->name, name.len + 1);
    named->ssl = ssl;
    if (map_get(&context->names, str_of(named->name)) != NULL) {
        (void)err_set(err, ERR_INVALID, "%s holds two certificates for %s", files->sni_dir,
                      named->name);
        named_free(named);
        return false;
    }
    (void)map_put(&context->names, str_of(named->name), named);
    return true;
}

static bool load_names(struct tls_context *context, const struct tls_files *files, struct err *err)
{
    DIR *dir = opendir(files->sni_dir);
    if (dir == NULL) {
        return err_set(err, ERR_INVALID, "cannot read %s", files->sni_dir);
    }
    bool ok = true;
    const struct dirent *entry;
    while (ok && (entry = readdir(dir)) != NULL) {
        struct str file = str_of(entry->d_name);
        if (str_ends(file, STR(".crt"))) {
            ok = add_name(context, files, str_sub(file, 0, file.len - 4), err);
        }
    }
    (void)closedir(dir);
    return ok;
}

struct tls_context *tls_context_new(const struct tls_files *files, struct err *err)
{
    if (files->certificate == NULL || files->key == NULL) {
        (void)err_set(err, ERR_INVALID, "TLS needs a certificate and a key");
        return NULL;
    }
    struct tls_context *context = NEW(struct tls_context);
    atomic_init(&context->refs, 1);
    map_init(&context->names);
    context->main = server_new(files->certificate, files->key, files->client_ca, err);
    if (context->main == NULL || (files->sni_dir != NULL && !load_names(context, files, err))) {
        tls_context_unref(context);
        return NULL;
    }
    (void)SSL_CTX_set_tlsext_servername_callback(context->main, choose_certificate);
    (void)SSL_CTX_set_tlsext_servername_arg(context->main, context);
    return context;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    (void)atomic_fetch_add(&context->refs, 1);
    return context;
}

void tls_context_unref(struct tls_context *context)
{
    if (context == NULL || atomic_fetch_sub(&context->refs, 1) != 1) {
        return;
    }
    size_t cursor = 0;
    const struct map_slot *slot;
    while ((slot = map_next(&context->names, &cursor)) != NULL) {
        named_free(slot->value);
    }
    map_done(&context->names);
    SSL_CTX_free(context->main);
    mem_free(context);
}

SSL_CTX *tls_context_client(const char *ca_file, bool insecure, struct err *err)
{
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    if (ssl == NULL) {
        (void)err_set(err, ERR_INTERNAL, "cannot make a TLS context: %s", tls_reason());
        return NULL;
    }
    set_common(ssl);
    if (insecure) {
        return ssl;
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    int loaded = ca_file != NULL ? SSL_CTX_load_verify_file(ssl, ca_file)
                                 : SSL_CTX_set_default_verify_paths(ssl);
    if (loaded != 1) {
        (void)err_set(err, ERR_INVALID, "cannot load CA certificates %s: %s",
                      ca_file != NULL ? ca_file : "of the system", tls_reason());
        SSL_CTX_free(ssl);
        return NULL;
    }
    return ssl;
}
