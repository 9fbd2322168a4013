/* jobs.h - a bounded pool of threads for what blocks: password hashing, file I/O, compiling.
 *
 * Never cancelled: `finish` runs on the worker that submitted the job and finds
 * out itself whether anybody still wants the result.
 */
#ifndef POSTERN_LOOP_JOBS_H
#define POSTERN_LOOP_JOBS_H

#include "base/err.h"
#include "loop/mailbox.h"

#include <stdbool.h>

struct jobs;
struct job;
typedef void (*job_fn)(struct job *job);

struct job {
    struct post post; /* jobs.c's */
    struct worker *owner;
    job_fn run;    /* on a pool thread */
    job_fn finish; /* on the owner; frees the job. NULL: `run` frees it */
};

struct jobs *jobs_new(unsigned threads, unsigned queue_max, struct err *err);
/* Runs what is queued, then joins; before workers_stop, which still runs the `finish`es.
 * From then on jobs_submit says no and jobs_submit_always runs the job at once. */
void jobs_stop(struct jobs *jobs);
void jobs_free(struct jobs *jobs); /* stops; after the workers and snapshot slots are freed */
/* False (and nothing happens) when the queue is full: the answer is then 503. */
bool jobs_submit(struct jobs *jobs, struct job *job);
/* For releases that must happen: exceeds the bound rather than fail. Any thread; no `finish`. */
void jobs_submit_always(struct jobs *jobs, struct job *job);

#endif
