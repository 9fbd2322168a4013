/* tls_identity.c - what a TLS connection says of the other end, and of itself. */
#include "net/tls.h"
#include "net/tls_context_inside.h"

#include <openssl/x509v3.h>
#include <string.h>

bool tls_exporter(const struct tls_stream *tls, unsigned char out[TLS_EXPORTER_SIZE])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    SSL *ssl = tls_ssl(tls);
    /* Before TLS 1.3 it names one connection only with the extended master secret (RFC 9266). */
    bool single = SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1;
    return single && SSL_export_keying_material(ssl, out, TLS_EXPORTER_SIZE, label,
                                                sizeof(label) - 1, NULL, 0, 1) == 1;
}

/* A name that is cut by a NUL, or empty, is none. */
static struct str take(const unsigned char *bytes, int len, char out[TLS_NAME_MAX])
{
    if (bytes == NULL || len <= 0 || len > TLS_NAME_MAX || memchr(bytes, 0, (size_t)len) != NULL) {
        return STR_EMPTY;
    }
    memcpy(out, bytes, (size_t)len);
    return str_make(out, (size_t)len);
}

static struct str common_name(X509 *certificate, char out[TLS_NAME_MAX])
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    /* Two common names are no name. */
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return STR_EMPTY;
    }
    unsigned char *text = NULL;
    int len =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    struct str name = take(text, len, out);
    OPENSSL_free(text);
    return name;
}

static struct str alternative_name(X509 *certificate, size_t index, char out[TLS_NAME_MAX])
{
    struct str name = {NULL, 0};
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (names != NULL && index < (size_t)sk_GENERAL_NAME_num(names)) {
        const GENERAL_NAME *at = sk_GENERAL_NAME_value(names, (int)index);
        bool text = at->type == GEN_DNS || at->type == GEN_EMAIL || at->type == GEN_URI;
        name = text ? take(ASN1_STRING_get0_data(at->d.ia5), ASN1_STRING_length(at->d.ia5), out)
                    : STR_EMPTY;
    }
    GENERAL_NAMES_free(names);
    return name;
}

struct str tls_client_name(const struct tls_stream *tls, size_t index, char out[TLS_NAME_MAX])
{
    struct str none = {NULL, 0};
    SSL *ssl = tls_ssl(tls);
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    if (certificate == NULL) {
        return none;
    }
    struct str name = none;
    if (SSL_get_verify_result(ssl) == X509_V_OK && index <= TLS_NAMES_MAX) {
        name = index == 0 ? common_name(certificate, out)
                          : alternative_name(certificate, index - 1, out);
    }
    X509_free(certificate);
    return name;
}
