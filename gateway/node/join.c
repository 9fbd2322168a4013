/* join.c - a node among those that share its store: what it is called there, and what its metrics
 * say of it. Before the threads start. */
#include "metrics/metrics.h"
#include "node/node_inside.h"

#include <stdio.h>

/* All zero while the node starts or stops: the store may be gone then. */
static struct store_state state_of(const struct node *node)
{
    return atomic_load(&node->serving) ? store_state(node->store) : (struct store_state){0};
}

static int64_t read_up(void *ctx)
{
    return state_of(ctx).up;
}

static int64_t read_seq(void *ctx)
{
    return (int64_t)state_of(ctx).seq;
}

static int64_t read_age(void *ctx)
{
    return (int64_t)(state_of(ctx).age_ms / 1000);
}

static int64_t read_live(void *ctx)
{
    return (int64_t)state_of(ctx).live_count;
}

static int64_t read_lag(void *ctx)
{
    const struct store_state state = state_of(ctx);
    return state.seq > state.served ? (int64_t)(state.seq - state.served) : 0;
}

static const struct {
    const char *name;
    const char *help;
    metric_read_fn read;
} gauges[] = {
    {"postern_store_up", "whether the database answers", read_up},
    {"postern_store_seq", "the last transaction in the change log that this node knows of",
     read_seq},
    {"postern_store_age_seconds", "since the database was heard of", read_age},
    {"postern_nodes_live", "nodes that share the store and show signs of life, with this one",
     read_live},
    {"postern_node_lag", "transactions that this node knows of and not all its workers serve yet",
     read_lag},
};

/* The admin listener's; with TLS when there is no other. */
static void put_url(const struct node *node, char *out, size_t size)
{
    bool plain = node->admin != NULL;
    const struct str address =
        plain ? net_listener_address(node->admin) : str_of(node->conf->admin.tls.listen);
    bool is_unix = str_starts(address, STR("unix:"));
    (void)snprintf(out, size, "%s" PRISTR,
                   is_unix || address.len == 0 ? ""
                   : plain                     ? "http://"
                                               : "https://",
                   STRARG(address));
}

void node_join(struct node *node)
{
    char url[512];
    put_url(node, url, sizeof(url));
    store_join(node->store, &(struct store_self){.name = str_of(node->conf->node.name),
                                                 .url = str_of(url),
                                                 .version = STR(POSTERN_VERSION)});
    for (size_t i = 0; i < COUNT_OF(gauges); i++) {
        metric_gauge_read(gauges[i].name, gauges[i].help, gauges[i].read, node);
    }
}
