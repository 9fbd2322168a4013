/* cookie.c - the session as a cookie. __Host- keeps it on this host, to secure connections and to
 * this machine's own; it goes with the browser, or by its time-outs. */
#include "access/access.h"
#include "base/clock.h"
#include "base/mem.h"
#include "token/session.h"
#include "ui/ui_inside.h"

#define ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

struct str ui_cookie_none(void)
{
    return STR(ACCESS_COOKIE "=" ATTRIBUTES "; Max-Age=0");
}

static struct str
cookie_of(const struct tokens *tokens, const struct session_grant *grant, struct arena *arena)
{
    char *token = session_mint(tokens, grant);
    struct str cookie =
        token == NULL ? STR_EMPTY : arena_printf(arena, ACCESS_COOKIE "=%s" ATTRIBUTES, token);
    mem_free(token);
    return cookie;
}

static uint64_t expiry(const struct ui *ui, uint64_t began_s, uint64_t now_s)
{
    uint64_t idle_s = now_s + ui->options.idle_s;
    uint64_t end_s = began_s + ui->options.max_s;
    return idle_s < end_s ? idle_s : end_s;
}

struct str ui_cookie_new(const struct ui *ui,
                         const struct tokens *tokens,
                         struct str authid,
                         struct arena *arena,
                         struct whoami *out_times)
{
    char id[SESSION_ID_SIZE];
    uint64_t now_s = clock_wall_ms() / 1000;
    const struct session_grant grant = {.realm = MASTER_REALM,
                                        .authid = authid,
                                        .id = session_id(id),
                                        .began_s = now_s,
                                        .now_s = now_s,
                                        .expires_s = expiry(ui, now_s, now_s)};
    out_times->expires_s = grant.expires_s;
    out_times->ends_s = now_s + ui->options.max_s;
    return cookie_of(tokens, &grant, arena);
}

/* A browser comes again with it by itself, which is no sign of anybody. */
static bool is_repeated(struct str path)
{
    path.len -= str_ends(path, STR("/")) ? 1 : 0;
    return str_ends(path, STR("/stats/stream"));
}

/* It was good a moment ago by the same snapshot that the new one is issued by. */
void ui_prolong(void *ctx, struct stream *stream, const struct bearer *session)
{
    const struct ui *ui = ctx;
    uint64_t now_s = clock_wall_ms() / 1000;
    uint64_t expires_s = expiry(ui, session->began_s, now_s);
    if (is_repeated(stream->head.path) || expires_s <= session->expires_s ||
        now_s < session->issued_s || 2 * (now_s - session->issued_s) < ui->options.idle_s) {
        return;
    }
    const struct session_grant grant = {.realm = session->realm,
                                        .authid = session->authid,
                                        .id = session->id,
                                        .began_s = session->began_s,
                                        .now_s = now_s,
                                        .expires_s = expires_s};
    const struct tokens *tokens =
        (const struct tokens *)(const void *)snapshot_peek(ui->options.tokens);
    struct str cookie = cookie_of(tokens, &grant, &stream->arena);
    if (cookie.len > 0) {
        size_t count = stream->added_count;
        struct header *added = ARENA_ARRAY(&stream->arena, struct header, count + 1);
        for (size_t i = 0; i < count; i++) {
            added[i] = stream->added[i];
        }
        added[count] = (struct header){STR("set-cookie"), cookie};
        stream->added = added;
        stream->added_count = count + 1;
    }
}
