#include "pipeline/reading.h"

#include "base/mem.h"
#include "loop/jobs.h"
#include "payload/emit.h"
#include "pipeline/exchange.h"

struct reading {
    struct job job;
    struct exchange *exchange; /* NULL: its stream is over */
    enum serializer serializer;
    struct buf body;   /* while the job has it */
    struct buf packed; /* what became of it; empty: the body will do as it is */
    bool done;
    const char *problem;
    size_t offset;
};

static void reading_free(struct reading *reading)
{
    buf_done(&reading->body);
    buf_done(&reading->packed);
    mem_free(reading);
}

/* On a pool thread. */
static void read_body(struct job *job)
{
    struct reading *reading = CONTAINER_OF(job, struct reading, job);
    const struct slice value = {reading->serializer, buf_str(&reading->body)};
    struct emit emit;
    if (!slice_valid(value, &reading->problem, &reading->offset)) {
        return;
    }
    reading->problem = NULL;
    if (reading->serializer == SERIALIZER_MSGPACK) {
        return;
    }
    emit_init(&emit, SERIALIZER_MSGPACK, &reading->packed);
    emit_slice(&emit, value);
    if (emit.failed || reading->packed.full) {
        buf_clear(&reading->packed);
    }
}

static void on_read(struct job *job)
{
    struct reading *reading = CONTAINER_OF(job, struct reading, job);
    struct exchange *exchange = reading->exchange;
    if (exchange == NULL) {
        reading_free(reading);
        return;
    }
    reading->done = true;
    exchange->body = reading->body;
    reading->body = (struct buf){0};
    exchange_advance(exchange); /* nothing, if it was answered meanwhile */
}

bool reading_begin(struct exchange *exchange, struct jobs *jobs, enum serializer serializer)
{
    struct reading *reading = NEW(struct reading);
    reading->job = (struct job){.run = read_body, .finish = on_read};
    reading->exchange = exchange;
    reading->serializer = serializer;
    reading->body = exchange->body;
    buf_init(&reading->packed, 2 * exchange->body.len);
    if (!jobs_submit(jobs, &reading->job)) {
        reading->body = (struct buf){0};
        reading_free(reading);
        return false;
    }
    exchange->body = (struct buf){0};
    exchange->reading = reading;
    return true;
}

struct reading_outcome reading_outcome(const struct exchange *exchange)
{
    const struct reading *reading = exchange->reading;
    struct slice value = {reading->serializer, buf_str(&exchange->body)};
    if (reading->packed.len > 0) {
        value = (struct slice){SERIALIZER_MSGPACK, buf_str(&reading->packed)};
    }
    return (struct reading_outcome){reading->problem, reading->offset, value};
}

void reading_drop(struct exchange *exchange)
{
    struct reading *reading = exchange->reading;
    exchange->reading = NULL;
    if (reading != NULL && reading->done) {
        reading_free(reading);
    } else if (reading != NULL) {
        reading->exchange = NULL;
    }
}
