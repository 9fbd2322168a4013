/* audit.c - one table of open rows under one lock, and a timer that writes them. */
#include "audit/audit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "loop/timer.h"

#include <arpa/inet.h>
#include <pthread.h>

enum {
    TICK_MS = 1000,
    PART_MAX = 256,
    KEY_MAX = 5 * (PART_MAX + 8),
    ROW_ARENA_MAX = 16 << 10,
    BATCH_ARENA_MAX = 4 << 20,
};

/* A row under way, with its strings. */
struct open_row {
    struct list link; /* the oldest first */
    struct arena arena;
    struct str key;
    struct store_audit row;
    uint64_t first_ms; /* monotonic */
    uint64_t last_ms;
    uint64_t throttled;
};

struct audit {
    struct store *store;
    struct timer timer;
    pthread_mutex_t lock;
    struct list rows;
    struct map by_key;
    uint64_t allowance_ms; /* time saved up: a row costs AUDIT_EVERY_MS of it */
    uint64_t counted_ms;
    uint64_t others; /* for which there was no row */
    uint64_t others_first_ms;
    bool stopped;
};

struct batch {
    struct store_request request;
    struct store_audit *rows;
    size_t count;
};

struct str audit_address(const struct in6_addr *address, char out[AUDIT_ADDRESS_SIZE])
{
    if (address == NULL) {
        return STR_EMPTY;
    }
    if (IN6_IS_ADDR_UNSPECIFIED(address)) {
        return STR("unix");
    }
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    const void *bytes = v4 ? (const void *)&address->s6_addr[12] : (const void *)address;
    return str_of(inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, AUDIT_ADDRESS_SIZE));
}

static void row_free(struct open_row *row)
{
    arena_done(&row->arena);
    mem_free(row);
}

static void on_finished(struct store_request *request)
{
    struct batch *batch = CONTAINER_OF(request, struct batch, request);
    if (!request->ok) {
        log_error("audit rows are lost", KV_U64("rows", batch->count), KV_ERR(&request->err));
    }
    arena_done(&request->arena);
    mem_free(batch->rows);
    mem_free(batch);
}

static struct batch *batch_new(size_t count)
{
    struct batch *batch = NEW(struct batch);
    batch->rows = NEW_ARRAY(struct store_audit, count);
    batch->request =
        (struct store_request){.op = STORE_COMMIT, .finish = on_finished, .audit = batch->rows};
    arena_init(&batch->request.arena, BATCH_ARENA_MAX);
    return batch;
}

static void batch_submit(struct batch *batch, struct store *store)
{
    batch->request.audit_count = batch->count;
    store_submit(store, &batch->request);
}

/* A copy with strings of its own, none longer than `max`. */
static struct store_audit copy_of(const struct store_audit *row, struct arena *arena, size_t max)
{
    struct store_audit copy = *row;
    struct str *const texts[] = {&copy.realm,   &copy.actor,      &copy.actor_realm,
                                 &copy.address, &copy.authmethod, &copy.request_id,
                                 &copy.action,  &copy.target,     &copy.outcome,
                                 &copy.error,   &copy.detail};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        *texts[i] = texts[i]->len == 0 ? STR_EMPTY : arena_str(arena, str_sub(*texts[i], 0, max));
    }
    return copy;
}

static void batch_add(struct batch *batch, const struct store_audit *row)
{
    batch->rows[batch->count++] = copy_of(row, &batch->request.arena, STORE_AUDIT_TEXT_MAX);
}

void audit_write(struct store *store, const struct store_audit *row)
{
    struct batch *batch = batch_new(1);
    batch_add(batch, row);
    batch_submit(batch, store);
}

static void add_row(struct batch *batch, const struct open_row *open)
{
    struct store_audit row = open->row;
    if (open->throttled > 0) {
        row.detail =
            arena_printf(&batch->request.arena, PRISTR "%snot looked at: %llu", STRARG(row.detail),
                         row.detail.len > 0 ? "; " : "", (unsigned long long)open->throttled);
    }
    batch_add(batch, &row);
}

static void add_others(struct audit *audit, struct batch *batch)
{
    batch_add(batch, &(struct store_audit){.times = audit->others,
                                           .action = STR("login.failed"),
                                           .outcome = STR("failed"),
                                           .detail = STR("others: more came than have rows")});
    audit->others = 0;
}

static bool is_due(uint64_t first_ms, uint64_t last_ms, uint64_t now_ms)
{
    return now_ms == UINT64_MAX || now_ms >= first_ms + AUDIT_OPEN_MS ||
           now_ms >= last_ms + AUDIT_QUIET_MS;
}

static void flush(struct audit *audit, uint64_t now_ms)
{
    struct batch *batch = batch_new(AUDIT_OPEN_MAX + 1);
    struct list *next = NULL;
    for (struct list *link = audit->rows.next; link != &audit->rows; link = next) {
        struct open_row *row = LIST_ENTRY(link, struct open_row, link);
        next = link->next;
        if (is_due(row->first_ms, row->last_ms, now_ms)) {
            add_row(batch, row);
            list_remove(&row->link);
            (void)map_remove(&audit->by_key, row->key);
            row_free(row);
        }
    }
    if (audit->others > 0 &&
        (now_ms == UINT64_MAX || now_ms >= audit->others_first_ms + AUDIT_OPEN_MS)) {
        add_others(audit, batch);
    }
    if (batch->count == 0) {
        batch->request.ok = true;
        on_finished(&batch->request);
    } else {
        batch_submit(batch, audit->store);
    }
}

