/* proc_cluster.c - bondy.cluster.*: the nodes that share the store, and how this one stands with
 * it.
 *
 * On the caller's worker. Nodes join by being started on the same database and leave by being
 * stopped, so there is nothing to join, and to leave does nothing. */
#include "api/proc_inside.h"
#include "base/clock.h"
#include "base/mem.h"
#include "wamp/fault.h"

#include <stdio.h>

enum { NODES_ARENA_MAX = 4 << 20, MS = 1000 };

static json_t *text_json(struct str text)
{
    json_t *json = json_stringn(text.ptr == NULL ? "" : text.ptr, text.len);
    return json == NULL ? json_string("?") : json;
}

static void on_spread(struct store_request *store)
{
    struct proc_spread *spread = CONTAINER_OF(store, struct proc_spread, store);
    for (size_t i = 0; i < store->node_count; i++) {
        const struct store_node *node = &store->nodes[i];
        if (node->pending) {
            spread->pending = spread->pending == NULL ? json_array() : spread->pending;
            (void)json_array_append_new(spread->pending, text_json(node->name));
        } else if (node->live && node->seq >= store->version) {
            (void)json_array_append_new(spread->nodes, text_json(node->name));
        }
    }
    arena_done(&store->arena);
    spread->done(spread);
}

void proc_spread(struct procs *procs,
                 struct proc_spread *spread,
                 uint64_t seq,
                 void (*done)(struct proc_spread *spread))
{
    spread->procs = procs;
    spread->done = done;
    spread->nodes = json_array();
    if (store_state(procs->options.store).live_count == 1) {
        (void)json_array_append_new(spread->nodes, text_json(procs->options.node_name));
        done(spread);
        return;
    }
    arena_init(&spread->store.arena, NODES_ARENA_MAX);
    spread->store.op = STORE_NODES;
    spread->store.version = seq;
    spread->store.wait_ms = procs->options.acknowledge_ms;
    spread->store.finish = on_spread;
    store_submit(procs->options.store, &spread->store);
}

struct cluster_call {
    struct store_request store;
    struct procs *procs;
    struct router *router;
    uint64_t handle;
    json_t *(*result)(const struct cluster_call *call);
};

static void on_nodes(struct store_request *store)
{
    struct cluster_call *call = CONTAINER_OF(store, struct cluster_call, store);
    if (store->ok) {
        json_t *result = call->result(call);
        proc_answer(call->router, call->handle, result, NULL);
        json_decref(result);
    } else {
        proc_fail(call->router, call->handle, fault_of(store->err.code), store->err.text, NULL);
    }
    (void)atomic_fetch_sub(&call->procs->open, 1);
    arena_done(&store->arena);
    mem_free(call);
}

/* There must be none, or the call is over. */
static bool has_no_arguments(const struct builtin_call *from)
{
    json_t *args = NULL;
    json_t *kwargs = NULL;
    bool none = proc_args(from->payload, &args, &kwargs) && json_array_size(args) == 0;
    json_decref(args);
    json_decref(kwargs);
    if (!none) {
        proc_fail(from->router, from->handle, FAULT_INVALID_ARGUMENT, "wrong number of arguments",
                  NULL);
    }
    return none;
}

static void ask(struct procs *procs,
                const struct builtin_call *from,
                json_t *(*result)(const struct cluster_call *call))
{
    if (!has_no_arguments(from)) {
        return;
    }
    struct cluster_call *call = NEW(struct cluster_call);
    (void)atomic_fetch_add(&procs->open, 1);
    *call = (struct cluster_call){
        .procs = procs, .router = from->router, .handle = from->handle, .result = result};
    arena_init(&call->store.arena, NODES_ARENA_MAX);
    call->store.op = STORE_NODES;
    call->store.finish = on_nodes;
    store_submit(procs->options.store, &call->store);
}

static uint64_t behind(uint64_t known, uint64_t seq)
{
    return known > seq ? known - seq : 0;
}

static json_t *members_json(const struct cluster_call *call)
{
    json_t *list = json_array();
    uint64_t known = store_state(call->procs->options.store).seq;
    for (size_t i = 0; i < call->store.node_count; i++) {
        const struct store_node *node = &call->store.nodes[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:I, s:I, s:I}", "name",
                      text_json(i == 0 ? call->procs->options.node_name : node->name), "id",
                      text_json(node->id), "url", text_json(node->url), "version",
                      text_json(i == 0 ? STR(POSTERN_VERSION) : node->version), "live", node->live,
                      "self", node->self, "seq", (json_int_t)node->seq, "lag",
                      (json_int_t)behind(known, node->seq), "age_ms", (json_int_t)node->age_ms));
    }
    return list;
}

