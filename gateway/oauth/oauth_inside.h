/* oauth_inside.h - one request, for the files of this folder. */
#ifndef POSTERN_OAUTH_OAUTH_INSIDE_H
#define POSTERN_OAUTH_OAUTH_INSIDE_H

#include "base/buf.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "metrics/metrics.h"
#include "oauth/oauth.h"
#include "store/store.h"

#include <stdatomic.h>

struct oauth {
    struct oauth_options options;
    char *public_url;
    atomic_size_t open;
    struct metric *notes;   /* by action */
    struct metric *answers; /* by endpoint and status class */
};

/* On the heap: it may outlive its stream by the time that the store needs. */
struct oauth_visit {
    struct oauth *oauth;
    struct stream *stream;      /* NULL once the client has gone */
    struct store_request store; /* its arena is the visit's */
    struct oauth_place place;   /* its strings are the arena's */
    struct flow_call call;
    struct form form;
    struct form query;
    struct buf body;
    struct access_visit access;
    struct access_answer login;
    struct access_request login_request;
    struct snapshot *rbac;
    struct snapshot *tokens;
    struct post built;
    struct timer deadline; /* of the body */
    struct header extra;   /* one more of the answer's, or none */
    bool busy;             /* the store or the builder has it */
    bool started;          /* the body is complete */
};

/* answer.c: writes call.answer. */
void oauth_answer(struct oauth_visit *visit);
/* What cannot be a call: 404, 405, 413 ..., for people as a page. `text` has neither '"' nor '\\'.
 */
void oauth_refuse(struct oauth_visit *visit,
                  unsigned status,
                  const char *text,
                  struct header header);

/* cors.c: answers an OPTIONS request, if it is one to an endpoint that has it. */
bool oauth_preflight(struct oauth_visit *visit);

/* page.c: a whole HTML page; what `fields` has is text and stands escaped in it. */
/* What a Content-Security-Policy calls the pages' style: 'sha256-...'. */
void oauth_page_style_hash(struct buf *out);
void oauth_page(enum flow_page page, const json_t *fields, struct buf *out);

#endif
