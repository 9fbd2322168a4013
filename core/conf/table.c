/* table.c - the settings, a row each; what a row means is in inside.h. */
#include "base/mem.h"
#include "conf/inside.h"

#include <stddef.h>
#include <stdio.h>

#define AT(member) offsetof(struct conf, member)
#define KIB        ((uint64_t)1024)
#define MIB        (1024 * KIB)
#define GIB        (1024 * MIB)
#define SECOND     ((uint64_t)1000)
#define MINUTE     (60 * SECOND)
#define HOUR       (60 * MINUTE)
#define DAY        (24 * HOUR)

static const char *const disclosures[] = {"on", "asked", "off", NULL};
static const char *const fronts[] = {"h1", "mhd", NULL};
static const char *const strictness[] = {"strict", "lenient", NULL};
static const char *const queue_policies[] = {"close", "drop", NULL};
static const char *const password_protocols[] = {"cra", "scram", NULL};
static const char *const scram_kdfs[] = {"pbkdf2", "argon2id13", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", "auto", NULL};

/* The five settings of a TLS listener, at its struct conf_tls. */
#define TLS_ROWS(section, at, port)                                                             \
    {.key = #section ".tls.listen",                                                             \
     .kind = CONF_TEXT,                                                                         \
     .offset = (at) + offsetof(struct conf_tls, listen),                                        \
     .def = "",                                                                                 \
     .check = check_address,                                                                    \
     .text = "Address of the TLS listener; empty is off, by convention port " #port "."},       \
        {.key = #section ".tls.certificate",                                                    \
         .kind = CONF_TEXT,                                                                     \
         .offset = (at) + offsetof(struct conf_tls, certificate),                               \
         .def = "",                                                                             \
         .text = "PEM file with the certificate and its chain; its content is read again on "   \
                 "SIGHUP."},                                                                    \
        {.key = #section ".tls.key",                                                            \
         .kind = CONF_TEXT,                                                                     \
         .offset = (at) + offsetof(struct conf_tls, key),                                       \
         .def = "",                                                                             \
         .text = "PEM file with the private key."},                                             \
        {.key = #section ".tls.client_ca",                                                      \
         .kind = CONF_TEXT,                                                                     \
         .offset = (at) + offsetof(struct conf_tls, client_ca),                                 \
         .def = "",                                                                             \
         .text = "PEM file with the authorities of client certificates; empty asks for none."}, \
    {                                                                                           \
        .key = #section ".tls.sni_dir", .kind = CONF_TEXT,                                      \
        .offset = (at) + offsetof(struct conf_tls, sni_dir), .def = "",                         \
        .text = "Folder with NAME.crt and NAME.key for further host names, chosen by SNI."      \
    }

const struct conf_row conf_rows[] = {
    {"node.name", CONF_TEXT, AT(node.name), "", CONF_RESTART,
     .text = "Name of this node, unique in its cluster.", .shown = "the host name"},
    {"node.workers", CONF_COUNT, AT(node.workers), "0", CONF_RESTART,
     .text = "Worker threads, each with its own event loop.", .max = 64, .shown = "one a core"},
    {"node.mailbox_max", CONF_SIZE, AT(node.mailbox_max), "64m", CONF_RESTART,
     .text = "Bytes on their way to one worker above which the connections that send them pause.",
     .min = MIB, .max = 4 * GIB},
    {"node.drain_timeout", CONF_DURATION, AT(node.drain_timeout_ms), "20s", CONF_RESTART,
     .text = "How long open requests may run on after SIGTERM.", .max = HOUR},
    {"node.jobs", CONF_COUNT, AT(node.jobs), "4", CONF_RESTART,
     .text =
         "Threads for what blocks or takes long: password hashing, files, large bodies, dry runs.",
     .min = 1, .max = 64},
    {"node.jobs_queue", CONF_COUNT, AT(node.jobs_queue), "1024", CONF_RESTART,
     .text = "Such jobs that may wait; beyond it the answer is 503.", .min = 1, .max = 1000000},

    {"data.dir", CONF_TEXT, AT(data.dir), "./data", CONF_RESTART,
     .text = "Folder of the embedded store, the lock and the generated password; made if missing "
             "(`--data`)."},

    {"gateway.listen", CONF_TEXT, AT(gateway.listen), "0.0.0.0:18080", CONF_RESTART,
     .text =
         "Address of the public listener: HTTP API, WebSocket at `/ws` and RawSocket on one port.",
     .check = check_address},
    {"gateway.public_url", CONF_TEXT, AT(gateway.public_url), "", CONF_RESTART,
     .text =
         "URL under which clients reach the public listener; the issuer of tokens is made of it.",
     .check = check_public_url, .shown = "http://127.0.0.1:PORT"},
    {"gateway.front", CONF_WORD, AT(gateway.front), "h1", CONF_RESTART,
     .text = "HTTP implementation of the public listener.", .words = fronts},
    {"gateway.specs", CONF_LIST, AT(gateway.specs), "", CONF_RESTART,
     .text = "API specification files that are created or updated at start."},
    TLS_ROWS(gateway, AT(gateway.tls), 18083),
    {"gateway.proxy_protocol", CONF_BOOL, AT(gateway.proxy_protocol), "false", CONF_RESTART,
     .text = "Whether each connection to the public listeners must begin with a PROXY protocol "
             "header."},
    {"gateway.trusted_proxies", CONF_LIST, AT(gateway.trusted_proxies), "", CONF_RESTART,
     .text =
         "Addresses and blocks (CIDR) of the proxies that are believed about the client's address.",
     .check = check_cidr},

    {"admin.listen", CONF_TEXT, AT(admin.listen), "127.0.0.1:18081", CONF_RESTART,
     .text = "Address of the admin listener: admin API, UI, health, metrics.",
     .check = check_address},
    {"admin.front", CONF_WORD, AT(admin.front), "mhd", CONF_RESTART,
     .text = "HTTP implementation of the admin listener.", .words = fronts},
    TLS_ROWS(admin, AT(admin.tls), 18084),
    {"admin.allow_anonymous", CONF_BOOL, AT(admin.allow_anonymous), "false", CONF_RESTART,
     .text = "Whether a security file may grant rights in the master realm to everybody."},
    {"admin.password_file", CONF_TEXT, AT(admin.password_file), "", CONF_RESTART,
     .text =
         "File with the first administrator's password; else POSTERN_ADMIN_PASSWORD, else one is "
         "generated.",
     .shown = "generated at first start"},
    {"admin.ui", CONF_BOOL, AT(admin.ui), "true", CONF_RESTART,
     .text = "Whether the admin listener serves the web console at /ui/, and sessions for it."},
    {"admin.session_idle", CONF_DURATION, AT(admin.session_idle_ms), "30m", CONF_RESTART,
     .text = "How long a session of the web console lives without a request.", .min = SECOND,
     .max = DAY},
    {"admin.session_max", CONF_DURATION, AT(admin.session_max_ms), "12h", CONF_RESTART,
     .text = "How long a session of the web console lives at most.", .min = SECOND, .max = DAY},

    {"rawsocket.listen", CONF_TEXT, AT(rawsocket.listen), "0.0.0.0:18082", CONF_RESTART,
     .text = "Address of the listener for RawSocket alone.", .check = check_address},
    TLS_ROWS(rawsocket, AT(rawsocket.tls), 18085),

    {"security.config_file", CONF_TEXT, AT(security.config_file), "", CONF_RESTART,
     .text = "File with realms, users, groups, sources and grants that are applied at start."},
    {"security.allow_anonymous_user", CONF_BOOL, AT(security.allow_anonymous_user), "true",
     CONF_RESTART,
     .text = "Whether anybody may come in anonymously where a realm's methods and sources let him; "
             "off, nobody does anywhere, over WAMP and HTTP."},
    {"security.password.min_length", CONF_COUNT, AT(security.password_min), "6", CONF_RESTART,
     .text = "Least bytes of a new password.", .min = 1, .max = 254},
    {"security.password.max_length", CONF_COUNT, AT(security.password_max), "254", CONF_RESTART,
     .text = "Most bytes of a new password.", .min = 6, .max = 254},
    {"security.password.protocol", CONF_WORD, AT(security.password_protocol), "cra", CONF_RESTART,
     .text = "What a password can prove besides `password` where neither user nor realm says: "
             "`cra` is `wampcra`, `scram` is `wamp-scram`.",
     .words = password_protocols},
    {"security.password.protocol.upgrade.enabled", CONF_BOOL, AT(security.password_upgrade),
     "false", CONF_RESTART,
     .text = "Whether a record for the other protocol than its realm's is made again at the next "
             "login by `password`."},
    {"security.password.scram.kdf", CONF_WORD, AT(security.scram_kdf), "pbkdf2", CONF_RESTART,
     .text = "How SCRAM derives its key where neither user nor realm says.", .words = scram_kdfs},
    {"security.password.pbkdf2.iterations", CONF_COUNT, AT(security.pbkdf2_iterations), "600000",
     CONF_RESTART, .text = "Rounds of PBKDF2 where neither user nor realm says.", .min = 4096,
     .max = 2000000},
    {"security.ticket.expiry_time", CONF_DURATION, AT(security.ticket.expiry_time_ms), "30d",
     CONF_RESTART, .text = "How long a ticket lives when nothing is said.", .min = SECOND,
     .max = 365 * DAY},
    {"security.ticket.max_expiry_time", CONF_DURATION, AT(security.ticket.max_expiry_time_ms),
     "30d", CONF_RESTART, .text = "How long a ticket may live; who asks for more gets this.",
     .min = SECOND, .max = 365 * DAY},
    {"security.ticket.authmethods", CONF_LIST, AT(security.ticket.authmethods),
     "cryptosign,password,tls,trust,wamp-scram,wampcra", CONF_RESTART,
     .text = "Who came in by one of these methods may have a ticket issued; with `ticket` among "
             "them a ticket begets the next.",
     .check = check_ticket_method},
    {"security.ticket.allow_not_found", CONF_BOOL, AT(security.ticket.allow_not_found), "false",
     CONF_RESTART,
     .text = "Whether a ticket that is signed rightly counts although the store has no record of "
             "it; such a ticket cannot be revoked."},
    {"oauth2.access_token.duration", CONF_DURATION, AT(oauth2.access_token_ms), "15m", CONF_RESTART,
     .text = "How long an access token or an ID token lives.", .min = 10 * SECOND,
     .max = 24 * HOUR},
    {"oauth2.refresh_token.duration", CONF_DURATION, AT(oauth2.refresh_token_ms), "30d",
     CONF_RESTART,
     .text = "How long one login may be refreshed, however often its tokens are rotated.",
     .min = SECOND, .max = 365 * DAY},
    {"oauth2.refresh_token.idle", CONF_DURATION, AT(oauth2.refresh_idle_ms), "14d", CONF_RESTART,
     .text = "How long a refresh token lives that is not used.", .min = SECOND, .max = 365 * DAY},
    {"oauth2.refresh_token.grace", CONF_DURATION, AT(oauth2.refresh_grace_ms), "30s", CONF_RESTART,
     .text = "How long a refresh token that was used is taken again, because the answer may have "
             "been lost; later its reuse ends the whole login.",
     .max = MINUTE},
    {"oauth2.refresh_token.limit", CONF_COUNT, AT(oauth2.refresh_limit), "25", CONF_RESTART,
     .text = "Logins that a user may have with one client; the oldest end.", .min = 1, .max = 1000},
    {"oauth2.code.duration", CONF_DURATION, AT(oauth2.code_ms), "60s", CONF_RESTART,
     .text = "How long an authorization code may be redeemed.", .min = SECOND, .max = 10 * MINUTE},
    {"oauth2.login.duration", CONF_DURATION, AT(oauth2.login_ms), "8h", CONF_RESTART,
     .text = "How long a browser stays logged in at the authorization page.", .min = SECOND,
     .max = 30 * DAY},
    {"oauth2.device.duration", CONF_DURATION, AT(oauth2.device_ms), "10m", CONF_RESTART,
     .text = "How long the code that a device shows may be typed in.", .min = SECOND, .max = HOUR},
    {"oauth2.key.rotation", CONF_DURATION, AT(oauth2.key_rotation_ms), "90d", CONF_RESTART,
     .text =
         "How long a realm signs tokens with one key before it gets another, which is shown ten "
         "minutes before it signs; `0s`: only when somebody rotates it.",
     .max = 3650 * DAY},
    {"bridge.config_file", CONF_TEXT, AT(bridge.config_file), "", CONF_RESTART,
     .text = "File with the subscriptions that are forwarded to message brokers. Not in this "
             "version: leave it empty."},
    {"store.url", CONF_TEXT, AT(store.url), "sqlite:", CONF_RESTART,
     .text = "Where records are kept: `sqlite:` (in `data.dir`), `sqlite:PATH` or"
             " `postgresql://USER:PASSWORD@HOST[,HOST]/NAME` (docs/postgresql.md).",
     .check = check_store_url, .secret = true},
    {"store.listen", CONF_BOOL, AT(store.listen), "true", CONF_RESTART,
     .text =
         "Whether nodes with one PostgreSQL tell each other at once of what they write, by LISTEN"
         " and NOTIFY; else each asks once a second. Off for poolers that cannot carry it."},
    {"cluster.url", CONF_TEXT, AT(cluster.url), "", CONF_RESTART,
     .text = "NATS servers that carry calls and events between nodes: "
             "`nats://host:port[,host:port]`. Not in this version: leave it empty.",
     .check = check_cluster_url, .secret = true},
    {"cluster.acknowledge_timeout", CONF_DURATION, AT(cluster.acknowledge_ms), "5s", CONF_RESTART,
     .text = "How long who publishes, rolls back or deletes a specification waits for the other "
             "nodes of the database to serve it; then the answer is 202 and names those that do "
             "not.",
     .max = 15 * SECOND},
    {"cluster.credentials_file", CONF_TEXT, AT(cluster.credentials_file), "", CONF_RESTART,
     .text = "NATS credentials file (`.creds`)."},
    {"cluster.tls.ca", CONF_TEXT, AT(cluster.ca), "", CONF_RESTART,
     .text = "PEM file with the authorities of the NATS servers' certificates."},
    {"cluster.tls.certificate", CONF_TEXT, AT(cluster.certificate), "", CONF_RESTART,
     .text = "PEM file with this node's certificate for NATS."},
    {"cluster.tls.key", CONF_TEXT, AT(cluster.key), "", CONF_RESTART,
     .text = "PEM file with its private key."},

    {"net.max_connections_per_address", CONF_COUNT, AT(net.max_connections_per_address), "1024",
     CONF_RESTART, .text = "Connections from one address; 0 is unlimited, as loopback always is.",
     .max = 1000000},
    {"net.first_byte_timeout", CONF_DURATION, AT(net.first_byte_timeout_ms), "5s", CONF_RESTART,
     .text = "How long a new connection may stay silent.", .min = 100, .max = 10 * MINUTE},
    {"net.tls_handshake_timeout", CONF_DURATION, AT(net.tls_handshake_timeout_ms), "10s",
     CONF_RESTART, .text = "How long a TLS handshake may take.", .min = 100, .max = 10 * MINUTE},
    {"net.backlog", CONF_COUNT, AT(net.backlog), "1024", CONF_RESTART,
     .text = "Connections that the kernel keeps waiting for each listening socket.", .min = 1,
     .max = 65535},

    {"limits.connections", CONF_COUNT, AT(limits.connections), "65536", CONF_RESTART,
     .text = "Connections of all listeners; file descriptors are reserved for them.", .min = 16,
     .max = 4000000},
    {"limits.memory", CONF_SIZE, AT(limits.memory), "0", CONF_RESTART,
     .text =
         "Bytes that may wait in queues and bodies; beyond it the longest queue is closed and new "
         "requests get 503.",
     .max = 1024 * GIB, .shown = "half of the memory"},
    {"limits.sessions", CONF_COUNT, AT(limits.sessions), "65536", CONF_RESTART,
     .text = "WAMP sessions of this node.", .min = 1, .max = 4000000},
    {"limits.registrations_per_session", CONF_COUNT, AT(limits.registrations_per_session), "10000",
     CONF_RESTART, .text = "Procedures that one session may register.", .min = 1, .max = 1000000},
    {"limits.subscriptions_per_session", CONF_COUNT, AT(limits.subscriptions_per_session), "10000",
     CONF_RESTART, .text = "Topics that one session may subscribe to.", .min = 1, .max = 1000000},
    {"limits.calls_per_session", CONF_COUNT, AT(limits.calls_per_session), "10000", CONF_RESTART,
     .text = "Calls of one session that may wait for their answer.", .min = 1, .max = 1000000},
    {"limits.parked_requests", CONF_COUNT, AT(limits.parked_requests), "65536", CONF_RESTART,
     .text = "HTTP requests that may wait for their answer; beyond it the answer is 503.", .min = 1,
     .max = 4000000},

    {"audit.rows", CONF_COUNT, AT(audit.rows), "1000000", CONF_RESTART,
     .text = "Rows that the audit keeps; the oldest go first, and of refusals and failures at most "
             "half of so many stay.",
     .min = 100, .max = 1000000000},
    {"audit.days", CONF_COUNT, AT(audit.days), "90", CONF_RESTART,
     .text = "Days after which a row of the audit goes; 0 is never.", .max = 36500},

    {"http.uri_max", CONF_SIZE, AT(http.uri_max), "8k", CONF_RESTART,
     .text = "Longest request target; beyond it 414.", .min = 256, .max = 64 * KIB},
    {"http.headers_max", CONF_SIZE, AT(http.headers_max), "32k", CONF_RESTART,
     .text = "Largest header section; beyond it 431.", .min = KIB, .max = MIB},
    {"http.header_count_max", CONF_COUNT, AT(http.header_count_max), "100", CONF_RESTART,
     .text = "Most header fields; beyond it 431.", .min = 8, .max = 1000},
    {"http.body_max", CONF_SIZE, AT(http.body_max), "25m", CONF_RESTART,
     .text = "Largest request body, where a specification does not say less; beyond it 413.",
     .max = GIB},
    {"http.response_max", CONF_SIZE, AT(http.response_max), "32m", CONF_RESTART,
     .text = "Bytes of one answer that may wait for a slow client.", .min = 64 * KIB, .max = GIB},
    {"http.idle_timeout", CONF_DURATION, AT(http.idle_timeout_ms), "75s", CONF_RESTART,
     .text = "How long a connection may stay open between two requests.", .min = 100, .max = HOUR},
    {"http.header_timeout", CONF_DURATION, AT(http.header_timeout_ms), "10s", CONF_RESTART,
     .text = "How long a request's head may take to arrive; beyond it 408.", .min = 100,
     .max = 10 * MINUTE},
    {"http.body_timeout", CONF_DURATION, AT(http.body_timeout_ms), "15s", CONF_RESTART,
     .text = "How long a request's body may make no progress; beyond it 408.", .min = 100,
     .max = HOUR},

    {"wamp.queue_max", CONF_SIZE, AT(wamp.queue_max), "32m", CONF_RESTART,
     .text = "Bytes that may wait for one slow session; when half of that waits, those who publish "
             "to it are made to wait too, but not long if it does not read at all.",
     .min = 64 * KIB, .max = 4 * GIB},
    {"wamp.queue_policy", CONF_WORD, AT(wamp.queue_policy), "close", CONF_RESTART,
     .text = "What happens to a session for which too much waits: `close` it with "
             "wamp.close.overflow, or `drop` its oldest events. What is no event is never dropped.",
     .words = queue_policies},
    {"wamp.message_max", CONF_SIZE, AT(wamp.message_max), "16m", CONF_RESTART,
     .text = "Largest WAMP message; 16m is the most that RawSocket can carry.", .min = KIB,
     .max = 16 * MIB},
    {"wamp.call_timeout", CONF_DURATION, AT(wamp.call_timeout_ms), "30s", CONF_RESTART,
     .text = "How long a call may take when its caller does not say.", .min = 1, .max = 24 * HOUR},
    {"wamp.call_timeout_max", CONF_DURATION, AT(wamp.call_timeout_max_ms), "10m", CONF_RESTART,
     .text = "Longest timeout that a caller may ask for.", .min = 1, .max = 24 * HOUR},
    {"wamp.handshake_timeout", CONF_DURATION, AT(wamp.handshake_timeout_ms), "5s", CONF_RESTART,
     .text =
         "How long a WebSocket upgrade (its head on `h1`: `http.header_timeout`) or a RawSocket "
         "handshake may take.",
     .min = 100, .max = 10 * MINUTE},
    {"wamp.hello_timeout", CONF_DURATION, AT(wamp.hello_timeout_ms), "10s", CONF_RESTART,
     .text = "How long a connection may stay without a session.", .min = 100, .max = 10 * MINUTE},
    {"wamp.ping_interval", CONF_DURATION, AT(wamp.ping_interval_ms), "20s", CONF_RESTART,
     .text = "How long a session may be silent before it is pinged; 0 is never.", .max = HOUR},
    {"wamp.ping_timeout", CONF_DURATION, AT(wamp.ping_timeout_ms), "10s", CONF_RESTART,
     .text = "How long a ping may stay unanswered before the connection is closed.", .min = 100,
     .max = HOUR},
    {"wamp.ping_attempts", CONF_COUNT, AT(wamp.ping_attempts), "2", CONF_RESTART,
     .text = "How many pings in a row may stay unanswered.", .min = 1, .max = 100},
    {"wamp.rawsocket_pings", CONF_BOOL, AT(wamp.rawsocket_pings), "false", CONF_RESTART,
     .text = "Ping every silent RawSocket peer, not only those that have sent a ping themselves. "
             "Several client libraries hang up on one; a host that died is found without."},
    {"wamp.origins", CONF_LIST, AT(wamp.origins), "", CONF_RESTART,
     .text = "Web origins that may open a WebSocket, a long-poll or an SSE transport on the public "
             "listener; empty is any. The admin listener takes its own origin only.",
     .check = check_origin},
    {"wamp.trust_levels", CONF_LIST, AT(wamp.trust_levels), "", CONF_RESTART,
     .text = "Trust levels of callers and publishers, such as `staff=2`, `authid:jo=3` or `all=1`; "
             "the first that fits is told to callees and subscribers, 0 when none fits, nothing "
             "when there are none.",
     .check = check_trust_rule},
    {"wamp.disclosure", CONF_WORD, AT(wamp.disclosure), "on", CONF_RESTART,
     .text = "Whether callees and subscribers are told who called or published: `on` is yes unless "
             "`disclose_me` is false, `asked` is only when it is true, `off` is never, and asking "
             "is refused.",
     .words = disclosures},
    {"wamp.request_ids", CONF_WORD, AT(wamp.request_ids), "strict", CONF_RESTART,
     .text = "Whether the request ids of a client must be 1, 2, 3 ... in its session, as WAMP "
             "demands: `strict` ends the session of one that leaves some out, `lenient` takes any "
             "but those of calls in flight.",
     .words = strictness},

    {"wamp.retained.events", CONF_COUNT, AT(wamp.retained_events), "1000000", CONF_RESTART,
     .text = "Events that this node retains for later subscribers; 0 is none.", .max = 100000000},
    {"wamp.retained.bytes", CONF_SIZE, AT(wamp.retained_bytes), "256m", CONF_RESTART,
     .text = "Memory for retained events; beyond it no more are retained.", .max = 1024 * GIB},
    {"wamp.retained.message_max", CONF_SIZE, AT(wamp.retained_message_max), "64k", CONF_RESTART,
     .text = "Largest payload that is retained.", .max = 16 * MIB},
    {"wamp.retained.ttl", CONF_DURATION, AT(wamp.retained_ttl_ms), "0", CONF_RESTART,
     .text = "How long an event is retained whose publisher says no _retained_ttl; 0 is for ever.",
     .max = 1000000 * HOUR},
    {"wamp.history.events", CONF_COUNT, AT(wamp.history_events), "1000", CONF_RESTART,
     .text = "Latest events of each subscription that wamp.subscription.get_events can tell; 0 is "
             "no history.",
     .max = 10000000},
    {"wamp.history.bytes", CONF_SIZE, AT(wamp.history_bytes), "64m", CONF_RESTART,
     .text = "Memory for the history of all subscriptions; the oldest events go first.", .min = KIB,
     .max = 1024 * GIB},
    {"wamp.history.message_max", CONF_SIZE, AT(wamp.history_message_max), "64k", CONF_RESTART,
     .text = "Largest payload that the history keeps.", .max = 16 * MIB},
    {"wamp.testaments.count", CONF_COUNT, AT(wamp.testaments_count), "100", CONF_RESTART,
     .text = "Testaments that one session may leave.", .max = 1000000},
    {"wamp.testaments.bytes", CONF_SIZE, AT(wamp.testaments_bytes), "256k", CONF_RESTART,
     .text = "Memory for the testaments of one session.", .max = GIB},
    {"wamp.longpoll.poll_timeout", CONF_DURATION, AT(wamp.poll_timeout_ms), "30s", CONF_RESTART,
     .text = "How long a long-poll receive waits for a message before it is answered with 204.",
     .min = 100, .max = HOUR},
    {"wamp.sse.keepalive", CONF_DURATION, AT(wamp.sse_keepalive_ms), "20s", CONF_RESTART,
     .text = "Silence after which an SSE stream gets a comment; 0 is never.", .max = HOUR},
    {"wamp.http.transports", CONF_COUNT, AT(wamp.http_transports), "16384", CONF_RESTART,
     .text = "Long-poll and SSE transports that may be open at once.", .min = 1, .max = 4000000},
    {"wamp.http.queue_messages", CONF_COUNT, AT(wamp.http_queue_messages), "1000", CONF_RESTART,
     .text = "Messages that may wait for the client of such a transport; beyond it its oldest "
             "events are dropped, and where it has none its session is closed.",
     .min = 1, .max = 1000000},
    {"wamp.http.queue_max", CONF_SIZE, AT(wamp.http_queue_max), "10m", CONF_RESTART,
     .text = "Bytes of these messages, likewise; also the largest message that it can be sent.",
     .min = 4 * KIB, .max = 4 * GIB},
    {"wamp.http.message_ttl", CONF_DURATION, AT(wamp.http_message_ttl_ms), "5m", CONF_RESTART,
     .text = "How long such a message may wait: then an event is dropped, and for anything else "
             "the session is closed; 0 is for ever.",
     .max = 24 * HOUR},
    {"wamp.http.transport_ttl", CONF_DURATION, AT(wamp.http_transport_ttl_ms), "1h", CONF_RESTART,
     .text = "How long such a transport may last, however busy; 0 is for ever.",
     .max = 24ULL * 365 * HOUR},
    {"wamp.http.idle_timeout", CONF_DURATION, AT(wamp.http_idle_timeout_ms), "10m", CONF_RESTART,
     .text = "How long it may last without a request of its client.", .min = SECOND,
     .max = 24 * HOUR},

    {"template.output_max", CONF_SIZE, AT(template.output_max), "8m", CONF_RESTART,
     .text = "Largest value that a template of a specification may render.", .min = KIB,
     .max = GIB},

    {"log.level", CONF_WORD, AT(log.level), "info", CONF_LIVE,
     .text = "Least important lines that are logged.", .words = levels},
    {"log.format", CONF_WORD, AT(log.format), "auto", CONF_LIVE,
     .text = "Form of log lines; `auto` is text on a terminal, else json.", .words = formats},
};

const size_t conf_row_count = COUNT_OF(conf_rows);

_Static_assert(COUNT_OF(conf_rows) <= CONF_ROWS_MAX, "struct conf has an origin for each row");

const struct conf_row *conf_row_find(struct str key)
{
    for (size_t i = 0; i < conf_row_count; i++) {
        if (str_eq(str_of(conf_rows[i].key), key)) {
            return &conf_rows[i];
        }
    }
    return NULL;
}

struct str conf_row_nearest(struct str key)
{
    struct str keys[COUNT_OF(conf_rows)];
    for (size_t i = 0; i < conf_row_count; i++) {
        keys[i] = str_of(conf_rows[i].key);
    }
    return str_nearest(key, keys, conf_row_count);
}

bool conf_is_section(struct str prefix)
{
    for (size_t i = 0; i < conf_row_count; i++) {
        struct str key = str_of(conf_rows[i].key);
        if (str_starts(key, prefix) && key.len > prefix.len && key.ptr[prefix.len] == '.') {
            return true;
        }
    }
    return false;
}

void conf_env_name(const struct conf_row *row, char out[ENV_NAME_MAX])
{
    (void)snprintf(out, ENV_NAME_MAX, "POSTERN_%s", row->key);
    for (char *p = out; *p != '\0'; p++) {
        bool lower = *p >= 'a' && *p <= 'z';
        *p = lower ? (char)(*p - 'a' + 'A') : (char)(*p == '.' ? '_' : *p);
    }
}
