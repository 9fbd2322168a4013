/* store_postgres_listen.c - being told of what others commit, and telling them.
 *
 * Nodes of one schema share a channel. A notification says that there is something, and not what:
 * who hears it looks at the change log. Whatever is missed, the next look finds. */
#include "base/log.h"
#include "base/mem.h"
#include "store/store_postgres.h"

#include <stdio.h>

bool postgres_listen(struct postgres *self, struct err *err)
{
    char sql[POSTGRES_CHANNEL_SIZE + 16];
    const struct store_query query = {.sql = sql};
    struct err problem = {0};
    self->news = true; /* what was said in between was said to nobody */
    self->listening = false;
    if (self->backend.deaf) {
        return true;
    }
    (void)snprintf(sql, sizeof(sql), "LISTEN %s", self->channel);
    self->listening = postgres_run(self, &query, &problem);
    if (self->conn == NULL) {
        return err_set(err, problem.code, "%s", problem.text);
    }
    if (!self->listening && !self->told_deaf) {
        self->told_deaf = true;
        log_warn("the database has no LISTEN: what others write comes by asking, once a second",
                 KV_ERR(&problem));
    }
    return true;
}

bool postgres_notify_sql(const struct postgres *self, char out[POSTGRES_NOTIFY_SIZE])
{
    (void)snprintf(out, POSTGRES_NOTIFY_SIZE, "NOTIFY %s", self->channel);
    return self->backend.notify && self->listening && !self->backend.deaf;
}

int postgres_fd(struct store_backend *backend)
{
    const struct postgres *self = CONTAINER_OF(backend, struct postgres, backend);
    return self->conn == NULL || !self->listening || backend->deaf ? -1 : PQsocket(self->conn);
}

bool postgres_noticed(struct store_backend *backend)
{
    struct postgres *self = CONTAINER_OF(backend, struct postgres, backend);
    PGnotify *one = NULL;
    if (self->conn == NULL) {
        return false;
    }
    if (PQconsumeInput(self->conn) == 0 || PQstatus(self->conn) == CONNECTION_BAD) {
        postgres_lost(self);
        return true; /* who looks makes another connection, or finds out that there is none */
    }
    while ((one = PQnotifies(self->conn)) != NULL) {
        self->news = self->news || one->be_pid != self->pid;
        PQfreemem(one);
    }
    bool news = self->news && !backend->deaf;
    self->news = false;
    return news;
}
