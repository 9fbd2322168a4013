/* audit.h - failures that strangers can cause, on their way into the store's audit.
 *
 * What a stranger repeats becomes one row with a count: of one realm, account, method
 * and address, until it has been quiet for a while or a minute is over. What is open
 * and what is written in a minute is bounded; the rest is one row that counts it. So
 * nobody who only fails fills a disk or keeps the store busy. Rows of what somebody
 * was let do go with the request that does it (store.h), where there is one.
 *
 * Any thread; one lock, held shortly. A NULL audit takes notes and forgets them.
 */
#ifndef POSTERN_AUDIT_AUDIT_H
#define POSTERN_AUDIT_AUDIT_H

#include "base/str.h"
#include "loop/worker.h"
#include "store/store.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    AUDIT_QUIET_MS = 2000, /* a row is written when nothing was added to it for so long */
    AUDIT_OPEN_MS = 60000, /* or after so long */
    AUDIT_OPEN_MAX = 256,  /* rows under way */
    AUDIT_BURST = 256,     /* rows at once; */
    AUDIT_EVERY_MS = 1000, /* then one in that time */
    AUDIT_ADDRESS_SIZE = 48,
};

struct audit;

/* Before the workers start: a timer of it is on the first one. */
struct audit *audit_new(struct store *store, struct workers *workers /* NULL: no timer */);
/* Writes what is open; after it notes are forgotten. Before store_close. */
void audit_stop(struct audit *audit);
void audit_free(struct audit *audit); /* after the workers are joined */

struct audit_failure {
    struct str action; /* "login.failed" */
    struct str realm;
    struct str actor; /* as whom somebody came; may be empty */
    struct str authmethod;
    const struct in6_addr *address; /* as in peer_info; NULL: unknown */
    struct str request_id;          /* may be empty; of the first that a row is for */
    struct str error;               /* URI */
    struct str detail;              /* why; never a secret */
    struct str outcome;             /* empty: "failed" */
    bool throttled;                 /* it was not looked at */
};

void audit_note(struct audit *audit, const struct audit_failure *failure);
/* Writes what is due at a time of the monotonic clock; UINT64_MAX: all. */
void audit_flush(struct audit *audit, uint64_t now_ms);

/* What somebody was let do, or refused, that is in no transaction of the store: a row at once. */
void audit_deed(struct audit *audit, const struct store_audit *row);

/* One row by itself, at once: of what was refused before it came to the store. */
void audit_write(struct store *store, const struct store_audit *row);

/* "192.0.2.1", "2001:db8::1", "unix" for all zero, "" for NULL. */
struct str audit_address(const struct in6_addr *address, char out[AUDIT_ADDRESS_SIZE]);

#endif
