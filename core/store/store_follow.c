/* store_follow.c - what watchers have been told of the change log, and what they have not: of
 * others, or of a commit of ours whose answer was lost. On the store's thread.
 *
 * The replica is written first, so what watchers know is there at the next start. After a
 * fail-over the numbers of transactions that went with the old server are given to others. So on
 * every new connection the tag of the last known one is compared; where it is another one, or has
 * left the log, all is read again, and what differs is told as one transaction. */
#include "base/log.h"
#include "base/mem.h"
#include "store/store_inside.h"

struct tag {
    bool found;
    int64_t tag;
};

static bool read_tag(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(struct tag *)ctx = (struct tag){true, columns[0].number};
    return true;
}

static bool tag_of(struct store_backend *backend, uint64_t seq, struct tag *out, struct err *err)
{
    const struct store_value param = STORE_NUMBER(seq);
    const struct store_query query = {.sql = store_sql(SQL_CHANGE_TAG),
                                      .params = &param,
                                      .param_count = 1,
                                      .row = read_tag,
                                      .ctx = out};
    *out = (struct tag){0};
    return backend->ops->query(backend, &query, err);
}

/* Of a transaction that is in the log, or may not be any more. */
static bool
place_of(struct store_backend *backend, uint64_t seq, struct store_place *out, struct err *err)
{
    struct tag tag = {0};
    bool ok = seq == 0 || tag_of(backend, seq, &tag, err);
    *out = (struct store_place){seq, tag.tag};
    return ok;
}

/* What watchers hear of is in the replica; should that fail, it is behind until all is read. */
static void keep(struct store_follower *self,
                 struct store_place place,
                 const struct store_record *records,
                 size_t count)
{
    if (self->replica != NULL) {
        (void)store_replica_apply(self->replica, place, records, count);
    }
}

static void tell_each(struct store_follower *self, const struct store_record *records, size_t count)
{
    for (size_t i = 0, end = 0; i < count; i = end) {
        while (end < count && records[end].seq == records[i].seq) {
            end++;
        }
        self->tell(self->ctx, records[i].seq, &records[i], end - i);
    }
}

/* What is read is of one server, and of the one that has been looked at: between two statements a
 * connection may have been replaced by one to a server that has lost transactions. */
static bool is_same(const struct store_follower *self, uint64_t connection, struct err *err)
{
    return self->backend->connection == connection ||
           err_set(err, ERR_UNAVAILABLE, "the connection to the database was lost meanwhile");
}

/* What comes behind the known place. Of a transaction nothing may be left, where all that it has
 * changed has been changed again: then its number alone is told. */
static bool
tell_rest(struct store_follower *self, struct store_place head, uint64_t last, struct err *err)
{
    struct arena arena;
    struct store_record *records = NULL;
    size_t count = 0;
    struct store_place place = head;
    arena_init(&arena, SIZE_MAX / 2);
    bool ok =
        store_read_changes(self->backend, self->place.seq, last, &arena, &records, &count, err);
    if (ok) {
        uint64_t told = count == 0 ? 0 : records[count - 1].seq;
        uint64_t seq = head.seq < last ? head.seq : last;
        seq = told > seq ? told : seq;
        ok = (seq == head.seq || place_of(self->backend, seq, &place, err)) &&
             is_same(self, self->connection, err);
        if (ok) {
            keep(self, place, records, count);
            tell_each(self, records, count);
            self->place = place;
            if (told < seq) {
                self->tell(self->ctx, seq, NULL, 0);
            }
        }
    }
    arena_done(&arena);
    return ok;
}

/* Without a replica to compare with what is gone stays known until the next start. */
static bool
tell_all(struct store_follower *self, struct store_place head, uint64_t connection, struct err *err)
{
    struct arena arena;
    struct store_list list = {0};
    arena_init(&arena, SIZE_MAX / 2);
    bool ok = store_read_all(self->backend, &arena, &list.records, &list.count, err) &&
              is_same(self, connection, err);
    if (ok) {
        if (self->replica != NULL) {
            store_replica_replace(self->replica, head, &list, &arena);
        }
        self->tell(self->ctx, head.seq, list.records, list.count);
        self->place = head;
        self->connection = connection;
    }
    arena_done(&arena);
    return ok;
}

/* A replica that could not be written is filled again. Watchers know all of it, or are told of it
 * when its turn in the log comes. */
