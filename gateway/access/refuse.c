/* refuse.c - the answers, with their remedies and challenges. */
#include "access/access_inside.h"
#include "wamp/fault.h"

#include <stdio.h>

static const struct scheme_row {
    enum access_scheme scheme;
    struct str method;
    const char *what;
    const char *challenge; /* its name; parameters follow */
    const char *parameters;
} rows[] = {
    {ACCESS_BASIC, STR_INIT("password"), "HTTP Basic with a user's name and password", "Basic",
     ", charset=\"UTF-8\""},
    {ACCESS_API_KEY, STR_INIT("api_key"), "an API key", "ApiKey", ""},
    {ACCESS_BEARER, STR_INIT("oauth2"), "a Bearer token", "Bearer", ""},
    {ACCESS_SESSION, STR_INIT("password"), "a session of the admin UI", "Session", ""},
};

/* What is said to be taken. Who has a cookie for it knows where it comes from. */
static unsigned told_schemes(const struct access_visit *visit)
{
    unsigned schemes = visit->request.schemes;
    if ((schemes & ACCESS_SESSION) == 0 || schemes == ACCESS_SESSION) {
        return schemes;
    }
    return session_script_asks(visit->request.head) ? (unsigned)ACCESS_SESSION
                                                    : schemes & ~(unsigned)ACCESS_SESSION;
}

static const struct scheme_row *row_of(enum access_scheme scheme)
{
    size_t at = 0;
    while (rows[at].scheme != scheme) {
        at++;
    }
    return &rows[at];
}

struct str scheme_method(enum access_scheme scheme)
{
    return row_of(scheme)->method;
}

enum access_step
access_grant(struct access_visit *visit, struct access_entry *entry, struct access_answer *answer)
{
    entry->refs++;
    visit->entry = entry;
    answer->principal = entry->principal;
    answer->bearer = entry->identity->bearer;
    return ACCESS_GRANTED;
}

/* Appends as far as there is room; the result always ends. */
static void put(char *out, size_t size, size_t *at, const char *text)
{
    while (*text != '\0' && *at + 1 < size) {
        out[(*at)++] = *text++;
    }
    out[*at] = '\0';
}

/* A realm's URI may have what would end a quoted string. */
static void put_quoted(char *out, size_t size, size_t *at, struct str text)
{
    put(out, size, at, "\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        char one[2] = {c > 0x20 && c < 0x7f && c != '"' && c != '\\' ? (char)c : '_', '\0'};
        put(out, size, at, one);
    }
    put(out, size, at, "\"");
}

enum { REALM_SHOWN_MAX = 160 };

/* RFC 6750, 3: what is the matter is told to who has shown a token, not to who has nothing. */
struct token_error {
    const char *error;
    const char *description;
};

static void put_challenges(const struct access_visit *visit,
                           const struct token_error *error,
                           struct access_answer *answer)
{
    size_t at = 0;
    unsigned told = told_schemes(visit);
    struct str realm = str_sub(visit->request.realm, 0, REALM_SHOWN_MAX);
    answer->challenge[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if ((told & rows[i].scheme) != 0) {
            put(answer->challenge, sizeof(answer->challenge), &at, at > 0 ? ", " : "");
            put(answer->challenge, sizeof(answer->challenge), &at, rows[i].challenge);
            put(answer->challenge, sizeof(answer->challenge), &at, " realm=");
            put_quoted(answer->challenge, sizeof(answer->challenge), &at, realm);
            put(answer->challenge, sizeof(answer->challenge), &at, rows[i].parameters);
            if (error != NULL && rows[i].scheme == ACCESS_BEARER) {
                put(answer->challenge, sizeof(answer->challenge), &at, ", error=\"");
                put(answer->challenge, sizeof(answer->challenge), &at, error->error);
                put(answer->challenge, sizeof(answer->challenge), &at, "\", error_description=\"");
                put(answer->challenge, sizeof(answer->challenge), &at, error->description);
                put(answer->challenge, sizeof(answer->challenge), &at, "\"");
            }
        }
    }
}

static enum access_step refuse(struct access_answer *answer, unsigned status, struct str code)
{
    answer->status = status;
    answer->code = code;
    answer->retry_after_s = 0;
    return ACCESS_REFUSED;
}

