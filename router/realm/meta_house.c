/* meta_house.c - bondy.*: what goes on in a realm, for those who may ask from the master realm.
 *
 * On the caller's worker. Sessions of the master realm name the realm, others may leave their own
 * out. What wamp.* tells already is told by it; what is listed here are entries: a registration or
 * subscription, a callee each, in the order of their URIs, by pages. */
#include "base/clock.h"
#include "realm/meta.h"
#include "realm/meta_inside.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 20, LIMIT_MAX = 10000 };

static struct slice argument(const struct builtin_call *call, size_t at)
{
    struct slice list = {call->payload->serializer, call->payload->args};
    return list.bytes.len == 0 || at >= slice_count(list) ? (struct slice){0} : slice_nth(list, at);
}

/* A text; empty when it is none. */
static struct str text_of(const struct builtin_call *call, struct slice value)
{
    struct scan scan;
    struct str text = STR_EMPTY;
    if (value.serializer == SERIALIZER_NONE || slice_kind(value) != SCAN_STRING) {
        return STR_EMPTY;
    }
    scan_init(&scan, value.serializer, value.bytes, &router_here(call->router)->scratch);
    return scan_str(&scan, &text) ? text : STR_EMPTY;
}

/* The same call, as if made in the realm that its first argument names. False: refused. */
static bool enter_realm(const struct builtin_call *call, struct builtin_call *out)
{
    struct str named = text_of(call, argument(call, 0));
    bool master = str_eq(call->realm, MASTER_REALM);
    *out = *call;
    if (str_eq(named, call->realm) ||
        (!master && argument(call, 0).serializer == SERIALIZER_NONE)) {
        return true;
    }
    if (!master) {
        meta_refuse(call->router, call->handle, FAULT_NOT_AUTHORIZED,
                    "a session may speak of its own realm alone");
        return false;
    }
    if (named.len == 0) {
        meta_refuse(call->router, call->handle, FAULT_INVALID_ARGUMENT,
                    "the first argument must be a realm's URI");
        return false;
    }
    out->seat = seat_find(router_here(call->router), named);
    if (out->seat == NULL || seat_access(out->seat) == NULL) {
        meta_refuse(call->router, call->handle, FAULT_NO_SUCH_REALM, "there is no such realm");
        return false;
    }
    out->realm = realm_uri(out->seat->realm);
    return true;
}

static const struct builtin *told_by(const char *name)
{
    for (size_t i = 0; meta_procedures[i] != NULL; i++) {
        for (const struct builtin *row = meta_procedures[i]; row->run != NULL; row++) {
            if (str_eq(row->procedure, str_of(name))) {
                return row;
            }
        }
    }
    return NULL;
}

static void run_told(const struct builtin_call *call)
{
    const struct builtin *row = told_by(call->builtin->ctx);
    struct builtin_call inner;
    if (enter_realm(call, &inner)) {
        inner.builtin = row;
        row->run(&inner);
    }
}

struct entry {
    uint64_t id;
    uint64_t session; /* of the callee; 0: of a subscription */
    uint64_t created_ms;
    enum match_policy match;
    enum invoke_policy invoke;
    size_t uri_at; /* in entries.uris */
    struct str uri;
};

struct entries {
    struct entry *items;
    size_t count;
    size_t cap;
    struct buf uris;
    bool subscriptions;
    /* Which. */
    struct str procedure;
    uint64_t session;
};

struct page {
    uint64_t limit;
    struct str cursor; /* "URI ID SESSION" of the last of the page before */
    struct str filter; /* part of the URI */
    bool descending;
    bool details;
};

static void push(struct entries *out, struct str uri, const struct entry *entry)
{
    if (out->count == out->cap) {
        out->cap = out->cap == 0 ? 64 : 2 * out->cap;
        out->items = mem_realloc(out->items, out->cap * sizeof(*out->items));
    }
    struct entry *item = &out->items[out->count++];
    *item = *entry;
    item->uri_at = out->uris.len;
    item->uri.len = uri.len;
    (void)buf_append(&out->uris, uri);
}

