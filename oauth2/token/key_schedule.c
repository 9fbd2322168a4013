#include "token/key_schedule.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/timer.h"
#include "token/key_store.h"
#include "token/tokens.h"

#include <pthread.h>

enum { ARENA_MAX = 4 << 20 };

/* A realm whose turn has come. */
struct due {
    struct due *next;
    struct key_due what;
    char *realm;
};

/* Under way for one realm at a time. */
struct care {
    struct key_schedule *schedule;
    struct job job;
    struct store_request request;
    struct due *due;
    struct token_key *key; /* its new one, or NULL */
};

struct key_schedule {
    struct key_schedule_options options;
    struct timer timer; /* worker 0's */
    struct due *due;
    pthread_mutex_t lock; /* of `stopped` */
    bool stopped;
};

static uint64_t now_s(const struct key_schedule *schedule)
{
    return schedule->options.now_s == NULL ? clock_wall_ms() / 1000 : schedule->options.now_s();
}

static void due_free(struct due *due)
{
    mem_free(due->realm);
    mem_free(due);
}

static void forget_rest(struct key_schedule *schedule)
{
    while (schedule->due != NULL) {
        struct due *due = schedule->due;
        schedule->due = due->next;
        due_free(due);
    }
}

static void care_free(struct care *care)
{
    token_key_unref(care->key);
    arena_done(&care->request.arena);
    due_free(care->due);
    mem_free(care);
}

static void next(struct key_schedule *schedule);

static void on_stored(struct store_request *request)
{
    struct care *care = CONTAINER_OF(request, struct care, request);
    struct key_schedule *schedule = care->schedule;
    struct str realm = str_of(care->due->realm);
    if (!request->ok && request->err.code == ERR_NONE) {
        log_warn("a realm's keys change too often for how long its tokens live",
                 KV_STR("realm", realm), KV_U64("keys", KEY_LIVE_MAX));
    } else if (!request->ok) {
        log_warn("a realm's keys cannot be changed", KV_STR("realm", realm), KV_ERR(&request->err));
    } else if (request->record_count > 0) {
        log_info(care->key == NULL ? "keys that were past their end have been retired"
                                   : "a realm's key has a successor",
                 KV_STR("realm", realm));
    }
    care_free(care);
    next(schedule);
}

static bool work(struct store_view *view, struct store_request *request)
{
    struct care *care = CONTAINER_OF(request, struct care, request);
    const struct key_schedule_options *options = &care->schedule->options;
    return token_keys_tend(view,
                           &(struct key_rotation){.realm = str_of(care->due->realm),
                                                  .now_s = now_s(care->schedule),
                                                  .keep_s = options->keep_s,
                                                  .period_s = options->period_s},
                           care->key);
}

/* Once stopped there is no store any more. */
static void submit(struct care *care)
{
    struct key_schedule *schedule = care->schedule;
    care->request.op = STORE_WORK;
    care->request.work = work;
    care->request.finish = on_stored;
    care->request.author = STR("postern");
    (void)pthread_mutex_lock(&schedule->lock);
    bool stopped = schedule->stopped;
    if (!stopped) {
        store_submit(schedule->options.store, &care->request);
    }
    (void)pthread_mutex_unlock(&schedule->lock);
    if (stopped) {
        care_free(care);
    }
}

/* RSA takes long. */
static void on_job(struct job *job)
{
    struct care *care = CONTAINER_OF(job, struct care, job);
    care->key =
        token_key_new(str_of(care->due->realm), sign_key_generate(care->due->what.algorithm), 0, 0);
}

static void on_made(struct job *job)
{
    submit(CONTAINER_OF(job, struct care, job));
}

/* When the pool is busy everything waits for the next look. */
static void next(struct key_schedule *schedule)
{
    struct due *due = schedule->due;
    if (due == NULL) {
        timer_start(&schedule->timer, schedule->options.check_ms);
        return;
    }
    schedule->due = due->next;
    struct care *care = NEW(struct care);
    care->schedule = schedule;
    care->due = due;
    arena_init(&care->request.arena, ARENA_MAX);
    if (!due->what.rotate) {
        submit(care);
        return;
    }
    care->job = (struct job){.run = on_job, .finish = on_made};
    if (!jobs_submit(schedule->options.jobs, &care->job)) {
        care_free(care);
        forget_rest(schedule);
        next(schedule);
    }
}

static void keep(void *ctx, struct str realm, const struct key_due *what)
{
    struct key_schedule *schedule = ctx;
    struct due *due = NEW(struct due);
    due->what = *what;
    due->realm = str_dup(realm);
    due->next = schedule->due;
    schedule->due = due;
}

static void on_timer(struct timer *timer)
{
    struct key_schedule *schedule = CONTAINER_OF(timer, struct key_schedule, timer);
    const struct tokens *tokens =
        (const struct tokens *)(const void *)snapshot_peek(schedule->options.tokens);
    if (tokens != NULL) {
        tokens_due(tokens, now_s(schedule), schedule->options.period_s, keep, schedule);
    }
    next(schedule);
}

static void on_start(struct worker *worker, void *ctx)
{
    struct key_schedule *schedule = ctx;
    if (worker_index(worker) == 0) {
        timer_init(&schedule->timer, on_timer);
        timer_start(&schedule->timer, schedule->options.check_ms);
    }
}

static void on_stop(struct worker *worker, void *ctx)
{
    struct key_schedule *schedule = ctx;
    if (worker_index(worker) == 0) {
        timer_stop(&schedule->timer);
    }
}

struct key_schedule *key_schedule_new(const struct key_schedule_options *options)
{
    struct key_schedule *schedule = NEW(struct key_schedule);
    schedule->options = *options;
    (void)pthread_mutex_init(&schedule->lock, NULL);
    workers_on_start(options->workers, on_start, schedule);
    workers_on_stop(options->workers, on_stop, schedule);
    return schedule;
}

void key_schedule_stop(struct key_schedule *schedule)
{
    if (schedule != NULL) {
        (void)pthread_mutex_lock(&schedule->lock);
        schedule->stopped = true;
        (void)pthread_mutex_unlock(&schedule->lock);
    }
}

void key_schedule_free(struct key_schedule *schedule)
{
    if (schedule != NULL) {
        forget_rest(schedule);
        (void)pthread_mutex_destroy(&schedule->lock);
        mem_free(schedule);
    }
}
