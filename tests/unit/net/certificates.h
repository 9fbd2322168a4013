/* certificates.h - a folder with self-signed certificates, made by the openssl command. */
#ifndef POSTERN_TESTS_NET_CERTIFICATES_H
#define POSTERN_TESTS_NET_CERTIFICATES_H

#include "harness.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

struct certificates {
    char dir[64];
    char certificate[96]; /* for localhost and 127.0.0.1 */
    char key[96];
    char sni[96]; /* a folder with one.test, *.two.test */
    char one[128];
    char two[128];
};

static inline void run_command(const char *command)
{
    if (system(command) != 0) {
        fail_msg("failed: %s", command);
    }
}

static inline void make_certificate(const char *certificate, const char *key, const char *names)
{
    char command[1024];
    (void)snprintf(command, sizeof(command),
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                   "-days 2 -subj /CN=test -addext 'subjectAltName=%s' -keyout '%s' -out '%s' "
                   ">/dev/null 2>&1",
                   names, key, certificate);
    run_command(command);
}

static inline struct certificates *certificates_new(void)
{
    struct certificates *made = NEW(struct certificates);
    (void)snprintf(made->dir, sizeof(made->dir), "/tmp/postern-tls-XXXXXX");
    assert_non_null(mkdtemp(made->dir));
    (void)snprintf(made->certificate, sizeof(made->certificate), "%s/main.crt", made->dir);
    (void)snprintf(made->key, sizeof(made->key), "%s/main.key", made->dir);
    (void)snprintf(made->sni, sizeof(made->sni), "%s/sni", made->dir);
    (void)snprintf(made->one, sizeof(made->one), "%s/One.test.crt", made->sni);
    (void)snprintf(made->two, sizeof(made->two), "%s/*.two.test.crt", made->sni);
    assert_int_equal(mkdir(made->sni, 0700), 0);
    make_certificate(made->certificate, made->key, "DNS:localhost,IP:127.0.0.1");
    char key[128];
    (void)snprintf(key, sizeof(key), "%s/One.test.key", made->sni);
    make_certificate(made->one, key, "DNS:one.test");
    (void)snprintf(key, sizeof(key), "%s/*.two.test.key", made->sni);
    make_certificate(made->two, key, "DNS:*.two.test");
    return made;
}

static inline void certificates_free(struct certificates *made)
{
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -r '%s'", made->dir);
    run_command(command);
    mem_free(made);
}

#endif
