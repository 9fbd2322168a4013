/* ui.h - the web console on the admin listener: its files under /ui/, and /session, where a browser
 * logs in, asks who it is and logs out.
 *
 * The session is a token of the master realm (token/session.h) in a cookie, taken by
 * the admin API wherever an identity is asked for (ACCESS_SESSION); nothing of it is
 * kept here. Requests live on their worker; what waits (a password, the store) comes
 * back to it and finds out there whether the client is still there.
 */
#ifndef POSTERN_UI_UI_H
#define POSTERN_UI_UI_H

#include "base/str.h"
#include "http/front.h"
#include "loop/snapshot.h"
#include "ui/bundle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access;
struct bearer;
struct builder;
struct store;
struct ui;

struct ui_options {
    struct store *store;
    struct builder *builder;
    struct access *access;
    struct snapshot_slot *rbac;
    struct snapshot_slot *tokens;
    const struct ui_bundle *bundle;
    const struct str *procedures; /* of which it is told who may call them */
    size_t procedure_count;
    uint64_t idle_s; /* a session lives so long after a request, */
    uint64_t max_s;  /* and so long at most */
    uint64_t body_timeout_ms;
};

struct ui *ui_new(const struct ui_options *options);
void ui_free(struct ui *ui); /* after the workers are joined; may be NULL */
/* Requests under way, work that nobody waits for any more included. Any thread. */
size_t ui_open_count(const struct ui *ui);

/* Of the admin listener; what a browser asks for without a path is. */
bool ui_serves(const struct request_head *head);
/* The request is the module's from here on: stream->taker. */
void ui_take(struct ui *ui, struct stream *stream);
/* For pipelines: a session was taken. When half of its time is over the answer brings another
 * cookie. `ctx` is the ui. */
void ui_prolong(void *ctx, struct stream *stream, const struct bearer *session);

#endif
