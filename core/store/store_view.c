/* store_view.c - reads and writes of one WORK request, within its transaction. */
#include "base/buf.h"
#include "base/mem.h"
#include "store/store_inside.h"

#include <string.h>

struct arena *store_view_arena(struct store_view *view)
{
    return &view->request->arena;
}

bool store_view_failed(const struct store_view *view)
{
    return view->failed;
}

const struct store_record *
store_view_get(struct store_view *view, struct str kind, struct str realm, struct str key)
{
    struct err *err = &view->request->err;
    struct store_record *records = NULL;
    size_t count = 0;
    const struct store_value params[] = {STORE_TEXT(kind), STORE_TEXT(realm), STORE_TEXT(key)};
    struct store_query query = {
        .sql = store_sql(SQL_GET), .params = params, .param_count = COUNT_OF(params)};
    /* A key that cannot be one is nobody's. */
    struct err unfit = {0};
    if (view->failed || !store_check_address(kind, realm, key, &unfit)) {
        return NULL;
    }
    if (!store_find(view->backend, query, &view->request->arena, &records, &count, err)) {
        view->failed = true;
        return NULL;
    }
    return count == 0 ? NULL : &records[0];
}

/* LIKE's pattern for a text somewhere in others, in small letters; '!' keeps its signs from meaning
 * something. */
static struct str like(struct arena *arena, struct str text)
{
    char *pattern = arena_alloc(arena, 2 * text.len + 3);
    size_t len = 0;
    pattern[len++] = '%';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '!' || c == '%' || c == '_') {
            pattern[len++] = '!';
        }
        pattern[len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    pattern[len++] = '%';
    return str_make(pattern, len);
}

/* Behind all keys that begin with `prefix`: no character comes after U+10FFFF, and that one is none
 * of which names are made. */
static struct str behind(struct arena *arena, struct str prefix)
{
    return arena_printf(arena, PRISTR "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf", STRARG(prefix));
}

