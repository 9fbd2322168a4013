/* passthru.c - the schemes that exist, and one binary item as the payload. */
#include "realm/passthru.h"

#include "base/mem.h"

enum { TEXTS_MAX = 4096 }; /* of all attributes together: they are copied into details */

static bool one_of(struct str text, const struct str *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(text, words[i])) {
            return true;
        }
    }
    return text.len == 0;
}

/* What a predefined scheme allows; a scheme of one's own, x_..., may say what it likes. */
static bool attributes_ok(const struct passthru *passthru, struct err *err)
{
    static const struct str mqtt[] = {STR_INIT("native"), STR_INIT("json"), STR_INIT("msgpack"),
                                      STR_INIT("cbor")};
    static const struct str wamp[] = {STR_INIT("cbor"), STR_INIT("flatbuffers"),
                                      STR_INIT("msgpack"), STR_INIT("json")};
    static const struct str ciphers[] = {STR_INIT("xsalsa20poly1305"), STR_INIT("aes256gcm")};
    if (passthru->scheme.len + passthru->serializer.len + passthru->cipher.len +
            passthru->keyid.len >
        TEXTS_MAX) {
        return err_set(err, ERR_INVALID, "the ppt_ attributes are too long");
    }
    if (str_eq(passthru->scheme, STR("mqtt"))) {
        return one_of(passthru->serializer, mqtt, COUNT_OF(mqtt)) ||
               err_set(err, ERR_INVALID, "ppt_serializer: not one of scheme mqtt");
    }
    if (str_eq(passthru->scheme, STR("wamp"))) {
        return (passthru->serializer.len > 0 &&
                one_of(passthru->serializer, wamp, COUNT_OF(wamp)) &&
                one_of(passthru->cipher, ciphers, COUNT_OF(ciphers))) ||
               err_set(err, ERR_INVALID, "ppt_serializer or ppt_cipher: not one of scheme wamp");
    }
    return str_starts(passthru->scheme, STR("x_")) ||
           err_set(err, ERR_INVALID, "ppt_scheme: expected wamp, mqtt or x_...");
}

/* In JSON binary is a string that begins with NUL. */
static bool is_binary(struct slice value)
{
    enum scan_kind kind = slice_kind(value);
    return kind == SCAN_BINARY || (kind == SCAN_STRING && value.serializer == SERIALIZER_JSON &&
                                   str_starts(value.bytes, STR("\"\\u0000")));
}

bool passthru_check(const struct passthru *passthru, const struct payload *payload, struct err *err)
{
    if (!attributes_ok(passthru, err)) {
        return false;
    }
    struct slice args = {payload->serializer, payload->args};
    struct slice map = {payload->serializer, payload->kwargs};
    bool one = payload->args.len > 0 && slice_count(args) == 1 &&
               (payload->kwargs.len == 0 || slice_count(map) == 0);
    /* Native: whatever the session's serializer made of it. */
    bool native = str_eq(passthru->serializer, STR("native")) ||
                  (passthru->serializer.len == 0 && !str_eq(passthru->scheme, STR("wamp")));
    return (one && (native || is_binary(slice_nth(args, 0)))) ||
           err_set(err, ERR_INVALID, "with ppt_scheme the payload is one binary argument");
}

uint32_t passthru_members(const struct passthru *passthru)
{
    if (!passthru_used(passthru)) {
        return 0;
    }
    return 1u + (passthru->serializer.len > 0) + (passthru->cipher.len > 0) +
           (passthru->keyid.len > 0);
}

static void emit_text(struct emit *out, struct str key, struct str text)
{
    if (text.len > 0) {
        emit_key(out, key);
        emit_str(out, text);
    }
}

void passthru_emit(const struct passthru *passthru, struct emit *out)
{
    if (passthru_used(passthru)) {
        emit_text(out, STR("ppt_scheme"), passthru->scheme);
        emit_text(out, STR("ppt_serializer"), passthru->serializer);
        emit_text(out, STR("ppt_cipher"), passthru->cipher);
        emit_text(out, STR("ppt_keyid"), passthru->keyid);
    }
}
