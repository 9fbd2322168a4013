/* store_nodes.c - which nodes share the database, and how far each of them serves the change log.
 * On the store's thread, but for what the header says.
 *
 * Each node writes its row once a second, and at once when it serves something new and others may
 * wait for that. A row is live while its beat changes: no clock is compared with another's. What
 * counts is the time in which the rows were looked at, so that neither a database that was away nor
 * a reader that stood still makes others look dead. */
#include "store/store_nodes.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "store/store_inside.h"

#include <string.h>

enum {
    BEAT_EVERY_MS = 1000,
    LIVE_MS = 3000,             /* without a new beat */
    LOOK_STEP_MAX_MS = 1500,    /* what one look can add to the time that was looked */
    LOOK_EVERY_MS = 200,        /* while somebody waits and nobody calls */
    LOOK_AGAIN_MS = 100,        /* after a call, while nobody waits */
    TELL_EVERY_MS = 10,         /* what is served, at most */
    FORGET_MS = 60 * 60 * 1000, /* of a node that did not say goodbye */
    TEXT_MAX = 1024,            /* of a row that somebody else has written */
};

/* Whether it has a row of its own. */
static bool is_member(const struct store_nodes *self)
{
    return self->name != NULL && self->backend->shared;
}

static bool is_live_at(const struct store_peer *peer, uint64_t looked_ms)
{
    return peer->changed_ms + LIVE_MS > looked_ms;
}

static bool is_live(const struct store_nodes *self, const struct store_peer *peer)
{
    return is_live_at(peer, self->looked_ms);
}

static void peer_done(struct store_peer *peer)
{
    mem_free(peer->id);
    mem_free(peer->name);
    mem_free(peer->url);
    mem_free(peer->version);
}

static struct store_peer *peer_of(struct store_nodes *self, struct str id)
{
    for (size_t i = 0; i < self->peer_count; i++) {
        if (str_eq(str_of(self->peers[i].id), id)) {
            return &self->peers[i];
        }
    }
    if (self->peer_count == STORE_NODES_MAX) {
        return NULL;
    }
    struct store_peer *peer = &self->peers[self->peer_count++];
    *peer = (struct store_peer){.id = str_dup(id), .changed_ms = self->looked_ms};
    return peer;
}

static void keep_text(char **kept, struct str text)
{
    if (*kept == NULL || !str_eq(str_of(*kept), text)) {
        mem_free(*kept);
        *kept = str_dup(text);
    }
}

/* id, name, url, version, beat, seq. */
static bool read_row(void *ctx, const struct store_value *c, struct err *err)
{
    struct store_nodes *self = ctx;
    (void)err;
    for (size_t i = 0; i < 4; i++) {
        if (!c[i].is_text || c[i].text.len > TEXT_MAX) {
            return true; /* no node of ours has written it */
        }
    }
    if (str_eq(c[0].text, str_of(self->id))) {
        return true;
    }
    struct store_peer *peer = peer_of(self, c[0].text);
    if (peer == NULL) {
        return true;
    }
    if (peer->look > 0 && peer->beat != c[4].number) {
        peer->changed_ms = self->looked_ms;
    }
    keep_text(&peer->name, c[1].text);
    keep_text(&peer->url, c[2].text);
    keep_text(&peer->version, c[3].text);
    peer->beat = c[4].number;
    peer->seq = c[5].number > 0 ? (uint64_t)c[5].number : 0;
    peer->look = self->looks;
    return true;
}

static void drop_gone(struct store_nodes *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->peer_count; i++) {
        if (self->peers[i].look == self->looks) {
            self->peers[kept++] = self->peers[i];
        } else {
            if (self->peers[i].live) {
                log_info("a node has left", KV_CSTR("name", self->peers[i].name));
            }
            peer_done(&self->peers[i]);
        }
    }
    self->peer_count = kept;
}