static bool is_text(struct str text)
{
    return text.len <= STORE_KEY_MAX && (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

/* What is no text is in no key. */
static bool page_fits(struct str kind, struct str realm, const struct store_page *page)
{
    return is_text(kind) && is_text(realm) && is_text(page->after) && is_text(page->prefix) &&
           is_text(page->contains);
}

enum { PAGE_PARAMS = 5, PARAMS_ROOM = 256 };

/* The parameters that a page and its count share. False: there is nothing to find. */
static bool page_params(struct store_view *view,
                        struct str kind,
                        struct str realm,
                        const struct store_page *page,
                        struct store_value out[PAGE_PARAMS])
{
    struct arena *arena = &view->request->arena;
    if (view->failed || !page_fits(kind, realm, page)) {
        return false;
    }
    if (!arena_room(arena, page->prefix.len + 2 * page->contains.len + PARAMS_ROOM)) {
        view->failed = true;
        return err_set(&view->request->err, ERR_LIMIT,
                       "what is listed is larger than a request may be");
    }
    out[0] = STORE_TEXT(kind);
    out[1] = STORE_TEXT(realm);
    out[2] = STORE_TEXT(page->prefix);
    out[3] = STORE_TEXT(behind(arena, page->prefix));
    out[4] = STORE_TEXT(page->contains.len == 0 ? STR("") : like(arena, page->contains));
    return true;
}

size_t store_view_list(struct store_view *view,
                       struct str kind,
                       struct str realm,
                       const struct store_page *page,
                       const struct store_record **out)
{
    static const struct store_page all = {0};
    struct store_record *records = NULL;
    size_t count = 0;
    struct store_value params[PAGE_PARAMS + 2];
    page = page == NULL ? &all : page;
    int64_t limit = page->limit == 0 || page->limit > INT64_MAX ? INT64_MAX : (int64_t)page->limit;
    *out = NULL;
    if (!page_params(view, kind, realm, page, params)) {
        return 0;
    }
    params[PAGE_PARAMS] = STORE_TEXT(page->after);
    params[PAGE_PARAMS + 1] = STORE_NUMBER(limit);
    struct store_query query = {
        .sql = store_sql(page->descending ? SQL_PAGE_DESCENDING : SQL_PAGE),
        .params = params,
        .param_count = COUNT_OF(params),
    };
    if (!store_find(view->backend, query, &view->request->arena, &records, &count,
                    &view->request->err)) {
        view->failed = true;
        return 0;
    }
    *out = records;
    return count;
}

size_t store_view_select(struct store_view *view,
                         struct str kind,
                         struct str realm,
                         store_fits_fn fits,
                         void *ctx,
                         const struct store_record **out)
{
    struct store_record *records = NULL;
    size_t count = 0;
    struct store_request *request = view->request;
    const struct store_value params[] = {STORE_TEXT(kind), STORE_TEXT(realm)};
    const struct store_query query = {
        .sql = store_sql(SQL_LIST), .params = params, .param_count = COUNT_OF(params)};
    *out = NULL;
    if (view->failed || !store_find_fitting(view->backend, query, (struct store_filter){fits, ctx},
                                            &request->arena, &records, &count, &request->err)) {
        view->failed = true;
        return 0;
    }
    *out = records;
    return count;
}

static bool read_count(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(size_t *)ctx = (size_t)columns[0].number;
    return true;
}

size_t store_view_count(struct store_view *view,
                        struct str kind,
                        struct str realm,
                        const struct store_page *page)
{
    static const struct store_page all = {0};
    struct store_value params[PAGE_PARAMS];
    size_t count = 0;
    if (!page_params(view, kind, realm, page == NULL ? &all : page, params)) {
        return 0;
    }
    const struct store_query query = {.sql = store_sql(SQL_PAGE_COUNT),
                                      .params = params,
                                      .param_count = COUNT_OF(params),
                                      .row = read_count,
                                      .ctx = &count};
    if (!view->backend->ops->query(view->backend, &query, &view->request->err)) {
        view->failed = true;
        return 0;
    }
    return count;
}

bool store_view_written_since(struct store_view *view, struct str kind, uint64_t seq)
{
    size_t count = 0;
    const struct store_value params[] = {STORE_TEXT(kind), STORE_NUMBER(seq)};
    const struct store_query query = {.sql = store_sql(SQL_CHANGE_COUNT),
                                      .params = params,
                                      .param_count = COUNT_OF(params),
                                      .row = read_count,
                                      .ctx = &count};
    if (view->failed || !view->backend->ops->query(view->backend, &query, &view->request->err)) {
        view->failed = true;
        return false;
    }
    return count > 0;
}

bool store_view_put(struct store_view *view, const struct store_write *write)
{
    struct store_request *request = view->request;
    if (view->failed) {
        return false;
    }
    if (request->reads) {
        view->failed = true;
        return err_set(&request->err, ERR_INTERNAL, "a request that only reads wants to write");
    }
    if (view->count == STORE_WRITES_MAX) {
        view->failed = true;
        return err_set(&request->err, ERR_LIMIT, "more than %d writes at once", STORE_WRITES_MAX);
    }
    if (view->count == view->cap) {
        view->cap = view->cap == 0 ? 8 : 2 * view->cap;
        view->written = mem_realloc(view->written, view->cap * sizeof(struct store_record));
    }
    struct store_record *record = &view->written[view->count];
    *record = (struct store_record){.author = request->author, .comment = request->comment};
    if (!store_write_one(view->backend, &view->stamp, write, record, &request->err)) {
        view->failed = true;
        return false;
    }
    view->count++;
    return true;
}

/* Watchers get the records as one array in the request's arena. */
static bool keep_records(struct store_view *view)
{
    struct store_request *request = view->request;
    size_t size = (view->count + 1) * sizeof(struct store_record);
    if (!arena_room(&request->arena, size)) {
        return err_set(&request->err, ERR_LIMIT, "the request has no room for its %zu records",
                       view->count);
    }
    request->records = ARENA_ARRAY(&request->arena, struct store_record, view->count);
    if (view->count > 0) {
        memcpy(request->records, view->written, view->count * sizeof(struct store_record));
    }
    request->record_count = view->count;
    request->seq = view->stamp.seq;
    request->tag = view->stamp.tag;
    return true;
}

static bool do_work(struct store_view *view)
{
    struct store_request *request = view->request;
    if (!store_check_words(request, &request->err) || !request->work(view, request) ||
        view->failed || !keep_records(view)) {
        return false;
    }
    return view->count > 0 || store_head(view->backend, &request->seq, &request->err);
}

bool store_request_work(struct store_backend *backend, struct store_request *request)
{
    struct store_digest digest = {0};
    struct store_view view = {.backend = backend, .rows = backend, .request = request};
    view.stamp.digest = request->audit == NULL ? NULL : &digest;
    bool ok = do_work(&view) && store_audit_done(backend, request, &digest);
    store_digest_done(&digest);
    mem_free(view.written);
    return ok;
}

void store_request_look(const struct store_sources *sources, struct store_request *request)
{
    struct store_view view = {
        .backend = sources->present, .rows = sources->all, .request = request};
    request->ok = do_work(&view);
    mem_free(view.written);
}
