#include "token/ticket.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "token/token.h"
#include "token/token_inside.h"

#include <string.h>

#define TICKET_TYPE "ticket+jwt"

const char *ticket_scope_name(const struct ticket_scope *scope)
{
    static const char *const names[2][2] = {{"local", "client_local"}, {"sso", "client_sso"}};
    return names[scope->realm.len == 0][scope->client_id.len > 0];
}

/* Each text with its length, so that no two lists look alike. */
static void digest_add(struct buf *buf, struct str text)
{
    (void)buf_printf(buf, "%zu:", text.len);
    (void)buf_append(buf, text);
}

static void digest_text(const struct buf *buf, char out[TICKET_PROOF_SIZE])
{
    struct hash_sha256 digest = hash_sha256(buf_str(buf));
    struct buf text;
    buf_init(&text, TICKET_PROOF_SIZE - 1);
    (void)base64_encode(BASE64_URL, hash_str(&digest), &text);
    memcpy(out, text.ptr, TICKET_PROOF_SIZE - 1);
    out[TICKET_PROOF_SIZE - 1] = '\0';
    buf_done(&text);
}

void ticket_proof(struct str credential,
                  const struct str *keys,
                  size_t count,
                  char out[TICKET_PROOF_SIZE])
{
    struct buf all;
    buf_init(&all, SIZE_MAX / 2);
    digest_add(&all, credential);
    for (size_t i = 0; i < count; i++) {
        digest_add(&all, keys[i]);
    }
    digest_text(&all, out);
    buf_done(&all);
}

/* Names have no blanks, so a user's places are those that begin with his name and one. */
struct str ticket_place(const struct ticket *ticket, char out[TICKET_PLACE_MAX])
{
    struct buf scope;
    struct buf place;
    char digest[TICKET_PROOF_SIZE];
    buf_init(&scope, SIZE_MAX / 2);
    digest_add(&scope, ticket->scope.realm);
    digest_add(&scope, ticket->scope.client_id);
    digest_add(&scope, ticket->scope.device_id);
    digest_text(&scope, digest);
    buf_init(&place, TICKET_PLACE_MAX);
    (void)buf_append(&place, ticket->authid);
    (void)buf_byte(&place, ' ');
    (void)buf_append(&place, str_of(digest));
    size_t len = place.len;
    memcpy(out, place.ptr, len);
    buf_done(&scope);
    buf_done(&place);
    return str_make(out, len);
}

static json_t *text_or_null(struct str text)
{
    return text.len == 0 ? json_null() : json_str(text);
}

static json_t *scope_json(const struct ticket_scope *scope)
{
    return json_pack("{s:o, s:o, s:o}", "realm", text_or_null(scope->realm), "client_id",
                     text_or_null(scope->client_id), "device_id", text_or_null(scope->device_id));
}

json_t *ticket_record(const struct ticket *ticket)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "id", json_str(ticket->id),
                     "authrealm", json_str(ticket->authrealm), "authid", json_str(ticket->authid),
                     "authmethod", json_str(ticket->authmethod), "issued_at",
                     json_time(ticket->issued_s), "expires_at", json_time(ticket->expires_s),
                     "scope", scope_json(&ticket->scope), "type",
                     ticket_scope_name(&ticket->scope));
}

/* The registered claims, and Bondy's beside them. */
char *ticket_mint(const struct token_key *key, const struct ticket *ticket, struct str node)
{
    json_t *claims = ticket_record(ticket);
    bool everywhere = ticket->scope.realm.len == 0;
    json_t *more = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "iss",
                             json_str(ticket->authrealm), "sub", json_str(ticket->authid), "aud",
                             json_str(everywhere ? ticket->authrealm : ticket->scope.realm), "iat",
                             json_time(ticket->issued_s), "nbf", json_time(ticket->issued_s), "exp",
                             json_time(ticket->expires_s), "jti", json_str(ticket->id), "issued_by",
                             json_str(ticket->authid), "issued_on", json_str(node), "proof",
                             json_str(ticket->proof), "kid", key->id);
    (void)json_object_update(claims, more);
    char *text = token_mint(key, TICKET_TYPE, claims);
    json_decref(more);
    json_decref(claims);
    return text;
}

static struct str kept(struct arena *arena, const json_t *claims, const char *name)
{
    return arena_str(arena, json_member_str(claims, name));
}

/* False: it is signed by us and no ticket all the same. */
static bool read_claims(const struct token *token, struct arena *arena, struct ticket *out)
{
    const json_t *claims = token->claims;
    const json_t *scope = json_object_get(claims, "scope");
    *out = (struct ticket){.id = kept(arena, claims, "id"),
                           .authrealm = kept(arena, claims, "authrealm"),
                           .authid = kept(arena, claims, "authid"),
                           .authmethod = kept(arena, claims, "authmethod"),
                           .proof = kept(arena, claims, "proof"),
                           .key_id = arena_str(arena, str_of(token->key->id)),
                           .scope = {.realm = kept(arena, scope, "realm"),
                                     .client_id = kept(arena, scope, "client_id"),
                                     .device_id = kept(arena, scope, "device_id")}};
    return json_is_object(scope) && json_member_time(claims, "issued_at", &out->issued_s) &&
           json_member_time(claims, "exp", &out->expires_s) && out->id.len > 0 &&
           out->authid.len > 0 && out->authid.len <= TICKET_NAME_MAX &&
           str_eq(out->authrealm, token->key->realm);
}

