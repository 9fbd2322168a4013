/* store_request.c - one request on the database. Transactions are store.c's business. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/store_inside.h"

#include <string.h>

bool store_exec(struct store_backend *backend, enum store_sql statement, struct err *err)
{
    const struct store_query query = {.sql = store_sql(statement)};
    return backend->ops->query(backend, &query, err);
}

bool store_exec_with(struct store_backend *backend,
                     enum store_sql statement,
                     const struct store_value *params,
                     size_t count,
                     struct err *err)
{
    const struct store_query query = {
        .sql = store_sql(statement), .params = params, .param_count = count};
    return backend->ops->query(backend, &query, err);
}

/* A NUL would cut the text in one backend and be refused by another. */
static bool text_fits(struct str text, size_t max)
{
    return text.len <= max && (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL);
}

bool store_check_address(struct str kind, struct str realm, struct str key, struct err *err)
{
    if (kind.len == 0 || !text_fits(kind, STORE_KIND_MAX)) {
        return err_set(err, ERR_INVALID, "not a kind of record");
    }
    if (!text_fits(realm, STORE_KEY_MAX)) {
        return err_set(err, ERR_INVALID, "the realm of a " PRISTR " is too long or has a NUL",
                       STRARG(kind));
    }
    if (!text_fits(key, STORE_KEY_MAX)) {
        return err_set(err, ERR_INVALID, "the key of a " PRISTR " is too long or has a NUL",
                       STRARG(kind));
    }
    return true;
}

static bool check_write(const struct store_write *write, struct err *err)
{
    if (!store_check_address(write->kind, write->realm, write->key, err)) {
        return false;
    }
    if (!write->remove && (write->value.len == 0 || !text_fits(write->value, STORE_VALUE_MAX))) {
        return err_set(err, ERR_INVALID,
                       PRISTR " " PRISTR ": the value is empty, too long or has"
                              " a NUL",
                       STRARG(write->kind), STRARG(write->key));
    }
    return true;
}

bool store_check_words(const struct store_request *request, struct err *err)
{
    return (text_fits(request->author, STORE_AUTHOR_MAX) &&
            text_fits(request->comment, STORE_COMMENT_MAX)) ||
           err_set(err, ERR_INVALID, "author or comment is too long or has a NUL");
}

static bool check_writes(const struct store_request *request, struct err *err)
{
    if (request->write_count > STORE_WRITES_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d writes at once", STORE_WRITES_MAX);
    }
    if (!store_check_words(request, err)) {
        return false;
    }
    for (size_t i = 0; i < request->write_count; i++) {
        if (!check_write(&request->writes[i], err)) {
            return false;
        }
    }
    return true;
}

struct present {
    uint64_t version; /* 0: never was */
    bool deleted;
};

static bool read_present(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    struct present *present = ctx;
    present->version = (uint64_t)columns[0].number;
    present->deleted = columns[1].number != 0;
    return true;
}

static bool
check_present(const struct store_write *write, const struct present *present, struct err *err)
{
    bool exists = present->version > 0 && !present->deleted;
    if (write->remove && !exists) {
        return err_set(err, ERR_NOT_FOUND, "no " PRISTR " " PRISTR, STRARG(write->kind),
                       STRARG(write->key));
    }
    if (write->expect == STORE_ANY_VERSION || write->expect == (exists ? present->version : 0)) {
        return true;
    }
    if (!exists) {
        return err_set(err, ERR_CONFLICT,
                       PRISTR " " PRISTR " does not exist, version %llu was expected",
                       STRARG(write->kind), STRARG(write->key), (unsigned long long)write->expect);
    }
    if (write->expect == 0) {
        return err_set(err, ERR_CONFLICT, PRISTR " " PRISTR " exists already", STRARG(write->kind),
                       STRARG(write->key));
    }
    return err_set(err, ERR_CONFLICT, PRISTR " " PRISTR " is at version %llu, not %llu",
                   STRARG(write->kind), STRARG(write->key), (unsigned long long)present->version,
                   (unsigned long long)write->expect);
}

/* Of these only the present version is kept: in what they were are passwords' records, hashes of
 * keys, and private keys that have been given up. That they were, when, and by whom stays. */
static const struct str secret_kinds[] = {STR_INIT("user"), STR_INIT("key"), STR_INIT("api_key"),
                                          STR_INIT("ticket"), STR_INIT("setting")};

static bool is_secret(struct str kind)
{
    for (size_t i = 0; i < COUNT_OF(secret_kinds); i++) {
        if (str_eq(secret_kinds[i], kind)) {
            return true;
        }
    }
    return false;
}

