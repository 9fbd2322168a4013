/* store_lease.c - rows that end by themselves, within a transaction, and their sweeping. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_inside.h"

#include <string.h>

enum { SWEEP_BATCH = 500 };

static bool run(struct store_view *view,
                enum store_sql statement,
                const struct store_value *params,
                size_t count,
                store_row_fn row,
                void *ctx)
{
    const struct store_query query = {.sql = store_sql(statement),
                                      .params = params,
                                      .param_count = count,
                                      .row = row,
                                      .ctx = ctx};
    if (view->failed) {
        return false;
    }
    if (view->request->reads && row == NULL) {
        view->failed = true;
        return err_set(&view->request->err, ERR_INTERNAL,
                       "a request that only reads wants to write");
    }
    view->failed = !view->rows->ops->query(view->rows, &query, &view->request->err);
    return !view->failed;
}

/* Rows of a query, collected on the heap until their number is known. */
struct found {
    struct arena *arena;
    struct store_lease *leases;
    size_t count;
    size_t cap;
};

static bool read_lease(void *ctx, const struct store_value *c, struct err *err)
{
    struct found *found = ctx;
    size_t needed = sizeof(struct store_lease);
    for (size_t i = 0; i < STORE_COLUMNS_MAX; i++) {
        needed += c[i].text.len + 2 * sizeof(max_align_t);
    }
    if (!arena_room(found->arena, needed)) {
        return err_set(err, ERR_LIMIT, "the answer is larger than %zu bytes", found->arena->max);
    }
    if (found->count == found->cap) {
        found->cap = found->cap == 0 ? 4 : 2 * found->cap;
        found->leases = mem_realloc(found->leases, found->cap * sizeof(struct store_lease));
    }
    found->leases[found->count++] = (struct store_lease){
        .kind = arena_str(found->arena, c[0].text),
        .key = arena_str(found->arena, c[1].text),
        .realm = arena_str(found->arena, c[2].text),
        .owner = arena_str(found->arena, c[3].text),
        .family = arena_str(found->arena, c[4].text),
        .value = arena_str(found->arena, c[5].text),
        .expires_ms = (uint64_t)c[6].number,
    };
    return true;
}

static size_t find(struct store_view *view,
                   enum store_sql statement,
                   const struct store_value *params,
                   size_t count,
                   const struct store_lease **out)
{
    struct found found = {.arena = &view->request->arena};
    size_t size = 0;
    *out = NULL;
    if (run(view, statement, params, count, read_lease, &found) &&
        !arena_room(found.arena, (found.count + 1) * sizeof(struct store_lease))) {
        view->failed = true;
        (void)err_set(&view->request->err, ERR_LIMIT, "the answer is too large");
    }
    if (!view->failed && found.count > 0) {
        struct store_lease *leases = ARENA_ARRAY(found.arena, struct store_lease, found.count);
        memcpy(leases, found.leases, found.count * sizeof(struct store_lease));
        *out = leases;
        size = found.count;
    }
    mem_free(found.leases);
    return size;
}

const struct store_lease *store_view_lease(struct store_view *view, struct str kind, struct str key)
{
    const struct store_value params[] = {STORE_TEXT(kind), STORE_TEXT(key),
                                         STORE_NUMBER(clock_wall_ms())};
    const struct store_lease *leases = NULL;
    struct err unfit = {0};
    if (!store_check_address(kind, STR_EMPTY, key, &unfit)) {
        return NULL;
    }
    return find(view, SQL_LEASE_GET, params, COUNT_OF(params), &leases) == 0 ? NULL : &leases[0];
}

size_t store_view_leases(struct store_view *view,
                         struct str kind,
                         struct str realm,
                         struct str owner,
                         const struct store_lease **out)
{
    const struct store_value params[] = {STORE_TEXT(realm), STORE_TEXT(owner), STORE_TEXT(kind),
                                         STORE_NUMBER(clock_wall_ms())};
    return find(view, SQL_LEASE_LIST, params, COUNT_OF(params), out);
}

static bool check_lease(const struct store_lease *lease, struct err *err)
{
    const struct str texts[] = {lease->realm, lease->owner, lease->family};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (!store_check_address(lease->kind, texts[i], lease->key, err)) {
            return false;
        }
    }
    return lease->value.len <= STORE_VALUE_MAX ||
           err_set(err, ERR_INVALID, "a " PRISTR " is too long", STRARG(lease->kind));
}

bool store_view_lease_put(struct store_view *view, const struct store_lease *lease)
{
    const struct store_value params[] = {
        STORE_TEXT(lease->kind),         STORE_TEXT(lease->key),    STORE_TEXT(lease->realm),
        STORE_TEXT(lease->owner),        STORE_TEXT(lease->family), STORE_TEXT(lease->value),
        STORE_NUMBER(lease->expires_ms),
    };
    if (!view->failed && !check_lease(lease, &view->request->err)) {
        view->failed = true;
    }
    return run(view, SQL_LEASE_PUT, params, COUNT_OF(params), NULL, NULL);
}

bool store_view_lease_drop(struct store_view *view, struct str kind, struct str key)
{
    const struct store_value params[] = {STORE_TEXT(kind), STORE_TEXT(key)};
    return run(view, SQL_LEASE_DROP, params, COUNT_OF(params), NULL, NULL);
}

bool store_view_lease_drop_family(struct store_view *view, struct str realm, struct str family)
{
    const struct store_value params[] = {STORE_TEXT(realm), STORE_TEXT(family)};
    return run(view, SQL_LEASE_DROP_FAMILY, params, COUNT_OF(params), NULL, NULL);
}

bool store_view_lease_drop_owner(struct store_view *view, struct str realm, struct str owner)
{
    const struct store_value params[] = {STORE_TEXT(realm), STORE_TEXT(owner)};
    return owner.len > 0 ? run(view, SQL_LEASE_DROP_OWNER, params, 2, NULL, NULL)
                         : run(view, SQL_LEASE_DROP_REALM, params, 1, NULL, NULL);
}

static bool read_end(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = columns[0].number;
    return true;
}

bool store_lease_sweep(struct store_backend *backend, bool *out_more, struct err *err)
{
    int64_t end = (int64_t)clock_wall_ms();
    int64_t until = -1; /* where the batch ends, when there is more than one */
    const struct store_value late[] = {STORE_NUMBER(end), STORE_NUMBER(SWEEP_BATCH)};
    const struct store_query find_end = {.sql = store_sql(SQL_LEASE_LATE),
                                         .params = late,
                                         .param_count = COUNT_OF(late),
                                         .row = read_end,
                                         .ctx = &until};
    if (!backend->ops->query(backend, &find_end, err)) {
        return false;
    }
    *out_more = until >= 0;
    const struct store_value param = STORE_NUMBER(until >= 0 ? until : end);
    const struct store_query sweep = {
        .sql = store_sql(SQL_LEASE_SWEEP), .params = &param, .param_count = 1};
    return backend->ops->query(backend, &sweep, err);
}