static void say_changes(struct store_nodes *self)
{
    size_t live = 1;
    for (size_t i = 0; i < self->peer_count; i++) {
        struct store_peer *peer = &self->peers[i];
        bool now = is_live(self, peer);
        if (now && !peer->live) {
            log_info("a node is there", KV_CSTR("name", peer->name), KV_CSTR("url", peer->url));
            if (str_eq(str_of(peer->name), str_of(self->name))) {
                log_warn("another node has the same name: give each its own (node.name)",
                         KV_CSTR("name", peer->name));
            }
        } else if (!now && peer->live) {
            log_warn("a node gives no sign of life", KV_CSTR("name", peer->name));
        }
        peer->live = now;
        live += now;
    }
    atomic_store(&self->live_count, live);
}

static bool look(struct store_nodes *self, uint64_t now_ms, struct err *err)
{
    const struct store_query query = {.sql = store_sql(SQL_NODES), .row = read_row, .ctx = self};
    uint64_t step_ms = now_ms - self->look_ms;
    self->looked_ms += step_ms < LOOK_STEP_MAX_MS ? step_ms : LOOK_STEP_MAX_MS;
    self->look_ms = now_ms;
    self->looks++;
    self->called = false;
    if (!self->backend->ops->query(self->backend, &query, err)) {
        return false;
    }
    drop_gone(self);
    say_changes(self);
    return true;
}

static bool commit(struct store_nodes *self, bool ok, struct err *err)
{
    struct store_backend *backend = self->backend;
    ok = ok && store_exec(backend, SQL_COMMIT, err);
    if (!ok && backend->ops->in_transaction(backend)) {
        (void)store_exec(backend, SQL_ROLLBACK, NULL);
    }
    return ok;
}

/* What an earlier start of this node has left, if it was killed, goes with the first beat. Should
 * another one that lives have its name, that one is back with its next. */
static bool follow_ourselves(struct store_nodes *self, struct err *err)
{
    const struct store_value params[] = {STORE_TEXT(str_of(self->name)),
                                         STORE_TEXT(str_of(self->id))};
    return self->written ||
           store_exec_with(self->backend, SQL_NODE_DELETE_NAMED, params, COUNT_OF(params), err);
}

/* Of others: who has been silent for long. */
static bool forget_dead(struct store_nodes *self, struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < self->peer_count; i++) {
        const struct store_peer *peer = &self->peers[i];
        if (peer->changed_ms + FORGET_MS <= self->looked_ms) {
            const struct store_value params[] = {STORE_TEXT(str_of(peer->id)),
                                                 STORE_NUMBER(peer->beat)};
            ok =
                store_exec_with(self->backend, SQL_NODE_DELETE_DEAD, params, COUNT_OF(params), err);
        }
    }
    return ok;
}

static bool beat(struct store_nodes *self, uint64_t now_ms, struct err *err)
{
    struct store_backend *backend = self->backend;
    uint64_t served = atomic_load(&self->served);
    bool tell = !self->written || (served != self->told && atomic_load(&self->live_count) > 1);
    const struct store_value params[] = {
        STORE_TEXT(str_of(self->id)),  STORE_TEXT(str_of(self->name)),
        STORE_TEXT(str_of(self->url)), STORE_TEXT(str_of(self->version)),
        STORE_NUMBER(self->beat + 1),  STORE_NUMBER(served),
    };
    self->beat_ms = now_ms + BEAT_EVERY_MS;
    if (!backend->ops->begin_apart(backend, err)) {
        return false;
    }
    backend->notify = tell;
    if (!commit(self,
                store_exec_with(backend, SQL_NODE_BEAT, params, COUNT_OF(params), err) &&
                    follow_ourselves(self, err) && forget_dead(self, err),
                err)) {
        return false;
    }
    self->beat++;
    self->told = served;
    self->told_ms = now_ms;
    self->written = true;
    return true;
}