static void add_callees(const struct registry *registry, uint64_t id, struct entries *out)
{
    struct registry_facts facts;
    struct id_list sessions = {0};
    if (!registry_facts(registry, id, &facts) ||
        (out->procedure.len > 0 && !str_eq(out->procedure, facts.uri))) {
        return;
    }
    (void)registry_callees(registry, id, &sessions);
    for (size_t i = 0; i < sessions.count; i++) {
        if (out->session == 0 || out->session == sessions.ids[i]) {
            push(out, facts.uri,
                 &(struct entry){.id = id,
                                 .session = sessions.ids[i],
                                 .created_ms = facts.created_ms,
                                 .match = facts.match,
                                 .invoke = facts.invoke});
        }
    }
    id_list_done(&sessions);
}

static void
look(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct entries *out = ctx;
    struct id_list ids[MATCH_POLICIES] = {{0}};
    if (out->subscriptions) {
        subscriptions_list(subscriptions, ids);
    } else {
        registry_list(registry, ids);
    }
    for (size_t match = 0; match < MATCH_POLICIES; match++) {
        for (size_t i = 0; i < ids[match].count; i++) {
            struct subscription_facts facts;
            if (!out->subscriptions) {
                add_callees(registry, ids[match].ids[i], out);
            } else if (subscriptions_get(subscriptions, ids[match].ids[i], &facts)) {
                push(out, facts.uri,
                     &(struct entry){
                         .id = facts.id, .created_ms = facts.created_ms, .match = facts.match});
            }
        }
        id_list_done(&ids[match]);
    }
}

static int compare(const struct entry *a, const struct entry *b)
{
    int order = str_cmp(a->uri, b->uri);
    if (order == 0) {
        order = (a->id > b->id) - (a->id < b->id);
    }
    return order != 0 ? order : (a->session > b->session) - (a->session < b->session);
}

static int by_uri(const void *a, const void *b)
{
    return compare(a, b);
}

static bool contains(struct str text, struct str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (str_eq_nocase(str_sub(text, i, part.len), part)) {
            return true;
        }
    }
    return part.len == 0;
}

static struct slice option(const struct builtin_call *call, struct str key)
{
    struct slice kwargs = {call->payload->serializer, call->payload->kwargs};
    return kwargs.bytes.len == 0 ? (struct slice){0} : slice_get(kwargs, key);
}

/* Also as a text, since queries of URLs have nothing else; 0 when there is none. False: it is
 * there, and no number from 1 on. */
static bool number_of(const struct builtin_call *call, struct slice value, uint64_t *out)
{
    struct scan scan;
    *out = 0;
    if (value.serializer == SERIALIZER_NONE || slice_kind(value) == SCAN_NULL) {
        return true;
    }
    if (slice_kind(value) == SCAN_STRING) {
        struct str text = text_of(call, value);
        return text.len == 0 || (text.len <= NUMBER_MAX && str_to_u64(text, out) && *out > 0);
    }
    scan_init(&scan, value.serializer, value.bytes, NULL);
    return scan_u64(&scan, out) && *out > 0;
}

static bool read_page(const struct builtin_call *call, struct page *out)
{
    struct slice details = option(call, STR("details"));
    struct str sort = text_of(call, option(call, STR("sort")));
    struct scan scan;
    *out = (struct page){.cursor = text_of(call, option(call, STR("cursor"))),
                         .filter = text_of(call, option(call, STR("filter"))),
                         .descending = str_eq(sort, STR("-name"))};
    if (details.serializer != SERIALIZER_NONE) {
        scan_init(&scan, details.serializer, details.bytes, NULL);
        (void)scan_bool(&scan, &out->details);
    }
    const char *wrong = NULL;
    if (!number_of(call, option(call, STR("limit")), &out->limit) || out->limit > LIMIT_MAX) {
        wrong = "limit is a number from 1 to 10000";
    } else if (sort.len > 0 && !out->descending && !str_eq(sort, STR("name"))) {
        wrong = "sort is \"name\" or \"-name\"";
    }
    if (wrong != NULL) {
        meta_refuse(call->router, call->handle, FAULT_INVALID_ARGUMENT, wrong);
    }
    return wrong == NULL;
}

/* Where the page before has ended; false when the cursor is none of ours. */
static bool read_cursor(struct str cursor, struct entry *out)
{
    struct str rest = STR_EMPTY;
    struct str id = STR_EMPTY;
    struct str session = STR_EMPTY;
    *out = (struct entry){0};
    return str_cut(cursor, ' ', &out->uri, &rest) && str_cut(rest, ' ', &id, &session) &&
           str_to_u64(id, &out->id) && str_to_u64(session, &out->session);
}

