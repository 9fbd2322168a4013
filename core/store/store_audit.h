/* store_audit.h - the audit: a table of rows that are written once, and what is asked of it.
 *
 * A row that comes with a request is in its transaction: what was acknowledged has
 * its row. Texts are made fit for a row when it is written: what is too long is cut,
 * what is no text becomes '?'. What they say is the caller's business, above all
 * that no secret is in them.
 */
#ifndef POSTERN_STORE_STORE_AUDIT_H
#define POSTERN_STORE_STORE_AUDIT_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum { STORE_AUDIT_TEXT_MAX = 512, STORE_AUDIT_DIGEST_MAX = 64 };

struct store_audit {
    uint64_t time_ms;       /* 0: when it is written */
    uint64_t times;         /* how often, for rows that stand for many; 0: once */
    struct str realm;       /* that it is about */
    struct str actor;       /* authid */
    struct str actor_realm; /* whose user he is */
    struct str authmethod;
    struct str address;
    struct str request_id;
    struct str action; /* a procedure, or an event such as "login.failed" */
    struct str target;
    struct str outcome; /* "ok", "refused", "failed"; empty: the request's own */
    struct str error;   /* a URI; empty and refused: error_of(), if there is one */
    struct str detail;
    struct str (*error_of)(enum err_code code);
};

struct store_audit_row {
    uint64_t id; /* ascending in the order of writing */
    struct store_audit what;
    struct str before; /* SHA-256 in hex of what was there; empty: nothing was */
    struct str after;
};

/* Empty and 0: any. */
struct store_audit_query {
    uint64_t before; /* ids below this: the cursor */
    uint64_t since_ms;
    uint64_t until_ms;
    struct str realm;
    struct str actor;
    struct str action;  /* with a dot at the end: all that begin so */
    struct str outcome; /* or an error's URI */
    size_t limit;       /* 0: 100 */
};

/* The oldest rows go first, but of those that are not "ok" at most half is kept: whoever may only
 * fail cannot push out what others have done. 0: no bound. */
struct store_audit_bounds {
    uint64_t rows;
    uint64_t age_ms;
};

#endif
