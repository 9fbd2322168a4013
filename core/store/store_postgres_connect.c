/* store_postgres_connect.c - store.url, its hosts in turn, and what is asked of a server before it
 * carries the store.
 *
 * libpq would go through the hosts by itself, but an attempt that never ends keeps it from the
 * next one: so each host is an attempt of ours, with its share of the time. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 96, PART_MAX = 512 };

struct word {
    const char *key;
    const char *value;
};

/* A server that dies without a word is noticed, whatever the system's defaults are. */
static const struct word defaults[] = {
    {"application_name", "postern"}, {"keepalives_idle", "5"},     {"keepalives_interval", "2"},
    {"keepalives_count", "3"},       {"tcp_user_timeout", "3000"}, {"gssencmode", "disable"},
};

/* The same on the other side, so that nobody holds a lock who is gone; a server that does not know
 * one of these does without. What is said of the server comes back. Read-write is asked for here
 * and not by target_session_attrs: so what to do about it can be told. */
static const char setup[] =
    "SELECT s.value FROM (SELECT COUNT(set_config(p.name, v.setting, false)) FROM (VALUES"
    " ('statement_timeout', '60s'), ('lock_timeout', '2s'),"
    " ('idle_in_transaction_session_timeout', '10s'), ('idle_session_timeout', '0'),"
    " ('transaction_timeout', '0'), ('client_connection_check_interval', '1s'),"
    " ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'),"
    " ('tcp_keepalives_count', '3'), ('synchronous_commit', CASE current_setting("
    "'synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END),"
    " ('default_transaction_isolation', 'read committed')) v (name, setting)"
    " JOIN pg_settings p ON p.name = v.name) done (count), LATERAL (VALUES"
    " (1, current_setting('transaction_read_only')), (2, current_setting('server_encoding')),"
    " (3, COALESCE(current_schema(), '')), (4, pg_backend_pid()::text),"
    " (5, 'postern_' || to_hex(hashtext(COALESCE(current_schema(), '')))))"
    " s (place, value)"
    " WHERE done.count >= 0 ORDER BY s.place";

enum { SAYS_READ_ONLY, SAYS_ENCODING, SAYS_SCHEMA, SAYS_PID, SAYS_CHANNEL, SAYS };

struct says {
    size_t count;
    char texts[SAYS][64];
};

static const char *option(const struct postgres *self, const char *key)
{
    for (const PQconninfoOption *o = self->options; o->keyword != NULL; o++) {
        if (strcmp(o->keyword, key) == 0) {
            return o->val;
        }
    }
    return NULL;
}

static size_t parts(const char *list)
{
    size_t count = 1;
    for (; list != NULL && *list != '\0'; list++) {
        count += *list == ',';
    }
    return count;
}

/* One of what commas part; the only one stands for all. */
static const char *part(const char *list, size_t index, char out[PART_MAX])
{
    if (list == NULL) {
        return NULL;
    }
    for (size_t skip = parts(list) == 1 ? 0 : index; skip > 0; skip--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    (void)snprintf(out, PART_MAX, "%.*s", (int)strcspn(list, ","), list);
    return out;
}

/* Hosts come and go; the database, and the schema that the options may name, are what they have. */
static char *name_of(const struct postgres *self)
{
    static const char *const parts_of_it[] = {"dbname", "options"};
    struct arena arena;
    struct str name = STR_EMPTY;
    arena_init(&arena, SIZE_MAX / 2);
    for (size_t i = 0; i < COUNT_OF(parts_of_it); i++) {
        const char *value = option(self, parts_of_it[i]);
        name = arena_printf(&arena, PRISTR "/%s", STRARG(name), value == NULL ? "" : value);
    }
    char *out = str_dup(name);
    arena_done(&arena);
    return out;
}

bool postgres_parse(struct postgres *self, struct str url, struct err *err)
{
    char *text = str_dup(url);
    char *problem = NULL;
    self->options = PQconninfoParse(text, &problem);
    mem_free(text);
    PQfreemem(problem); /* not told: it may have the password in it */
    if (self->options == NULL) {
        return err_set(err, ERR_INVALID,
                       "store.url cannot be read: it is postgresql://USER:PASSWORD@HOST:PORT/NAME,"
                       " signs in the password as %%XX, several hosts as HOST1:PORT1,HOST2:PORT2");
    }
    const char *hosts = option(self, "host");
    const char *addresses = option(self, "hostaddr");
    const char *ports = option(self, "port");
    self->host_count = parts(hosts == NULL ? addresses : hosts);
    self->lookups = NEW_ARRAY(struct postgres_lookup *, self->host_count);
    if ((hosts != NULL && addresses != NULL && parts(addresses) != self->host_count) ||
        (parts(ports) != 1 && parts(ports) != self->host_count)) {
        return err_set(err, ERR_INVALID, "store.url has as many ports and addresses as hosts");
    }
    self->name = name_of(self);
    self->backend.name = self->name;
    return true;
}

static size_t add(struct word words[WORDS_MAX], size_t count, const char *key, const char *value)
{
    if (value != NULL && *value != '\0' && count < WORDS_MAX) {
        words[count++] = (struct word){key, value};
    }
    return count;
}

static bool is_ours(const char *key)
{
    static const char *const ours[] = {
        "host", "hostaddr", "port", "client_encoding", "connect_timeout", "target_session_attrs"};
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        if (strcmp(ours[i], key) == 0) {
            return true;
        }
    }
    return false;
}

