/* store_follow.c - what watchers have been told of the change log, and what they have not: of
 * others, or of a commit of ours whose answer was lost. On the store's thread.
 *
 * After a fail-over the numbers of transactions that went with the old server are given to others.
 * So on every new connection the tag of the last known one is compared. */
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

bool store_follow_from(struct store_follower *self, uint64_t seq, struct err *err)
{
    struct tag tag = {0};
    if (self->backend->shared && !tag_of(self->backend, seq, &tag, err)) {
        return false;
    }
    self->seq = seq;
    self->tag = tag.tag;
    self->connection = self->backend->connection;
    return true;
}

/* By transactions. */
static bool tell(struct store_follower *self, uint64_t last, struct err *err)
{
    struct arena arena;
    struct store_record *records = NULL;
    size_t count = 0;
    arena_init(&arena, SIZE_MAX / 2);
    bool ok = store_read_changes(self->backend, self->seq, last, &arena, &records, &count, err);
    for (size_t i = 0, end = 0; ok && i < count; i = end) {
        while (end < count && records[end].seq == records[i].seq) {
            end++;
        }
        self->tell(self->ctx, records[i].seq, &records[i], end - i);
        self->seq = records[i].seq;
    }
    arena_done(&arena);
    return ok && (count == 0 || store_follow_from(self, self->seq, err));
}

/* What is there is told, and so is in force again. What was made in the lost transactions is not
 * there to be told of: it goes with the next start. */
static bool tell_all(struct store_follower *self, struct err *err)
{
    struct arena arena;
    struct store_record *records = NULL;
    size_t count = 0;
    uint64_t seq = 0;
    arena_init(&arena, SIZE_MAX / 2);
    bool ok = store_read_all(self->backend, &arena, &records, &count, &seq, err);
    if (ok) {
        log_error("the database has lost transactions that were acknowledged, as a fail-over to a"
                  " standby that had not got them may: start this node again",
                  KV_U64("known", self->seq), KV_U64("has", seq));
        self->tell(self->ctx, seq, records, count);
    }
    arena_done(&arena);
    return ok && store_follow_from(self, seq, err);
}

/* After a new connection: whether the log still goes on from what is known. */
static bool forked(struct store_follower *self, bool *out, struct err *err)
{
    struct tag tag = {0};
    *out = false;
    if (self->connection == self->backend->connection || self->seq == 0) {
        self->connection = self->backend->connection;
        return true;
    }
    if (!tag_of(self->backend, self->seq, &tag, err)) {
        return false;
    }
    *out = !tag.found || tag.tag != self->tag;
    if (!*out) {
        self->connection = self->backend->connection;
    }
    return true;
}

static bool follow(struct store_follower *self, uint64_t last, bool *out_told_all, struct err *err)
{
    bool fork = false;
    /* First something that makes the connection, if there is none. */
    uint64_t head = 0;
    *out_told_all = false;
    if (!store_head(self->backend, &head, err) || !forked(self, &fork, err)) {
        return false;
    }
    *out_told_all = fork;
    return fork ? tell_all(self, err) : head <= self->seq || tell(self, last, err);
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
    bool next = request->seq == self->seq + 1 && self->connection == self->backend->connection;
    if (!next && !follow(self, request->seq - 1, &told_all, &err)) {
        log_warn("store cannot follow its database", KV_ERR(&err));
        return;
    }
    if (!told_all) {
        self->tell(self->ctx, request->seq, request->records, request->record_count);
        self->seq = request->seq;
        self->tag = request->tag;
    }
}
