/* builder_inside.h - what the files of the builder share. The builder's thread only. */
#ifndef POSTERN_BUILDER_BUILDER_INSIDE_H
#define POSTERN_BUILDER_BUILDER_INSIDE_H

#include "base/list.h"
#include "base/map.h"
#include "builder/builder.h"
#include "rbac/rbac.h"
#include "rbac/rbac_builder.h"
#include "spec/spec.h"
#include "token/tokens_builder.h"

#include <pthread.h>

/* A published specification: its text as stored and what it compiled to. */
struct entry {
    char *id;
    char *text;
    uint64_t version;
    struct spec *spec; /* the last good one; NULL if it never compiled */
};

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
    struct map entries; /* spec id -> struct entry */
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
struct entry **builder_entries(const struct builder *builder, size_t *out_count);
void builder_apply(struct builder *builder, const struct store_record *record);
void builder_wait_here(struct builder *builder,
                       uint64_t seq,
                       struct worker *owner,
                       struct post *post);
void builder_build(struct builder *builder);

/* publish.c */
void publish_next(struct builder *builder);

#endif
