/* tunnel_id.h - the name of a tunnel: which worker has it, and 160 random bits.
 *
 * Whoever knows it is its client: it is a secret, and in no log.
 */
#ifndef POSTERN_TUNNEL_TUNNEL_ID_H
#define POSTERN_TUNNEL_TUNNEL_ID_H

#include "base/str.h"

#include <stdbool.h>

enum { TUNNEL_ID_RANDOM = 20, TUNNEL_ID_SIZE = 2 + 2 * TUNNEL_ID_RANDOM };

struct tunnel_id {
    char text[TUNNEL_ID_SIZE]; /* lower-case hex: the worker, then the random bytes */
};

void tunnel_id_make(unsigned worker, struct tunnel_id *out);
/* False for what cannot be one, or names a worker that there is not. */
bool tunnel_id_parse(struct str text, unsigned workers, struct tunnel_id *out);
unsigned tunnel_id_worker(const struct tunnel_id *id);

static inline struct str tunnel_id_str(const struct tunnel_id *id)
{
    return str_make(id->text, TUNNEL_ID_SIZE);
}

#endif
