/* catalog.c - the list of what is published, of what was noted when it was compiled: no text is
 * read for it. On the builder's thread. */
#include "base/mem.h"
#include "builder/builder_inside.h"

enum { CATALOG_MAX = 48 << 20, ID_MAX = 2048 };

static bool contains(struct str whole, struct str part)
{
    for (size_t i = 0; i + part.len <= whole.len; i++) {
        if (str_eq_nocase(str_sub(whole, i, part.len), part)) {
            return true;
        }
    }
    return false;
}

/* Those of the page, in its order; all that fit its filter are counted. */
static void list_page(const struct present *present, struct catalog_request *request)
{
    const struct store_page *page = &request->page;
    size_t listed = 0;
    (void)buf_byte(&request->list, '[');
    for (size_t i = 0; i < present->count; i++) {
        const struct published *entry =
            present->entries[page->descending ? present->count - 1 - i : i];
        struct str id = str_of(entry->id);
        int order = str_cmp(id, page->after);
        bool before = page->after.len > 0 && (page->descending ? order >= 0 : order <= 0);
        if (!contains(id, page->contains)) {
            continue;
        }
        request->total++;
        if (before || (page->limit > 0 && listed == page->limit)) {
            continue;
        }
        (void)(listed > 0 && buf_byte(&request->list, ','));
        (void)buf_append(&request->list, str_of(entry->summary));
        listed++;
        if (listed == page->limit) {
            (void)buf_append(&request->next, id);
        }
    }
    (void)buf_byte(&request->list, ']');
}

static void on_finish(struct post *post)
{
    struct catalog_request *request = CONTAINER_OF(post, struct catalog_request, post);
    request->finish(request);
}

static void on_catalog(struct post *post)
{
    struct catalog_request *request = CONTAINER_OF(post, struct catalog_request, post);
    list_page(builder_present(request->builder), request);
    request->post.fn = on_finish;
    worker_post(request->owner, &request->post);
}

void builder_catalog(struct builder *builder, struct catalog_request *request)
{
    request->builder = builder;
    request->owner = worker_self();
    request->total = 0;
    buf_init(&request->list, CATALOG_MAX);
    buf_init(&request->next, ID_MAX);
    request->post.fn = on_catalog;
    mailbox_post(builder->mailbox, &request->post);
}
