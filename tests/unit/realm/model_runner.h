/* model_runner.h - runs sequences of steps in processes of their own, and shortens one that fails.
 *
 * A mistake, a crash, a failed assertion and a leak are all the same here: the process does not
 * end well.
 */
#ifndef POSTERN_TESTS_MODEL_RUNNER_H
#define POSTERN_TESTS_MODEL_RUNNER_H

#include "model_rig.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>

enum { STEPS_MAX = 4000, SHRINK_RUNS_MAX = 400 };

struct run {
    uint64_t seed;
    unsigned workers;
    struct step *steps;
    size_t count;
    bool aloud;
};

typedef void (*play_fn)(struct verdict *verdict, const struct run *run);

static inline uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = *state;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static inline struct step *steps_draw(uint64_t seed, size_t count, unsigned kinds)
{
    struct step *steps = NEW_ARRAY(struct step, count);
    for (size_t i = 0; i < count; i++) {
        steps[i] = (struct step){.kind = (unsigned)(next_random(&seed) % kinds),
                                 .player = (unsigned)(next_random(&seed) % PLAYERS),
                                 .a = (unsigned)(next_random(&seed) >> 33),
                                 .b = (unsigned)(next_random(&seed) >> 33),
                                 .c = (unsigned)(next_random(&seed) >> 33)};
    }
    return steps;
}

static inline bool ended_well(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* In a process of its own, quietly or aloud. */
static inline bool run_fails(play_fn play, struct verdict *verdict, const struct run *run)
{
    (void)fflush(NULL);
    verdict->step = 0;
    pid_t child = fork();
    if (child == 0) {
        if (!run->aloud) {
            (void)!freopen("/dev/null", "w", stderr);
            (void)!freopen("/dev/null", "w", stdout);
        }
        play(verdict, run);
        _exit(0);
    }
    return !ended_well(child);
}

/* Leaves out what it fails without; ever smaller pieces. */
static inline void run_shrink(play_fn play, struct verdict *verdict, struct run *run)
{
    struct step *kept = NEW_ARRAY(struct step, run->count);
    unsigned runs = 0;
    for (size_t piece = run->count / 2; piece > 0; piece /= 2) {
        for (size_t at = 0; at < run->count && runs < SHRINK_RUNS_MAX; runs++) {
            size_t len = piece < run->count - at ? piece : run->count - at;
            memcpy(kept, run->steps, run->count * sizeof(*kept));
            memmove(&run->steps[at], &run->steps[at + len],
                    (run->count - at - len) * sizeof(*kept));
            run->count -= len;
            if (run_fails(play, verdict, run)) {
                run->count = verdict->step + 1 < run->count ? verdict->step + 1 : run->count;
                continue;
            }
            run->count += len;
            memcpy(run->steps, kept, run->count * sizeof(*kept));
            at += len;
        }
    }
    mem_free(kept);
}

static inline struct verdict *verdict_new(void)
{
    void *memory = mmap(NULL, sizeof(struct verdict), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

/* Says which steps lead to it, and fails. */
static inline void run_explain(play_fn play, struct verdict *verdict, size_t count, unsigned kinds)
{
    struct run run = {.seed = verdict->seed, .workers = verdict->workers, .count = count};
    run.steps = steps_draw(run.seed, count, kinds);
    (void)fprintf(stderr, "seed %llu on %u workers fails at step %zu: %s\n",
                  (unsigned long long)run.seed, run.workers, verdict->step, verdict->mistake);
    if (!run_fails(play, verdict, &run)) {
        fail_msg("seed %llu does not fail again, alone", (unsigned long long)run.seed);
    }
    run.count = verdict->step + 1 < run.count ? verdict->step + 1 : run.count;
    run_shrink(play, verdict, &run);
    (void)fprintf(stderr, "the shortest that fails, of POSTERN_MODEL_SEED=%llu:\n",
                  (unsigned long long)run.seed);
    run.aloud = true;
    (void)run_fails(play, verdict, &run);
    mem_free(run.steps);
    fail_msg("seed %llu: %s", (unsigned long long)verdict->seed, verdict->mistake);
}

struct campaign {
    play_fn play;
    unsigned kinds;
    unsigned workers;
    size_t seeds; /* 1, 2, 3 ... and one drawn by chance, or given in POSTERN_MODEL_SEED */
    size_t steps; /* of each */
};

static inline uint64_t seed_by_chance(void)
{
    uint64_t seed = 0;
    const char *given = getenv("POSTERN_MODEL_SEED");
    if (given != NULL) {
        return strtoull(given, NULL, 10);
    }
    (void)!getrandom(&seed, sizeof(seed), 0);
    return seed >> 16;
}

static inline void
play_all(struct verdict *verdict, const struct campaign *campaign, uint64_t chance)
{
    for (size_t i = 0; i <= campaign->seeds; i++) {
        struct run run = {.seed = i == campaign->seeds ? chance : i + 1,
                          .workers = campaign->workers,
                          .count = campaign->steps};
        run.steps = steps_draw(run.seed, run.count, campaign->kinds);
        verdict->seed = run.seed;
        verdict->workers = run.workers;
        verdict->step = 0;
        campaign->play(verdict, &run);
        mem_free(run.steps);
    }
    exit(0); /* not _exit: now leaks are looked for */
}

static inline void campaign_run(const struct campaign *campaign)
{
    struct verdict *verdict = verdict_new();
    uint64_t chance = seed_by_chance();
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        play_all(verdict, campaign, chance);
    }
    if (!ended_well(child)) {
        run_explain(campaign->play, verdict, campaign->steps, campaign->kinds);
    }
    (void)munmap(verdict, sizeof(*verdict));
}

#endif
