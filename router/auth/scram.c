/* scram.c - WAMP-SCRAM: both ends prove that they know what the password's verifier was made of
 * (RFC 5802 and 7677, and the WAMP specification for how it is put into messages). */
#include "auth/auth_inside.h"
#include "base/encode.h"
#include "base/random.h"
#include "credential/proof.h"
#include "crypto/secret.h"
#include "net/tls.h"
#include "wamp/fault.h"

#include <string.h>

enum { NONCE_BYTES = 16, MESSAGE_MAX = 8192 };

/* Printable and without a comma, as RFC 5802 has it; base64 is. */
static bool nonce_valid(struct str nonce)
{
    bool valid = nonce.len > 0 && nonce.len <= AUTH_NONCE_MAX;
    for (size_t i = 0; i < nonce.len && valid; i++) {
        valid = nonce.ptr[i] > 0x20 && nonce.ptr[i] < 0x7f && nonce.ptr[i] != ',';
    }
    return valid;
}

static bool fits(const struct auth_hello *hello)
{
    return hello->authid.len > 0 && nonce_valid(hello->nonce);
}

static struct str both_nonces(struct login *login, struct str client)
{
    struct buf nonce;
    char bytes[NONCE_BYTES];
    random_bytes(bytes, sizeof(bytes));
    buf_init(&nonce, AUTH_NONCE_MAX + 64);
    (void)buf_append(&nonce, client);
    (void)base64_encode(BASE64_STANDARD, str_make(bytes, sizeof(bytes)), &nonce);
    struct str kept = arena_str(&login->arena, buf_str(&nonce));
    buf_done(&nonce);
    return kept;
}

static void emit_challenge(const struct login *login, struct emit *extra)
{
    const struct credential_scram *scram = &login->scram.scram;
    emit_map(extra, 5);
    emit_key(extra, STR("nonce"));
    emit_str(extra, login->scram.nonce);
    emit_key(extra, STR("salt"));
    emit_str(extra, str_make(scram->salt, scram->salt_len));
    emit_key(extra, STR("kdf"));
    emit_str(extra, credential_kdf_name(scram->kdf));
    emit_key(extra, STR("iterations"));
    emit_u64(extra, scram->iterations);
    emit_key(extra, STR("memory"));
    if (scram->kdf == CREDENTIAL_ARGON2ID13) {
        emit_u64(extra, scram->memory_kib);
    } else {
        emit_null(extra);
    }
}

/* The one binding that every version of TLS has, and that names one connection. */
static bool bind_channel(struct login *login, const struct auth_hello *hello)
{
    if (hello->channel_binding.len == 0) {
        return true;
    }
    login->scram.binding = STR("tls-exporter");
    return str_eq(hello->channel_binding, login->scram.binding) && hello->tls != NULL &&
           tls_exporter(hello->tls, login->scram.channel.bytes);
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    struct credential_scram *scram = &login->scram.scram;
    if (!bind_channel(login, hello)) {
        return login_refuse(login, FAULT_NOT_AUTH_METHOD,
                            STR("this channel binding is not available on this connection"));
    }
    struct credential_scram own;
    /* Made for everybody, so that it takes everybody as long. */
    credential_scram_pretend(str_make(login->auth->secret, sizeof(login->auth->secret)),
                             login->account, &login->options, scram);
    login->real = login->real && credential_scram(login->record, &own);
    if (login->real) {
        *scram = own;
        crypto_wipe(&own, sizeof(own));
    }
    login->scram.nonce = both_nonces(login, hello->nonce);
    login->scram.client_nonce_len = hello->nonce.len;
    emit_challenge(login, extra);
    return AUTH_CHALLENGED;
}

static bool signed_words(const struct login *login, struct buf *out)
{
    struct buf binding;
    buf_init(&binding, 256);
    if (login->scram.binding.len == 0) {
        (void)buf_append(&binding, STR("n,,"));
    } else {
        (void)buf_printf(&binding, "p=" PRISTR ",,", STRARG(login->scram.binding));
        (void)buf_append(&binding, hash_str(&login->scram.channel));
    }
    struct str client_nonce = str_sub(login->scram.nonce, 0, login->scram.client_nonce_len);
    bool whole = scram_auth_message(&login->scram.scram, login->name, client_nonce,
                                    login->scram.nonce, buf_str(&binding), out);
    buf_done(&binding);
    return whole;
}

static bool same_channel(const struct login *login, const struct auth_response *response)
{
    struct buf bytes;
    buf_init(&bytes, HASH_SHA256_SIZE);
    bool same = str_eq(response->channel_binding, login->scram.binding);
    if (same && login->scram.binding.len > 0) {
        same = base64_decode(BASE64_STANDARD, response->cbind_data, &bytes) &&
               crypto_equal(buf_str(&bytes), hash_str(&login->scram.channel));
    } else if (same) {
        same = response->cbind_data.len == 0;
    }
    buf_done(&bytes);
    return same;
}

static bool read_proof(struct str signature, struct hash_sha256 *out)
{
    struct buf bytes;
    buf_init(&bytes, sizeof(out->bytes));
    bool whole = signature.len == CREDENTIAL_KEY_TEXT_SIZE &&
                 base64_decode(BASE64_STANDARD, signature, &bytes) &&
                 bytes.len == sizeof(out->bytes);
    if (whole) {
        memcpy(out->bytes, bytes.ptr, sizeof(out->bytes));
    }
    buf_done(&bytes);
    return whole;
}

static void keep_verifier(struct login *login, const struct hash_sha256 *signature)
{
    struct buf text;
    buf_init(&text, AUTH_VERIFIER_SIZE);
    (void)buf_append(&text, STR("v="));
    (void)base64_encode(BASE64_STANDARD, hash_str(signature), &text);
    login->scram.verifier_len = text.len;
    memcpy(login->scram.verifier, text.ptr, text.len);
    buf_done(&text);
}

static enum auth_step check(struct login *login, const struct auth_response *response)
{
    struct buf text;
    struct hash_sha256 proof = {0};
    struct hash_sha256 signature;
    buf_init(&text, MESSAGE_MAX);
    bool proved = signed_words(login, &text) && read_proof(response->signature, &proof);
    /* Whatever is wrong with the rest, the time is the same. */
    proved = scram_check(&login->scram.scram, buf_str(&text), &proof, &signature) && proved &&
             str_eq(response->nonce, login->scram.nonce) && same_channel(login, response);
    buf_done(&text);
    if (proved) {
        keep_verifier(login, &signature);
    }
    return login_prove(login, proved);
}

struct str login_verifier(const struct login *login)
{
    return login->method == &auth_method_scram
               ? str_make(login->scram.verifier, login->scram.verifier_len)
               : STR_EMPTY;
}

const struct auth_method auth_method_scram = {
    .name = STR_INIT("wamp-scram"), .begin = begin, .check = check, .fits = fits};