static bool
forget_before(struct store_backend *backend, const struct store_record *record, struct err *err)
{
    const struct store_value before[] = {
        STORE_TEXT(record->kind),
        STORE_TEXT(record->realm),
        STORE_TEXT(record->key),
        STORE_NUMBER(record->version - 1),
    };
    return record->version == 1 || !is_secret(record->kind) ||
           store_exec_with(backend, SQL_VERSION_EMPTY, before, COUNT_OF(before), err);
}

static bool
insert_version(struct store_backend *backend, const struct store_record *record, struct err *err)
{
    const struct store_value version[] = {
        STORE_TEXT(record->kind),      STORE_TEXT(record->realm),   STORE_TEXT(record->key),
        STORE_NUMBER(record->version), STORE_NUMBER(record->seq),   STORE_NUMBER(record->time_ms),
        STORE_TEXT(record->author),    STORE_TEXT(record->comment), STORE_NUMBER(record->deleted),
        STORE_TEXT(record->value),
    };
    const struct store_value present[] = {
        STORE_TEXT(record->kind),      STORE_TEXT(record->realm),     STORE_TEXT(record->key),
        STORE_NUMBER(record->version), STORE_NUMBER(record->deleted),
    };
    if (!store_exec_with(backend, SQL_VERSION_INSERT, version, COUNT_OF(version), err) ||
        !store_exec_with(backend, SQL_RECORD_UPSERT, present, COUNT_OF(present), err) ||
        !forget_before(backend, record, err)) {
        return false;
    }
    if (record->version <= STORE_VERSIONS_KEPT) {
        return true;
    }
    const struct store_value oldest[] = {
        STORE_TEXT(record->kind),
        STORE_TEXT(record->realm),
        STORE_TEXT(record->key),
        STORE_NUMBER(record->version - STORE_VERSIONS_KEPT),
    };
    return store_exec_with(backend, SQL_VERSION_PRUNE, oldest, COUNT_OF(oldest), err);
}

static bool insert_change(struct store_backend *backend,
                          const struct store_record *record,
                          size_t part,
                          int64_t tag,
                          struct err *err)
{
    const struct store_value change[] = {
        STORE_NUMBER(record->seq),     STORE_NUMBER(part),        STORE_NUMBER(tag),
        STORE_TEXT(record->kind),      STORE_TEXT(record->realm), STORE_TEXT(record->key),
        STORE_NUMBER(record->version),
    };
    return store_exec_with(backend, SQL_CHANGE_INSERT, change, COUNT_OF(change), err);
}

struct head {
    int64_t seq;
    int64_t tag;
};

static bool read_head(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(struct head *)ctx = (struct head){columns[0].number, columns[1].number};
    return true;
}

bool store_head_place(struct store_backend *backend, struct store_place *out, struct err *err)
{
    struct head head = {.seq = -1};
    const struct store_query query = {.sql = store_sql(SQL_HEAD), .row = read_head, .ctx = &head};
    if (!backend->ops->query(backend, &query, err)) {
        return false;
    }
    *out = (struct store_place){(uint64_t)head.seq, head.tag};
    return head.seq >= 0 || err_set(err, ERR_INTERNAL,
                                    "the table head has no row, or one that makes no sense:"
                                    " somebody has edited it: restore a backup");
}

bool store_head(struct store_backend *backend, uint64_t *out_seq, struct err *err)
{
    struct store_place place = {0};
    bool ok = store_head_place(backend, &place, err);
    *out_seq = place.seq;
    return ok;
}

/* Takes the next place in the change log; from here on no other writer comes between. */
static bool stamp_take(struct store_backend *backend, struct store_stamp *stamp, struct err *err)
{
    int64_t tag = (int64_t)(random_u64() >> 1);
    const struct store_value param = STORE_NUMBER(tag);
    uint64_t seq = 0;
    if (!store_exec_with(backend, SQL_HEAD_ADVANCE, &param, 1, err) ||
        !store_head(backend, &seq, err)) {
        return false;
    }
    stamp->seq = seq;
    stamp->tag = tag;
    stamp->now_ms = clock_wall_ms();
    if (seq <= STORE_CHANGES_KEPT) {
        return true;
    }
    const struct store_value oldest = STORE_NUMBER(seq - STORE_CHANGES_KEPT);
    return store_exec_with(backend, SQL_CHANGE_PRUNE, &oldest, 1, err);
}

static bool read_address(struct store_backend *backend,
                         const struct store_write *write,
                         struct present *out,
                         struct err *err)
{
    const struct store_value address[] = {STORE_TEXT(write->kind), STORE_TEXT(write->realm),
                                          STORE_TEXT(write->key)};
    const struct store_query query = {.sql = store_sql(SQL_PRESENT_VERSION),
                                      .params = address,
                                      .param_count = COUNT_OF(address),
                                      .row = read_present,
                                      .ctx = out};
    return backend->ops->query(backend, &query, err);
}