void audit_flush(struct audit *audit, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&audit->lock);
    if (!audit->stopped && (!list_empty(&audit->rows) || audit->others > 0)) {
        flush(audit, now_ms);
    }
    (void)pthread_mutex_unlock(&audit->lock);
}

/* A row costs time, of which a burst has been saved up. */
static bool may_open(struct audit *audit, uint64_t now_ms)
{
    uint64_t saved = audit->allowance_ms + (now_ms - audit->counted_ms);
    uint64_t most = (uint64_t)AUDIT_BURST * AUDIT_EVERY_MS;
    audit->allowance_ms = saved < most ? saved : most;
    audit->counted_ms = now_ms;
    if (audit->allowance_ms < AUDIT_EVERY_MS || audit->by_key.count >= AUDIT_OPEN_MAX) {
        return false;
    }
    audit->allowance_ms -= AUDIT_EVERY_MS;
    return true;
}

/* What makes two failures alike, each part behind its length: no two keys are the same by chance.
 */
static struct str key_of(const struct store_audit *row, struct buf *out)
{
    const struct str parts[] = {row->action, row->realm, row->actor, row->authmethod, row->address};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct str part = str_sub(parts[i], 0, PART_MAX);
        (void)buf_printf(out, "%zx:", part.len);
        (void)buf_append(out, part);
    }
    return buf_str(out);
}

static struct open_row *open_row(struct audit *audit, const struct store_audit *row, struct str key)
{
    struct open_row *open = NEW(struct open_row);
    arena_init(&open->arena, ROW_ARENA_MAX);
    open->key = arena_str(&open->arena, key);
    open->row = copy_of(row, &open->arena, PART_MAX);
    open->row.time_ms = clock_wall_ms();
    open->first_ms = audit->counted_ms;
    list_push(&audit->rows, &open->link);
    (void)map_put(&audit->by_key, open->key, open);
    return open;
}

static void
count(struct audit *audit, const struct store_audit *row, bool throttled, uint64_t now_ms)
{
    struct buf key;
    buf_init(&key, KEY_MAX);
    struct open_row *open = map_get(&audit->by_key, key_of(row, &key));
    if (open == NULL && may_open(audit, now_ms)) {
        open = open_row(audit, row, buf_str(&key));
    }
    if (open != NULL) {
        open->row.times++;
        open->throttled += throttled;
        open->last_ms = now_ms;
    } else {
        audit->others_first_ms = audit->others == 0 ? now_ms : audit->others_first_ms;
        audit->others++;
    }
    buf_done(&key);
}

void audit_note(struct audit *audit, const struct audit_failure *failure)
{
    char address[AUDIT_ADDRESS_SIZE];
    const struct store_audit row = {
        .action = failure->action,
        .realm = failure->realm,
        .actor = failure->actor,
        .authmethod = failure->authmethod,
        .address = audit_address(failure->address, address),
        .request_id = failure->request_id,
        .outcome = failure->outcome.len > 0 ? failure->outcome : STR("failed"),
        .error = failure->error,
        .detail = failure->throttled ? STR_EMPTY : failure->detail,
    };
    if (audit == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&audit->lock);
    if (!audit->stopped) {
        count(audit, &row, failure->throttled, clock_mono_ms());
    }
    (void)pthread_mutex_unlock(&audit->lock);
}

void audit_deed(struct audit *audit, const struct store_audit *row)
{
    if (audit == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&audit->lock);
    if (!audit->stopped) {
        audit_write(audit->store, row);
    }
    (void)pthread_mutex_unlock(&audit->lock);
}

static void on_tick(struct timer *timer)
{
    struct audit *audit = CONTAINER_OF(timer, struct audit, timer);
    audit_flush(audit, clock_mono_ms());
    timer_start(timer, TICK_MS);
}

static void on_start(struct worker *worker, void *ctx)
{
    struct audit *audit = ctx;
    if (worker_index(worker) == 0) {
        timer_init(&audit->timer, on_tick);
        timer_start(&audit->timer, TICK_MS);
    }
}

static void on_stop(struct worker *worker, void *ctx)
{
    struct audit *audit = ctx;
    if (worker_index(worker) == 0) {
        timer_stop(&audit->timer);
    }
}

struct audit *audit_new(struct store *store, struct workers *workers)
{
    struct audit *audit = NEW(struct audit);
    audit->store = store;
    audit->allowance_ms = (uint64_t)AUDIT_BURST * AUDIT_EVERY_MS;
    audit->counted_ms = clock_mono_ms();
    (void)pthread_mutex_init(&audit->lock, NULL);
    list_init(&audit->rows);
    map_init(&audit->by_key);
    if (workers != NULL) {
        workers_on_start(workers, on_start, audit);
        workers_on_stop(workers, on_stop, audit);
    }
    return audit;
}

void audit_stop(struct audit *audit)
{
    if (audit != NULL) {
        audit_flush(audit, UINT64_MAX);
        (void)pthread_mutex_lock(&audit->lock);
        audit->stopped = true;
        (void)pthread_mutex_unlock(&audit->lock);
    }
}

void audit_free(struct audit *audit)
{
    if (audit == NULL) {
        return;
    }
    LIST_FOREACH_SAFE (link, &audit->rows) {
        row_free(LIST_ENTRY(link, struct open_row, link));
    }
    map_done(&audit->by_key);
    (void)pthread_mutex_destroy(&audit->lock);
    mem_free(audit);
}
