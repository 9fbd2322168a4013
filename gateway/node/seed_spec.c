/* seed_spec.c - specifications from gateway.specs and the demo's, published at each start. */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/node_inside.h"
#include "rbac/realm_record.h"
#include "rbac/security_file.h"

#include <jansson.h>

extern const char demo_spec[];
extern const size_t demo_spec_size;

enum { ARENA_MAX = 64 << 20, SPEC_MAX = 16 << 20 };

struct seed_publish {
    struct publish_request request;
    bool done;
};

static void on_published(struct publish_request *request)
{
    CONTAINER_OF(request, struct seed_publish, request)->done = true;
}

static void log_spec_problems(const char *file, const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *p = &problems->items[i];
        struct str where = str_of(file);
        if (p->warning) {
            log_warn("specification", KV_STR("file", where), KV_U64("line", p->line),
                     KV_U64("column", p->column), KV_STR("warning", p->text));
        } else {
            log_error("specification", KV_STR("file", where), KV_U64("line", p->line),
                      KV_U64("column", p->column), KV_STR("error", p->text));
        }
    }
}

static bool publish_text(struct node *node, const char *file, struct str text, struct err *err)
{
    struct seed_publish *seed = NEW(struct seed_publish);
    struct publish_request *request = &seed->request;
    arena_init(&request->arena, ARENA_MAX);
    request->text = text;
    request->author = STR("file");
    request->comment = str_of(file);
    request->expect = STORE_ANY_VERSION;
    request->finish = on_published;
    builder_publish_now(node->builder, request);
    log_spec_problems(file, &request->problems);
    bool ok = seed->done && request->ok;
    if (!ok) {
        (void)err_set(err, request->err.code, "%s: %s", file, request->err.text);
    }
    publish_request_done(request);
    mem_free(seed);
    return ok;
}

/* A file with a mistake does not keep the node from starting: what was published stays. */
bool seed_specs(struct node *node, struct err *err)
{
    const struct conf_list *files = &node->conf->gateway.specs;
    for (size_t i = 0; i < files->count; i++) {
        struct buf text;
        buf_init(&text, SPEC_MAX);
        if (!file_read(files->items[i].ptr, &text, err) ||
            !publish_text(node, files->items[i].ptr, buf_str(&text), err)) {
            log_error("specification not published", KV_ERR(err));
        }
        buf_done(&text);
    }
    return true;
}

bool seed_demo(struct node *node, struct err *err)
{
    struct realm_mistake mistake = {0};
    json_t *realm = realm_record_open(STR("com.example.demo"));
    bool ok = security_file_apply(node->store, realm, &node->access_settings, STR("demo"), NULL,
                                  &mistake, err);
    json_decref(realm);
    return ok && publish_text(node, "specs/demo.json", str_make(demo_spec, demo_spec_size), err);
}
