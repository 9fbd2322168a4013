/* realm.c - realms: create, list, get. */
#include "api/api_inside.h"
#include "base/mem.h"
#include "document/document.h"
#include "rbac/realm_record.h"

static void on_created_everywhere(struct api_request *request)
{
    struct header location = {STR("location"), arena_printf(&request->arena, "/realms/" PRISTR,
                                                            STRARG(request->params[0]))};
    api_reply(request, 201, STR("application/json; charset=utf-8"), request->params[1], &location,
              1);
}

/* params[0] is the realm's URI, params[1] its external form: kept for the answer. */
static void on_created(struct api_request *request, struct store_request *store)
{
    for (size_t i = 0; i < store->record_count; i++) {
        if (str_eq(store->records[i].kind, STR("realm"))) {
            json_t *stored =
                json_loadb(store->records[i].value.ptr, store->records[i].value.len, 0, NULL);
            json_t *external = realm_record_external(stored);
            char *text = json_dumps(external, JSON_COMPACT);
            request->params[0] = arena_str(&request->arena, store->records[i].key);
            request->params[1] = arena_str(&request->arena, str_of(text));
            free(text);
            json_decref(external);
            json_decref(stored);
        }
    }
    api_when_built(request, store->seq, on_created_everywhere);
}

/* The errors that a realm's mistakes have names for, as docs/errors.md has them; else 0. */
static unsigned mistake_status(struct str error)
{
    static const struct {
        struct str error;
        unsigned status;
    } rows[] = {
        {STR_INIT("wamp.error.no_such_realm"), 404},
        {STR_INIT("bondy.error.inconsistency_error"), 409},
        {STR_INIT("bondy.error.already_exists"), 409},
    };
    if (str_eq(error, STR("wamp.error.invalid_argument"))) {
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(rows[i].error, error)) {
            return rows[i].status;
        }
    }
    return 400;
}

static void reply_mistake(struct api_request *request,
                          const struct document *document,
                          const struct realm_mistake *mistake)
{
    struct err err = {0};
    unsigned line = 0;
    unsigned column = 0;
    if (mistake->key == NULL ||
        !document_key_position(document, mistake->node, mistake->key, &line, &column)) {
        (void)document_position(document, mistake->node, &line, &column);
    }
    (void)err_set(&err, ERR_INVALID, "line %u, column %u: %s", line, column, mistake->text);
    unsigned status = mistake_status(str_of(mistake->error));
    if (status == 0) {
        api_reply_err(request, &err);
        return;
    }
    api_reply_problem(request, &(struct http_problem){.status = status,
                                                      .code = str_of(mistake->error),
                                                      .detail = str_of(err.text)});
}

/* A realm on its way into the store, while its passwords are hashed. */
struct create_job {
    struct job job;
    struct api_request *request;
    struct store_request *store;
    struct document *document; /* the passwords are in it */
    struct snapshot *present;
    struct realm_writes writes;
    struct err err;
    bool ok;
};

static void create_free(struct create_job *create)
{
    if (create->present != NULL) {
        snapshot_unref(create->present);
    }
    document_free(create->document);
    mem_free(create);
}

static void create_submit(struct create_job *create)
{
    struct store_write *writes = create->writes.writes;
    for (size_t i = 0; i < create->writes.count; i++) {
        if (str_eq(writes[i].kind, STR("realm"))) {
            writes[i].expect = 0; /* it must be new */
        }
    }
    create->store->op = STORE_COMMIT;
    create->store->writes = writes;
    create->store->write_count = create->writes.count;
    api_store_submit(create->request, create->store);
}

/* On a pool thread. */
static void hash_passwords(struct job *job)
{
    struct create_job *create = CONTAINER_OF(job, struct create_job, job);
    create->ok = realm_writes_hash(&create->writes, (const struct rbac *)(void *)create->present,
                                   &create->store->arena, &create->err);
}

static void on_hashed(struct job *job)
{
    struct create_job *create = CONTAINER_OF(job, struct create_job, job);
    struct api_request *request = create->request;
    if (create->ok) {
        create_submit(create);
    } else {
        api_reply_err(request, &create->err);
        api_store_discard(create->store);
    }
    create_free(create);
    api_release(request);
}

static void create_from(struct create_job *create)
{
    struct api_request *request = create->request;
    struct realm_mistake mistake = {0};
    const struct realm_options options = {.allow_anonymous_admin =
                                              request->api->options.allow_anonymous_admin,
                                          .present = (const struct rbac *)(void *)create->present};
    create->store = api_store_call(request, on_created);
    if (!realm_record_parse(document_root(create->document), &options, &create->store->arena,
                            &create->writes, &mistake)) {
        reply_mistake(request, create->document, &mistake);
        api_store_discard(create->store);
    } else if (create->writes.password_count == 0) {
        create_submit(create);
    } else {
        api_hold(request);
        create->job.run = hash_passwords;
        create->job.finish = on_hashed;
        if (jobs_submit(request->api->options.jobs, &create->job)) {
            return;
        }
        api_reply_err(request, &(struct err){ERR_UNAVAILABLE, "too many passwords at once"});
        api_store_discard(create->store);
        api_release(request);
    }
    create_free(create);
}

void api_realm_create(struct api_request *request)
{
    struct document_problem problem = {0};
    struct document *document =
        document_parse(buf_str(&request->body), DOCUMENT_ANY, NULL, &problem);
    if (document == NULL) {
        struct err err = {0};
        (void)err_set(&err, ERR_INVALID, "line %u, column %u: %s", problem.line, problem.column,
                      problem.text);
        api_reply_err(request, &err);
        return;
    }
    struct snapshot_slot *slot = request->api->options.rbac;
    struct snapshot *present = slot == NULL ? NULL : snapshot_peek(slot);
    struct create_job *create = NEW(struct create_job);
    create->request = request;
    create->document = document;
    create->present = present == NULL ? NULL : snapshot_ref(present);
    create_from(create);
}

static void on_listed(struct api_request *request, struct store_request *store)
{
    json_t *list = json_array();
    for (size_t i = 0; i < store->record_count; i++) {
        json_t *stored =
            json_loadb(store->records[i].value.ptr, store->records[i].value.len, 0, NULL);
        (void)json_array_append_new(list, realm_record_external(stored));
        json_decref(stored);
    }
    api_reply_json(request, 200, list);
}

void api_realm_list(struct api_request *request)
{
    struct store_request *store = api_store_call(request, on_listed);
    store->op = STORE_LIST;
    store->kind = STR("realm");
    api_store_submit(request, store);
}

static void on_got(struct api_request *request, struct store_request *store)
{
    if (store->record_count == 0) {
        struct err err = {0};
        (void)err_set(&err, ERR_NOT_FOUND,
                      "no realm " PRISTR ": postern realm create " PRISTR " --open",
                      STRARG(request->params[0]), STRARG(request->params[0]));
        api_reply_err(request, &err);
        return;
    }
    json_t *stored = json_loadb(store->records[0].value.ptr, store->records[0].value.len, 0, NULL);
    api_reply_json(request, 200, realm_record_external(stored));
    json_decref(stored);
}

void api_realm_get(struct api_request *request)
{
    struct store_request *store = api_store_call(request, on_got);
    store->op = STORE_GET;
    store->kind = STR("realm");
    store->key = arena_str(&store->arena, request->params[0]);
    api_store_submit(request, store);
}