static void emit_entry(struct emit *emit, const struct entry *entry, struct str realm, bool topic)
{
    char created[CLOCK_ISO_SIZE];
    char ref[NUMBER_MAX + 1];
    clock_iso(entry->created_ms, created);
    (void)snprintf(ref, sizeof(ref), "%llu", (unsigned long long)entry->session);
    const struct {
        const char *key;
        struct str value; /* empty: null */
    } texts[] = {
        {"type", topic ? STR("subscription") : STR("registration")},
        {"realm_uri", realm},
        {"uri", entry->uri},
        {"match_policy", str_of(match_policy_name(entry->match))},
        {"ref", topic ? STR_EMPTY : str_of(ref)},
        {"callback_args", STR_EMPTY},
        {"created", str_of(created)},
        {"origin_ref", STR_EMPTY},
    };
    emit_map(emit, COUNT_OF(texts) + 2);
    emit_key(emit, STR("entry_id"));
    emit_u64(emit, entry->id);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        emit_key(emit, str_of(texts[i].key));
        if (texts[i].value.len > 0) {
            emit_str(emit, texts[i].value);
        } else {
            emit_null(emit);
        }
    }
    emit_key(emit, STR("options"));
    emit_map(emit, topic ? 0 : 1);
    if (!topic) {
        emit_key(emit, STR("invoke"));
        emit_str(emit, invoke_policy_name(entry->invoke));
    }
}

/* Of all, sorted: those of the page to the front. Returns how many pass the filter. */
static size_t cut_page(struct entries *entries, const struct page *page, const struct entry *after)
{
    size_t total = 0;
    size_t kept = 0;
    size_t count = entries->count;
    struct entry *sorted = entries->items;
    struct entry *out = NEW_ARRAY(struct entry, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &sorted[page->descending ? count - 1 - i : i];
        if (!contains(entry->uri, page->filter)) {
            continue;
        }
        total++;
        int order = after == NULL ? 1 : compare(entry, after) * (page->descending ? -1 : 1);
        if (order > 0 && (page->limit == 0 || kept <= page->limit)) {
            out[kept++] = *entry; /* one more than asked: whether there is a next page */
        }
    }
    mem_free(entries->items);
    entries->items = out;
    entries->count = kept;
    return total;
}

static void emit_details(struct emit *emit, size_t total, const struct entry *last)
{
    char cursor[URI_LEN_MAX + 64];
    emit_map(emit, last == NULL ? 1 : 2);
    emit_key(emit, STR("total"));
    emit_u64(emit, total);
    if (last != NULL) {
        (void)snprintf(cursor, sizeof(cursor), PRISTR " %llu %llu", STRARG(last->uri),
                       (unsigned long long)last->id, (unsigned long long)last->session);
        emit_key(emit, STR("next"));
        emit_str(emit, str_of(cursor));
    }
}

static void
answer_page(const struct builtin_call *call, struct entries *entries, const struct page *page)
{
    struct entry after;
    struct buf bytes;
    struct emit emit;
    struct emit more;
    bool from = page->cursor.len > 0;
    if (from && !read_cursor(page->cursor, &after)) {
        meta_refuse(call->router, call->handle, FAULT_INVALID_ARGUMENT,
                    "cursor is what a page before has said");
        return;
    }
    size_t total = cut_page(entries, page, from ? &after : NULL);
    bool next = page->limit != 0 && entries->count > page->limit;
    size_t count = next ? page->limit : entries->count;
    buf_init(&bytes, call->router->options.message_max);
    emit_init(&emit, SERIALIZER_MSGPACK, &bytes);
    emit_list(&emit, 1);
    emit_list(&emit, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        emit_entry(&emit, &entries->items[i], call->realm, entries->subscriptions);
    }
    size_t args = bytes.len;
    if (page->details) {
        emit_init(&more, SERIALIZER_MSGPACK, &bytes);
        emit_details(&more, total, next ? &entries->items[count - 1] : NULL);
    }
    if (bytes.full) {
        meta_refuse(call->router, call->handle, FAULT_PAYLOAD_SIZE_EXCEEDED,
                    "the result is larger than a message may be: ask for a page (limit)");
    } else {
        builtin_answer(call->router, call->handle,
                       &(struct payload){.serializer = SERIALIZER_MSGPACK,
                                         .args = str_sub(buf_str(&bytes), 0, args),
                                         .kwargs = str_from(buf_str(&bytes), args)});
    }
    buf_done(&bytes);
}