static void leave(struct store_nodes *self)
{
    struct err err = {0};
    struct store_backend *backend = self->backend;
    const struct store_value id = STORE_TEXT(str_of(self->id));
    if (!self->written || !backend->ops->begin_apart(backend, &err)) {
        return;
    }
    backend->notify = true;
    if (!commit(self, store_exec_with(backend, SQL_NODE_DELETE, &id, 1, &err), &err)) {
        log_warn("the row of this node stays until the others forget it", KV_ERR(&err));
    }
}

/* Who was live when it was asked, and does not serve it. */
static bool lacks(const struct store_peer *peer, const struct store_waiter *waiter)
{
    return peer->seq < waiter->request->version && is_live_at(peer, waiter->looked_ms);
}

static bool must_wait(const struct store_nodes *self, const struct store_waiter *waiter)
{
    bool wait = atomic_load(&self->served) < waiter->request->version;
    for (size_t i = 0; !wait && i < self->peer_count; i++) {
        wait = lacks(&self->peers[i], waiter) && is_live(self, &self->peers[i]);
    }
    return wait && is_member(self);
}

static struct store_node self_node(const struct store_nodes *self, struct arena *arena)
{
    return (struct store_node){
        .id = arena_str(arena, str_of(self->id)),
        .name = arena_str(arena, str_of(self->name)),
        .url = arena_str(arena, str_of(self->url)),
        .version = arena_str(arena, str_of(self->version)),
        .seq = atomic_load(&self->served),
        .live = true,
        .self = true,
    };
}

static size_t size_of(const struct store_nodes *self)
{
    enum { EACH = sizeof(struct store_node) + 4 * sizeof(max_align_t) };
    size_t size = EACH + sizeof(self->id) + (size_t)3 * TEXT_MAX;
    for (size_t i = 0; i < self->peer_count; i++) {
        const struct store_peer *peer = &self->peers[i];
        size += EACH + strlen(peer->id) + strlen(peer->name) + strlen(peer->url) +
                strlen(peer->version);
    }
    return size;
}

static struct store_node peer_node(const struct store_nodes *self,
                                   const struct store_peer *peer,
                                   const struct store_waiter *waiter)
{
    struct arena *arena = &waiter->request->arena;
    return (struct store_node){
        .id = arena_str(arena, str_of(peer->id)),
        .name = arena_str(arena, str_of(peer->name)),
        .url = arena_str(arena, str_of(peer->url)),
        .version = arena_str(arena, str_of(peer->version)),
        .seq = peer->seq,
        .age_ms = self->looked_ms - peer->changed_ms,
        .live = is_live(self, peer),
        .pending = lacks(peer, waiter),
    };
}

/* This node first, then the others in the order of their starts. */
static void answer(struct store_nodes *self, const struct store_waiter *waiter)
{
    struct store_request *request = waiter->request;
    struct arena *arena = &request->arena;
    request->ok = arena_room(arena, size_of(self)) ||
                  err_set(&request->err, ERR_LIMIT, "the request has no room for the nodes");
    if (request->ok) {
        struct store_node *nodes = ARENA_ARRAY(arena, struct store_node, self->peer_count + 1);
        nodes[0] = self_node(self, arena);
        nodes[0].pending = is_member(self) && nodes[0].seq < request->version;
        for (size_t i = 0; i < self->peer_count; i++) {
            nodes[i + 1] = peer_node(self, &self->peers[i], waiter);
        }
        request->nodes = nodes;
        request->node_count = self->peer_count + 1;
    }
    self->finish(request);
}

static void answer_who_need_not_wait(struct store_nodes *self, uint64_t now_ms, bool all)
{
    LIST_FOREACH_SAFE (link, &self->waiters) {
        struct store_waiter *waiter = LIST_ENTRY(link, struct store_waiter, link);
        if (all || now_ms >= waiter->deadline_ms || !must_wait(self, waiter)) {
            list_remove(link);
            answer(self, waiter);
            mem_free(waiter);
        }
    }
}

