/* router.c - the node's router: its shards, its live realms, its end. */
#include "realm/router.h"

#include "base/mem.h"
#include "loop/mailbox.h"
#include "realm/dealer.h"
#include "realm/invocation.h"
#include "realm/meta.h"
#include "realm/older_name.h"
#include "realm/seat.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/uri.h"

#include <assert.h>

enum {
    SCRATCH_SLACK = 1 << 20, /* beyond the message: lists of ids, decoded strings */
    DETAILS_MAX = 64 * 1024, /* two URIs and names, each bounded by the message it came in */
    WORDS_MAX = 512 * 1024,  /* options of a publication, in another serializer */
    OUT_KEEP = 256 * 1024,   /* a buffer that grew beyond is given back */
};

static void shard_init(struct shard *shard, struct router *router, unsigned index)
{
    size_t message_max = router->options.message_max;
    shard->router = router;
    shard->worker = workers_get(router->options.workers, index);
    shard->index = index;
    arena_init(&shard->scratch, 2 * message_max + SCRATCH_SLACK);
    buf_init(&shard->out, message_max);
    buf_init(&shard->details, DETAILS_MAX);
    naming_init(&shard->caller);
    naming_init(&shard->publisher);
    buf_init(&shard->words, WORDS_MAX);
    slots_init(&shard->sessions, sizeof(struct session));
    slots_init(&shard->calls, sizeof(struct call));
    idtable_init(&shard->invocations);
    map_init(&shard->seats);
    list_init(&shard->open);
    list_init(&shard->doomed);
    session_review_init(shard);
}

static void shard_done(struct shard *shard)
{
    struct call *call = NULL;
    for (uint32_t i = 0; (call = slots_at(&shard->calls, i)) != NULL; i++) {
        call_release_memory(call);
    }
    invocations_done(shard);
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&shard->seats, &cursor)) != NULL) {
        seat_free(slot->value);
    }
    map_done(&shard->seats);
    slots_done(&shard->sessions);
    slots_done(&shard->calls);
    arena_done(&shard->scratch);
    buf_done(&shard->out);
    buf_done(&shard->details);
    naming_done(&shard->caller);
    naming_done(&shard->publisher);
    buf_done(&shard->words);
    mem_free(shard->reached.items);
}

static void router_install(struct router *router, const struct builtin *rows)
{
    for (const struct builtin *row = rows; row != NULL && row->run != NULL; row++) {
        assert(uri_reserved(row->procedure));
        /* The map wants a plain pointer; nobody writes through it. */
        (void)map_put(&router->builtins, row->procedure, (void *)(uintptr_t)row);
    }
}

struct router *router_new(const struct router_options *options)
{
    struct router *router = NEW(struct router);
    router->options = *options;
    router->shard_count = workers_count(options->workers);
    router->shards = NEW_ARRAY(struct shard, router->shard_count);
    (void)pthread_mutex_init(&router->lock, NULL);
    router_metrics_init(router);
    history_init(&router->history, &options->history);
    router->auth =
        auth_new(&(struct auth_options){.jobs = options->jobs,
                                        .secret = options->auth_secret,
                                        .renew = options->auth_renew,
                                        .renew_ctx = options->auth_renew_ctx,
                                        .tokens = options->tokens,
                                        .rbac = options->rbac,
                                        .tickets_unrecorded = options->tickets_unrecorded,
                                        .audit = options->audit});
    trust_init(&router->trust, options->trust_rules, options->trust_rule_count);
    map_init(&router->realms);
    map_init(&router->builtins);
    for (unsigned i = 0; i < router->shard_count; i++) {
        shard_init(&router->shards[i], router, i);
    }
    router_install(router, options->builtins);
    for (size_t i = 0; meta_procedures[i] != NULL; i++) {
        router_install(router, meta_procedures[i]);
    }
    return router;
}

struct auth *router_auth(struct router *router)
{
    return router->auth;
}

