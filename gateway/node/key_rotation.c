/* key_rotation.c - what the settings say of the keys that realms sign with. */
#include "node/node_inside.h"

enum { MS = 1000, CHECK_MS = 10 * 60 * MS, SHORTEST_S = 24 * 3600, SKEW_S = 120 };

static uint64_t longer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A key is not given up while a token that it signed may be shown. */
void node_make_key_schedule(struct node *node)
{
    const struct conf *conf = node->conf;
    uint64_t period_s = conf->oauth2.key_rotation_ms / MS;
    uint64_t life_ms =
        longer(conf->oauth2.access_token_ms, conf->security.ticket.max_expiry_time_ms);
    node->keys = key_schedule_new(&(struct key_schedule_options){
        .workers = node->workers,
        .jobs = node->jobs,
        .store = node->store,
        .tokens = node->tokens,
        .period_s = period_s == 0 ? 0 : longer(period_s, SHORTEST_S),
        .keep_s = life_ms / MS + SKEW_S,
        .check_ms = CHECK_MS,
    });
}
