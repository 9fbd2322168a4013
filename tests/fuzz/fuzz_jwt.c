/* links: token */
/* fuzz_jwt.c - the text of a token, whatever it is: never a crash, and nothing counts that our keys
 * have not signed.
 *
 * An input whose first byte is odd is taken as it is. Otherwise its lines are a header and claims,
 * which are signed here, so that what lies behind the signature is reached; then @ is the key's id.
 */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "token/ticket.h"
#include "token/token.h"
#include "token/tokens_builder.h"

#include <stdlib.h>
#include <string.h>

enum { NOW_S = 1800000000, TEXT_MAX = 4 * TOKEN_TEXT_MAX };

static struct token_key *key;
static struct tokens *tokens;
static struct token_cache *cache;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_key(void)
{
    struct tokens_builder *builder = tokens_builder_new();
    key = token_key_new(STR("com.example.app"), sign_key_generate(SIGN_ES256), NOW_S, NOW_S);
    json_t *value = token_key_write(key);
    char *text = json_dumps(value, JSON_COMPACT);
    (void)tokens_builder_apply(builder, &(struct store_record){.kind = STR("key"),
                                                               .realm = key->realm,
                                                               .key = str_of(key->id),
                                                               .value = str_of(text)});
    tokens = tokens_builder_build(builder, 1);
    cache = token_cache_new();
    free(text);
    json_decref(value);
    tokens_builder_free(builder);
}

static void append_part(struct buf *out, struct str text)
{
    struct buf part;
    buf_init(&part, TEXT_MAX);
    for (size_t i = 0; i < text.len; i++) {
        (void)(text.ptr[i] == '@' ? buf_append(&part, str_of(key->id))
                                  : buf_byte(&part, text.ptr[i]));
    }
    (void)base64_encode(BASE64_URL, buf_str(&part), out);
    buf_done(&part);
}

static void sign_lines(struct buf *out, struct str text)
{
    unsigned char signature[SIGN_SIGNATURE_MAX];
    struct str header;
    struct str claims;
    (void)str_cut(text, '\n', &header, &claims);
    append_part(out, header);
    (void)buf_byte(out, '.');
    append_part(out, claims);
    size_t len = sign_make(key->sign, buf_str(out), signature);
    (void)buf_byte(out, '.');
    (void)base64_encode(BASE64_URL, str_make((const char *)signature, len), out);
}

static void look(struct str text, bool ours)
{
    static const struct str realms[] = {STR_INIT("com.example.app")};
    const struct token_wanted wanted = {.realms = realms,
                                        .realm_count = 1,
                                        .type = "at+jwt",
                                        .audience = STR("api"),
                                        .now_s = NOW_S,
                                        .leeway_s = TOKEN_LEEWAY_S};
    const struct ticket_door door = {
        .realm = realms[0], .sso_realm = realms[0], .now_s = NOW_S, .allow_not_found = true};
    struct token plain;
    struct token cached;
    struct ticket ticket;
    struct arena arena;
    struct str authid;
    struct str id;
    const char *why = NULL;
    bool good = token_verify(tokens, NULL, text, &wanted, &plain, &why);
    if (good && !ours) {
        abort();
    }
    if (token_verify(tokens, cache, text, &wanted, &cached, &why) != good) {
        abort();
    }
    token_done(&plain);
    token_done(&cached);
    arena_init(&arena, TICKET_ROOM);
    if (ticket_verify(tokens, text, &door, &arena, &ticket, &why) && (!ours || good)) {
        abort(); /* no token is of two types */
    }
    arena_reset(&arena);
    (void)ticket_names(&arena, text, &authid, &id);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (key == NULL) {
        make_key();
    }
    if (size == 0) {
        return 0;
    }
    struct str text = str_make((const char *)data + 1, size - 1);
    if (data[0] % 2 == 1) {
        look(text, false);
        return 0;
    }
    struct buf signed_text;
    buf_init(&signed_text, TEXT_MAX);
    sign_lines(&signed_text, text);
    if (!signed_text.full) {
        look(buf_str(&signed_text), true);
    }
    buf_done(&signed_text);
    return 0;
}
