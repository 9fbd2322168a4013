/* mhd_inside.h - what the files of the libmicrohttpd front share. Not for outside.
 *
 * mhd.c runs the daemons; mhd_stream.c is one request and its answer, mhd_head.c reads its
 * head.
 */
#ifndef POSTERN_HTTP_MHD_INSIDE_H
#define POSTERN_HTTP_MHD_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "http/front_inside.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "loop/watch.h"

#include <microhttpd.h>
#include <stdbool.h>

/* Daemons a worker: each resume walks all suspended requests of its daemon (O(n) in
 * libmicrohttpd), so a few of them bound the damage of many slow calls. */
enum { SHARDS = 4 };

struct shard {
    struct front *front;
    struct MHD_Daemon *daemon;
    struct watch watch;
    struct timer timer;
    struct turn_task run; /* after answers: once, at the end of the turn */
    struct post again;    /* the library wants another round */
    struct list waiting;  /* streams that wait for their answer, suspended or not yet */
    size_t looked_at;     /* those that are not suspended */
    bool again_posted;
    bool worked; /* a run may have left more to do: a body, a streamed answer */
};

struct mhd_worker {
    struct shard shards[SHARDS];
    unsigned next;
    const struct peer_info *adopting; /* during MHD_add_connection */
};

struct mhd_front {
    struct front front;
    struct mhd_worker *workers;
};

static inline struct mhd_worker *mhd_worker_of(struct front *front, const struct worker *worker)
{
    return &CONTAINER_OF(front, struct mhd_front, front)->workers[worker_index(worker)];
}

struct mhd_stream {
    struct stream stream;
    struct list link; /* shard->waiting */
    struct front *front;
    struct shard *shard;
    struct MHD_Connection *connection;
    struct str target;
    struct header *fields; /* the request's, as head.headers */
    struct buf out;        /* answer bytes not yet given to the library */
    size_t out_at;         /* streaming: how many of them were */
    size_t dropped;        /* body bytes that came after the answer */
    struct MHD_Response *response;
    struct header *headers; /* the answer's */
    size_t header_count;
    unsigned status;
    unsigned looks; /* how often the library asked in vain for the answer */
    bool started;   /* the head has been read */
    bool presented; /* the handler knows of it */
    bool at_head;   /* suspended at the head: the next call is that of the head again */
    bool gave_up;   /* the connection's time-out is no longer that of its daemon */
    bool refused;
    bool body_done;
    bool begun;
    bool streaming;
    bool queued;
    bool ended;
    bool aborted;
    bool answered;
    bool paused;
    bool waiting;
    bool suspended;
    bool inside; /* the library is calling: it looks at the outcome by itself */
};

/* Rounded up: to the library 0 is never. */
static inline unsigned front_idle_s(const struct front *front)
{
    return (unsigned)((front->options.limits.idle_timeout_ms + 999) / 1000);
}

/* libmicrohttpd's callbacks. */
void *mhd_stream_new(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result mhd_stream_access(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *url,
                                  const char *method,
                                  const char *version,
                                  const char *upload,
                                  size_t *upload_size,
                                  void **con_cls);
void mhd_stream_completed(void *cls,
                          struct MHD_Connection *connection,
                          void **con_cls,
                          enum MHD_RequestTerminationCode how);

/* mhd_head.c: method, target and fields, not yet checked. */
void mhd_stream_read_head(struct mhd_stream *s, const char *method);

/* Before a daemon stops: every suspended request is let go, unanswered. */
void mhd_stream_abandon_all(struct shard *shard);

#endif