enum { LIST_SIZE = POSTGRES_ADDRESSES_MAX * (PART_MAX + 1) };

/* Where to: the name as often as it has addresses, since a certificate is one of the name. */
struct place {
    char host[LIST_SIZE];
    char address[LIST_SIZE];
    char port[PART_MAX];
};

static void append(char list[LIST_SIZE], const char *text)
{
    size_t len = strlen(list);
    (void)snprintf(list + len, LIST_SIZE - len, "%s%s", len == 0 ? "" : ",", text);
}

static bool
find(struct postgres *self, size_t index, uint64_t deadline_ms, struct place *out, struct err *err)
{
    struct postgres_addresses addresses = {0};
    char host[PART_MAX] = "";
    *out = (struct place){0};
    (void)part(option(self, "host"), index, host);
    (void)part(option(self, "hostaddr"), index, out->address);
    (void)part(option(self, "port"), index, out->port);
    if (out->address[0] == '\0' &&
        !postgres_resolve(&self->lookups[index], host, deadline_ms, &addresses, err)) {
        return false;
    }
    append(out->host, host);
    for (size_t i = 0; i < addresses.count; i++) {
        append(out->address, addresses.texts[i]);
        if (i > 0) {
            append(out->host, host);
        }
    }
    return true;
}

static PGconn *start(const struct postgres *self, const struct place *place)
{
    struct word words[WORDS_MAX];
    size_t count = 0;
    count = add(words, count, "host", place->host);
    count = add(words, count, "hostaddr", place->address);
    count = add(words, count, "port", place->port);
    count = add(words, count, "client_encoding", "UTF8");
    for (const PQconninfoOption *o = self->options; o->keyword != NULL; o++) {
        if (!is_ours(o->keyword)) {
            count = add(words, count, o->keyword, o->val);
        }
    }
    for (size_t i = 0; i < COUNT_OF(defaults); i++) {
        if (option(self, defaults[i].key) == NULL) {
            count = add(words, count, defaults[i].key, defaults[i].value);
        }
    }
    const char *keys[WORDS_MAX + 1] = {0};
    const char *values[WORDS_MAX + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        keys[i] = words[i].key;
        values[i] = words[i].value;
    }
    return PQconnectStartParams(keys, values, 0);
}

bool postgres_wait(PGconn *conn, bool for_writing, uint64_t deadline_ms)
{
    for (;;) {
        uint64_t now_ms = clock_mono_ms();
        int left_ms = now_ms < deadline_ms ? (int)(deadline_ms - now_ms) : 0;
        struct pollfd ready = {.fd = PQsocket(conn),
                               .events = (short)(for_writing ? POLLIN | POLLOUT : POLLIN)};
        int count = poll(&ready, 1, left_ms);
        if (count > 0 || (count < 0 && errno != EINTR)) {
            return true; /* what is wrong with it, libpq will find */
        }
        if (count == 0 && left_ms == 0) {
            return false;
        }
    }
}

static void ignore_notice(void *ctx, const char *text)
{
    (void)ctx;
    (void)text;
}

