/* builder.h - the one thread that turns records into snapshots: realms and grants into rbac,
 * keys and tickets into tokens, specifications into a route table.
 *
 * Fed by the store thread in change order; what arrives during a build is taken
 * together in the next. Publishing goes through here too, one at a time: a
 * specification is compiled against all others and committed before the next is
 * looked at, so two publishers cannot claim the same path, those of other nodes neither: what they
 * have written in between is read first, and checked again. A dry run claims none: it
 * is checked on the jobs pool against what is present when it comes.
 */
#ifndef POSTERN_BUILDER_BUILDER_H
#define POSTERN_BUILDER_BUILDER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "loop/jobs.h"
#include "loop/mailbox.h"
#include "loop/snapshot.h"
#include "rbac/rbac_builder.h"
#include "spec/problems.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct builder;

struct builder_options {
    struct store *store;
    struct snapshot_slot *routes;
    struct snapshot_slot *rbac;
    struct snapshot_slot *tokens; /* keys and tickets; NULL: none are built */
    struct jobs
        *jobs; /* where dry runs go, beside the builder; NULL: on its thread, in their turn */
    bool allow_forward;
    struct rbac_settings access_settings; /* all zero is the usual */
};

struct builder *builder_new(const struct builder_options *options);
/* Before the store and the workers start: loads all records; then, after files have been
 * applied, builds and puts the first snapshots in place. */
bool builder_load(struct builder *builder, struct err *err);
void builder_build_first(struct builder *builder);
bool builder_start(struct builder *builder, struct err *err);
/* Finishes what was posted, commits under way included, and joins; while the store and the
 * workers still run. Who still waits for a state then gets his post. */
void builder_stop(struct builder *builder);
void builder_free(struct builder *builder);

/* `post` comes to the calling worker once every worker serves the state of `seq` or a later
 * one. Also before start: then at once. */
void builder_wait(struct builder *builder, uint64_t seq, struct post *post);

enum { PUBLISH_ITEMS_MAX = 64, PUBLISH_QUEUE_MAX = 256 };

struct publish_item {
    struct str id;
    uint64_t version;
    bool changed;
    json_t *differences; /* of a dry run (spec_diff.h), or NULL */
};

struct publish_request;
typedef void (*publish_finish_fn)(struct publish_request *request);

/* Made by the caller, who also frees it in `finish`, on his worker. */
struct publish_request {
    struct post post; /* publish.c's, as are the next seven */
    struct list link;
    struct job job;
    struct present *present;
    struct builder *builder;
    struct worker *owner;
    uint64_t behind_at; /* others had written more than was applied here, */
    uint64_t behind_ms; /* first found then (monotonic); 0: not so */
    publish_finish_fn finish;
    struct arena arena;
    struct str text; /* one API object or an array of them, JSON or YAML */
    struct str author;
    struct str comment;
    uint64_t expect; /* as in store_write; for one object */
    bool dry_run;
    /* The audit's row, or NULL. It goes with the commit and is NULL from then on; otherwise it is
     * still the caller's to write. Its target becomes what is published. */
    struct store_audit *audit;

    bool ok;
    struct err err;           /* when not ok; INVALID: see problems */
    bool unreadable;          /* no JSON or YAML at all */
    struct problems problems; /* errors, and warnings also of what was published */
    struct publish_item items[PUBLISH_ITEMS_MAX];
    size_t item_count;
    uint64_t seq;
};

/* Any worker. `finish` comes after every worker serves what was published. */
void builder_publish(struct builder *builder, struct publish_request *request);
/* Frees what the outcome has: by the caller, in `finish`. */
void publish_request_done(struct publish_request *request);
/* The same as builder_publish before builder_start, on the calling thread, for files named in the
 * configuration. */
void builder_publish_now(struct builder *builder, struct publish_request *request);

/* A page of what is published, in the order of ids, without the specifications themselves. Made by
 * the caller, who also frees it in `finish`, on his worker. */
struct catalog_request {
    struct post post; /* catalog.c's, as are the next two */
    struct builder *builder;
    struct worker *owner;
    void (*finish)(struct catalog_request *request);
    struct store_page page; /* without `prefix` */
    struct buf list;        /* JSON: summaries (spec_text.h) with version, ts and author */
    size_t total;           /* that the filter leaves */
    struct buf next;        /* the cursor of the next page, if the page is full */
};

/* Any worker. */
void builder_catalog(struct builder *builder, struct catalog_request *request);

#endif
