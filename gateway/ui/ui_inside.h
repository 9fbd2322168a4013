/* ui_inside.h - the parts of a request, for the files of this folder. */
#ifndef POSTERN_UI_UI_INSIDE_H
#define POSTERN_UI_UI_INSIDE_H

#include "rbac/rbac.h"
#include "token/bearer.h"
#include "token/tokens.h"
#include "ui/ui.h"

#include <stdatomic.h>

struct ui {
    struct ui_options options;
    atomic_size_t open;
    const struct ui_file *index; /* NULL: built without */
    char *page;                  /* the index as text if it has a place for a nonce, or NULL */
};

struct http_problem;

/* refuse.c: as http_problem_send, with an id. */
void ui_refuse(struct stream *stream, const struct http_problem *problem);

/* headers.c: what every answer of ours has; `nonce` is for styles, or "". */
void ui_add_headers(struct stream *stream, struct str nonce);
struct str ui_nonce(struct arena *arena);

/* files.c */
void ui_files_begin(struct ui *ui);
void ui_file_answer(struct ui *ui, struct stream *stream);

/* session.c */
void ui_session_take(struct ui *ui, struct stream *stream);
const struct front_handler *ui_session_handler(void);

/* whoami.c: as JSON text, for jansson's free. Times are of the session, 0: none. */
struct whoami {
    const struct principal *principal;
    uint64_t expires_s; /* without a request */
    uint64_t ends_s;    /* at the latest */
};
char *ui_whoami(const struct ui *ui, const struct whoami *who);

/* cookie.c: Set-Cookie's value. The session of who has just logged in, as `tokens` are; an empty
 * one: there is no key to sign with. */
struct str ui_cookie_new(const struct ui *ui,
                         const struct tokens *tokens,
                         struct str authid,
                         struct arena *arena,
                         struct whoami *out_times);
struct str ui_cookie_none(void);

#endif