static void list_entries(const struct builtin_call *call, struct entries *entries)
{
    struct page page;
    if (!read_page(call, &page)) {
        return;
    }
    buf_init(&entries->uris, SIZE_MAX / 2);
    realm_look(call->seat->realm, look, entries);
    for (size_t i = 0; i < entries->count; i++) {
        entries->items[i].uri.ptr = entries->uris.ptr + entries->items[i].uri_at;
    }
    if (entries->count > 1) {
        qsort(entries->items, entries->count, sizeof(*entries->items), by_uri);
    }
    answer_page(call, entries, &page);
    buf_done(&entries->uris);
    mem_free(entries->items);
}

static void run_registrations(const struct builtin_call *call)
{
    struct builtin_call inner;
    struct entries entries = {0};
    if (enter_realm(call, &inner)) {
        list_entries(&inner, &entries);
    }
}

static void run_subscriptions(const struct builtin_call *call)
{
    struct builtin_call inner;
    struct entries entries = {.subscriptions = true};
    if (enter_realm(call, &inner)) {
        list_entries(&inner, &entries);
    }
}

/* [realm, procedure]; kwargs {session} for what one session serves. */
static void run_callees(const struct builtin_call *call)
{
    struct builtin_call inner;
    struct entries entries = {.procedure = text_of(call, argument(call, 1))};
    if (!enter_realm(call, &inner)) {
        return;
    }
    if (number_of(call, option(call, STR("session")), &entries.session)) {
        list_entries(&inner, &entries);
    } else {
        meta_refuse(call->router, call->handle, FAULT_INVALID_ARGUMENT,
                    "session is a session's id");
    }
}

static void run_ping(const struct builtin_call *call)
{
    struct meta_result result;
    emit_str(meta_result_begin(&result, call->router, call->handle), STR("pong"));
    meta_result_send(&result);
}

static void run_self(const struct builtin_call *call)
{
    const struct session *session = call->session;
    struct meta_result result;
    if (session == NULL) {
        meta_refuse(call->router, call->handle, BONDY_NOT_FOUND,
                    "this call was made by a request and in no session");
        return;
    }
    struct emit *emit = meta_result_begin(&result, call->router, call->handle);
    emit_map(emit, SESSION_DETAILS + 1);
    session_emit_details(session, emit);
    emit_key(emit, STR("x_authroles"));
    emit_list(emit, (uint32_t)session->principal.role_count);
    for (size_t i = 0; i < session->principal.role_count; i++) {
        emit_str(emit, session->principal.roles[i]);
    }
    meta_result_send(&result);
}

/* NOLINTBEGIN(cppcoreguidelines-interfaces-global-init): constants */
#define TOLD(procedure, name)                                                  \
    {                                                                          \
        STR_INIT(procedure), run_told, (void *)(uintptr_t)(const void *)(name) \
    }

const struct builtin meta_house_procedures[] = {
    {STR_INIT("bondy.ping"), run_ping, NULL},
    {STR_INIT("bondy.session.self"), run_self, NULL},
    {STR_INIT("bondy.registration.list"), run_registrations, NULL},
    {STR_INIT("bondy.registration.callee.list"), run_callees, NULL},
    {STR_INIT("bondy.subscription.list"), run_subscriptions, NULL},
    TOLD("bondy.session.count", "wamp.session.count"),
    TOLD("bondy.session.list", "wamp.session.list"),
    TOLD("bondy.session.get", "wamp.session.get"),
    TOLD("bondy.session.kill", "wamp.session.kill"),
    TOLD("bondy.registration.summary", "wamp.registration.list"),
    TOLD("bondy.registration.get", "wamp.registration.get"),
    TOLD("bondy.registration.callees", "wamp.registration.list_callees"),
    TOLD("bondy.subscription.summary", "wamp.subscription.list"),
    TOLD("bondy.subscription.get", "wamp.subscription.get"),
    {STR_INIT(""), NULL, NULL},
};
/* NOLINTEND(cppcoreguidelines-interfaces-global-init) */
