/* identity.h - who a session is, once that is known. One worker. */
#ifndef POSTERN_AUTH_IDENTITY_H
#define POSTERN_AUTH_IDENTITY_H

#include "base/str.h"
#include "token/bearer.h"
#include "token/ticket.h"

#include <stdbool.h>
#include <stddef.h>

struct auth_identity {
    struct str authid;     /* the username, also of who came by an alias */
    struct str authmethod; /* a constant */
    struct str *roles;
    size_t role_count;
    struct str *wanted; /* what HELLO asked for; none: all roles */
    size_t wanted_count;
    struct ticket_stub *ticket; /* that he came in by, or NULL; its owner */
    struct bearer *bearer;      /* the same, and what narrows his roles; one reference */
    uint64_t rbac_version;      /* of the snapshots by which these two were looked at last */
    uint64_t tokens_version;
};

/* Strings but the method's are copied. */
struct auth_identity *auth_identity_new(struct str authid,
                                        struct str authmethod,
                                        const struct str *roles,
                                        size_t role_count,
                                        const struct str *wanted,
                                        size_t wanted_count);
void auth_identity_free(struct auth_identity *identity);
bool auth_identity_has_roles(const struct auth_identity *identity,
                             const struct str *roles,
                             size_t count);

#endif