/* What a write replaces, into the digest. */
struct replaced {
    struct hash_stream **stream;
    const struct store_write *write;
};

static bool read_replaced(void *ctx, const struct store_value *columns, struct err *err)
{
    struct replaced *replaced = ctx;
    (void)err;
    store_digest_add(replaced->stream, replaced->write, columns[0].text);
    return true;
}

static bool add_digests(struct store_backend *backend,
                        const struct store_stamp *stamp,
                        const struct store_write *write,
                        struct err *err)
{
    if (stamp->digest == NULL) {
        return true;
    }
    struct replaced replaced = {&stamp->digest->before, write};
    const struct store_value address[] = {STORE_TEXT(write->kind), STORE_TEXT(write->realm),
                                          STORE_TEXT(write->key)};
    const struct store_query query = {.sql = store_sql(SQL_PRESENT_VALUE),
                                      .params = address,
                                      .param_count = COUNT_OF(address),
                                      .row = read_replaced,
                                      .ctx = &replaced};
    if (!backend->ops->query(backend, &query, err)) {
        return false;
    }
    if (!write->remove) {
        store_digest_add(&stamp->digest->after, write, write->value);
    }
    return true;
}

static bool give_up_savepoint(struct store_backend *backend, struct err *err)
{
    backend->guarded = false;
    return store_exec(backend, SQL_SAVEPOINT_RELEASE, err);
}

bool store_write_one(struct store_backend *backend,
                     struct store_stamp *stamp,
                     const struct store_write *write,
                     struct store_record *record,
                     struct err *err)
{
    struct present present = {0};
    if (!check_write(write, err) || (stamp->seq == 0 && !stamp_take(backend, stamp, err)) ||
        !read_address(backend, write, &present, err) || !check_present(write, &present, err) ||
        !add_digests(backend, stamp, write, err)) {
        return false;
    }
    record->seq = stamp->seq;
    record->time_ms = stamp->now_ms;
    record->kind = write->kind;
    record->realm = write->realm;
    record->key = write->key;
    record->value = write->remove ? STR_EMPTY : write->value;
    record->deleted = write->remove;
    record->version = present.version + 1;
    return insert_version(backend, record, err) &&
           insert_change(backend, record, stamp->part++, stamp->tag, err) &&
           (!backend->guarded || stamp->part < STORE_GUARDED_WRITES_MAX ||
            give_up_savepoint(backend, err));
}

static bool write_all(struct store_backend *backend,
                      struct store_request *request,
                      struct store_record *records,
                      struct store_digest *digest)
{
    struct store_stamp stamp = {.digest = request->audit == NULL ? NULL : digest};
    for (size_t i = 0; i < request->write_count; i++) {
        records[i] = (struct store_record){.author = request->author, .comment = request->comment};
        if (!store_write_one(backend, &stamp, &request->writes[i], &records[i], &request->err)) {
            return false;
        }
    }
    request->seq = stamp.seq;
    request->tag = stamp.tag;
    request->records = records;
    request->record_count = request->write_count;
    return true;
}

static bool
commit(struct store_backend *backend, struct store_request *request, struct store_digest *digest)
{
    struct err *err = &request->err;
    if (!check_writes(request, err)) {
        return false;
    }
    if (request->write_count == 0) {
        return store_head(backend, &request->seq, err);
    }
    if (!arena_room(&request->arena, (request->write_count + 1) * sizeof(struct store_record))) {
        return err_set(err, ERR_LIMIT, "the request has no room for its %zu records",
                       request->write_count);
    }
    return write_all(backend, request,
                     ARENA_ARRAY(&request->arena, struct store_record, request->write_count),
                     digest);
}

bool store_request_write(struct store_backend *backend, struct store_request *request)
{
    struct store_digest digest = {0};
    bool ok = commit(backend, request, &digest) && store_audit_done(backend, request, &digest);
    store_digest_done(&digest);
    return ok;
}

enum { RECORD_COLUMNS = 10 };

/* Records of a query, collected on the heap until their number is known. */
struct found {
    struct store_filter filter;
    struct arena *arena;
    struct store_record *records;
    size_t count;
    size_t cap;
};

/* Some of the arena is left to who asks: what is read leaves room for what is made of it. */
static size_t reserve_of(const struct arena *arena)
{
    return arena->max / 64;
}

static bool too_big(const struct found *found, struct err *err)
{
    return err_set(err, ERR_LIMIT, "the answer is larger than %zu bytes", found->arena->max);
}

