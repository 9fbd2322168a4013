/* store_audit.c - rows of the audit: written, read, and removed when there are too many. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/store_inside.h"

#include <string.h>

enum {
    ROW_TEXTS = 13,
    LIMIT_DEFAULT = 100,
    LOOKED_AT_MAX = 20000, /* rows that one page may pass over: others wait meanwhile */
    PRUNE_BATCH = 64,
    PRUNE_BATCHES_MIN = 4,
};

void store_digest_add(struct hash_stream **stream, const struct store_write *at, struct str value)
{
    const struct str parts[] = {at->kind, at->realm, at->key, value};
    if (*stream == NULL) {
        *stream = hash_stream_new();
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        hash_stream_add(*stream, parts[i]);
        hash_stream_add(*stream, str_make("", 1));
    }
}

void store_digest_done(struct store_digest *digest)
{
    (void)hash_stream_end(digest->before);
    (void)hash_stream_end(digest->after);
    *digest = (struct store_digest){0};
}

struct digest_text {
    char text[STORE_AUDIT_DIGEST_MAX];
    size_t len;
};

static struct str digest_text(struct hash_stream **stream, struct digest_text *out)
{
    struct buf hex;
    out->len = 0;
    if (*stream != NULL) {
        const struct hash_sha256 digest = hash_stream_end(*stream);
        buf_init(&hex, STORE_AUDIT_DIGEST_MAX);
        (void)hex_encode(hash_str(&digest), &hex);
        memcpy(out->text, hex.ptr, hex.len);
        out->len = hex.len;
        buf_done(&hex);
        *stream = NULL;
    }
    return str_make(out->text, out->len);
}

/* Whole characters of a text up to the bound; '?' for controls and for what is none. */
static struct str fit(struct str text, char room[STORE_AUDIT_TEXT_MAX])
{
    size_t len = 0;
    while (text.len > 0) {
        size_t size = utf8_len(text);
        bool fine = size > 1 || (size == 1 && text.ptr[0] >= ' ' && text.ptr[0] != 0x7f);
        size_t taken = size == 0 ? 1 : size;
        if (len + taken > STORE_AUDIT_TEXT_MAX) {
            break;
        }
        if (fine) {
            memcpy(room + len, text.ptr, size);
            len += size;
        } else {
            room[len++] = '?';
        }
        text = str_from(text, taken);
    }
    return str_make(room, len);
}

static bool read_id(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = columns[0].number;
    return true;
}

static bool next_id(struct store_backend *backend, bool refused, int64_t *out, struct err *err)
{
    const struct store_value param = STORE_NUMBER(refused);
    const struct store_query head = {.sql = store_sql(SQL_AUDIT_HEAD), .row = read_id, .ctx = out};
    return store_exec_with(backend, SQL_AUDIT_ADVANCE, &param, 1, err) &&
           backend->ops->query(backend, &head, err);
}

static bool insert(struct store_backend *backend,
                   const struct store_audit *audit,
                   struct str before,
                   struct str after,
                   struct err *err)
{
    const struct str texts[ROW_TEXTS] = {
        audit->realm,      audit->actor,   audit->actor_realm,
        audit->authmethod, audit->address, audit->request_id,
        audit->action,     audit->target,  audit->outcome,
        audit->error,      before,         after,
        audit->detail,
    };
    char rooms[ROW_TEXTS][STORE_AUDIT_TEXT_MAX];
    struct store_value params[4 + ROW_TEXTS];
    bool refused = !str_eq(audit->outcome, STR("ok"));
    int64_t id = 0;
    if (!next_id(backend, refused, &id, err)) {
        return false;
    }
    params[0] = STORE_NUMBER(id);
    params[1] = STORE_NUMBER(refused);
    params[2] = STORE_NUMBER(audit->time_ms == 0 ? clock_wall_ms() : audit->time_ms);
    params[3] = STORE_NUMBER(audit->times == 0 ? 1 : audit->times);
    for (size_t i = 0; i < ROW_TEXTS; i++) {
        params[4 + i] = STORE_TEXT(fit(texts[i], rooms[i]));
    }
    return store_exec_with(backend, SQL_AUDIT_INSERT, params, COUNT_OF(params), err);
}

bool store_audit_done(struct store_backend *backend,
                      struct store_request *request,
                      struct store_digest *digest)
{
    struct digest_text before;
    struct digest_text after;
    for (size_t i = 0; i < request->audit_count; i++) {
        struct store_audit row = request->audit[i];
        row.outcome = row.outcome.len == 0 ? STR("ok") : row.outcome;
        if (!insert(backend, &row, digest_text(&digest->before, &before),
                    digest_text(&digest->after, &after), &request->err)) {
            return false;
        }
    }
    return true;
}

static struct str outcome_of(const struct store_request *request)
{
    bool broken = request->err.code == ERR_UNAVAILABLE || request->err.code == ERR_INTERNAL;
    return broken ? STR("failed") : STR("refused");
}

