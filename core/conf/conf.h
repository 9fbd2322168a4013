/* conf.h - every setting of a node, from --set, the environment, a file or its default.
 *
 * What exists, with type, default, bounds and a sentence, is one table (table.c);
 * docs/configuration.md and `check --effective` are printed from it. Made before the
 * threads start and read-only from then on; a reload makes a second one. All mistakes
 * are told at once. Values that may carry a password are masked wherever printed.
 */
#ifndef POSTERN_CONF_CONF_H
#define POSTERN_CONF_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "conf/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_queue_policy { CONF_QUEUE_CLOSE, CONF_QUEUE_DROP };
enum conf_front { CONF_FRONT_H1, CONF_FRONT_MHD };
enum conf_disclosure { CONF_DISCLOSURE_ON, CONF_DISCLOSURE_ASKED, CONF_DISCLOSURE_OFF };
enum conf_request_ids { CONF_REQUEST_IDS_STRICT, CONF_REQUEST_IDS_LENIENT };
enum conf_origin_kind { CONF_DEFAULT, CONF_FILE, CONF_ENV, CONF_SET };
enum { CONF_ROWS_MAX = 128 };

/* Each item is NUL-terminated. */
struct conf_list {
    const struct str *items;
    size_t count;
};

struct conf_origin {
    enum conf_origin_kind kind;
    unsigned line; /* in the file */
    unsigned column;
};

/* Texts are never NULL; empty means not set. Sizes are bytes, times milliseconds. */
struct conf_tls {
    const char *listen; /* empty: off */
    const char *certificate;
    const char *key;
    const char *client_ca;
    const char *sni_dir;
};

struct conf {
    struct {
        const char *name; /* never empty */
        uint64_t workers; /* never 0 */
        uint64_t mailbox_max;
        uint64_t drain_timeout_ms;
        uint64_t jobs;
        uint64_t jobs_queue;
    } node;
    struct {
        const char *dir;
    } data;
    struct {
        const char *listen;
        const char *public_url; /* empty: http://127.0.0.1:<the port>, known once bound */
        int front;              /* enum conf_front */
        struct conf_list specs;
        struct conf_tls tls;
        bool proxy_protocol;
        struct conf_list trusted_proxies;
    } gateway;
    struct {
        const char *listen;
        int front;
        struct conf_tls tls;
        bool allow_anonymous;
        const char *password_file;
        bool ui;
        uint64_t session_idle_ms;
        uint64_t session_max_ms;
    } admin;
    struct {
        const char *listen;
        struct conf_tls tls;
    } rawsocket;
    struct {
        const char *config_file;
        bool allow_anonymous_user;
        uint64_t password_min;
        uint64_t password_max;
        int password_protocol; /* enum credential_protocol */
        bool password_upgrade;
        int scram_kdf; /* enum credential_kdf */
        uint64_t pbkdf2_iterations;
        struct {
            uint64_t expiry_time_ms;
            uint64_t max_expiry_time_ms;
            struct conf_list authmethods;
            bool allow_not_found;
        } ticket;
    } security;
    struct {
        uint64_t access_token_ms;
        uint64_t refresh_token_ms;
        uint64_t refresh_idle_ms;
        uint64_t refresh_grace_ms;
        uint64_t refresh_limit;
        uint64_t code_ms;
        uint64_t login_ms;
        uint64_t device_ms;
        uint64_t key_rotation_ms; /* 0: never */
    } oauth2;
    struct {
        const char *config_file;
    } bridge;
    struct {
        const char *url;
        bool listen;
    } store;
    struct {
        const char *url; /* empty: one node */
        uint64_t acknowledge_ms;
        const char *credentials_file;
        const char *ca;
        const char *certificate;
        const char *key;
    } cluster;
    struct {
        uint64_t max_connections_per_address; /* loopback is exempt; 0: unlimited */
        uint64_t first_byte_timeout_ms;
        uint64_t tls_handshake_timeout_ms;
        uint64_t backlog;
    } net;
    struct {
        uint64_t connections;
        uint64_t memory; /* never 0 */
        uint64_t sessions;
        uint64_t registrations_per_session;
        uint64_t subscriptions_per_session;
        uint64_t calls_per_session; /* in flight */
        uint64_t parked_requests;
    } limits;
    struct {
        uint64_t rows;
        uint64_t days;
    } audit;
    struct {
        uint64_t uri_max;
        uint64_t headers_max;
        uint64_t header_count_max;
        uint64_t body_max;
        uint64_t response_max;
        uint64_t idle_timeout_ms;
        uint64_t header_timeout_ms;
        uint64_t body_timeout_ms;
    } http;
    struct {
        uint64_t queue_max;
        uint64_t message_max;
        uint64_t call_timeout_ms;
        uint64_t call_timeout_max_ms;
        uint64_t handshake_timeout_ms;
        uint64_t hello_timeout_ms;
        uint64_t ping_interval_ms;
        uint64_t ping_timeout_ms;
        uint64_t ping_attempts;
        bool rawsocket_pings;
        struct conf_list origins; /* none: any */
        struct conf_list trust_levels;
        int disclosure;  /* enum conf_disclosure */
        int request_ids; /* enum conf_request_ids */
        uint64_t retained_events;
        uint64_t retained_bytes;
        uint64_t retained_message_max;
        uint64_t retained_ttl_ms;
        uint64_t history_events;
        uint64_t history_bytes;
        uint64_t history_message_max;
        uint64_t testaments_count;
        uint64_t testaments_bytes;
        int queue_policy; /* enum conf_queue_policy */
        uint64_t poll_timeout_ms;
        uint64_t sse_keepalive_ms;
        uint64_t http_transports;
        uint64_t http_queue_messages;
        uint64_t http_queue_max;
        uint64_t http_message_ttl_ms;
        uint64_t http_transport_ttl_ms;
        uint64_t http_idle_timeout_ms;
    } wamp;
    struct {
        uint64_t output_max;
    } template;
    struct {
        int level;  /* enum log_level */
        int format; /* enum log_format */
    } log;

    struct arena arena; /* the texts */
    const char *file;   /* that was read; empty: none */
    struct conf_origin origins[CONF_ROWS_MAX];
};

/* Where settings come from. NULL or 0 where there is none. */
struct conf_source {
    const char *file;
    const char *const *sets; /* KEY=VALUE each; a later one wins */
    size_t set_count;
    char *const *env; /* as environ; NULL: the environment is not looked at */
};

/* False when there is any error; `out` is then not to be used. Warnings may come with success. */
bool conf_load(const struct conf_source *source, struct conf *out, struct conf_problems *problems);
void conf_done(struct conf *conf);

/* Loads again. What takes effect only after a restart keeps its running value in `out`, with a
 * warning that names the key. */
bool conf_reload(const struct conf_source *source,
                 const struct conf *running,
                 struct conf *out,
                 struct conf_problems *problems);

/* The YAML of all settings in force, each with where it came from; itself a valid file but for
 * masked passwords. */
void conf_effective(const struct conf *conf, struct buf *out);
/* docs/configuration.md. */
void conf_reference(struct buf *out);

#endif
