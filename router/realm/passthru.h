/* passthru.h - payload passthru mode: the ppt_* attributes, read, checked and written again.
 *
 * The payload itself is one binary item that nobody here looks into.
 */
#ifndef POSTERN_REALM_PASSTHRU_H
#define POSTERN_REALM_PASSTHRU_H

#include "base/err.h"
#include "payload/emit.h"
#include "payload/payload.h"
#include "wamp/options.h"

#include <stdbool.h>
#include <stdint.h>

struct passthru {
    struct str scheme; /* empty: not in use, whatever the others say */
    struct str serializer;
    struct str cipher;
    struct str keyid;
};

/* Four rows of an option table; `at` is where in its struct the struct passthru is. */
#define PASSTHRU_ROWS(at)                                                             \
    {"ppt_scheme", OPTION_STR, (at) + offsetof(struct passthru, scheme)},             \
        {"ppt_serializer", OPTION_STR, (at) + offsetof(struct passthru, serializer)}, \
        {"ppt_cipher", OPTION_STR, (at) + offsetof(struct passthru, cipher)},         \
    {                                                                                 \
        "ppt_keyid", OPTION_STR, (at) + offsetof(struct passthru, keyid)              \
    }

static inline bool passthru_used(const struct passthru *passthru)
{
    return passthru->scheme.len > 0;
}

/* The attributes and the form of the payload that goes with them. */
bool passthru_check(const struct passthru *passthru,
                    const struct payload *payload,
                    struct err *err);
/* Members of the map that passthru_emit will write: 0 when not in use. */
uint32_t passthru_members(const struct passthru *passthru);
void passthru_emit(const struct passthru *passthru, struct emit *out);

#endif