bool store_audit_refused(struct store_backend *backend,
                         struct store_request *request,
                         struct err *err)
{
    for (size_t i = 0; i < request->audit_count; i++) {
        struct store_audit row = request->audit[i];
        bool broken = request->err.code != ERR_NONE;
        if (row.outcome.len == 0 || str_eq(row.outcome, STR("ok"))) {
            row.outcome = outcome_of(request);
        }
        if (row.error.len == 0 && broken && row.error_of != NULL) {
            row.error = row.error_of(request->err.code);
        }
        row.detail = row.detail.len == 0 && broken ? str_of(request->err.text) : row.detail;
        if (!insert(backend, &row, STR_EMPTY, STR_EMPTY, err)) {
            return false;
        }
    }
    return true;
}

/* Rows that a batch takes away. */
struct batch {
    int64_t wanted; /* how many, whatever their age */
    int64_t too_old_ms;
    int64_t last_id;
    int64_t rows;
    int64_t refused;
    bool ended; /* a row may stay: so may all behind it */
};

static bool read_oldest(void *ctx, const struct store_value *columns, struct err *err)
{
    struct batch *batch = ctx;
    (void)err;
    bool goes = batch->rows < batch->wanted || columns[1].number < batch->too_old_ms;
    batch->ended = batch->ended || !goes;
    if (!batch->ended) {
        batch->last_id = columns[0].number;
        batch->rows++;
        batch->refused += columns[2].number != 0;
    }
    return true;
}

static bool
prune_batch(struct store_backend *backend, struct batch *batch, bool refused_alone, struct err *err)
{
    const struct store_value limit = STORE_NUMBER(PRUNE_BATCH);
    const struct store_query oldest = {
        .sql = store_sql(refused_alone ? SQL_AUDIT_OLDEST_REFUSED : SQL_AUDIT_OLDEST),
        .params = &limit,
        .param_count = 1,
        .row = read_oldest,
        .ctx = batch};
    if (!backend->ops->query(backend, &oldest, err)) {
        return false;
    }
    if (batch->rows == 0) {
        return true;
    }
    const struct store_value last = STORE_NUMBER(batch->last_id);
    const struct store_value gone[] = {STORE_NUMBER(batch->rows), STORE_NUMBER(batch->refused)};
    return store_exec_with(backend, refused_alone ? SQL_AUDIT_DELETE_REFUSED : SQL_AUDIT_DELETE,
                           &last, 1, err) &&
           store_exec_with(backend, SQL_AUDIT_DELETED, gone, COUNT_OF(gone), err);
}

struct head {
    int64_t id;
    int64_t kept;
    int64_t refused;
};

static bool read_head(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(struct head *)ctx = (struct head){columns[0].number, columns[1].number, columns[2].number};
    return true;
}

bool store_audit_prune(struct store_backend *backend,
                       const struct store_audit_bounds *bounds,
                       size_t written,
                       struct err *err)
{
    struct head head = {0};
    const struct store_query query = {
        .sql = store_sql(SQL_AUDIT_HEAD), .row = read_head, .ctx = &head};
    uint64_t now_ms = clock_wall_ms();
    bool aged = bounds->age_ms > 0 && now_ms > bounds->age_ms;
    int64_t too_old_ms = aged ? (int64_t)(now_ms - bounds->age_ms) : INT64_MIN;
    int64_t max = bounds->rows == 0 ? INT64_MAX : (int64_t)bounds->rows;
    if (!backend->ops->query(backend, &query, err)) {
        return false;
    }
    for (size_t i = 0; i < PRUNE_BATCHES_MIN + 2 * written / PRUNE_BATCH; i++) {
        int64_t over = head.kept - max;
        bool refused_alone = over > 0 && head.refused > max / 2;
        struct batch batch = {.wanted = over, .too_old_ms = too_old_ms};
        if (refused_alone && head.refused - max / 2 < over) {
            batch.wanted = head.refused - max / 2;
        }
        if (!prune_batch(backend, &batch, refused_alone, err)) {
            return false;
        }
        if (batch.rows == 0) {
            break;
        }
        head.kept -= batch.rows;
        head.refused -= batch.refused;
    }
    return true;
}

/* Rows that are found, collected on the heap until their number is known. */
struct found {
    struct arena *arena;
    struct store_audit_row *rows;
    size_t count;
    size_t cap;
};

