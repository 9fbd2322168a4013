/* offline_store.c - the store of a node that is down: what there is, and to where it moves. */
#include "base/mem.h"
#include "node/node_inside.h"
#include "store/store_offline.h"

#include <string.h>
#include <unistd.h>

/* What is in the data directory is its node's, as long as that one runs. */
static bool is_in_data_dir(const char *url)
{
    return strcmp(url, "sqlite:") == 0;
}

static bool lock(struct node *node, bool must_be_there, struct err *err)
{
    const char *dir = node->conf->data.dir;
    if (must_be_there && access(dir, F_OK) != 0) {
        return err_set(err, ERR_NOT_FOUND, "there is no data directory %s: name it with --data DIR",
                       dir);
    }
    return data_dir_open(node, err);
}

typedef bool (*offline_fn)(const struct node_move *move, const struct conf *conf, struct err *err);

static bool
locked(const struct conf *conf, const struct node_move *move, offline_fn run, struct err *err)
{
    struct node *node = NEW(struct node);
    node->conf = conf;
    node->lock_fd = -1;
    bool from = is_in_data_dir(move->from);
    bool to = move->to != NULL && is_in_data_dir(move->to);
    bool ok = (!from && !to) || lock(node, from, err);
    ok = ok && run(move, conf, err);
    data_dir_close(node);
    mem_free(node);
    return ok;
}

static bool look(const struct node_move *move, const struct conf *conf, struct err *err)
{
    return store_look(str_of(move->from), str_of(conf->data.dir), move->out, err);
}

static bool bring_up(const struct node_move *move, const struct conf *conf, struct err *err)
{
    return store_bring_up(str_of(move->from), str_of(conf->data.dir), err) && look(move, conf, err);
}

static bool copy(const struct node_move *move, const struct conf *conf, struct err *err)
{
    return store_copy(str_of(move->from), str_of(move->to), str_of(conf->data.dir), move->out, err);
}

bool node_store_look(const struct conf *conf, struct store_contents *out, struct err *err)
{
    const struct node_move move = {.from = conf->store.url, .out = out};
    return locked(conf, &move, look, err);
}

bool node_store_bring_up(const struct conf *conf, struct store_contents *out, struct err *err)
{
    const struct node_move move = {.from = conf->store.url, .out = out};
    return locked(conf, &move, bring_up, err);
}

bool node_store_copy(const struct conf *conf, const struct node_move *move, struct err *err)
{
    return locked(conf, move, copy, err);
}