/* Of postgresql://user:password@host/name?more the user, host and name; read as libpq reads it. */
static json_t *url_json(struct str url)
{
    char text[512];
    size_t begin = 0;
    if (str_starts(url, STR("sqlite:"))) {
        return text_json(url);
    }
    while (begin < url.len && !str_starts(str_from(url, begin), STR("://"))) {
        begin++;
    }
    begin += STR("://").len;
    struct str rest = str_from(url, begin < url.len ? begin : url.len);
    struct str user = STR_EMPTY;
    for (size_t i = 0; i < rest.len && rest.ptr[i] != '/'; i++) {
        if (rest.ptr[i] == '@') {
            user = str_sub(rest, 0, i);
            rest = str_from(rest, i + 1);
            break;
        }
    }
    struct str name = STR_EMPTY;
    struct str place = STR_EMPTY;
    struct str more = STR_EMPTY;
    (void)str_cut(user, ':', &name, &more);
    (void)str_cut(rest, '?', &place, &more);
    (void)snprintf(text, sizeof(text), "postgresql://" PRISTR "%s" PRISTR, STRARG(name),
                   name.len > 0 ? "@" : "", STRARG(place));
    return text_json(str_of(text));
}

static json_t *store_json(const struct cluster_call *call, const struct store_state *state)
{
    return json_pack("{s:o, s:b, s:I, s:I, s:I}", "url", url_json(call->procs->options.store_url),
                     "up", state->up, "since", (json_int_t)state->since_ms, "age_ms",
                     (json_int_t)state->age_ms, "seq", (json_int_t)state->seq);
}

/* Names of those that live, this node too. */
static json_t *live_names(const struct cluster_call *call)
{
    json_t *list = json_array();
    for (size_t i = 0; i < call->store.node_count; i++) {
        const struct store_node *node = &call->store.nodes[i];
        if (node->live) {
            (void)json_array_append_new(
                list, text_json(i == 0 ? call->procs->options.node_name : node->name));
        }
    }
    return list;
}

/* Where clients reach the gateway: as it is said in public, else where it listens on TCP. */
static json_t *gateway_url_json(const struct procs *procs)
{
    char url[512];
    struct procs_gateway gateway = {0};
    if (procs->options.public_url.len > 0) {
        return text_json(procs->options.public_url);
    }
    if (procs->options.gateway == NULL ||
        !procs->options.gateway(procs->options.gateway_ctx, STR_EMPTY, &gateway) ||
        str_starts(gateway.address, STR("unix:"))) {
        return json_null();
    }
    (void)snprintf(url, sizeof(url), "%s://" PRISTR, gateway.tls ? "https" : "http",
                   STRARG(gateway.address));
    return text_json(str_of(url));
}

static json_t *info_json(const struct cluster_call *call)
{
    const struct procs *procs = call->procs;
    const struct store_node *self = &call->store.nodes[0];
    const struct store_state state = store_state(procs->options.store);
    return json_pack("{s:{s:o, s:o, s:o, s:s, s:I, s:I, s:I}, s:o, s:o, s:o}", "node_spec", "name",
                     text_json(procs->options.node_name), "id", text_json(self->id), "url",
                     text_json(self->url), "version", POSTERN_VERSION, "uptime",
                     (json_int_t)((clock_mono_ms() - procs->since_ms) / MS), "seq",
                     (json_int_t)state.served, "lag", (json_int_t)behind(state.seq, state.served),
                     "nodes", live_names(call), "store", store_json(call, &state), "gateway_url",
                     gateway_url_json(procs));
}

static void run_members(struct procs *procs, const struct builtin_call *from)
{
    ask(procs, from, members_json);
}

static void run_info(struct procs *procs, const struct builtin_call *from)
{
    ask(procs, from, info_json);
}

static void run_leave(struct procs *procs, const struct builtin_call *from)
{
    (void)procs;
    if (has_no_arguments(from)) {
        proc_answer(from->router, from->handle, NULL, NULL);
    }
}

const struct proc_entry proc_cluster_entries[] = {
    {STR_INIT("bondy.cluster.members"), true, run_members},
    {STR_INIT("bondy.cluster.info"), true, run_info},
    {STR_INIT("bondy.cluster.leave"), true, run_leave},
    {.run = NULL},
};