static bool greet(PGconn *conn, uint64_t deadline_ms, struct err *err)
{
    if (conn == NULL || PQstatus(conn) == CONNECTION_BAD) {
        return postgres_connect_fail(conn == NULL ? "out of memory" : PQerrorMessage(conn), err);
    }
    (void)PQsetNoticeProcessor(conn, ignore_notice, NULL);
    (void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* with the SQLSTATE */
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (!postgres_wait(conn, state == PGRES_POLLING_WRITING, deadline_ms)) {
            return err_set(err, ERR_UNAVAILABLE, "PostgreSQL does not answer");
        }
        state = PQconnectPoll(conn);
        if (state == PGRES_POLLING_FAILED) {
            return postgres_connect_fail(PQerrorMessage(conn), err);
        }
    }
    return PQsetnonblocking(conn, 1) == 0 || postgres_connect_fail(PQerrorMessage(conn), err);
}

static bool hear(void *ctx, const struct store_value *columns, struct err *err)
{
    struct says *says = ctx;
    (void)err;
    if (says->count < SAYS) {
        (void)snprintf(says->texts[says->count++], sizeof(says->texts[0]), PRISTR,
                       STRARG(columns[0].text));
    }
    return true;
}

/* What is asked of a server before it carries the store. */
static bool examine(struct postgres *self, struct err *err)
{
    struct says says = {0};
    const struct store_query query = {.sql = setup, .row = hear, .ctx = &says};
    if (!postgres_run(self, &query, err)) {
        return false;
    }
    if (says.count != SAYS) {
        return err_set(err, ERR_UNAVAILABLE, "the server of store.url is no PostgreSQL");
    }
    if (strcmp(says.texts[SAYS_READ_ONLY], "off") != 0) {
        return postgres_fail("25006", "read-only", err);
    }
    if (strcmp(says.texts[SAYS_ENCODING], "UTF8") != 0) {
        return err_set(err, ERR_INVALID,
                       "the database's encoding is %s, and must be UTF8:"
                       " createdb -E UTF8 -T template0 NAME",
                       says.texts[SAYS_ENCODING]);
    }
    if (says.texts[SAYS_SCHEMA][0] == '\0') {
        return postgres_fail("3F000", "no schema to be in", err);
    }
    self->pid = (int)strtol(says.texts[SAYS_PID], NULL, 10);
    (void)snprintf(self->channel, sizeof(self->channel), "%.*s", POSTGRES_CHANNEL_SIZE - 1,
                   says.texts[SAYS_CHANNEL]);
    return true;
}

static bool open_host(struct postgres *self, size_t index, uint64_t deadline_ms, struct err *err)
{
    struct place place;
    if (!find(self, index, deadline_ms, &place, err)) {
        return false;
    }
    PGconn *conn = start(self, &place);
    if (!greet(conn, deadline_ms, err)) {
        PQfinish(conn);
        return false;
    }
    self->conn = conn;
    if (!examine(self, err) || !postgres_listen(self, err)) {
        postgres_drop(self);
        return false;
    }
    return true;
}

static bool try_host(struct postgres *self, size_t index, uint64_t deadline_ms, struct err *err)
{
    char host[PART_MAX];
    if (open_host(self, index, deadline_ms, err)) {
        return true;
    }
    const char *list = option(self, "host");
    const char *name = part(list == NULL ? option(self, "hostaddr") : list, index, host);
    return name == NULL ? false : err_wrap(err, "%s", name);
}

bool postgres_connect(struct postgres *self, struct err *err)
{
    uint64_t end_ms = clock_mono_ms() + POSTGRES_CONNECT_MS;
    struct err worst = {0};
    for (size_t i = 0; i < self->host_count; i++) {
        uint64_t now_ms = clock_mono_ms();
        uint64_t left_ms = now_ms < end_ms ? end_ms - now_ms : 0;
        size_t index = (self->host + i) % self->host_count;
        struct err problem = {0};
        if (try_host(self, index, now_ms + left_ms / (self->host_count - i), &problem)) {
            self->host = index;
            self->late = false;
            self->backend.connection++;
            return true;
        }
        /* What has to be mended tells more than that somebody is away. */
        if (worst.code == ERR_NONE || worst.code == ERR_UNAVAILABLE) {
            worst = problem;
        }
    }
    return err_set(err, worst.code, "%s", worst.text);
}
