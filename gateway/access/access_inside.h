/* access_inside.h - what is remembered and what is under way, for the files of this folder. */
#ifndef POSTERN_ACCESS_ACCESS_INSIDE_H
#define POSTERN_ACCESS_ACCESS_INSIDE_H

#include "access/access.h"
#include "auth/auth.h"
#include "base/map.h"
#include "crypto/keyed.h"
#include "metrics/metrics.h"

enum { ACCESS_ENTRIES_MAX = 4096 }; /* a worker */

/* As the counter's label says it. */
enum access_outcome {
    ACCESS_KNOWN,
    ACCESS_PASSED,
    ACCESS_FAILED,
    ACCESS_DENIED,
    ACCESS_THROTTLED,
    ACCESS_BUSY,
    ACCESS_OUTCOMES
};

/* What makes credentials another thing than they were: the record of the password or of the key. */
struct access_proved {
    struct str authmethod; /* a constant */
    struct str username;
    struct str key_id; /* of an API key */
    uint64_t expires_ms;
    struct keyed_digest record;
    struct bearer *bearer; /* an access token; the entry gets a reference of its own */
};

/* Credentials that were right. Nothing of it changes but what it was last asked with: requests
 * under way use its names. One worker. */
struct access_entry {
    struct list link; /* in order of use */
    unsigned refs;    /* the table's and those of visits */
    struct keyed_digest digest;
    struct keyed_digest record;
    uint64_t version;        /* of the snapshot that was looked into last, */
    uint64_t tokens_version; /* of that of tokens, where there is one behind it, */
    struct in6_addr address; /* and from where it was then */
    uint64_t expires_ms;     /* of the wall clock; 0: never */
    char *key_id;            /* of an API key, or NULL */
    struct auth_identity *identity;
    struct principal principal;
};

/* cache.c: bounded; who was used least recently goes first. */
struct access_cache {
    struct idmap entries; /* by the first bytes of the digest */
    struct list used;
    size_t max;
};

void cache_init(struct access_cache *cache, size_t max);
void cache_done(struct access_cache *cache);
/* NULL: not there. It is then the most recently used. */
struct access_entry *cache_find(struct access_cache *cache, const struct keyed_digest *digest);
/* Takes over one reference, and the place of an entry of the same digest. */
void cache_put(struct access_cache *cache, struct access_entry *entry);
void cache_drop(struct access_cache *cache, struct access_entry *entry);
void entry_unref(struct access_entry *entry);

struct access_worker {
    struct access_cache cache;
    struct list proofs; /* passwords in the jobs pool */
};

struct access {
    struct access_options options;
    char key[KEYED_KEY_SIZE];
    struct access_worker *workers;
    struct metric_cell *outcomes[ACCESS_OUTCOMES];
};

/* A password that is being verified, for all requests of one worker that show it. */
struct access_proof {
    struct list link;
    struct list visits;
    struct access *access;
    struct login *login;
    bool over;
    struct keyed_digest digest;
    struct keyed_digest record;
    uint64_t expires_ms; /* of what it is proved with; 0: never */
    struct in6_addr address;
    uint64_t version;
};

/* credentials.c: what of a request's head is somebody's credentials. */
enum credentials_kind { CREDENTIALS_NONE, CREDENTIALS_MANY, CREDENTIALS_ONE };
struct credentials {
    enum credentials_kind kind;
    enum access_scheme scheme;
    struct str text; /* as it was sent: base64, the key, the token */
};
struct credentials credentials_read(const struct access_request *request);
/* The two halves of Basic, in `room`. False: malformed, or nobody can be called so. */
enum { BASIC_ROOM = 768 };
bool credentials_basic(struct str text,
                       char room[BASIC_ROOM],
                       struct str *out_user,
                       struct str *out_password);
/* session.c: the cookie, or "". */
struct str session_shown(const struct request_head *head);
/* Whoever sends it may not know about it: `*out_why` is a constant, for the answer. */
bool session_forged(const struct request_head *head, const char **out_why);
/* A page's script waits for the answer: a challenge that its browser knows would make that ask for
 * a password by a window of its own. */
bool session_script_asks(const struct request_head *head);
/* RFC 6750, 2.1: b64token. */
bool credentials_token(struct str text);
/* The two halves of an API key. */
bool credentials_key(struct str text, struct str *out_id, struct str *out_secret);

/* What is looked into for one request. */
struct access_look {
    struct access *access;
    struct access_visit *visit;
    const struct rbac *rbac;
    const struct rbac_realm *realm;
    struct keyed_digest digest;
};

/* entry.c: made of what was proved; NULL: the user is gone. And what it is now, which is cheap
 * while nothing has changed; NULL: it does not hold here any more. Both are the table's. */
struct access_entry *entry_new(const struct access_look *look, const struct access_proved *proved);
struct access_entry *entry_of_now(const struct access_look *look, struct access_entry *entry);
struct keyed_digest record_of_account(const struct access *access,
                                      const struct rbac_account *account);
struct keyed_digest record_of_key(const struct access *access, const struct rbac_api_key *key);

/* prove.c: one function a scheme. */
enum access_step
prove_basic(struct access_look *look, struct str text, struct access_answer *answer);
enum access_step prove_password(struct access_look *look,
                                struct str user,
                                struct str password,
                                struct access_answer *answer);
enum access_step prove_key(struct access_look *look, struct str text, struct access_answer *answer);
/* Of a client, or of a session. */
enum access_step prove_token(struct access_look *look,
                             enum access_scheme scheme,
                             struct str text,
                             struct access_answer *answer);
void proof_leave(struct access_visit *visit);

/* refuse.c: the answers. */
struct str scheme_method(enum access_scheme scheme);
enum access_step
access_grant(struct access_visit *visit, struct access_entry *entry, struct access_answer *answer);
/* The one answer to who cannot prove it. */
enum access_step refuse_alike(const struct access_visit *visit, struct access_answer *answer);
/* No realm method behind the scheme: 401 as well, and what to do. */
enum access_step refuse_method(const struct access_visit *visit,
                               enum access_scheme scheme,
                               struct access_answer *answer);
enum access_step refuse_source(const struct access_visit *visit,
                               enum access_scheme scheme,
                               struct access_answer *answer);
/* A token that is not good. */
enum access_step refuse_token(const struct access_visit *visit, struct access_answer *answer);
/* A session that is over; a request that its browser was made to send. */
enum access_step refuse_session(const struct access_visit *visit, struct access_answer *answer);
enum access_step refuse_forged(const char *why, struct access_answer *answer);
/* What comes as a token can be none: 400 (RFC 6750, 3.1). */
enum access_step refuse_ill(const struct access_visit *visit, struct access_answer *answer);
enum access_step refuse_many(const struct access_visit *visit, struct access_answer *answer);
enum access_step
refuse_for_now(const struct access_visit *visit, uint64_t wait_ms, struct access_answer *answer);
enum access_step refuse_busy(const struct access_visit *visit, struct access_answer *answer);

struct access_worker *access_here(struct access *access);
void access_count(const struct access *access, enum access_outcome outcome);

#endif
