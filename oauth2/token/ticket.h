/* ticket.h - tickets: tokens that a user logs in with in place of his password.
 *
 * A ticket is for one realm, or for all realms of one SSO realm in which its user
 * is; one for a client and its device stands beside the user's others. It is
 * signed by the realm that holds what the user proves himself with. The store has
 * one record a place (user and scope), of the kind `ticket`: a newer ticket
 * takes the place of the older, and without its record a ticket is worth nothing.
 * It names what its user's password and keys were, and dies when they change.
 */
#ifndef POSTERN_TOKEN_TICKET_H
#define POSTERN_TOKEN_TICKET_H

#include "base/arena.h"
#include "base/str.h"
#include "token/tokens.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TICKET_PROOF_SIZE = 44, /* 43 characters and a NUL */
    TICKET_PLACE_MAX = 320,
    TICKET_NAME_MAX = 254, /* of a client or a device */
};

struct ticket_scope {
    struct str realm; /* "": every realm of the SSO realm that signed it */
    struct str client_id;
    struct str device_id;
};

/* local, sso, client_local, client_sso */
const char *ticket_scope_name(const struct ticket_scope *scope);

struct ticket {
    struct str id;
    struct str authrealm; /* which signs */
    struct str authid;    /* a user of it */
    struct str authmethod;
    struct str proof;
    struct str key_id; /* of a ticket that was verified: what signed it */
    struct ticket_scope scope;
    uint64_t issued_s;
    uint64_t expires_s;
};

/* What is set about all tickets of a node. */
struct ticket_settings {
    uint64_t expiry_s; /* who asks for none gets this */
    uint64_t expiry_max_s;
    const struct str *authmethods; /* who came in by one of them may have a ticket */
    size_t authmethod_count;
    bool allow_not_found; /* a ticket without a record counts */
    struct str node;
};

/* A digest of what a user proves himself with: it shows nothing and changes with it. */
void ticket_proof(struct str credential,
                  const struct str *keys,
                  size_t count,
                  char out[TICKET_PROOF_SIZE]);

/* The key of its record. */
struct str ticket_place(const struct ticket *ticket, char out[TICKET_PLACE_MAX]);
/* The value of its record; the caller's. */
json_t *ticket_record(const struct ticket *ticket);

/* The ticket itself; mem_free. NULL: it is too long. */
char *ticket_mint(const struct token_key *key, const struct ticket *ticket, struct str node);

/* Where somebody wants to come in. */
struct ticket_door {
    struct str realm;
    struct str sso_realm; /* of that realm; "": none */
    uint64_t now_s;
    bool allow_not_found;
};

/* Whether it is a ticket of ours, for this realm, at this time, that stands; strings of `out` are
 * in `arena`, which has room for TICKET_ROOM. Whose it is, and whether he is still who he was, is
 * the caller's to compare: ticket_is_of. */
enum { TICKET_ROOM = 32 * 1024 };
bool ticket_verify(const struct tokens *tokens,
                   struct str text,
                   const struct ticket_door *door,
                   struct arena *arena,
                   struct ticket *out,
                   const char **out_why);
bool ticket_is_of(const struct ticket *ticket,
                  struct str authrealm,
                  struct str authid,
                  struct str proof);

/* What a ticket's text says, unverified, of whose it is and which: enough to revoke it. */
bool ticket_names(struct arena *arena, struct str text, struct str *out_authid, struct str *out_id);

/* By what a live session came in. On the heap, one owner. */
struct ticket_stub {
    struct str authrealm;
    struct str place;
    struct str id;
    struct str proof;
    struct str key_id;
    bool allow_not_found;
};

struct ticket_stub *ticket_stub_new(const struct ticket *ticket, bool allow_not_found);
void ticket_stub_free(struct ticket_stub *stub);
/* Or has it been revoked or replaced since, or its key retired? */
bool ticket_stub_stands(const struct ticket_stub *stub,
                        const struct tokens *tokens,
                        uint64_t now_s);

#endif
