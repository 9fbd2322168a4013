/* bulletin.c - a queue of notices, and whether anybody could be interested in them. */
#include "realm/bulletin.h"

#include "base/log.h"
#include "base/mem.h"

#include <string.h>

/* Notices waiting in one realm; more are lost, and that is logged. */
enum { BULLETIN_MAX = 1 << 20 };

void bulletin_init(struct bulletin *bulletin, struct worker *home, post_fn publish)
{
    *bulletin = (struct bulletin){.post = {.fn = publish}, .home = home};
    (void)pthread_mutex_init(&bulletin->lock, NULL);
    list_init(&bulletin->notices);
}

void bulletin_done(struct bulletin *bulletin)
{
    LIST_FOREACH_SAFE (node, &bulletin->notices) {
        mem_free(LIST_ENTRY(node, struct notice, node));
    }
    (void)pthread_mutex_destroy(&bulletin->lock);
}

/* Where topics begin that the router tells itself: of a realm's life, and of its directory. */
static const struct str roots[] = {STR_INIT("wamp."), STR_INIT("bondy.")};

static bool may_watch_root(struct str root, struct str uri, enum match_policy match)
{
    struct str first = uri;
    struct str rest = STR_EMPTY;
    switch (match) {
    case MATCH_PREFIX:
        return str_starts(root, uri) || str_starts(uri, root);
    case MATCH_WILDCARD:
        (void)str_cut(uri, '.', &first, &rest);
        return first.len == 0 || str_eq(first, str_sub(root, 0, root.len - 1));
    case MATCH_EXACT:
        break;
    }
    return str_starts(uri, root);
}

static bool may_watch(struct str uri, enum match_policy match)
{
    bool may = false;
    for (size_t i = 0; i < COUNT_OF(roots); i++) {
        may = may || may_watch_root(roots[i], uri, match);
    }
    return may;
}

void bulletin_watcher(struct bulletin *bulletin, struct str uri, enum match_policy match, int by)
{
    if (may_watch(uri, match)) {
        (void)atomic_fetch_add_explicit(&bulletin->watchers, (unsigned)by, memory_order_relaxed);
    }
}

static struct str carry(char **at, struct str bytes)
{
    char *start = *at;
    if (bytes.len > 0) {
        memcpy(start, bytes.ptr, bytes.len);
    }
    *at = start + bytes.len;
    return str_make(start, bytes.len);
}

void bulletin_add(struct bulletin *bulletin, const struct notice *notice)
{
    if (!bulletin_watched(bulletin)) {
        return;
    }
    struct notice *copy =
        mem_alloc(sizeof(*copy) + notice->uri.len + payload_size(&notice->payload));
    char *at = (char *)(copy + 1);
    *copy = *notice;
    copy->uri = carry(&at, notice->uri);
    copy->payload.args = carry(&at, notice->payload.args);
    copy->payload.kwargs = carry(&at, notice->payload.kwargs);
    (void)pthread_mutex_lock(&bulletin->lock);
    bool lost = bulletin->count >= BULLETIN_MAX;
    if (!lost) {
        bulletin->count++;
        list_push(&bulletin->notices, &copy->node);
    }
    bool post = !bulletin->posted;
    bulletin->posted = true;
    (void)pthread_mutex_unlock(&bulletin->lock);
    if (post) {
        worker_post(bulletin->home, &bulletin->post);
    }
    if (lost) {
        mem_free(copy);
        log_warn("a meta event is lost: too many wait", KV_U64("waiting", BULLETIN_MAX));
    }
}

void bulletin_take(struct bulletin *bulletin, struct list *out)
{
    list_init(out);
    (void)pthread_mutex_lock(&bulletin->lock);
    bulletin->posted = false;
    bulletin->count = 0;
    while (!list_empty(&bulletin->notices)) {
        struct list *node = bulletin->notices.next;
        list_remove(node);
        list_push(out, node);
    }
    (void)pthread_mutex_unlock(&bulletin->lock);
}