enum access_step refuse_alike(const struct access_visit *visit, struct access_answer *answer)
{
    size_t at = 0;
    bool more = false;
    unsigned told = told_schemes(visit);
    put(answer->detail, sizeof(answer->detail), &at, "authentication failed: this path takes ");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if ((told & rows[i].scheme) != 0) {
            put(answer->detail, sizeof(answer->detail), &at, more ? " or " : "");
            put(answer->detail, sizeof(answer->detail), &at, rows[i].what);
            more = true;
        }
    }
    put_challenges(visit, NULL, answer);
    return refuse(answer, 401, FAULT_AUTHENTICATION_FAILED);
}

enum access_step refuse_method(const struct access_visit *visit,
                               enum access_scheme scheme,
                               struct access_answer *answer)
{
    struct str realm = str_sub(visit->request.realm, 0, REALM_SHOWN_MAX);
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "realm " PRISTR " does not have the method that this path wants: add \"" PRISTR
                   "\" to its authmethods",
                   STRARG(realm), STRARG(scheme_method(scheme)));
    put_challenges(visit, NULL, answer);
    return refuse(answer, 401, FAULT_NOT_AUTH_METHOD);
}

enum access_step refuse_source(const struct access_visit *visit,
                               enum access_scheme scheme,
                               struct access_answer *answer)
{
    struct str realm = str_sub(visit->request.realm, 0, REALM_SHOWN_MAX);
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "realm " PRISTR " has no source that lets anybody in by \"" PRISTR
                   "\" from this address: add one",
                   STRARG(realm), STRARG(scheme_method(scheme)));
    access_count(visit->access, ACCESS_DENIED);
    return refuse(answer, 403, FAULT_NOT_AUTH_METHOD);
}

/* What is wrong with it is in our log alone. */
enum access_step refuse_token(const struct access_visit *visit, struct access_answer *answer)
{
    static const struct token_error error = {
        "invalid_token", "the token is not good here, has expired or was revoked"};
    put_challenges(visit, &error, answer);
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "%s: get another one from the token endpoint", error.description);
    return refuse(answer, 401, STR("invalid_token"));
}

enum access_step refuse_session(const struct access_visit *visit, struct access_answer *answer)
{
    put_challenges(visit, NULL, answer);
    (void)snprintf(answer->detail, sizeof(answer->detail), "the session is over: log in again");
    return refuse(answer, 401, FAULT_AUTHENTICATION_FAILED);
}

enum access_step refuse_forged(const char *why, struct access_answer *answer)
{
    (void)snprintf(answer->detail, sizeof(answer->detail), "the session may not do this: %s", why);
    return refuse(answer, 403, STR("http.csrf"));
}

enum access_step refuse_ill(const struct access_visit *visit, struct access_answer *answer)
{
    static const struct token_error error = {"invalid_request",
                                             "what follows Bearer is no token, or there are two"};
    put_challenges(visit, &error, answer);
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "the Authorization header is malformed: Bearer and one token");
    return refuse(answer, 400, STR("invalid_request"));
}

enum access_step refuse_many(const struct access_visit *visit, struct access_answer *answer)
{
    if (visit->request.schemes == ACCESS_BEARER) {
        return refuse_ill(visit, answer);
    }
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "the request has more than one set of credentials: send one");
    return refuse(answer, 400, STR("http.credentials"));
}

enum access_step
refuse_for_now(const struct access_visit *visit, uint64_t wait_ms, struct access_answer *answer)
{
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "too many attempts have failed: try again later");
    access_count(visit->access, ACCESS_THROTTLED);
    (void)refuse(answer, 429, STR("bondy.error.too_many_requests"));
    answer->retry_after_s = (uint32_t)((wait_ms + 999) / 1000);
    return ACCESS_REFUSED;
}

enum access_step refuse_busy(const struct access_visit *visit, struct access_answer *answer)
{
    (void)snprintf(answer->detail, sizeof(answer->detail),
                   "too many are logging in: try again later");
    access_count(visit->access, ACCESS_BUSY);
    return refuse(answer, 503, FAULT_UNAVAILABLE);
}