static bool stands(const struct tokens *tokens,
                   struct str authrealm,
                   struct str place,
                   struct str id,
                   bool allow_not_found)
{
    const struct ticket_entry *entry = tokens_ticket(tokens, authrealm, place);
    return entry == NULL ? allow_not_found : !entry->revoked && str_eq(entry->id, id);
}

static const char *wrong_ticket(const struct tokens *tokens,
                                const struct ticket_door *door,
                                const struct ticket *ticket)
{
    char room[TICKET_PLACE_MAX];
    bool here = ticket->scope.realm.len > 0 ? str_eq(ticket->scope.realm, door->realm)
                                            : str_eq(ticket->authrealm, door->sso_realm);
    if (!here) {
        return "the ticket is for another realm";
    }
    if (ticket->expires_s <= door->now_s) {
        return "the ticket has expired";
    }
    return stands(tokens, ticket->authrealm, ticket_place(ticket, room), ticket->id,
                  door->allow_not_found)
               ? NULL
               : "the ticket has been revoked or replaced";
}

bool ticket_verify(const struct tokens *tokens,
                   struct str text,
                   const struct ticket_door *door,
                   struct arena *arena,
                   struct ticket *out,
                   const char **out_why)
{
    const struct str realms[] = {door->realm, door->sso_realm};
    const struct token_wanted wanted = {.realms = realms,
                                        .realm_count = door->sso_realm.len > 0 ? 2 : 1,
                                        .type = TICKET_TYPE,
                                        .now_s = door->now_s,
                                        .leeway_s = TOKEN_LEEWAY_S};
    struct token token;
    if (!token_verify(tokens, NULL, text, &wanted, &token, out_why)) {
        return false;
    }
    const char *wrong = read_claims(&token, arena, out) ? wrong_ticket(tokens, door, out)
                                                        : "its claims are no ticket's";
    token_done(&token);
    if (wrong != NULL) {
        *out_why = wrong;
    }
    return wrong == NULL;
}

bool ticket_names(struct arena *arena, struct str text, struct str *out_authid, struct str *out_id)
{
    struct str header;
    struct str claims;
    struct str rest;
    struct buf bytes;
    if (text.len > TOKEN_TEXT_MAX || !str_cut(text, '.', &header, &rest) ||
        !str_cut(rest, '.', &claims, &rest)) {
        return false;
    }
    buf_init(&bytes, TOKEN_TEXT_MAX);
    json_t *object = base64_decode(BASE64_URL, claims, &bytes)
                         ? json_loadb(bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL)
                         : NULL;
    *out_authid = kept(arena, object, "authid");
    *out_id = kept(arena, object, "id");
    json_decref(object);
    buf_done(&bytes);
    return out_authid->len > 0 && out_authid->len <= TICKET_NAME_MAX && out_id->len > 0;
}

bool ticket_is_of(const struct ticket *ticket,
                  struct str authrealm,
                  struct str authid,
                  struct str proof)
{
    return str_eq(ticket->authrealm, authrealm) && str_eq(ticket->authid, authid) &&
           str_eq(ticket->proof, proof);
}

static struct str put(char **at, struct str text)
{
    struct str copy = {*at, text.len};
    memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

struct ticket_stub *ticket_stub_new(const struct ticket *ticket, bool allow_not_found)
{
    char room[TICKET_PLACE_MAX];
    struct str place = ticket_place(ticket, room);
    size_t bytes =
        ticket->authrealm.len + place.len + ticket->id.len + ticket->proof.len + ticket->key_id.len;
    struct ticket_stub *stub = mem_calloc(1, sizeof(*stub) + bytes);
    char *at = (char *)(stub + 1);
    stub->authrealm = put(&at, ticket->authrealm);
    stub->place = put(&at, place);
    stub->id = put(&at, ticket->id);
    stub->proof = put(&at, ticket->proof);
    stub->key_id = put(&at, ticket->key_id);
    stub->allow_not_found = allow_not_found;
    return stub;
}

void ticket_stub_free(struct ticket_stub *stub)
{
    mem_free(stub);
}

bool ticket_stub_stands(const struct ticket_stub *stub, const struct tokens *tokens, uint64_t now_s)
{
    return tokens_key(tokens, stub->authrealm, stub->key_id, now_s) != NULL &&
           stands(tokens, stub->authrealm, stub->place, stub->id, stub->allow_not_found);
}