void router_free(struct router *router)
{
    if (router == NULL) {
        return;
    }
    for (unsigned i = 0; i < router->shard_count; i++) {
        shard_done(&router->shards[i]);
    }
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&router->realms, &cursor)) != NULL) {
        realm_free(slot->value);
    }
    map_done(&router->realms);
    map_done(&router->builtins);
    trust_done(&router->trust);
    auth_free(router->auth);
    history_done(&router->history);
    (void)pthread_mutex_destroy(&router->lock);
    mem_free(router->shards);
    mem_free(router);
}

struct shard *router_here(struct router *router)
{
    struct worker *worker = worker_self();
    assert(worker != NULL);
    return &router->shards[worker_index(worker)];
}

struct realm *router_realm(struct router *router, struct str uri)
{
    (void)pthread_mutex_lock(&router->lock);
    struct realm *realm = map_get(&router->realms, uri);
    if (realm == NULL) {
        unsigned home = (unsigned)(router->realms.count % router->shard_count);
        realm = realm_new(uri, router, router->shards[home].worker);
        (void)map_put(&router->realms, realm_uri(realm), realm);
    }
    (void)pthread_mutex_unlock(&router->lock);
    return realm;
}

const struct builtin *router_builtin(const struct router *router, struct str procedure)
{
    /* Clients cannot register there, so all other calls need not be looked up. */
    if (!uri_reserved(procedure)) {
        return NULL;
    }
    const struct builtin *builtin = map_get(&router->builtins, procedure);
    return builtin != NULL ? builtin : map_get(&router->builtins, older_name_resolve(procedure));
}

void shard_enter(struct shard *shard)
{
    shard->depth++;
}

void shard_leave(struct shard *shard)
{
    if (shard->depth == 1) {
        while (!list_empty(&shard->doomed)) {
            session_reap(LIST_ENTRY(shard->doomed.next, struct session, doom));
        }
        if (shard->scratch.chunk != NULL) {
            arena_reset(&shard->scratch);
        }
        if (shard->out.cap > OUT_KEEP) {
            buf_done(&shard->out);
            buf_init(&shard->out, shard->router->options.message_max);
        }
    }
    shard->depth--;
}

/* Texts quote what clients sent; cut in the middle of a character they would be no UTF-8. */
static struct str plain_text(struct str text, char *out, size_t size)
{
    size_t len = text.len < size ? text.len : size;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        out[i] = byte < 0x20 || byte >= 0x7f ? '?' : text.ptr[i];
    }
    return str_make(out, len);
}

struct payload shard_words(struct shard *shard, enum serializer serializer, struct str text)
{
    char plain[256];
    struct emit emit;
    buf_clear(&shard->words);
    emit_init(&emit, serializer, &shard->words);
    emit_list(&emit, 1);
    emit_str(&emit, plain_text(text, plain, sizeof(plain)));
    return (struct payload){.serializer = serializer, .args = buf_str(&shard->words)};
}

struct str
shard_detail(struct shard *shard, enum serializer serializer, struct str key, struct str text)
{
    char plain[256];
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, serializer, &shard->details);
    emit_map(&emit, 1);
    emit_key(&emit, key);
    emit_str(&emit, plain_text(text, plain, sizeof(plain)));
    return buf_str(&shard->details);
}

struct shutdown_post {
    struct post post;
    struct router *router;
};

static void shard_shutdown(struct post *post)
{
    struct shutdown_post *order = CONTAINER_OF(post, struct shutdown_post, post);
    struct shard *shard = router_here(order->router);
    mem_free(order);
    shard_enter(shard);
    shard->stopping = true;
    LIST_FOREACH_SAFE (node, &shard->open) {
        struct session *session = LIST_ENTRY(node, struct session, node);
        bool joined = session->state == SESSION_OPEN;
        session_doom(session, joined ? CLOSE_SYSTEM_SHUTDOWN : STR_EMPTY);
    }
    shard_leave(shard);
}

void router_shutdown(struct router *router)
{
    for (unsigned i = 0; i < router->shard_count; i++) {
        struct shutdown_post *order = NEW(struct shutdown_post);
        order->post.fn = shard_shutdown;
        order->router = router;
        worker_post(router->shards[i].worker, &order->post);
    }
}
