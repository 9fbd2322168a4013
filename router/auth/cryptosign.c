/* cryptosign.c - WAMP-Cryptosign: a signature by Ed25519 over random bytes, which may be bound to
 * the TLS connection. */
#include "auth/auth_inside.h"
#include "base/encode.h"
#include "base/random.h"
#include "net/tls.h"

#include <string.h>

enum { MESSAGE_SIZE = 32, ANSWER_SIZE = ED25519_SIGNATURE_SIZE + MESSAGE_SIZE };

/* Exactly `size` bytes of hex. */
static bool unhex(struct str text, unsigned char *out, size_t size)
{
    struct buf bytes;
    buf_init(&bytes, size);
    bool whole = text.len == 2 * size && hex_decode(text, &bytes);
    if (whole) {
        memcpy(out, bytes.ptr, size);
    }
    buf_done(&bytes);
    return whole;
}

static bool fits(const struct auth_hello *hello)
{
    unsigned char key[ED25519_KEY_SIZE];
    return unhex(hello->pubkey, key, sizeof(key));
}

static bool authorized(const struct login *login, struct str pubkey)
{
    for (size_t i = 0; i < login->key_count; i++) {
        if (str_eq_nocase(login->keys[i], pubkey)) {
            return true;
        }
    }
    return false;
}

/* The message that is signed: the challenge, xor'ed with what is exported of the connection. A
 * binding that is not to be had is left out, as the specification lets us. */
static bool bind_channel(struct login *login, const struct auth_hello *hello)
{
    unsigned char channel[MESSAGE_SIZE];
    memcpy(login->sign.message, login->sign.challenge, MESSAGE_SIZE);
    if (!str_eq(hello->channel_binding, STR("tls-exporter")) || hello->tls == NULL ||
        !tls_exporter(hello->tls, channel)) {
        return false;
    }
    for (size_t i = 0; i < MESSAGE_SIZE; i++) {
        login->sign.message[i] ^= channel[i];
    }
    return true;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    struct buf hex;
    (void)unhex(hello->pubkey, login->sign.key, sizeof(login->sign.key));
    login->sign.known = authorized(login, hello->pubkey);
    random_bytes(login->sign.challenge, MESSAGE_SIZE);
    bool bound = bind_channel(login, hello);
    buf_init(&hex, (size_t)2 * MESSAGE_SIZE);
    (void)hex_encode(str_make((const char *)login->sign.challenge, MESSAGE_SIZE), &hex);
    emit_map(extra, 2);
    emit_key(extra, STR("challenge"));
    emit_str(extra, buf_str(&hex));
    emit_key(extra, STR("channel_binding"));
    if (bound) {
        emit_str(extra, STR("tls-exporter"));
    } else {
        emit_null(extra);
    }
    buf_done(&hex);
    return AUTH_CHALLENGED;
}

/* The signature, and usually the message behind it. */
static enum auth_step check(struct login *login, const struct auth_response *response)
{
    unsigned char answer[ANSWER_SIZE];
    struct str text = response->signature;
    bool whole = unhex(text, answer, ANSWER_SIZE);
    bool fine =
        whole ? memcmp(answer + ED25519_SIGNATURE_SIZE, login->sign.message, MESSAGE_SIZE) == 0
              : unhex(text, answer, ED25519_SIGNATURE_SIZE);
    fine = fine && ed25519_verify(str_make((const char *)login->sign.key, ED25519_KEY_SIZE),
                                  str_make((const char *)login->sign.message, MESSAGE_SIZE),
                                  str_make((const char *)answer, ED25519_SIGNATURE_SIZE));
    return login_prove(login, fine && login->sign.known);
}

const struct auth_method auth_method_cryptosign = {
    .name = STR_INIT("cryptosign"), .begin = begin, .check = check, .fits = fits};
