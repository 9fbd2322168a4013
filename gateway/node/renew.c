/* renew.c - writes a password's new record into its user's, unless that has changed meanwhile. */
#include "auth/auth.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/node_inside.h"

#include <jansson.h>

enum { ARENA_MAX = 1 << 20 };

/* First the request that reads, then the one that writes. */
struct renewal {
    struct store_request request;
    struct store *store;
    struct store_write write;
    char *realm;
    char *username;
    char *old;
    char *record;
};

static void forget(struct renewal *renewal)
{
    arena_done(&renewal->request.arena);
    mem_free(renewal->realm);
    mem_free(renewal->username);
    mem_free(renewal->old);
    mem_free(renewal->record);
    mem_free(renewal);
}

static void on_written(struct store_request *request)
{
    struct renewal *renewal = CONTAINER_OF(request, struct renewal, request);
    if (request->ok) {
        log_info("the record of a password has been renewed", KV_CSTR("realm", renewal->realm),
                 KV_CSTR("username", renewal->username));
    } else {
        log_warn("the record of a password cannot be renewed", KV_CSTR("realm", renewal->realm),
                 KV_CSTR("username", renewal->username), KV_ERR(&request->err));
    }
    forget(renewal);
}

/* The user's value with the new record in it; NULL when the old one is not there any more. */
static char *renewed_value(const struct renewal *renewal, const struct store_record *record)
{
    json_t *value = json_loadb(record->value.ptr, record->value.len, 0, NULL);
    const char *present = json_string_value(json_object_get(value, "credential"));
    char *text = NULL;
    if (present != NULL && str_eq(str_of(present), str_of(renewal->old))) {
        (void)json_object_set_new(value, "credential", json_string(renewal->record));
        text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    }
    json_decref(value);
    return text;
}

static void on_read(struct store_request *request)
{
    struct renewal *renewal = CONTAINER_OF(request, struct renewal, request);
    bool there = request->ok && request->record_count == 1 && !request->records[0].deleted;
    char *value = there ? renewed_value(renewal, &request->records[0]) : NULL;
    if (value == NULL) {
        forget(renewal);
        return;
    }
    uint64_t version = request->records[0].version;
    arena_done(&request->arena);
    *request = (struct store_request){.op = STORE_COMMIT, .finish = on_written};
    arena_init(&request->arena, ARENA_MAX);
    renewal->write = (struct store_write){.kind = STR("user"),
                                          .realm = str_of(renewal->realm),
                                          .key = str_of(renewal->username),
                                          .value = arena_str(&request->arena, str_of(value)),
                                          .expect = version};
    mem_free(value);
    request->writes = &renewal->write;
    request->write_count = 1;
    request->author = STR("postern");
    store_submit(renewal->store, request);
}

void node_renew_credential(void *ctx, const struct auth_renewal *what)
{
    const struct node *node = ctx;
    struct renewal *renewal = NEW(struct renewal);
    renewal->store = node->store;
    renewal->realm = str_dup(what->realm);
    renewal->username = str_dup(what->username);
    renewal->old = str_dup(what->old);
    renewal->record = str_dup(what->record);
    renewal->request = (struct store_request){.op = STORE_GET,
                                              .finish = on_read,
                                              .kind = STR("user"),
                                              .realm = str_of(renewal->realm),
                                              .key = str_of(renewal->username)};
    arena_init(&renewal->request.arena, ARENA_MAX);
    store_submit(renewal->store, &renewal->request);
}
