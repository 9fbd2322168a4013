/* call_options.h - the options of CALL, and the details of INVOCATION made of them.
 *
 * Keys that are not in the table are dropped, those that begin with "_" as well.
 */
#ifndef POSTERN_REALM_CALL_OPTIONS_H
#define POSTERN_REALM_CALL_OPTIONS_H

#include "realm/passthru.h"
#include "realm/registry.h"

#include <stdbool.h>
#include <stdint.h>

struct call_request;
struct shard;

#define NO_TIMEOUT UINT64_MAX

struct call_options {
    uint64_t timeout; /* NO_TIMEOUT: none given */
    bool disclose_me;
    bool receive_progress;
    bool progress; /* more of this call will follow */
    bool keyed;    /* `key` is the hash of a routing key */
    uint64_t key;
    struct passthru passthru;
};

/* What is wrong, as an error URI and a text, or true. Whether the payload is as `passthru` says
 * is still to be asked. */
bool call_options_read(struct shard *shard,
                       const struct call_request *request,
                       struct call_options *out,
                       struct str *out_error,
                       struct err *err);
/* Of a CALL that goes on with an earlier one: nothing but `progress` counts. */
bool call_progress_read(struct shard *shard, struct slice options, bool *out, struct err *err);

/* What only some callees are told. */
struct call_telling {
    bool caller;
    uint64_t timeout_ms; /* 0: not told */
};

/* In the payload's serializer; in shard->details. */
struct str call_details(struct shard *shard,
                        const struct call_request *request,
                        const struct call_options *options,
                        const struct call_telling *telling);

/* The same details for another callee, or for the last piece; in shard->details. */
struct details_change {
    bool no_progress; /* this is the last of it */
    bool keep_callee; /* the callee is the same: leave the rest as it is */
    struct call_telling telling;
    uint64_t caller_id;
    const struct principal *principal; /* NULL: not known any more */
};
struct str
call_details_change(struct shard *shard, struct slice details, const struct details_change *change);

#endif
