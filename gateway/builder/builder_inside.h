/* builder_inside.h - what the files of the builder share. The builder's thread only. */
#ifndef POSTERN_BUILDER_BUILDER_INSIDE_H
#define POSTERN_BUILDER_BUILDER_INSIDE_H

#include "base/list.h"
#include "base/map.h"
#include "builder/builder.h"
#include "builder/present.h"
#include "rbac/rbac.h"
#include "rbac/rbac_builder.h"
#include "token/tokens_builder.h"

#include <pthread.h>

struct builder {
    struct builder_options options;
    struct mailbox *mailbox;
    pthread_t thread;
    bool running;
    bool stopping;    /* on the builder's thread: ends when nothing is being published */
    struct post stop; /* sets it */
    struct rbac_builder *rbac_builder;
    struct rbac *rbac; /* the newest, one reference of ours */
    struct tokens_builder *tokens_builder;
    struct map entries;      /* spec id -> struct published */
    struct present *present; /* those and `rbac` as they are now; NULL: made when it is wanted */
    bool rbac_dirty;
    bool tokens_dirty;
    bool routes_dirty;
    uint64_t applied;     /* highest sequence number taken in */
    uint64_t acked;       /* highest that every worker serves */
    unsigned outstanding; /* publications not yet acknowledged by all workers */
    uint64_t published;   /* sequence number of the newest publication */
    struct list waiters;
    struct publish_request *current; /* committed, or being committed */
    struct list publishing;          /* requests that wait for their turn */
    size_t publishing_count;
};

/* builder.c */
/* Borrowed: until something is applied or built. */
struct present *builder_present(struct builder *builder);
void builder_apply(struct builder *builder, const struct store_record *record);
void builder_wait_here(struct builder *builder,
                       uint64_t seq,
                       struct worker *owner,
                       struct post *post);
void builder_build(struct builder *builder);

/* publish_check.c: what a publication is about to put in place. On any thread. */
struct candidate {
    struct spec *spec;
    char *text;
};
struct candidates {
    struct candidate items[PUBLISH_ITEMS_MAX];
    size_t count;
};
/* Compiles the request's text and checks it against what is present, which gives the request's
 * items, of a dry run with their differences. False: request->err. */
bool publish_check(struct publish_request *request,
                   const struct present *present,
                   bool allow_forward,
                   struct candidates *out);
void candidates_done(struct candidates *candidates);

/* publish.c */
/* Those whose turn it is; returns how soon it wants to look again, in ms; -1: when something has
 * been posted. */
int publish_next(struct builder *builder);

#endif