void store_nodes_ask(struct store_nodes *self, struct store_request *request)
{
    struct store_waiter *waiter = NEW(struct store_waiter);
    *waiter = (struct store_waiter){
        .request = request,
        .looked_ms = self->looked_ms,
        .deadline_ms = clock_mono_ms() + request->wait_ms,
    };
    request->ok = false;
    list_push(&self->waiters, &waiter->link);
    self->called = true; /* so that who has left meanwhile is not waited for */
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool something_to_tell(const struct store_nodes *self)
{
    return self->written && atomic_load(&self->served) != self->told &&
           atomic_load(&self->live_count) > 1;
}

static uint64_t beat_due(const struct store_nodes *self)
{
    return something_to_tell(self) ? earlier(self->beat_ms, self->told_ms + TELL_EVERY_MS)
                                   : self->beat_ms;
}

static uint64_t look_due(const struct store_nodes *self)
{
    bool waits = !list_empty(&self->waiters);
    if (self->called) {
        return waits ? 0 : self->look_ms + LOOK_AGAIN_MS;
    }
    return self->look_ms + (waits ? LOOK_EVERY_MS : BEAT_EVERY_MS);
}

uint64_t store_nodes_due(const struct store_nodes *self, bool there)
{
    uint64_t due_ms = UINT64_MAX;
    if (is_member(self) && there) {
        due_ms = earlier(beat_due(self), look_due(self));
    }
    LIST_FOREACH (link, &self->waiters) {
        due_ms = earlier(due_ms, LIST_ENTRY(link, struct store_waiter, link)->deadline_ms);
    }
    return due_ms;
}

/* What has failed is tried again with the next beat; that the database is away is told by who
 * follows the change log. */
static void beat_and_look(struct store_nodes *self)
{
    struct err err = {0};
    bool ok = true;
    if (clock_mono_ms() >= beat_due(self)) {
        ok = beat(self, clock_mono_ms(), &err);
    }
    if (ok && clock_mono_ms() >= look_due(self)) {
        ok = look(self, clock_mono_ms(), &err);
    }
    if (!ok) {
        self->beat_ms = clock_mono_ms() + BEAT_EVERY_MS;
        self->told_ms = self->beat_ms;
        self->look_ms = clock_mono_ms();
        self->called = false;
    }
    if (!ok && !self->failing) {
        log_warn("this node's row cannot be kept", KV_ERR(&err));
    }
    self->failing = !ok;
}

void store_nodes_turn(struct store_nodes *self, bool there)
{
    if (is_member(self) && there) {
        beat_and_look(self);
    }
    if (!list_empty(&self->waiters)) {
        answer_who_need_not_wait(self, clock_mono_ms(), false);
    }
}

void store_nodes_noticed(struct store_nodes *self)
{
    self->called = true;
}

void store_nodes_end(struct store_nodes *self, bool there)
{
    answer_who_need_not_wait(self, 0, true);
    if (there) {
        leave(self);
    }
}

struct store_nodes *store_nodes_new(struct store_backend *backend, store_finish_fn finish)
{
    struct store_nodes *self = NEW(struct store_nodes);
    self->backend = backend;
    self->finish = finish;
    self->looked_ms = LIVE_MS; /* so that nobody's beat is from before it */
    uuid_v7(clock_wall_ms(), self->id);
    atomic_init(&self->live_count, 1);
    list_init(&self->waiters);
    return self;
}

void store_nodes_join(struct store_nodes *self, const struct store_self *is)
{
    self->name = str_dup(str_sub(is->name, 0, TEXT_MAX));
    self->url = str_dup(str_sub(is->url, 0, TEXT_MAX));
    self->version = str_dup(str_sub(is->version, 0, TEXT_MAX));
}

void store_nodes_free(struct store_nodes *self)
{
    for (size_t i = 0; i < self->peer_count; i++) {
        peer_done(&self->peers[i]);
    }
    mem_free(self->name);
    mem_free(self->url);
    mem_free(self->version);
    mem_free(self);
}
