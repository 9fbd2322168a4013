/* store_group.c - requests that go into one transaction. On the store's thread.
 *
 * One commit for all. Of several writers each has a savepoint, so that one that fails hurts nobody
 * else. A writer that is alone needs none: what it fails at takes the whole transaction along. That
 * matters to large ones, for with a savepoint open every statement costs SQLite the more the more
 * pages have been changed since. So a savepoint is also given up once a request has written much;
 * should such a one fail after all, everybody has a transaction of his own instead. */
#include "base/log.h"
#include "base/mem.h"
#include "store/store_inside.h"

struct store_request *store_request_of(struct post *post)
{
    return post == NULL ? NULL : CONTAINER_OF(post, struct store_request, post);
}

struct store_request *store_group_next(const struct store_request *request)
{
    return store_request_of(request->post.next);
}

void store_group_push(struct store_group *group, struct store_request *request)
{
    request->post.next = NULL;
    if (group->last == NULL) {
        group->first = request;
    } else {
        group->last->post.next = &request->post;
    }
    group->last = request;
    group->count++;
}

struct store_request *store_group_pop(struct store_group *group)
{
    struct store_request *request = group->first;
    if (request != NULL) {
        group->first = store_group_next(request);
        group->last = group->first == NULL ? NULL : group->last;
        group->count--;
    }
    return request;
}

bool store_writes(const struct store_request *request)
{
    return request->op == STORE_COMMIT || (request->op == STORE_WORK && !request->reads);
}

static void undone(struct store_request *request)
{
    request->ok = false;
    request->seq = 0;
    request->records = NULL;
    request->record_count = 0;
}

void store_request_again(struct store_request *request)
{
    undone(request);
    request->err = (struct err){0};
}

/* A conflict that was not committed may be one with what never happened. */
static void
fail(const struct store_backend *backend, struct store_request *request, const struct err *err)
{
    undone(request);
    (void)err_set(&request->err, ERR_UNAVAILABLE, "%s: %s",
                  backend->unsure ? "nobody knows yet whether this was written, look again"
                                  : "nothing was written",
                  err->text);
}

static void roll_back(struct store_backend *backend)
{
    if (backend->ops->in_transaction(backend)) {
        (void)store_exec(backend, SQL_ROLLBACK, NULL);
    }
}

static bool write_request(struct store_backend *backend, struct store_request *request)
{
    request->ok = request->op == STORE_WORK ? store_request_work(backend, request)
                                            : store_request_write(backend, request);
    if (!request->ok) {
        undone(request);
    }
    return request->ok;
}

/* An error of one of its statements may come last. */
static bool settle(struct store_backend *backend, struct store_request *request)
{
    request->ok = backend->ops->settle(backend, &request->err);
    if (!request->ok) {
        undone(request);
    }
    return request->ok;
}

static bool commit(struct store_backend *backend,
                   const struct store_audit_bounds *bounds,
                   size_t audited,
                   struct err *err)
{
    return (audited == 0 || store_audit_prune(backend, bounds, audited, err)) &&
           store_exec(backend, SQL_COMMIT, err);
}

/* And not of what was asked. */
static bool is_databases(const struct err *err)
{
    return err->code == ERR_UNAVAILABLE;
}

/* False: it has failed for a reason of the database's. */
static bool write_alone(struct store_backend *backend,
                        const struct store_audit_bounds *bounds,
                        struct store_request *request,
                        struct err *err)
{
    if (!store_begin(backend, err)) {
        return false;
    }
    if (write_request(backend, request)) {
        if (commit(backend, bounds, request->audit_count, err)) {
            return true;
        }
        if (!backend->earlier || is_databases(err)) {
            return false;
        }
        undone(request); /* it was one of its statements that failed */
        request->err = *err;
    }
    if (!backend->ops->in_transaction(backend) || is_databases(&request->err)) {
        *err = request->err;
        return false;
    }
    if (store_exec(backend, SQL_ROLLBACK, err) &&
        (request->audit_count == 0 ||
         (store_begin(backend, err) && store_audit_refused(backend, request, err) &&
          commit(backend, bounds, request->audit_count, err)))) {
        return true;
    }
    backend->unsure = false; /* of the row of the audit; of the rest it is known */
    return false;
}

static void write_each(struct store_backend *backend,
                       const struct store_audit_bounds *bounds,
                       const struct store_group *group)
{
    for (struct store_request *r = group->first; r != NULL; r = store_group_next(r)) {
        struct err err = {0};
        store_request_again(r);
        if (!write_alone(backend, bounds, r, &err)) {
            roll_back(backend);
            fail(backend, r, &err);
            log_error("store cannot write", KV_ERR(&err));
        }
    }
}

/* False when an error has made the whole transaction worthless. */
static bool write_guarded(struct store_backend *backend,
                          struct store_request *request,
                          bool *out_given_up,
                          struct err *err)
{
    if (!store_exec(backend, SQL_SAVEPOINT, err)) {
        return false;
    }
    backend->guarded = true;
    bool ok = write_request(backend, request) && settle(backend, request);
    bool guarded = backend->guarded;
    backend->guarded = false;
    if (ok) {
        return !guarded || store_exec(backend, SQL_SAVEPOINT_RELEASE, err);
    }
    bool stands = backend->ops->in_transaction(backend);
    if (!stands || !guarded || is_databases(&request->err)) {
        *out_given_up = stands;
        *err = request->err;
        return false;
    }
    return store_exec(backend, SQL_SAVEPOINT_ROLLBACK, err) &&
           store_audit_refused(backend, request, err) &&
           store_exec(backend, SQL_SAVEPOINT_RELEASE, err) && backend->ops->settle(backend, err);
}

static bool write_all(struct store_backend *backend,
                      const struct store_audit_bounds *bounds,
                      const struct store_group *group,
                      bool *out_given_up,
                      struct err *err)
{
    size_t audited = 0;
    if (!store_begin(backend, err)) {
        return false;
    }
    for (struct store_request *r = group->first; r != NULL; r = store_group_next(r)) {
        audited += r->audit_count;
        if (!write_guarded(backend, r, out_given_up, err)) {
            return false;
        }
    }
    return commit(backend, bounds, audited, err);
}

static void fail_all(const struct store_backend *backend,
                     const struct store_group *group,
                     const struct err *err)
{
    for (struct store_request *r = group->first; r != NULL; r = store_group_next(r)) {
        fail(backend, r, err);
    }
    log_error("store cannot write", KV_ERR(err));
}

/* Who is told of it cannot mend it. */
static void log_faults(const struct store_group *group)
{
    for (struct store_request *r = group->first; r != NULL; r = store_group_next(r)) {
        if (store_writes(r) && !r->ok && r->err.code == ERR_INTERNAL) {
            log_error("store cannot write", KV_ERR(&r->err));
        }
    }
}

void store_group_write(struct store_backend *backend,
                       const struct store_audit_bounds *bounds,
                       const struct store_group *group)
{
    struct err err = {0};
    bool given_up = false;
    for (struct store_request *r = group->first; r != NULL; r = store_group_next(r)) {
        store_request_again(r);
    }
    if (group->count < 2) {
        write_each(backend, bounds, group);
    } else if (!write_all(backend, bounds, group, &given_up, &err)) {
        roll_back(backend);
        if (given_up) {
            write_each(backend, bounds, group);
        } else {
            fail_all(backend, group, &err);
        }
    }
    log_faults(group);
}