static bool read_record(void *ctx, const struct store_value *c, struct err *err)
{
    struct found *found = ctx;
    size_t needed = 0;
    const struct store_filter *filter = &found->filter;
    if (filter->fits != NULL && !filter->fits(filter->ctx, c[2].text, c[9].text)) {
        return true;
    }
    for (size_t i = 0; i < RECORD_COLUMNS; i++) {
        needed += c[i].text.len + 2 * sizeof(max_align_t);
    }
    if (!arena_room(found->arena, needed + reserve_of(found->arena))) {
        return too_big(found, err);
    }
    if (found->count == found->cap) {
        found->cap = found->cap == 0 ? 16 : found->cap * 2;
        found->records = mem_realloc(found->records, found->cap * sizeof(struct store_record));
    }
    found->records[found->count++] = (struct store_record){
        .kind = arena_str(found->arena, c[0].text),
        .realm = arena_str(found->arena, c[1].text),
        .key = arena_str(found->arena, c[2].text),
        .version = (uint64_t)c[3].number,
        .seq = (uint64_t)c[4].number,
        .time_ms = (uint64_t)c[5].number,
        .author = arena_str(found->arena, c[6].text),
        .comment = arena_str(found->arena, c[7].text),
        .deleted = c[8].number != 0,
        .value = arena_str(found->arena, c[9].text),
    };
    return true;
}

bool store_find_fitting(struct store_backend *backend,
                        struct store_query query,
                        struct store_filter filter,
                        struct arena *arena,
                        struct store_record **out,
                        size_t *out_count,
                        struct err *err)
{
    struct found found = {.filter = filter, .arena = arena};
    query.row = read_record;
    query.ctx = &found;
    bool ok = backend->ops->query(backend, &query, err);
    if (ok &&
        !arena_room(arena, (found.count + 1) * sizeof(struct store_record) + reserve_of(arena))) {
        ok = too_big(&found, err);
    }
    if (ok) {
        struct store_record *records = ARENA_ARRAY(arena, struct store_record, found.count);
        if (found.count > 0) {
            memcpy(records, found.records, found.count * sizeof(struct store_record));
        }
        *out = records;
        *out_count = found.count;
    }
    mem_free(found.records);
    return ok;
}

/* On success `*out` is in the arena. */
bool store_find(struct store_backend *backend,
                struct store_query query,
                struct arena *arena,
                struct store_record **out,
                size_t *out_count,
                struct err *err)
{
    return store_find_fitting(backend, query, (struct store_filter){0}, arena, out, out_count, err);
}

static bool read_request(const struct store_sources *sources, struct store_request *request)
{
    bool past = request->op == STORE_HISTORY || request->version > 0;
    if (!store_check_address(request->kind, request->realm, request->key, &request->err)) {
        return false;
    }
    const struct store_value params[] = {STORE_TEXT(request->kind), STORE_TEXT(request->realm),
                                         STORE_TEXT(request->key), STORE_NUMBER(request->version)};
    struct store_query query = {.params = params};
    if (request->op == STORE_LIST) {
        query.sql = store_sql(SQL_LIST);
        query.param_count = 2;
    } else if (request->op == STORE_HISTORY) {
        query.sql = store_sql(SQL_HISTORY);
        query.param_count = 3;
    } else {
        query.sql = store_sql(request->version == 0 ? SQL_GET : SQL_GET_VERSION);
        query.param_count = request->version == 0 ? 3 : 4;
    }
    if (!store_find(past ? sources->all : sources->present, query, &request->arena,
                    &request->records, &request->record_count, &request->err)) {
        return false;
    }
    if (request->op == STORE_LIST || request->record_count > 0) {
        return true;
    }
    if (request->version == 0) {
        return err_set(&request->err, ERR_NOT_FOUND, "no " PRISTR " " PRISTR, STRARG(request->kind),
                       STRARG(request->key));
    }
    return err_set(&request->err, ERR_NOT_FOUND, PRISTR " " PRISTR " has no version %llu",
                   STRARG(request->kind), STRARG(request->key),
                   (unsigned long long)request->version);
}

void store_request_read(const struct store_sources *sources, struct store_request *request)
{
    request->ok = read_request(sources, request);
}

bool store_read_changes(struct store_backend *backend,
                        uint64_t after,
                        uint64_t last,
                        struct arena *arena,
                        struct store_record **out_records,
                        size_t *out_count,
                        struct err *err)
{
    const struct store_value params[] = {STORE_NUMBER(after), STORE_NUMBER(last)};
    const struct store_query query = {
        .sql = store_sql(SQL_CHANGES), .params = params, .param_count = COUNT_OF(params)};
    return store_find(backend, query, arena, out_records, out_count, err);
}

bool store_read_all(struct store_backend *backend,
                    struct arena *arena,
                    struct store_record **out_records,
                    size_t *out_count,
                    struct err *err)
{
    const struct store_query query = {.sql = store_sql(SQL_LOAD)};
    return store_find(backend, query, arena, out_records, out_count, err);
}