static bool read_row(void *ctx, const struct store_value *c, struct err *err)
{
    struct found *found = ctx;
    struct str texts[ROW_TEXTS];
    size_t needed = 2 * sizeof(struct store_audit_row);
    for (size_t i = 0; i < ROW_TEXTS; i++) {
        needed += c[4 + i].text.len + 2 * sizeof(max_align_t);
    }
    if (!arena_room(found->arena, needed)) {
        return err_set(err, ERR_LIMIT, "the answer is larger than %zu bytes", found->arena->max);
    }
    for (size_t i = 0; i < ROW_TEXTS; i++) {
        texts[i] = arena_str(found->arena, c[4 + i].text);
    }
    if (found->count == found->cap) {
        found->cap = found->cap == 0 ? 16 : found->cap * 2;
        found->rows = mem_realloc(found->rows, found->cap * sizeof(struct store_audit_row));
    }
    found->rows[found->count++] = (struct store_audit_row){
        .id = (uint64_t)c[0].number,
        .what = {.time_ms = (uint64_t)c[2].number,
                 .times = (uint64_t)c[3].number,
                 .realm = texts[0],
                 .actor = texts[1],
                 .actor_realm = texts[2],
                 .authmethod = texts[3],
                 .address = texts[4],
                 .request_id = texts[5],
                 .action = texts[6],
                 .target = texts[7],
                 .outcome = texts[8],
                 .error = texts[9],
                 .detail = texts[12]},
        .before = texts[10],
        .after = texts[11],
    };
    return true;
}

/* The last action that a filter means: one, or all that begin with it. */
static struct str last_action(struct arena *arena, struct str action)
{
    return action.len == 0 || str_ends(action, STR("."))
               ? arena_printf(arena, PRISTR "\xf4\x8f\xbf\xbf", STRARG(action))
               : action;
}

static int64_t clamped(uint64_t number, int64_t instead)
{
    return number == 0 || number > INT64_MAX ? instead : (int64_t)number;
}

static bool query_fits(const struct store_audit_query *query)
{
    const struct str texts[] = {query->realm, query->actor, query->action, query->outcome};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i].len > STORE_KEY_MAX ||
            (texts[i].len > 0 && memchr(texts[i].ptr, '\0', texts[i].len) != NULL)) {
            return false;
        }
    }
    return true;
}

static bool find(struct store_view *view,
                 const struct store_audit_query *query,
                 int64_t from,
                 int64_t to,
                 struct found *found)
{
    const struct store_value params[] = {
        STORE_NUMBER(to),
        STORE_NUMBER(from),
        STORE_NUMBER(query->since_ms > INT64_MAX ? INT64_MAX : (int64_t)query->since_ms),
        STORE_NUMBER(clamped(query->until_ms, INT64_MAX)),
        STORE_TEXT(query->realm),
        STORE_TEXT(query->actor),
        STORE_TEXT(query->action),
        STORE_TEXT(last_action(found->arena, query->action)),
        STORE_TEXT(query->outcome),
        STORE_NUMBER(clamped(query->limit, LIMIT_DEFAULT)),
    };
    const struct store_query list = {.sql = store_sql(SQL_AUDIT_LIST),
                                     .params = params,
                                     .param_count = COUNT_OF(params),
                                     .row = read_row,
                                     .ctx = found};
    return view->rows->ops->query(view->rows, &list, &view->request->err);
}

static bool ends_of(struct store_view *view, int64_t *out_oldest, int64_t *out_newest)
{
    const struct store_value one = STORE_NUMBER(1);
    const struct store_query oldest = {.sql = store_sql(SQL_AUDIT_OLDEST),
                                       .params = &one,
                                       .param_count = 1,
                                       .row = read_id,
                                       .ctx = out_oldest};
    const struct store_query head = {
        .sql = store_sql(SQL_AUDIT_HEAD), .row = read_id, .ctx = out_newest};
    return view->rows->ops->query(view->rows, &oldest, &view->request->err) &&
           view->rows->ops->query(view->rows, &head, &view->request->err);
}

size_t store_view_audit(struct store_view *view,
                        const struct store_audit_query *query,
                        const struct store_audit_row **out,
                        uint64_t *out_next)
{
    struct found found = {.arena = &view->request->arena};
    int64_t oldest = 0;
    int64_t newest = 0;
    *out = NULL;
    *out_next = 0;
    if (view->failed || !query_fits(query)) {
        return 0;
    }
    view->failed = !ends_of(view, &oldest, &newest);
    int64_t to = clamped(query->before, INT64_MAX);
    to = to > newest ? newest + 1 : to;
    int64_t from = to > LOOKED_AT_MAX ? to - LOOKED_AT_MAX : 0;
    view->failed = view->failed || !find(view, query, from, to, &found);
    if (!view->failed) {
        struct store_audit_row *rows =
            ARENA_ARRAY(found.arena, struct store_audit_row, found.count);
        if (found.count > 0) {
            memcpy(rows, found.rows, found.count * sizeof(struct store_audit_row));
        }
        bool full = found.count == (size_t)clamped(query->limit, LIMIT_DEFAULT);
        int64_t seen = full ? (int64_t)rows[found.count - 1].id : from;
        *out_next = oldest > 0 && seen > oldest ? (uint64_t)seen : 0;
        *out = rows;
    }
    mem_free(found.rows);
    return view->failed ? 0 : found.count;
}
