/* auth.c - HTTP Basic for the administrator.
 *
 * argon2id runs in the jobs pool, for a wrong user as for a wrong password. Credentials
 * that were right are remembered as a keyed digest, so that the next request is cheap. */
#include "api/api_inside.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/password.h"
#include "crypto/secret.h"

enum { CREDENTIALS_MAX = 1024 };

struct auth_job {
    struct job job;
    struct api_request *request;
    struct buf credentials; /* "user:password" */
    bool right;
};

static void refuse(struct api_request *request)
{
    api_reply_problem(
        request,
        &(struct http_problem){
            .status = 401,
            .code = STR("wamp.error.authentication_failed"),
            .detail = STR("the admin API wants the administrator: HTTP Basic, user admin; a "
                          "lost password is replaced by: postern admin reset-password"),
            .header = {STR("www-authenticate"),
                       STR("Basic realm=\"postern admin\", charset=\"UTF-8\"")},
        });
}

static struct hash_sha256 digest(const struct api *api, struct str credentials)
{
    return hash_hmac_sha256(str_make(api->key, API_KEY_SIZE), credentials);
}

static bool remembered(struct api *api, struct str credentials)
{
    struct hash_sha256 mine = digest(api, credentials);
    (void)pthread_mutex_lock(&api->lock);
    bool same = api->has_known && crypto_equal(hash_str(&mine), hash_str(&api->known));
    (void)pthread_mutex_unlock(&api->lock);
    return same;
}

static void remember(struct api *api, struct str credentials)
{
    struct hash_sha256 mine = digest(api, credentials);
    (void)pthread_mutex_lock(&api->lock);
    api->known = mine;
    api->has_known = true;
    (void)pthread_mutex_unlock(&api->lock);
}

static void auth_free(struct auth_job *auth)
{
    if (auth->credentials.ptr != NULL) {
        crypto_wipe(auth->credentials.ptr, auth->credentials.cap);
    }
    buf_done(&auth->credentials);
    mem_free(auth);
}

/* On a pool thread. */
static void run(struct job *job)
{
    struct auth_job *auth = CONTAINER_OF(job, struct auth_job, job);
    struct api *api = auth->request->api;
    struct str user = STR_EMPTY;
    struct str password = STR_EMPTY;
    (void)str_cut(buf_str(&auth->credentials), ':', &user, &password);
    bool right = password_verify(str_of(api->admin_phc), password);
    auth->right = right && str_eq(user, STR("admin"));
}

static void finish(struct job *job)
{
    struct auth_job *auth = CONTAINER_OF(job, struct auth_job, job);
    struct api_request *request = auth->request;
    if (auth->right) {
        remember(request->api, buf_str(&auth->credentials));
        request->authorized = true;
        api_run(request);
    } else {
        log_warn("admin login failed", KV_STR("request", request->id));
        refuse(request);
    }
    if (request->stream != NULL && !request->body_complete) {
        stream_pause(request->stream, false);
    }
    auth_free(auth);
    api_release(request);
}

/* "Basic <base64>" -> "user:password". */
static bool read_credentials(struct api_request *request, struct buf *out)
{
    struct str value = request_header(&request->stream->head, STR("authorization"));
    struct str scheme = STR_EMPTY;
    struct str encoded = STR_EMPTY;
    return value.len <= CREDENTIALS_MAX && str_cut(value, ' ', &scheme, &encoded) &&
           str_eq_nocase(scheme, STR("Basic")) &&
           base64_decode(BASE64_STANDARD, str_trim(encoded), out) &&
           str_find(buf_str(out), ':') >= 0;
}

void api_authorize(struct api_request *request)
{
    struct auth_job *auth = NEW(struct auth_job);
    buf_init(&auth->credentials, CREDENTIALS_MAX);
    auth->request = request;
    auth->job.run = run;
    auth->job.finish = finish;
    if (!read_credentials(request, &auth->credentials) || request->api->admin_phc == NULL) {
        refuse(request);
    } else if (remembered(request->api, buf_str(&auth->credentials))) {
        request->authorized = true;
        api_run(request);
    } else {
        api_hold(request);
        if (jobs_submit(request->api->options.jobs, &auth->job)) {
            if (!request->body_complete) { /* nothing is kept for who may be a stranger */
                stream_pause(request->stream, true);
            }
            return;
        }
        api_reply_err(request, &(struct err){ERR_UNAVAILABLE, "too many logins at once"});
        api_release(request);
    }
    auth_free(auth);
}