static void fill_replica(struct store_follower *self)
{
    struct arena arena;
    struct store_list list = {0};
    struct err err = {0};
    if (self->replica == NULL) {
        return;
    }
    (void)store_replica_is_broken(self->replica);
    if (!store_replica_is_due(self->replica)) {
        return;
    }
    arena_init(&arena, SIZE_MAX / 2);
    if (store_read_all(self->backend, &arena, &list.records, &list.count, &err) &&
        is_same(self, self->connection, &err)) {
        store_replica_replace(self->replica, self->place, &list, &arena);
    }
    arena_done(&arena);
}

enum change { CHANGE_NONE, CHANGE_FIRST, CHANGE_FORK };

/* Over the connection that is known: as far behind as the log may have been pruned by others, while
 * this node stood still; or ahead of it, since somebody has restored something older. */
static bool may_have_a_gap(const struct store_follower *self, const struct store_place *head)
{
    if (head->seq == self->place.seq) {
        return head->tag != self->place.tag;
    }
    return head->seq < self->place.seq || head->seq - self->place.seq >= STORE_CHANGES_KEPT / 2;
}

/* After a new connection: whether the log still goes on from what is known. */
static bool
look(struct store_follower *self, const struct store_place *head, enum change *out, struct err *err)
{
    struct tag tag = {0};
    *out = CHANGE_NONE;
    if (self->connection == self->backend->connection && !may_have_a_gap(self, head)) {
        return true;
    }
    if (self->place.seq == 0) {
        *out = head->seq == 0 ? CHANGE_NONE : CHANGE_FIRST;
        return true;
    }
    if (!tag_of(self->backend, self->place.seq, &tag, err)) {
        return false;
    }
    bool goes_on = tag.found && tag.tag == self->place.tag && head->seq >= self->place.seq;
    *out = goes_on ? CHANGE_NONE : CHANGE_FORK;
    return true;
}

/* Another program may have changed the schema meanwhile. */
static bool fits(const struct store_follower *self, struct err *err)
{
    return self->connection == self->backend->connection || !self->backend->shared ||
           store_check_schema(self->backend, err);
}

static void say_fork(const struct store_follower *self, uint64_t head)
{
    log_error("the change log does not go on from what this node knows: the database has lost"
              " transactions that were acknowledged, as a fail-over to a standby that had not got"
              " them may, or was restored, or this node was away for long; all is read again",
              KV_U64("known", self->place.seq), KV_U64("has", head));
}

static bool
try_follow(struct store_follower *self, uint64_t last, bool *out_told_all, struct err *err)
{
    enum change change = CHANGE_NONE;
    struct store_place head = {0};
    *out_told_all = false;
    /* First something that makes the connection, if there is none. */
    if (!store_head_place(self->backend, &head, err)) {
        return false;
    }
    uint64_t connection = self->backend->connection;
    if (!fits(self, err) || !look(self, &head, &change, err) || !is_same(self, connection, err)) {
        return false;
    }
    if (change == CHANGE_FORK) {
        say_fork(self, head.seq);
    }
    if (change != CHANGE_NONE) {
        *out_told_all = true;
        return tell_all(self, head, connection, err);
    }
    self->connection = connection;
    uint64_t until = head.seq < last ? head.seq : last;
    if (until > self->place.seq && !tell_rest(self, head, last, err)) {
        return false;
    }
    fill_replica(self);
    return true;
}

/* Once more where the connection was replaced on the way. */
static bool follow(struct store_follower *self, uint64_t last, bool *out_told_all, struct err *err)
{
    struct err problem = {0};
    uint64_t connection = self->backend->connection;
    return try_follow(self, last, out_told_all, &problem) ||
           (connection != self->backend->connection && try_follow(self, last, out_told_all, err)) ||
           err_set(err, problem.code, "%s", problem.text);
}

bool store_follow(struct store_follower *self, struct err *err)
{
    bool told_all = false;
    return follow(self, INT64_MAX, &told_all, err);
}

void store_follow_own(struct store_follower *self, const struct store_request *request)
{
    struct err err = {0};
    bool told_all = false;
    const struct store_place place = {request->seq, request->tag};
    uint64_t committed_over = self->backend->connection;
    bool next =
        request->seq == self->place.seq + 1 && self->connection == self->backend->connection;
    if (!next && !follow(self, request->seq - 1, &told_all, &err)) {
        log_warn("store cannot follow its database", KV_ERR(&err));
        return;
    }
    /* Or all was told when the one before it in its group was. */
    if (!told_all && request->seq > self->place.seq) {
        keep(self, place, request->records, request->record_count);
        self->tell(self->ctx, request->seq, request->records, request->record_count);
        self->place = place;
        /* Over another one it is to be seen whether it is there. */
        self->connection = self->connection == committed_over ? committed_over : 0;
    }
}
