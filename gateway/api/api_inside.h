/* api_inside.h - one admin request, and what the files of the resources share. */
#ifndef POSTERN_API_API_INSIDE_H
#define POSTERN_API_API_INSIDE_H

#include "api/api.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "builder/builder.h"
#include "crypto/hash.h"
#include "pipeline/problem.h"
#include "store/store.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

enum { API_PARAMS_MAX = 4, API_KEY_SIZE = 32 };

struct api {
    struct api_options options;
    char *admin_phc;
    atomic_size_t open;
    atomic_bool stopping;
    /* The last credentials that were right, as a keyed digest: argon2id is for the first time. */
    pthread_mutex_t lock;
    char key[API_KEY_SIZE];
    struct hash_sha256 known;
    bool has_known;
};

struct api_row;

/* On the heap: it may outlive its stream by the time that work under way needs. */
struct api_request {
    struct api *api;
    struct stream *stream; /* NULL once the client has gone */
    const struct api_row *row;
    struct arena arena;
    struct str path;
    struct str params[API_PARAMS_MAX];
    struct buf body;
    struct str id;
    unsigned holds; /* work under way */
    bool answered;
    bool body_complete;
    bool authorized;
};

typedef void (*api_fn)(struct api_request *request);

enum api_flags {
    API_OPEN = 1, /* needs no identity */
    API_BODY = 2, /* the function runs when the body is complete */
};

struct api_row {
    struct str method;
    struct str path; /* segments that begin with ':' are parameters */
    unsigned flags;
    api_fn run;
};

/* Work that comes back later holds its request; the last release frees it. */
void api_hold(struct api_request *request);
void api_release(struct api_request *request);

void api_reply(struct api_request *request,
               unsigned status,
               struct str content_type,
               struct str body,
               const struct header *headers,
               size_t header_count);
void api_reply_json(struct api_request *request, unsigned status, json_t *body /* stolen */);
void api_reply_empty(struct api_request *request, unsigned status);
void api_reply_problem(struct api_request *request, const struct http_problem *problem);
void api_reply_err(struct api_request *request, const struct err *err);

/* ?name=value of the query, decoded; empty if absent or no text. */
struct str api_query(struct api_request *request, struct str name);
/* If-Match: a version as in our ETags, or STORE_ANY_VERSION. False: answered with 400. */
bool api_expectation(struct api_request *request, uint64_t *out);

/* A store request whose `finish` gets back to its api_request. */
struct api_store_call;
typedef void (*api_stored_fn)(struct api_request *request, struct store_request *store);
struct store_request *api_store_call(struct api_request *request, api_stored_fn done);
void api_store_submit(struct api_request *request, struct store_request *store);
void api_store_discard(struct store_request *store); /* made, but not submitted */
/* `done` once every worker serves the state of `seq`. */
typedef void (*api_built_fn)(struct api_request *request);
void api_when_built(struct api_request *request, uint64_t seq, api_built_fn done);

/* auth.c: calls request->row->run when the administrator it is, answers 401 when not. */
void api_authorize(struct api_request *request);
void api_run(struct api_request *request);

/* One file a resource; the rows are in api.c. */
void api_ping(struct api_request *request);
void api_ready(struct api_request *request);
void api_metrics(struct api_request *request);
void api_version(struct api_request *request);
void api_spec_publish(struct api_request *request);
void api_spec_list(struct api_request *request);
void api_spec_get(struct api_request *request);
void api_spec_info(struct api_request *request);
void api_spec_versions(struct api_request *request);
void api_spec_rollback(struct api_request *request);
void api_spec_delete(struct api_request *request);
void api_realm_list(struct api_request *request);
void api_realm_create(struct api_request *request);
void api_realm_get(struct api_request *request);

#endif
