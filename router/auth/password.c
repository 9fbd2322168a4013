/* password.c - the password itself, verified in the jobs pool. */
#include "auth/auth_inside.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypto/secret.h"

#include <string.h>

/* `login` is the owner's alone; the rest is the pool's while the job runs. */
struct password_job {
    struct job job;
    struct login *login; /* NULL: nobody waits any more */
    struct throttle *throttle;
    struct throttle_key key;
    struct credential_options options;
    bool upgrade;
    char *renewed; /* a record that is to take the place of the old one, or NULL */
    bool real;
    bool passed;
    bool throttled;
    size_t password_len;
    size_t record_len;
    char password[CREDENTIAL_PASSWORD_MAX];
    char record[CREDENTIAL_RECORD_MAX];
};

/* At the realm's present cost, and for the method that the old record was for, unless that is to
 * be another. NULL: as it was. */
static char *make_again(const struct password_job *job, struct str record, struct str password)
{
    struct credential_options options = job->options;
    enum credential_protocol had = credential_protocol_of(record);
    bool upgrade = job->upgrade && had != options.protocol && !credential_has_secrets(record);
    if (!upgrade && !credential_is_outdated(record)) {
        return NULL;
    }
    if (!upgrade && had == CREDENTIAL_CRA && options.kdf != CREDENTIAL_PBKDF2) {
        (void)credential_options_read(NULL, &options, NULL);
    }
    options.protocol = upgrade ? options.protocol : had;
    options.length_min = 1; /* it has been good enough so far */
    options.length_max = CREDENTIAL_PASSWORD_MAX;
    return credential_make(password, &options, NULL);
}

/* Failures are counted here: who hangs up meanwhile has made his attempt all the same. */
static void run(struct job *base)
{
    struct password_job *job = CONTAINER_OF(base, struct password_job, job);
    struct str password = str_make(job->password, job->password_len);
    struct str record = str_make(job->record, job->record_len);
    if (throttle_wait_ms(job->throttle, &job->key, clock_mono_ms()) > 0) {
        job->throttled = true;
        return;
    }
    job->passed =
        job->real ? credential_verify(record, password) : credential_verify_nobody(password);
    if (!job->passed) {
        throttle_failed(job->throttle, &job->key, clock_mono_ms());
    } else {
        job->renewed = make_again(job, record, password);
    }
}

static void forget(struct password_job *job)
{
    if (job->renewed != NULL) {
        crypto_wipe(job->renewed, strlen(job->renewed));
        mem_free(job->renewed);
    }
    crypto_wipe(job, sizeof(*job));
    mem_free(job);
}

static void renew(const struct login *login, const struct password_job *job)
{
    if (job->renewed != NULL && login->auth->renew != NULL) {
        login->auth->renew(login->auth->renew_ctx,
                           &(struct auth_renewal){.realm = login->holder_realm,
                                                  .username = login->holder,
                                                  .old = login->record,
                                                  .record = str_of(job->renewed)});
    }
}

static void finish(struct job *base)
{
    struct password_job *job = CONTAINER_OF(base, struct password_job, job);
    struct login *login = job->login;
    bool passed = job->passed;
    bool throttled = job->throttled;
    if (login != NULL) {
        renew(login, job);
    }
    forget(job);
    if (login == NULL) {
        return;
    }
    login->job = NULL;
    enum auth_step step = AUTH_REFUSED;
    if (throttled) {
        step = login_slow_down(login);
    } else {
        step = passed ? login_admit(login) : login_fail_counted(login, "wrong password");
    }
    login->done(login, step, login->ctx);
}

void password_job_abandon(struct password_job *job)
{
    job->login = NULL;
}

static bool has_name(const struct auth_hello *hello)
{
    return hello->authid.len > 0;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    (void)login;
    (void)hello;
    emit_map(extra, 0);
    return AUTH_CHALLENGED;
}

static enum auth_step check(struct login *login, const struct auth_response *response)
{
    struct str password = response->signature;
    if (login->auth->jobs == NULL) {
        return login_busy(login);
    }
    struct password_job *job = NEW(struct password_job);
    job->job.owner = worker_self();
    job->job.run = run;
    job->job.finish = finish;
    job->login = login;
    job->throttle = login->auth->throttle;
    job->key = login->key;
    job->options = login->options;
    job->upgrade = login->upgrade;
    job->real = login->real && password.len <= sizeof(job->password) &&
                login->record.len <= sizeof(job->record);
    job->password_len = password.len < sizeof(job->password) ? password.len : sizeof(job->password);
    memcpy(job->password, password.ptr, job->password_len);
    if (job->real) {
        job->record_len = login->record.len;
        memcpy(job->record, login->record.ptr, job->record_len);
    }
    login->job = job;
    if (!jobs_submit(login->auth->jobs, &job->job)) {
        login->job = NULL;
        forget(job);
        return login_busy(login);
    }
    return AUTH_LATER;
}

const struct auth_method auth_method_password = {
    .name = STR_INIT("password"), .begin = begin, .check = check, .fits = has_name};
