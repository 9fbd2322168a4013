/* reading.h - a large body is checked, and made the MsgPack that an action sends, on the jobs pool:
 * a worker that did it would keep its other connections waiting.
 *
 * The body is the reading's while that is under way, and the exchange's again afterwards.
 * An exchange whose stream ends meanwhile leaves the reading to itself.
 */
#ifndef POSTERN_PIPELINE_READING_H
#define POSTERN_PIPELINE_READING_H

#include "base/buf.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stddef.h>

struct exchange;
struct jobs;
struct reading;

enum { READING_FROM = 256 << 10 }; /* smaller bodies are read where they are */

struct reading_outcome {
    const char *problem; /* NULL: it is valid */
    size_t offset;
    struct slice value; /* as long as the exchange */
};

/* On the exchange's worker, which advances it when the outcome is there. False: the pool is full.
 */
bool reading_begin(struct exchange *exchange, struct jobs *jobs, enum serializer serializer);
struct reading_outcome reading_outcome(const struct exchange *exchange);
/* The exchange's stream is over. */
void reading_drop(struct exchange *exchange);

#endif
