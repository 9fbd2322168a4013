/* token_helper.h - keys, snapshots of them, and tokens as nobody honest would make them. */
#ifndef POSTERN_TESTS_TOKEN_HELPER_H
#define POSTERN_TESTS_TOKEN_HELPER_H

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "token/token.h"
#include "token/tokens_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 1800000000 };

#define REALM STR("com.example.app")

static inline void apply(struct tokens_builder *builder,
                         struct str kind,
                         struct str realm,
                         struct str key,
                         json_t *value /* stolen; NULL: deleted */)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
    assert_true(tokens_builder_apply(builder, &(struct store_record){.kind = kind,
                                                                     .realm = realm,
                                                                     .key = key,
                                                                     .value = str_of(text),
                                                                     .deleted = value == NULL}));
    free(text);
    json_decref(value);
}

static inline struct token_key *make_key(struct str realm, enum sign_algorithm algorithm)
{
    return token_key_new(realm, sign_key_generate(algorithm), NOW_S, NOW_S);
}

static inline void apply_key_of(struct tokens_builder *builder, const struct token_key *key)
{
    apply(builder, STR("key"), key->realm, str_of(key->id), token_key_write(key));
}

static inline void drop(struct tokens *tokens)
{
    snapshot_unref((struct snapshot *)(void *)tokens);
}

/* A snapshot with these keys. */
static inline struct tokens *tokens_with(struct token_key *const *keys, size_t count)
{
    struct tokens_builder *builder = tokens_builder_new();
    for (size_t i = 0; i < count; i++) {
        apply_key_of(builder, keys[i]);
    }
    struct tokens *tokens = tokens_builder_build(builder, 1);
    tokens_builder_free(builder);
    return tokens;
}

/* header.claims.signature, by `key` whatever they say; mem_free. */
static inline char *forge(const struct sign_key *key, const char *header, const char *claims)
{
    unsigned char signature[SIGN_SIGNATURE_MAX];
    struct buf text;
    buf_init(&text, 1 << 20);
    (void)base64_encode(BASE64_URL, str_of(header), &text);
    (void)buf_byte(&text, '.');
    (void)base64_encode(BASE64_URL, str_of(claims), &text);
    size_t len = sign_make(key, buf_str(&text), signature);
    (void)buf_byte(&text, '.');
    (void)base64_encode(BASE64_URL, str_make((const char *)signature, len), &text);
    assert_false(text.full);
    return buf_take(&text, NULL);
}

#endif
